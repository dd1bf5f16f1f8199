"""Where finished forecasts are put: a shelf for a block of series, a store for the whole run.

Quantiles are whole numbers up to 1e9, so four bytes hold one. A long table of them takes twenty
times as much; it is made in parts, and only when asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.engine import Outcome
    from threatcast_forecasting.grid import Grid, Knowledge
    from threatcast_forecasting.plan import Plan
    from threatcast_forecasting.recipe import Recipe

    Columns = NDArray[np.int64]
    Quantiles = dict[str, NDArray[np.int32]]
    States = dict[str, NDArray[np.object_]]


class Shelf:
    """Forecasts of all pairs of a plan from place `first` up to, but not including, `last`."""

    def __init__(
        self, first: int, last: int, names: list[str], horizon: int, scale: NDArray[np.float64]
    ) -> None:
        self.first = first
        self.last = last
        self.scale = scale
        shape = (last - first, horizon, len(LEVELS))
        self.quantiles: Quantiles = {name: np.zeros(shape, dtype=np.int32) for name in names}
        self.states: States = {name: np.full(last - first, "", dtype=object) for name in names}

    def put(self, name: str, places: Columns, outcome: Outcome) -> None:
        """Put down what a model forecast for places of the plan."""
        rows = places - self.first
        self.quantiles[name][rows] = outcome.quantiles
        self.states[name][rows] = outcome.states

    def average(self, recipe: Recipe) -> None:
        """Add the averages of a recipe."""
        for name, average in recipe.averages.items():
            parts = [self.quantiles[member] for member in average.members]
            self.quantiles[name] = average.combine(parts).astype(np.int32)
            states = average.states([tuple(self.states[member]) for member in average.members])
            self.states[name] = np.array(states, dtype=object)


@dataclass
class Store:
    """Forecasts of all outer pairs, in the order of the plan, and what scoring them takes.

    Parameters
    ----------
    grid : Grid
    series, origin : int array, shape (p,)
        Row and column of the grid.
    scale : float array, shape (p,)
    names : tuple of str
        All models that can be given, `champion` included.
    asked : tuple of str
        Those that the caller asked for.
    candidates : tuple of str
    choice : int array, shape (p,)
        The candidate that is `champion`, as a place in `candidates`.
    """

    grid: Grid
    horizon: int
    series: Columns
    origin: Columns
    scale: NDArray[np.float64]
    names: tuple[str, ...]
    asked: tuple[str, ...]
    candidates: tuple[str, ...]
    choice: Columns
    _quantiles: Quantiles
    _states: States

    @classmethod
    def empty(cls, grid: Grid, plan: Plan, recipe: Recipe, horizon: int) -> Store:
        """Return a store with room for the outer pairs of a plan."""
        series, origin = plan.series[plan.outer], plan.origin[plan.outer]
        kept = [*recipe.base, *recipe.averages]
        shape = (len(series), horizon, len(LEVELS))
        return cls(
            grid=grid,
            horizon=horizon,
            series=series,
            origin=origin,
            scale=np.full(len(series), np.nan),
            names=(*recipe.references, *(n for n in recipe.asked if n not in recipe.references)),
            asked=recipe.asked,
            candidates=recipe.candidates,
            choice=np.zeros(len(series), dtype=np.int64),
            _quantiles={name: np.zeros(shape, dtype=np.int32) for name in kept},
            _states={name: np.full(len(series), "", dtype=object) for name in kept},
        )

    def keep(self, shelf: Shelf, outer: NDArray[np.bool_]) -> None:
        """Copy the outer pairs of a shelf; `outer` is the mask of the whole plan."""
        mask = outer[shelf.first : shelf.last]
        begin = int(outer[: shelf.first].sum())
        here = slice(begin, begin + int(mask.sum()))
        self.scale[here] = shelf.scale[mask]
        for name, values in self._quantiles.items():
            values[here] = shelf.quantiles[name][mask]
            self._states[name][here] = shelf.states[name][mask]

    def part(self, pairs: NDArray[np.bool_]) -> Store:
        """Return a store of only those pairs that a mask names."""
        return replace(
            self,
            series=self.series[pairs],
            origin=self.origin[pairs],
            scale=self.scale[pairs],
            choice=self.choice[pairs],
            _quantiles={name: values[pairs] for name, values in self._quantiles.items()},
            _states={name: values[pairs] for name, values in self._states.items()},
        )

    def quantiles(self, name: str, here: slice) -> NDArray[np.int32]:
        """Return a model's quantiles for some pairs, shape (pairs, horizon, 23)."""
        return np.asarray(self._of(self._quantiles, name, here))

    def states(self, name: str, here: slice) -> NDArray[np.object_]:
        """Return a model's states for some pairs."""
        return np.asarray(self._of(self._states, name, here))

    def _of(self, table: dict[str, Any], name: str, here: slice) -> Any:
        if name in table:
            return table[name][here]
        chosen = self.choice[here]
        result = table[self.candidates[0]][here].copy()
        for place, candidate in enumerate(self.candidates[1:], start=1):
            mask = chosen == place
            result[mask] = table[candidate][here][mask]
        return result

    def truth(self, here: slice) -> NDArray[np.float64]:
        """Return what the panel says of the weeks that were forecast, shape (pairs, horizon)."""
        columns = self.origin[here, None] + np.arange(1, self.horizon + 1)
        values = self.grid.values
        inside = (columns >= 0) & (columns < values.shape[1])
        safe = np.where(inside, columns, 0)
        return np.where(inside, values[self.series[here, None], safe], np.nan)

    def parts(self, pairs: int) -> list[slice]:
        """Return slices of about `pairs` pairs that do not cut a series in two."""
        starts = np.flatnonzero(np.r_[True, self.series[1:] != self.series[:-1]])
        cuts = np.searchsorted(starts, np.arange(pairs, len(self.series), pairs))
        edges = np.unique(np.r_[0, starts[cuts[cuts < len(starts)]], len(self.series)])
        return [slice(int(a), int(b)) for a, b in pairwise(edges)]


def scales(knowledge: Knowledge, plan: Plan, first: int, last: int) -> NDArray[np.float64]:
    """Return the scale of each pair of a plan between two places, from what was known there."""
    result = np.full(last - first, np.nan)
    origins = plan.origin[first:last]
    for origin in np.unique(origins):
        mask = origins == origin
        series = plan.series[first:last][mask]
        result[mask] = scale_of(knowledge.values(series, int(origin)))
    return result
