"""The outlooks of a night: of each target's published model, and of the one before it.

Knows no Dagster, no files and no warehouse: frames in, frames out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_orchestration.publication import DEFAULT, Publication

if TYPE_CHECKING:
    import pandas as pd

    from threatcast_orchestration.forecasts import Inputs

PUBLISHED, PREVIOUS = "published", "previous"


def outlook_tables(
    inputs: Inputs, forecasts: pd.DataFrame, scored: pd.DataFrame, *, seed: int
) -> dict[str, pd.DataFrame]:
    """Return the tables `outlook` and `outlook_by_model`.

    Parameters
    ----------
    inputs
    forecasts
        `series_id, model, horizon, quantile, value`, from the panel's last week on.
    scored
        The back-test with `target, location`.
    seed
    """
    import pandas as pd

    shown = [chosen(inputs, target) for target in sorted(inputs.panel["target"].unique())]
    own = {one.target: one.model for one in shown}
    before = {one.target: one.previous for one in shown if one.previous and one.previous_until}
    outlook = of_models(inputs, forecasts, scored, own, seed=seed)
    both = pd.concat(
        [
            outlook.assign(role=PUBLISHED),
            of_models(inputs, forecasts, scored, before, seed=seed).assign(role=PREVIOUS),
        ]
    )
    facts = pd.DataFrame(
        [(one.target, one.since, one.previous_until) for one in shown],
        columns=["target", "since", "previous_until"],
    )
    return {"outlook": outlook, "outlook_by_model": both.merge(facts, on="target")}


def chosen(inputs: Inputs, target: str) -> Publication:
    """Return what is published for a target of those models that the night runs.

    A model that the settings no longer run gives way to `DEFAULT`, else to the first one run; a
    previous one that is no longer run, or is published again for want of the other, is not shown.
    """
    publication = inputs.publications.get(target, Publication(target))
    run = inputs.models
    model = next((name for name in (publication.model, DEFAULT, *run) if name in run), DEFAULT)
    previous = publication.previous
    kept = previous in run and previous != model
    return Publication(
        target,
        model,
        publication.since if model == publication.model else None,
        previous if kept else None,
        publication.previous_until if kept else None,
        publication.reason
        if model == publication.model
        else f"{publication.model} is not among the models that the settings run",
    )


def of_models(
    inputs: Inputs,
    forecasts: pd.DataFrame,
    scored: pd.DataFrame,
    models: dict[str, str],
    *,
    seed: int,
) -> pd.DataFrame:
    """Return the outlook of each series by its target's model; targets without one are left out."""
    import pandas as pd
    from threatcast_forecasting import evidence
    from threatcast_forecasting.outlook import dependence, outlook

    names = inputs.panel[["series_id", "target", "location"]].drop_duplicates()
    named = forecasts.merge(names[["series_id", "target"]], on="series_id")
    own = named[named["model"] == named["target"].map(models)]
    past = scored[scored["model"] == scored["target"].map(models)]
    picked = pd.DataFrame({"target": list(models), "chosen": list(models.values())})
    panel = inputs.panel[inputs.panel["target"].isin(list(models))]
    if own.empty:
        return pd.DataFrame(columns=["target", "location", "model", "run_id", "evidence_grade"])
    numbers = outlook(own.drop(columns="target"), panel, rho_by_target=dependence(past), seed=seed)
    return (
        numbers.drop(columns=["target", "location", "usual_weekly"], errors="ignore")
        .merge(names, on="series_id")
        .merge(picked, on="target")
        .merge(evidence.grades(panel, past, picked), on="series_id")
        .rename(columns={"chosen": "model"})
        .assign(run_id=inputs.run_id)
        .drop(columns="series_id")
    )
