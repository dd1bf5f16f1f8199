"""Where the level of series shifted for good, and which weeks were dumps; without hindsight.

What is said at the end of a week rests on weeks up to it, so that a back-test may use it: give the
functions the values up to the origin, as they were known there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.breaks.level_chart import LITTLE, REFERENCE, SHORT, LevelChart
from threatcast_forecasting.panels import location_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

NOTICED = 9.0
"""Evidence (log likelihood ratio) from which a shift is told to people."""
STRICT = 20.0
"""Evidence from which a model may forget what was before."""
TOGETHER = 2
"""Weeks by which the starts of one feed's shift may differ between its series."""
LEAST_SHARING, SHARING = 3, 0.2
"""Series, and share of a target's countries, that make a shift the feed's."""
FOLLOWING = 0.5
"""Share of the countries with at least one event a week that must move with the world."""


@dataclass(frozen=True)
class Shifts:
    """Level shifts, one row each, in order of series and start.

    Parameters
    ----------
    series, start, noticed : int arrays, shape (m,)
        Row of the series; column of the first week at the new level; column of the week at whose
        end the shift was noticed.
    before, after : float arrays, shape (m,)
        Events a week in up to 26 weeks before `start` (dumps capped), and from `start` to
        `noticed`.
    evidence : float array, shape (m,)
        Log likelihood ratio of two levels against one.
    scope : array of str, shape (m,)
        `feed` where the target as a whole shifted, else `series`.
    """

    series: Ints
    start: Ints
    noticed: Ints
    before: Floats
    after: Floats
    evidence: Floats
    scope: NDArray[np.str_]

    @property
    def ratio(self) -> Floats:
        """Level after over level before, with `LITTLE` added to both."""
        return np.asarray((self.after + LITTLE) / (self.before + LITTLE))


def level_shifts(values: Floats, evidence: float = STRICT) -> Ints:
    """Return the column at which each series' current regime starts; 0 if no earlier one ended.

    Parameters
    ----------
    values : float array, shape (n, t)
        Counts a week, oldest first; NaN where missing.
    evidence : float
        Log likelihood ratio that a shift needs. The default is strict: forgetting costs more after
        a false alarm than it gains after a small shift.

    Returns
    -------
    int array, shape (n,)

    Examples
    --------
    >>> usual = [9.0, 14.0, 11.0, 6.0] * 10
    >>> level_shifts(np.array([usual + [50.0, 60.0, 40.0, 70.0], usual + [50.0, 9.0, 12.0, 7.0]]))
    array([40,  0])
    """
    chart = LevelChart(values, evidence).run()
    first = np.take_along_axis(chart.column, chart.start[:, None], axis=1)[:, 0]
    return np.asarray(np.where(chart.start > 0, first, 0))


def shifts(values: Floats, evidence: float = NOTICED) -> Shifts:
    """Return all level shifts, as noticed week by week, without those undone within weeks.

    Parameters are those of `level_shifts`; the scope of all is `series`.
    """
    chart = LevelChart(values, evidence).run()
    keys = sorted(chart.rows)
    series = np.array([row for row, _ in keys], dtype=np.intp)
    start = np.array([place for _, place in keys], dtype=np.intp)
    rest = np.array([chart.rows[key] for key in keys], dtype=np.float64).reshape(-1, 4)
    return Shifts(
        series,
        chart.column[series, start],
        chart.column[series, rest[:, 0].astype(np.intp)],
        rest[:, 1],
        rest[:, 2],
        rest[:, 3],
        np.full(len(keys), "series"),
    )


def bursts(values: Floats, evidence: float = NOTICED) -> NDArray[np.bool_]:
    """Return a mask of the weeks that were dumps: far above their level, and soon over.

    A week is one if a count as high has a probability below `RARE` (1 in 10,000) under the level
    and dispersion of the weeks before it, or if a rise was undone within `SHORT` weeks. A week that
    began a new level is none. The newest weeks may turn out to have begun one.

    Parameters are those of `level_shifts`.

    Returns
    -------
    bool array, shape (n, t)
    """
    chart = LevelChart(values, evidence).run()
    mask = np.zeros(chart.odd.shape, dtype=bool)
    np.put_along_axis(mask, chart.column, chart.odd & ~long_runs(chart.odd, SHORT), axis=1)
    return mask


def long_runs(mask: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """Return where a mask is true for more than `longest` columns on end.

    Examples
    --------
    >>> long_runs(np.array([[True, True, False, True]]), 1)
    array([[ True,  True, False, False]])
    """
    windows = np.lib.stride_tricks.sliding_window_view
    width = longest + 1
    if mask.shape[1] < width:
        return np.zeros_like(mask)
    full = windows(mask, width, axis=1).all(axis=2)
    padded = np.pad(full, ((0, 0), (longest, longest)))
    return np.asarray(windows(padded, width, axis=1).any(axis=2))


def feed_shifts(
    values: Floats, targets: Sequence[str], locations: Sequence[str], evidence: float = NOTICED
) -> Shifts:
    """Return all level shifts with their scope: whether a feed changed, or one place in it.

    A shift is the feed's if the target's world sum shifted within `TOGETHER` weeks in the same
    direction and at least half of its countries moved with it, or if so many countries shifted
    together that it is no coincidence.

    Parameters
    ----------
    values, evidence
        See `level_shifts`.
    targets, locations : sequences of str, length n
        Codes as in panels: `WORLD` is the world's sum.
    """
    found = shifts(values, evidence)
    target, level = np.array(targets), np.array([location_level(place) for place in locations])
    scope = np.array(
        [_scope(found, row, values, target, level) for row in range(len(found.series))],
        dtype="<U6",
    )
    return replace(found, scope=scope)


def _scope(
    found: Shifts,
    row: int,
    values: Floats,
    target: NDArray[np.str_],
    level: NDArray[np.str_],
) -> str:
    alike = (
        (target[found.series] == target[found.series[row]])
        & (np.abs(found.start - found.start[row]) <= TOGETHER)
        & ((found.ratio > 1) == (found.ratio[row] > 1))
    )
    countries = np.flatnonzero((target == target[found.series[row]]) & (level == "country"))
    sharing = len(np.unique(found.series[alike & (level[found.series] == "country")]))
    if sharing >= max(LEAST_SHARING, SHARING * len(countries)):
        return "feed"
    worlds = np.flatnonzero(alike & (level[found.series] == "world"))
    if any(_followed(found, int(world), values[countries]) for world in worlds):
        return "feed"
    return "series"


def _followed(found: Shifts, world: int, countries: Floats) -> bool:
    """Say whether countries moved with the world, at least half as far (as a log ratio).

    A world without countries to look at stands for its feed.
    """
    start, noticed = found.start[world], found.noticed[world]
    old = np.nan_to_num(_means(countries[:, max(start - REFERENCE, 0) : start]))
    large = old >= 1
    if large.sum() < LEAST_SHARING:
        return True
    new = np.nan_to_num(_means(countries[large, start : noticed + 1]))
    moved = np.log((new + LITTLE) / (old[large] + LITTLE))
    return bool((moved / np.log(found.ratio[world]) >= 0.5).mean() >= FOLLOWING)


def _means(values: Floats) -> Floats:
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(total / np.where(known.any(axis=1), known.sum(axis=1), np.nan))
