"""What `gradient_boosting` knows of a series in a week, each number relative to its own level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.int64]
    Weeks = NDArray[np.datetime64]

YEAR = 52
LEAST_OBSERVED = 8
"""Observed weeks within a year that are needed to speak of a level."""
LAGS = 4
WINDOWS = (4, 8, 13, 26)
SPREAD_WINDOWS = (13, 52)


def level_of(values: Array) -> Array:
    """Return log1p of the mean of the last 52 weeks, for each series and week.

    Parameters
    ----------
    values : float array, shape (n, t)
        NaN is a missing week.

    Returns
    -------
    float array, shape (n, t)
        NaN where fewer than eight of the 52 weeks are observed.
    """
    return np.asarray(np.log1p(moving_mean(values, YEAR, LEAST_OBSERVED)))


def past_features(values: Array, level: Array) -> Array:
    """Return what is known at the end of each week, shape (n, t, 12).

    The level; the last four weeks and means of the last 4, 8, 13 and 26 on log1p scale, less the
    level; the spread of log1p counts over 13 and 52 weeks; the share of weeks without any count.
    """
    logs = np.log1p(values)
    zeros = np.where(np.isnan(values), np.nan, values == 0)
    lags = [shifted(logs, lag) - level for lag in range(LAGS)]
    means = [np.log1p(moving_mean(values, window)) - level for window in WINDOWS]
    spreads = [moving_spread(logs, window) for window in SPREAD_WINDOWS]
    return np.stack([level, *lags, *means, *spreads, moving_mean(zeros, YEAR)], axis=2)


def ahead_features(
    values: Array, level: Array, weeks: Weeks, rows: Places, columns: Places, ahead: Places
) -> Array:
    """Return what is known of the week to be forecast, shape (k, 6).

    How far ahead it is, what it and its neighbours were a year before (log1p, less the level), the
    season, and whether the week holds a second Tuesday, the day on which vendors publish patches.

    Parameters
    ----------
    values, level : float arrays, shape (n, t)
    weeks : datetime64[D] array, shape (t,)
    rows, columns, ahead : int arrays, shape (k,)
        Series, the week forecast from, and how many weeks ahead.
    """
    logs, base = np.log1p(values), level[rows, columns]
    # a year before, or as many years as it takes to land on a week that is known
    before = columns + ahead - YEAR * -(-ahead // YEAR)
    same = at(logs, rows, before) - base
    near = np.stack([at(logs, rows, before + step) for step in (-1, 0, 1)], axis=1)
    week = weeks[0] + 7 * (columns + ahead)
    angle = 2 * np.pi * (week - week.astype("datetime64[Y]")).astype(float) / 365.25
    tuesday = (week - week.astype("datetime64[M]")).astype(int) + 2
    patches = (tuesday >= 8) & (tuesday <= 14)
    around = moving_mean(near, 3)[:, -1] - base
    return np.stack([ahead, same, around, np.sin(angle), np.cos(angle), patches], axis=1)


def moving_mean(values: Array, window: int, least: int = 1) -> Array:
    """Return the mean of the last `window` columns at each column; NaN is left out.

    Returns
    -------
    float array, shape (n, t)
        NaN where fewer than `least` of the columns are observed.

    Examples
    --------
    >>> moving_mean(np.array([[1.0, 3.0, np.nan, np.nan]]), 2)
    array([[ 1.,  2.,  3., nan]])
    """
    known = ~np.isnan(values)
    total = moving_sum(np.where(known, values, 0.0), window)
    count = moving_sum(known.astype(float), window)
    mean = np.full(values.shape, np.nan)
    return np.asarray(np.divide(total, count, out=mean, where=count >= least))


def moving_sum(values: Array, window: int) -> Array:
    """Return the sum of the last `window` columns at each column."""
    total = values.cumsum(axis=1)
    total[:, window:] -= total[:, :-window].copy()
    return total


def moving_spread(values: Array, window: int) -> Array:
    """Return the standard deviation of the last `window` columns at each column."""
    mean = moving_mean(values, window)
    return np.asarray(np.sqrt(np.maximum(moving_mean(values**2, window) - mean**2, 0.0)))


def shifted(values: Array, back: int) -> Array:
    """Return each column's value `back` columns before; NaN where there is none."""
    out = np.full(values.shape, np.nan)
    out[:, back:] = values[:, : values.shape[1] - back]
    return out


def at(values: Array, rows: Places, columns: Places) -> Array:
    """Return single values, NaN outside the matrix."""
    inside = (columns >= 0) & (columns < values.shape[1])
    return np.where(inside, values[rows, np.where(inside, columns, 0)], np.nan)
