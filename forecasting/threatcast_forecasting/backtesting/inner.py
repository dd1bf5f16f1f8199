"""The inner back-test from which `champion` learns, with nothing that its origin did not know.

For each origin, members are weighted by how they did from earlier origins, their distributions
pooled, and the pool's levels corrected by what past intervals held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.backtesting.origins import INNER_STEP, usable_inner
from threatcast_forecasting.combinations.calibration import calibrated_levels
from threatcast_forecasting.combinations.pool import linear_pool
from threatcast_forecasting.combinations.weights import member_weights
from threatcast_forecasting.grid import cut, weeks_behind
from threatcast_forecasting.quantiles import LEVELS, finish
from threatcast_forecasting.scores import BUSY, pit_bounds, weighted_interval_score

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.origins import OriginPlan
    from threatcast_forecasting.backtesting.store import Shelf
    from threatcast_forecasting.grid import Grid, Knowledge

    Array = NDArray[np.float64]
    Places = NDArray[np.int64]

HALF_LIFE = 6
"""Inner origins after which a score weighs half as much: 24 weeks."""
LARGEST_LAG = 8
"""Weeks missing before the origin for which past forecasts are told apart by their horizon."""
PEAK_WEEKS = 156
PEAK = 3.0
"""No median exceeds this many times the largest count of three years."""
MIDDLE = LEVELS.index(0.5) + 1


@dataclass(frozen=True)
class Inner:
    """Past forecasts of one pool at one origin, of which the origin knew what came.

    Parameters
    ----------
    rows : int array, shape (k,)
        Place of the series in the pool.
    scores : float array, shape (k, m, w)
        Scaled WIS by member and week; NaN where the week is not known.
    low, high : float arrays, shape (k, m, w)
        Bounds of the PITs.
    weight : float
        How much these weeks count.
    """

    rows: Places
    scores: Array
    low: Array
    high: Array
    weight: float


def add_champion(
    name: str, members: tuple[str, ...], shelf: Shelf, plan: OriginPlan, knowledge: Knowledge
) -> list[tuple[Any, ...]]:
    """Put the champion's forecasts of all outer pairs on a shelf.

    Parameters
    ----------
    name : str
    members : tuple of str
        Models on the shelf that it pools.
    shelf : Shelf
    plan : OriginPlan
    knowledge : Knowledge

    Returns
    -------
    list of tuples
        Rows for `weights_table`.
    """
    shelf.make_room(name)
    outer = shelf.places[plan.outer[shelf.places]]
    pool, origin = shelf.pool[np.searchsorted(shelf.places, outer)], plan.origin[outer]
    rows = []
    for one, column in sorted(set(zip(pool.tolist(), origin.tolist(), strict=True))):
        places = outer[(pool == one) & (origin == column)]
        rows += _add_pool(name, members, shelf, plan, knowledge, places)
    return rows


def _add_pool(
    name: str,
    members: tuple[str, ...],
    shelf: Shelf,
    plan: OriginPlan,
    knowledge: Knowledge,
    places: Places,
) -> list[tuple[Any, ...]]:
    """Put down the champion's forecasts of one pool of series at one origin."""
    origin, series = int(plan.origin[places[0]]), plan.series[places]
    known = knowledge.values(series, origin)
    past = _past(members, shelf, plan, knowledge, places, known)
    at = shelf.rows(places)
    sound = np.stack([shelf.states[member][at] == "" for member in members], axis=1)
    sums = np.zeros((len(places), len(members)))
    counts = np.zeros(len(places))
    for inner in past:
        seen = ~np.isnan(inner.scores[:, 0])
        sums[inner.rows] += inner.weight * np.nansum(inner.scores, axis=2)
        counts[inner.rows] += inner.weight * seen.sum(axis=1)
    weights = member_weights(sums, counts, sound)
    shelf.weigh(name, places, weights)
    levels = _levels(past, weights, shelf.scale[at] >= BUSY)
    parts = [shelf.quantiles[member][at] for member in members]
    pooled = linear_pool(parts, weights, levels)
    shelf.quantiles[name][at] = finish(_bounded(pooled, known))
    for row in at[~sound.any(axis=1)]:
        shelf.states[name][row] = _why(members, [shelf.states[member][row] for member in members])
    scored = counts > 0
    means = np.full(len(members), np.nan)
    if scored.any():
        means = (sums[scored] / counts[scored, None]).mean(axis=0)
    target = knowledge.grid.targets[series[0]]
    share = weights.mean(axis=0)
    return [
        (target, origin, member, share[m], means[m], len(places))
        for m, member in enumerate(members)
    ]


def _why(members: tuple[str, ...], states: list[str]) -> str:
    """Return what went wrong where every member fell back."""
    if len(set(states)) == 1:
        return states[0]
    return "; ".join(f"{state} ({name})" for name, state in zip(members, states, strict=True))


def _past(
    members: tuple[str, ...],
    shelf: Shelf,
    plan: OriginPlan,
    knowledge: Knowledge,
    places: Places,
    known: Array,
) -> list[Inner]:
    """Return what members forecast from earlier origins and how that fared, newest first."""
    origin, series = int(plan.origin[places[0]]), plan.series[places]
    # after a gap of k weeks the next one lies k + 1 ahead: nearer ones teach nothing of it
    lags = np.minimum(weeks_behind(known), LARGEST_LAG)
    found = []
    for back, usable in usable_inner(knowledge, series, origin):
        if not len(usable):
            continue
        weeks = min(shelf.horizon, back)
        rows = np.searchsorted(series, usable)
        truth = cut(known[rows], origin - back + 1, weeks)[:, None]
        at = shelf.rows(plan.find(usable, np.full(len(usable), origin - back)))
        forecasts = np.stack([shelf.quantiles[one][at, :weeks] for one in members], axis=1)
        truth = np.broadcast_to(truth, forecasts.shape[:-1])
        scores = weighted_interval_score(truth, forecasts) / shelf.scale[at][:, None, None]
        low, high = pit_bounds(truth, forecasts)
        near = np.arange(weeks) < lags[rows][:, None]
        for part in (scores, low, high):
            part[np.broadcast_to(near[:, None], part.shape)] = np.nan
        weight = 0.5 ** ((back / INNER_STEP - 1) / HALF_LIFE)
        found.append(Inner(rows, scores, low, high, weight))
    return found


def _levels(past: list[Inner], weights: Array, busy: NDArray[np.bool_]) -> Array:
    """Return the levels at which to read each series' pool, shape (n, 23).

    Busy and sparse series are corrected apart. The PIT of a linear pool is the mean of its
    members'.
    """
    levels = np.tile(np.array(LEVELS), (len(weights), 1))
    for group in (busy, ~busy):
        parts = []
        for inner in past:
            mine = group[inner.rows]
            share = weights[inner.rows[mine]][:, :, None]
            low, high = ((share * side[mine]).sum(axis=1) for side in (inner.low, inner.high))
            seen = ~np.isnan(low)
            parts.append((low[seen], high[seen], np.full(int(seen.sum()), inner.weight)))
        if parts and group.any():
            sides = zip(*parts, strict=True)
            levels[group] = calibrated_levels(*(np.concatenate(side) for side in sides))
    return levels


def _bounded(quantiles: Array, known: Array) -> Array:
    """Hold the lower half of each forecast, median included, below what any past week suggests."""
    recent = known[:, -PEAK_WEEKS:]
    peak = PEAK * np.where(np.isnan(recent), 0.0, recent).max(axis=1, initial=0.0)
    quantiles[..., :MIDDLE] = np.minimum(quantiles[..., :MIDDLE], peak[:, None, None])
    return quantiles


def weights_table(rows: list[tuple[Any, ...]], grid: Grid) -> pd.DataFrame:
    """Return how much each member counted, by target and origin.

    Returns
    -------
    DataFrame
        `target, origin, model, weight, scaled_wis, series`: mean weight over series, and the mean
        scaled WIS before the origin that it rests on, null where there was nothing to score. A
        target of more series than one pool holds has a row a pool, which are averaged.
    """
    import pandas as pd

    names = ["target", "origin", "model", "weight", "scaled_wis", "series"]
    table = pd.DataFrame(rows, columns=names)
    if len(rows):
        size = table["series"]
        for name in ("weight", "scaled_wis"):
            table[name] *= size
        grouped = table.groupby(["target", "origin", "model"], as_index=False, sort=True)
        table = grouped[["weight", "scaled_wis", "series"]].sum(min_count=1)
        for name in ("weight", "scaled_wis"):
            table[name] /= table["series"]
    weeks = grid.week(table["origin"].to_numpy(dtype=np.int64)) if len(table) else []
    table["origin"] = pd.Series(weeks, dtype="datetime64[ns]")
    floats = {"weight": float, "scaled_wis": float}
    return table[names].astype({"target": object, "model": object, **floats, "series": "int64"})
