"""The hierarchy in a night: published forecasts that add up, and countries that borrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatcast_forecasting.roles import REST

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.results import NightResult
    from threatcast_forecasting.night.inputs import NightInputs, Places

    Totals = dict[tuple[str, str], NDArray[np.float64]]
    PastTotals = dict[tuple[str, str, object], NDArray[np.float64]]

GRADE = "C"
"""Evidence grade of what borrows."""


@dataclass(frozen=True)
class CoherentForecasts:
    """What a night says of all places together.

    Parameters
    ----------
    forecasts, scores : DataFrame
        The night's, with `target, location`; those of the published models add up.
    totals : dict
        Draws of the totals of 4 and 12 weeks, by model and series.
    past : dict
        The same of past origins, by model, series and origin.
    """

    forecasts: pd.DataFrame
    scores: pd.DataFrame
    totals: Totals
    past: PastTotals


def make_coherent(
    inputs: NightInputs,
    result: NightResult,
    known: pd.DataFrame,
    models: Iterable[tuple[str, str]],
) -> CoherentForecasts:
    """Return the night's forecasts and back-test, those of the published models made to add up.

    What is drawn together takes the place of the rows of its target and model, so that outlook,
    forecast and scores speak of the same numbers; countries that borrow come on top. A target
    without a hierarchy, and a past origin at which a place had no forecast, stay as they are.

    Parameters
    ----------
    inputs
    result
        The night's forecasts and back-test.
    known
        What the models learned from at each origin.
    models
        Pairs of a target and a model that is published for it.
    """
    scores = _named(result.scores, inputs.panel)
    agreed = CoherentForecasts(_named(result.forecasts, inputs.panel), scores, {}, {})
    rest = _rests(inputs, known)
    if inputs.places is None or rest is None:
        return agreed
    pairs = sorted(set(models))
    made = {model: ModelForecasts.of(result, scores, inputs.panel, model) for _, model in pairs}
    for target, model in pairs:
        own, left = made[model].part(target), rest.part(target)
        if not own.forecasts.empty and not left.panel.empty:
            agreed = _put(agreed, own, left, inputs.places, model, inputs.options.seed)
    return agreed


def _named(rows: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """Return rows of series with their target and location."""
    return rows.merge(panel[["series_id", "target", "location"]].drop_duplicates(), on="series_id")


@dataclass(frozen=True)
class ModelForecasts:
    """One model's forecasts of past origins and the newest, their scores, and what came."""

    forecasts: pd.DataFrame
    scores: pd.DataFrame
    panel: pd.DataFrame

    @classmethod
    def of(
        cls, result: NightResult, scores: pd.DataFrame, panel: pd.DataFrame, model: str
    ) -> ModelForecasts:
        """Return what a night made with one model; `scores` are all of the night's, by place."""
        import pandas as pd

        frames = [*result.past.forecast_frames(), *result.newest.forecast_frames()]
        forecasts = pd.concat([frame[frame["model"] == model] for frame in frames])
        return cls(_named(forecasts, panel), scores[scores["model"] == model], panel)

    def part(self, target: str) -> ModelForecasts:
        """Return what is there of one target."""
        frames = (self.forecasts, self.scores, self.panel)
        return ModelForecasts(*(frame[frame["target"] == target] for frame in frames))

    def beside(self, other: ModelForecasts) -> ModelForecasts:
        """Return both."""
        import pandas as pd

        return ModelForecasts(
            pd.concat([self.forecasts, other.forecasts]),
            pd.concat([self.scores, other.scores]),
            pd.concat([self.panel, other.panel]),
        )


def _rests(inputs: NightInputs, known: pd.DataFrame) -> ModelForecasts | None:
    """Return what is left of sums, forecast and back-tested from what was known each time."""
    import pandas as pd

    from threatcast_forecasting.backtesting.rolling import nightly
    from threatcast_forecasting.hierarchy.tree import rests

    parents = inputs.places.parents if inputs.places else {}
    panel = rests(inputs.panel, parents)
    if panel.empty:
        return None
    last = inputs.panel["week"].max()
    nowcast = known.loc[pd.to_datetime(known["origin"]) == last, "series_id"]
    # what was not nowcast at the newest origin stands as it is
    plain = inputs.panel[~inputs.panel["series_id"].isin(set(nowcast))].assign(origin=last)
    names = inputs.panel[["series_id", "target", "location"]].drop_duplicates()
    seen = [plain] if known.empty else [known.merge(names, on="series_id"), plain]
    left = rests(pd.concat(seen), parents)
    left["value"] = left["value"].clip(lower=0).round()
    result = nightly(
        panel,
        [REST],
        origins=inputs.options.origins,
        step=inputs.options.step,
        known=left[["series_id", "origin", "week", "value"]],
        jobs=inputs.options.jobs,
        seed=inputs.options.seed,
    )
    return ModelForecasts.of(result, _named(result.scores, panel), panel, REST)


def _put(
    agreed: CoherentForecasts,
    own: ModelForecasts,
    rest: ModelForecasts,
    places: Places,
    model: str,
    seed: int,
) -> CoherentForecasts:
    """Return it with one target's forecasts by one model drawn together."""
    import pandas as pd

    from threatcast_forecasting.hierarchy.borrowing import lent
    from threatcast_forecasting.hierarchy.coherent import coherent, rows_of
    from threatcast_forecasting.outlook.answers import weeks_together

    target = own.panel["target"].iloc[0]
    both = own.beside(rest)
    together = coherent(both.forecasts, both.scores, both.panel, places.parents, seed=seed)
    sparse = places.sparse[places.sparse["target"] == target]
    borrowed, lenders = lent(together.draws, sparse, both.panel, places.parents, seed=seed)
    origin = own.forecasts["origin"].max()
    extra = rows_of(borrowed, origin)
    extra["state"] = [f"borrows from {lenders[place]}" for place in extra["location"]]

    def series(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(target=target, model=model, series_id=f"{target}|" + rows["location"])

    past = {
        (model, f"{target}|{location}", origin): drawn
        for (location, origin), drawn in together.past.items()
    }
    totals = {
        (model, f"{target}|{location}"): weeks_together(draws)
        for location, draws in (together.draws | borrowed).items()
    }
    forecasts = _replaced(agreed.forecasts, series(together.forecasts), ["horizon", "quantile"])
    if len(extra):
        forecasts = pd.concat([forecasts, series(extra)], ignore_index=True)
    return CoherentForecasts(
        forecasts,
        _replaced(agreed.scores, series(together.scores), ["horizon"]),
        agreed.totals | totals,
        agreed.past | past,
    )


def _replaced(old: pd.DataFrame, new: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return a table with the columns of the new rows in the place of the old ones."""
    keys = ["series_id", "model", "origin", *keys]
    table = old.set_index(keys)
    found = new.set_index(keys)
    columns = [name for name in found.columns if name in table.columns]
    table.loc[found.index, columns] = found[columns]
    return table.reset_index()
