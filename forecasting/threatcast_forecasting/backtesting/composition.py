"""Of what the newest forecasts are made: means of base models, their parts, their weights.

A linear pool's mean is the weighted mean of its members' means, so that whatever members tell apart
of theirs adds up to what the pool says before its intervals are corrected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.combinations.pool import MASS
from threatcast_forecasting.models.card import PARTS, is_undivided

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.origins import OriginPlan
    from threatcast_forecasting.backtesting.recipe import Recipe
    from threatcast_forecasting.grid import Grid

    Array = NDArray[np.float64]


def mean_of(quantiles: NDArray[Any]) -> Array:
    """Return the mean of forecasts, shape (..., 23), in the measure in which members are pooled.

    Examples
    --------
    >>> float(mean_of(np.arange(23.0)).round(9))
    11.0
    """
    return np.asarray(quantiles @ MASS)


@dataclass(frozen=True)
class Composition:
    """The newest forecasts of all series that were asked for, by what they are made of.

    Parameters
    ----------
    recipe : Recipe
    places : int array, shape (k,)
        Places in the plan.
    series_ids : object array, shape (k,)
    """

    recipe: Recipe
    places: NDArray[np.int64]
    series_ids: NDArray[np.object_]
    _means: dict[str, Array]
    _parts: dict[str, Array]
    _weights: dict[str, Array]

    @classmethod
    def empty(cls, grid: Grid, plan: OriginPlan, recipe: Recipe, horizon: int) -> Composition:
        """Return one with room for the newest outer pairs of a plan."""
        newest = plan.origin[plan.outer].max()
        places = np.flatnonzero(plan.outer & (plan.origin == newest))
        means = {name: np.zeros((len(places), horizon)) for name in recipe.base}
        weights = {
            name: np.full((len(places), len(recipe.members(name))), 1 / len(recipe.members(name)))
            for name in recipe.asked
        }
        return cls(recipe, places, grid.series_ids[plan.series[places]], means, {}, weights)

    def keep(
        self,
        places: NDArray[np.int64],
        quantiles: Mapping[str, NDArray[Any]],
        parts: Mapping[str, NDArray[Any]],
        weights: Mapping[str, Array],
    ) -> None:
        """Take of some places of the plan those that are the newest.

        Parameters
        ----------
        places : int array, shape (p,)
        quantiles, parts : mappings
            Arrays of shapes (p, horizon, 23) and (p, horizon, 2), by base model.
        weights : mapping
            Arrays of shape (p, members), by learnt combination.
        """
        mask = np.isin(places, self.places)
        here = np.searchsorted(self.places, places[mask])
        for name, means in self._means.items():
            means[here] = mean_of(quantiles[name][mask])
            if name in parts:
                if name not in self._parts:
                    self._parts[name] = np.zeros((*means.shape, len(PARTS)))
                self._parts[name][here] = parts[name][mask]
        for name in self.recipe.champions.keys() & self._weights.keys():
            self._weights[name][here] = weights[name][mask]

    def weights(self, model: str) -> dict[str, Array]:
        """Return how much each base model counts in a model that was asked for, shape (k,) each."""
        return dict(zip(self.recipe.members(model), self._weights[model].T, strict=True))

    def member_mean(self, name: str) -> Array:
        """Return the means of a base model, shape (k, horizon)."""
        return self._means[name]

    def mean(self, model: str) -> Array:
        """Return the weighted mean of the means of a model's members, shape (k, horizon)."""
        found = np.zeros(next(iter(self._means.values())).shape)
        for member, weight in self.weights(model).items():
            found += weight[:, None] * self._means[member]
        return found

    def parts(self, model: str) -> Array:
        """Return what of that mean comes of each of `PARTS`, shape (k, horizon, 2)."""
        shape = next(iter(self._means.values())).shape
        found = np.zeros((*shape, len(PARTS)))
        for member, weight in self.weights(model).items():
            if member in self._parts:
                found += weight[:, None, None] * self._parts[member]
        return found

    def is_undivided(self, model: str) -> bool:
        """Return whether a member of a model holds more than a level without saying what."""
        return any(is_undivided(self.recipe.base[name]) for name in self.recipe.members(model))
