"""The outlooks of a night: of each target's published model, and of the one before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from threatcast_forecasting.judging.published import PublishedModel
from threatcast_forecasting.night.coherence import GRADE
from threatcast_forecasting.roles import DEFAULT_PUBLISHED

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.night.coherence import CoherentForecasts
    from threatcast_forecasting.night.inputs import NightInputs

PUBLISHED, PREVIOUS = "published", "previous"


def outlook_tables(
    inputs: NightInputs, coherent: CoherentForecasts, *, seed: int
) -> dict[str, pd.DataFrame]:
    """Return the tables `outlook` and `outlook_by_model`.

    Parameters
    ----------
    inputs
    coherent
        The night's forecasts and back-test.
    seed
    """
    import pandas as pd

    shown = [published_model(inputs, target) for target in sorted(inputs.panel["target"].unique())]
    own, before = _models(shown)
    outlook = outlook_of(inputs, coherent, own, seed=seed)
    both = pd.concat(
        [
            outlook.assign(role=PUBLISHED),
            outlook_of(inputs, coherent, before, seed=seed).assign(role=PREVIOUS),
        ]
    )
    facts = pd.DataFrame(
        [(one.target, one.since, one.previous_until) for one in shown],
        columns=["target", "since", "previous_until"],
    )
    return {"outlook": outlook, "outlook_by_model": both.merge(facts, on="target")}


def published_pairs(inputs: NightInputs) -> list[tuple[str, str]]:
    """Return pairs of a target and a model whose outlook is shown."""
    shown = [published_model(inputs, target) for target in sorted(inputs.panel["target"].unique())]
    return [pair for models in _models(shown) for pair in models.items()]


def _models(shown: list[PublishedModel]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the published model by target, and the one before it while that is shown."""
    before = {one.target: one.previous for one in shown if one.previous and one.previous_until}
    return {one.target: one.model for one in shown}, before


def published_model(inputs: NightInputs, target: str) -> PublishedModel:
    """Return what is published for a target of those models that the night runs.

    A model that the settings do not run gives way for this night to the default, else to the first
    one run; a previous one that is not run is not shown.
    """
    publication = inputs.published.get(target, PublishedModel(target))
    run = inputs.models
    if publication.model not in run:
        model = next((name for name in (DEFAULT_PUBLISHED, *run) if name in run), DEFAULT_PUBLISHED)
        why = f"{publication.model} is not among the models that the settings run"
        return PublishedModel(target, model, reason=why)
    if publication.previous not in run:
        return replace(publication, previous=None, previous_until=None)
    return publication


@dataclass(frozen=True)
class OutlookMaterial:
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
    def of(
        cls, inputs: NightInputs, coherent: CoherentForecasts, models: dict[str, str]
    ) -> OutlookMaterial:
        """Return it for a model by target; targets without one are left out."""
        from threatcast_forecasting.outlook.dependence import dependence

        forecasts, scored = coherent.forecasts, coherent.scores
        own = forecasts[forecasts["model"] == forecasts["target"].map(models)]
        past = scored[scored["model"] == scored["target"].map(models)]
        panel = inputs.counts
        shown = set(zip(own["model"], own["series_id"], strict=True))
        return cls(
            own.drop(columns=["target", "location"]),
            panel[panel["series_id"].isin(set(own["series_id"]))],
            past,
            dependence(past),
            {pair[1]: drawn for pair, drawn in coherent.totals.items() if pair in shown},
        )


def outlook_of(
    inputs: NightInputs, coherent: CoherentForecasts, models: dict[str, str], *, seed: int
) -> pd.DataFrame:
    """Return the outlook of each series by its target's model; targets without one are left out."""
    import pandas as pd

    from threatcast_forecasting.judging import evidence
    from threatcast_forecasting.outlook.answers import outlook

    made = OutlookMaterial.of(inputs, coherent, models)
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
    borrows = graded["series_id"].isin(inputs.sparse["series_id"])
    graded.loc[borrows, "evidence_grade"] = GRADE
    return graded.drop(columns="series_id")
