"""Where finished forecasts are put: a shelf for a block of series, a store for the whole run.

Quantiles are whole numbers up to 1e9, so four bytes hold one. A long table of them takes twenty
times as much; it is made in parts, and only when asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.backtesting.composition import Composition
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.engine import BatchForecast
    from threatcast_forecasting.backtesting.origins import OriginPlan
    from threatcast_forecasting.backtesting.recipe import Recipe
    from threatcast_forecasting.grid import Grid, Knowledge

    Columns = NDArray[np.int64]
    Quantiles = dict[str, NDArray[np.int32]]
    States = dict[str, NDArray[np.object_]]


class Shelf:
    """Forecasts of some places of a plan, all of whole series.

    Parameters
    ----------
    places : int array, shape (p,)
        In order.
    pool : int array, shape (p,)
        Which series are learnt from together.
    names : list of str
        Models to make room for.
    horizon : int
    scale : float array, shape (p,)
    """

    def __init__(
        self,
        places: Columns,
        pool: Columns,
        names: list[str],
        horizon: int,
        scale: NDArray[np.float64],
    ) -> None:
        self.places = places
        self.pool = pool
        self.horizon = horizon
        self.scale = scale
        self.quantiles: Quantiles = {}
        self.states: States = {}
        self.parts: dict[str, NDArray[np.float32]] = {}
        self.weights: dict[str, NDArray[np.float64]] = {}
        for name in names:
            self.make_room(name)

    def make_room(self, name: str) -> None:
        """Make room for the forecasts of a model."""
        shape = (len(self.places), self.horizon, len(LEVELS))
        self.quantiles[name] = np.zeros(shape, dtype=np.int32)
        self.states[name] = np.full(len(self.places), "", dtype=object)

    def rows(self, places: Columns) -> Columns:
        """Return where places of the plan stand on the shelf."""
        return np.asarray(np.searchsorted(self.places, places), dtype=np.int64)

    def put(self, name: str, places: Columns, outcome: BatchForecast) -> None:
        """Put down what a model forecast for places of the plan."""
        rows = self.rows(places)
        self.quantiles[name][rows] = outcome.quantiles
        self.states[name][rows] = outcome.states
        if outcome.parts is not None:
            if name not in self.parts:
                shape = (len(self.places), *outcome.parts.shape[1:])
                self.parts[name] = np.zeros(shape, dtype=np.float32)
            self.parts[name][rows] = outcome.parts

    def weigh(self, name: str, places: Columns, weights: NDArray[np.float64]) -> None:
        """Put down how much each member counts in a learnt combination, shape (p, members)."""
        if name not in self.weights:
            self.weights[name] = np.zeros((len(self.places), weights.shape[1]))
        self.weights[name][self.rows(places)] = weights

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
        All models that can be given.
    asked : tuple of str
        Those that the caller asked for.
    composition : Composition
        Of what the newest pairs are made.
    """

    grid: Grid
    horizon: int
    series: Columns
    origin: Columns
    scale: NDArray[np.float64]
    names: tuple[str, ...]
    asked: tuple[str, ...]
    composition: Composition
    _quantiles: Quantiles
    _states: States

    @classmethod
    def empty(cls, grid: Grid, plan: OriginPlan, recipe: Recipe, horizon: int) -> Store:
        """Return a store with room for the outer pairs of a plan."""
        series, origin = plan.series[plan.outer], plan.origin[plan.outer]
        names = (*recipe.references, *(n for n in recipe.asked if n not in recipe.references))
        shape = (len(series), horizon, len(LEVELS))
        return cls(
            grid=grid,
            horizon=horizon,
            series=series,
            origin=origin,
            scale=np.full(len(series), np.nan),
            names=names,
            asked=recipe.asked,
            composition=Composition.empty(grid, plan, recipe, horizon),
            _quantiles={name: np.zeros(shape, dtype=np.int32) for name in names},
            _states={name: np.full(len(series), "", dtype=object) for name in names},
        )

    def keep(self, shelf: Shelf, outer: NDArray[np.bool_]) -> None:
        """Copy the outer pairs of a shelf; `outer` is the mask of the whole plan."""
        mask = outer[shelf.places]
        here = np.searchsorted(np.flatnonzero(outer), shelf.places[mask])
        self.scale[here] = shelf.scale[mask]
        for name, values in self._quantiles.items():
            values[here] = shelf.quantiles[name][mask]
            self._states[name][here] = shelf.states[name][mask]
        self.composition.keep(shelf.places, shelf.quantiles, shelf.parts, shelf.weights)

    def part(self, pairs: NDArray[np.bool_]) -> Store:
        """Return a store of only those pairs that a mask names."""
        return replace(
            self,
            series=self.series[pairs],
            origin=self.origin[pairs],
            scale=self.scale[pairs],
            _quantiles={name: values[pairs] for name, values in self._quantiles.items()},
            _states={name: values[pairs] for name, values in self._states.items()},
        )

    def quantiles(self, name: str, here: slice) -> NDArray[np.int32]:
        """Return a model's quantiles for some pairs, shape (pairs, horizon, 23)."""
        return self._quantiles[name][here]

    def states(self, name: str, here: slice) -> NDArray[np.object_]:
        """Return a model's states for some pairs."""
        return self._states[name][here]

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


def scales(knowledge: Knowledge, plan: OriginPlan, places: Columns) -> NDArray[np.float64]:
    """Return the scale of each of some pairs of a plan, from what was known at its origin."""
    result = np.full(len(places), np.nan)
    origins = plan.origin[places]
    for origin in np.unique(origins):
        mask = origins == origin
        series = plan.series[places[mask]]
        result[mask] = scale_of(knowledge.values(series, int(origin)))
    return result
