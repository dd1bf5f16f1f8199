"""The inner back-test by which `champion` chooses, with nothing that its origin did not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.combine import choose
from threatcast_forecasting.grid import cut
from threatcast_forecasting.plan import usable_inner
from threatcast_forecasting.recipe import RIVAL
from threatcast_forecasting.scores import weighted_interval_score

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.grid import Knowledge
    from threatcast_forecasting.plan import Plan
    from threatcast_forecasting.shelves import Shelf


class InnerScores:
    """Scaled WIS of each candidate before each origin, and the choice they lead to.

    Parameters
    ----------
    plan : Plan
    knowledge : Knowledge
    candidates : tuple of str
    horizon : int
    """

    def __init__(
        self, plan: Plan, knowledge: Knowledge, candidates: tuple[str, ...], horizon: int
    ) -> None:
        self.plan = plan
        self.knowledge = knowledge
        self.candidates = candidates
        self.horizon = horizon
        self._sums = np.zeros((len(plan.series), len(candidates)))
        self._counts = np.zeros(len(plan.series), dtype=np.int64)

    def add(self, shelf: Shelf) -> None:
        """Score the inner forecasts of one block of series, for each outer origin in it."""
        places = np.arange(shelf.first, shelf.last)
        places = places[self.plan.outer[places]]
        origins = self.plan.origin[places]
        for origin in np.unique(origins):
            self._add_origin(shelf, places[origins == origin], int(origin))

    def _add_origin(self, shelf: Shelf, places: NDArray[np.int64], origin: int) -> None:
        series = self.plan.series[places]
        known = self.knowledge.values(series, origin)
        for back, usable in usable_inner(self.knowledge, series, origin):
            if not len(usable):
                continue
            weeks = min(self.horizon, back)
            rows = np.searchsorted(series, usable)
            truth = cut(known[rows], origin - back + 1, weeks)
            inner = self.plan.find(usable, np.full(len(usable), origin - back)) - shelf.first
            scale = shelf.scale[inner][:, None]
            for column, name in enumerate(self.candidates):
                forecast = shelf.quantiles[name][inner, :weeks]
                scores = weighted_interval_score(truth, forecast) / scale
                self._sums[places[rows], column] += np.nansum(scores, axis=1)
            self._counts[places[rows]] += (~np.isnan(truth)).sum(axis=1)

    def result(self, targets: NDArray[np.object_]) -> tuple[NDArray[np.int64], pd.DataFrame]:
        """Return the chosen candidate of each outer pair, and why.

        Parameters
        ----------
        targets : object array, shape (n,)
            Target of each series.

        Returns
        -------
        choice : int array, shape (outer pairs,)
            Place in `candidates`.
        table : DataFrame
            `target, origin, model, scaled_wis, comb_two_scaled_wis, inner_scores`, one row a target
            and origin; the scores are null where there was nothing to score.
        """
        outer = np.flatnonzero(self.plan.outer)
        target, origin = targets[self.plan.series[outer]], self.plan.origin[outer]
        rival = self.candidates.index(RIVAL)
        choice = np.full(len(outer), rival)
        rows = []
        for name, column in sorted(set(zip(target, origin.tolist(), strict=True))):
            members = (target == name) & (origin == column)
            means, count = self._means(outer[members])
            chosen = choose(means, rival)
            choice[members] = chosen
            rows.append((name, column, self.candidates[chosen], means[chosen], means[rival], count))
        return choice, self._table(rows)

    def _means(self, places: NDArray[np.int64]) -> tuple[NDArray[np.float64], int]:
        """Return each candidate's mean over series of their means, and how many scores it took."""
        counts = self._counts[places]
        scored = counts > 0
        if not scored.any():
            return np.full(len(self.candidates), np.nan), 0
        means = (self._sums[places][scored] / counts[scored, None]).mean(axis=0)
        return means, int(counts.sum())

    def _table(self, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
        return champions_table(rows, self.knowledge.grid)


def champions_table(rows: list[tuple[Any, ...]], grid: Any = None) -> pd.DataFrame:
    """Return the table of choices; without rows, an empty one of the same columns and types."""
    import pandas as pd

    names = ["target", "origin", "model", "scaled_wis", "comb_two_scaled_wis", "inner_scores"]
    table = pd.DataFrame(rows, columns=names)
    weeks = grid.week(table["origin"].to_numpy(dtype=np.int64)) if rows else []
    table["origin"] = pd.Series(weeks, dtype="datetime64[ns]")
    floats = {"scaled_wis": float, "comb_two_scaled_wis": float}
    return table.astype({"target": object, "model": object, **floats, "inner_scores": "int64"})
