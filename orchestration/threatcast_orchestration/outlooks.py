"""The outlooks of a night: of each target's published model, and of the one before it.

Knows no Dagster, no files and no warehouse: frames in, frames out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from threatcast_orchestration.hierarchy import GRADE
from threatcast_orchestration.publication import DEFAULT, Publication

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_orchestration.forecasts import Inputs
    from threatcast_orchestration.hierarchy import Agreed

PUBLISHED, PREVIOUS = "published", "previous"


def outlook_tables(inputs: Inputs, agreed: Agreed, *, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables `outlook` and `outlook_by_model`.

    Parameters
    ----------
    inputs
    agreed
        The night's forecasts and back-test.
    seed
    """
    import pandas as pd

    shown = [chosen(inputs, target) for target in sorted(inputs.panel["target"].unique())]
    own, before = _models(shown)
    outlook = of_models(inputs, agreed, own, seed=seed)
    both = pd.concat(
        [
            outlook.assign(role=PUBLISHED),
            of_models(inputs, agreed, before, seed=seed).assign(role=PREVIOUS),
        ]
    )
    facts = pd.DataFrame(
        [(one.target, one.since, one.previous_until) for one in shown],
        columns=["target", "since", "previous_until"],
    )
    return {"outlook": outlook, "outlook_by_model": both.merge(facts, on="target")}


def published_pairs(inputs: Inputs) -> list[tuple[str, str]]:
    """Return pairs of a target and a model whose outlook is shown."""
    shown = [chosen(inputs, target) for target in sorted(inputs.panel["target"].unique())]
    return [pair for models in _models(shown) for pair in models.items()]


def _models(shown: list[Publication]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the published model by target, and the one before it while that is shown."""
    before = {one.target: one.previous for one in shown if one.previous and one.previous_until}
    return {one.target: one.model for one in shown}, before


def chosen(inputs: Inputs, target: str) -> Publication:
    """Return what is published for a target of those models that the night runs.

    A model that the settings do not run gives way for this night to `DEFAULT`, else to the first
    one run; a previous one that is not run is not shown.
    """
    publication = inputs.publications.get(target, Publication(target))
    run = inputs.models
    if publication.model not in run:
        model = next((name for name in (DEFAULT, *run) if name in run), DEFAULT)
        why = f"{publication.model} is not among the models that the settings run"
        return Publication(target, model, reason=why)
    if publication.previous not in run:
        return replace(publication, previous=None, previous_until=None)
    return publication


@dataclass(frozen=True)
class Material:
    """What outlooks are made from: one model a target.

    Parameters
    ----------
    forecasts, panel, rho, totals
        What `outlook.outlook` takes.
    past
        The back-test of the same.
    """

    forecasts: pd.DataFrame
    panel: pd.DataFrame
    past: pd.DataFrame
    rho: pd.DataFrame
    totals: dict[str, NDArray[np.float64]]

    @classmethod
    def of(cls, inputs: Inputs, agreed: Agreed, models: dict[str, str]) -> Material:
        """Return it for a model by target; targets without one are left out."""
        import pandas as pd
        from threatcast_forecasting.outlook.dependence import dependence

        forecasts, scored = agreed.forecasts, agreed.scores
        own = forecasts[forecasts["model"] == forecasts["target"].map(models)]
        past = scored[scored["model"] == scored["target"].map(models)]
        panel = pd.concat([inputs.panel, _sparse(inputs)[list(inputs.panel.columns)]])
        shown = set(zip(own["model"], own["series_id"], strict=True))
        return cls(
            own.drop(columns=["target", "location"]),
            panel[panel["series_id"].isin(set(own["series_id"]))],
            past,
            dependence(past),
            {pair[1]: drawn for pair, drawn in agreed.totals.items() if pair in shown},
        )


def _sparse(inputs: Inputs) -> pd.DataFrame:
    return inputs.places.sparse if inputs.places else inputs.panel.iloc[:0]


def of_models(inputs: Inputs, agreed: Agreed, models: dict[str, str], *, seed: int) -> pd.DataFrame:
    """Return the outlook of each series by its target's model; targets without one are left out."""
    import pandas as pd
    from threatcast_forecasting.judging import evidence
    from threatcast_forecasting.outlook.answers import outlook

    made = Material.of(inputs, agreed, models)
    if made.forecasts.empty:
        return pd.DataFrame(columns=["target", "location", "model", "run_id", "evidence_grade"])
    picked = pd.DataFrame({"target": list(models), "chosen": list(models.values())})
    names = made.panel[["series_id", "target", "location"]].drop_duplicates()
    numbers = outlook(
        made.forecasts, made.panel, rho_by_target=made.rho, seed=seed, totals=made.totals
    )
    graded = (
        numbers.drop(columns=["target", "usual_weekly"])
        .merge(names, on="series_id")
        .merge(picked, on="target")
        .merge(evidence.grades(made.panel, made.past, picked), on="series_id")
        .rename(columns={"chosen": "model"})
        .assign(run_id=inputs.run_id)
    )
    borrows = graded["series_id"].isin(_sparse(inputs)["series_id"])
    graded.loc[borrows, "evidence_grade"] = GRADE
    return graded.drop(columns="series_id")
