"""Scores of quantile forecasts of counts, and the scale that makes series comparable.

All functions take forecasts of shape (..., 23) in the order of `quantiles.LEVELS` and observed
counts of shape (...). Where a count is NaN (not known), its score is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.quantiles import LEVELS, interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

SCALE_WEEKS = 52
SMALLEST_SCALE = 0.1
BUSY = 5.0
"""Mean weekly count of the last 52 training weeks from which a series is busy, below it sparse."""
TOP = (LEVELS[-1] + 1.0) / 2
"""Probability at the highest quantile."""
PIT_GRID = np.round(np.linspace(0.005, 0.995, 199), 3)
"""Where the distribution of the PIT is held against the uniform one; `TOP` is its last place."""
SHARES = (0.5, 0.8, 0.95)
"""Central intervals whose coverage is reported."""


def weighted_interval_score(observed: ArrayLike, quantiles: ArrayLike) -> Floats:
    """Return the weighted interval score (WIS), in the unit of the counts; lower is better.

    With the median and eleven central intervals this is the mean over the 23 levels of twice the
    pinball loss: Bracher, Ray, Gneiting and Reich (2021), equation 1 with weights alpha/2, divided
    by K + 1/2; doi:10.1371/journal.pcbi.1008618.

    Parameters
    ----------
    observed : float array, shape (...)
    quantiles : float array, shape (..., 23)

    Returns
    -------
    float array, shape (...)

    Examples
    --------
    >>> weighted_interval_score([3.0], np.full((1, 23), 1.0))
    array([2.])
    """
    forecast = np.asarray(quantiles, dtype=np.float64)
    error = np.asarray(observed, dtype=np.float64)[..., None] - forecast
    levels = np.asarray(LEVELS)
    return np.asarray(2.0 * np.maximum(levels * error, (levels - 1.0) * error).mean(axis=-1))


def log_score(observed: ArrayLike, quantiles: ArrayLike) -> Floats:
    """Return the WIS of log(1 + count): relative errors, so that small series count as large ones.

    Bosse et al. (2023), doi:10.1371/journal.pcbi.1011393. Quantiles keep their order under a
    monotone transform, so the transformed quantiles are those of the transformed count.
    """
    return weighted_interval_score(
        np.log1p(np.asarray(observed, dtype=np.float64)),
        np.log1p(np.asarray(quantiles, dtype=np.float64)),
    )


def covered(observed: ArrayLike, quantiles: ArrayLike, share: float) -> Floats:
    """Return 1 where a count lies inside the central interval, bounds included, else 0.

    Parameters
    ----------
    observed : float array, shape (...)
    quantiles : float array, shape (..., 23)
    share : float
        Probability the interval claims, for instance 0.8.
    """
    truth = np.asarray(observed, dtype=np.float64)
    lower, upper = interval(np.asarray(quantiles), share)
    inside = ((truth >= lower) & (truth <= upper)).astype(np.float64)
    inside[np.isnan(truth)] = np.nan
    return inside


def cumulative(counts: ArrayLike, quantiles: ArrayLike) -> Floats:
    """Return F(count), the probability of at most `count`, read from the quantiles.

    A quantile that is a whole number stands for all values that round to it, so F(count) is read
    at count + 1/2 from the line through the points (quantile, level), which stands upright where
    several levels share a quantile. The line starts with F = 0 below zero. At the highest quantile
    F is `TOP`, halfway from 0.99 to 1, and above it 1: 23 levels say no more about the tail.

    Parameters
    ----------
    counts : float array, shape (...)
    quantiles : float array, shape (..., 23)
        Finished: whole, in order.

    Examples
    --------
    >>> forecast = np.arange(23.0)
    >>> cumulative([-1.0, 11.0, 22.0, 23.0], np.stack([forecast] * 4))
    array([0.   , 0.525, 0.995, 1.   ])
    """
    count = np.asarray(counts, dtype=np.float64)
    forecast = np.asarray(quantiles, dtype=np.float64)
    below = (forecast <= count[..., None]).sum(axis=-1)
    levels = np.r_[0.0, LEVELS, 1.0]
    ends = (*forecast.shape[:-1], 1)
    knots = np.concatenate([np.full(ends, -0.5), forecast, np.full(ends, np.inf)], axis=-1)
    left = np.take_along_axis(knots, below[..., None], axis=-1)[..., 0]
    right = np.take_along_axis(knots, below[..., None] + 1, axis=-1)[..., 0]
    tail = np.where(count > left, 1.0, 0.5)
    with np.errstate(invalid="ignore"):
        share = np.where(np.isinf(right), tail, (count + 0.5 - left) / (right - left))
    result = levels[below] + share * (levels[below + 1] - levels[below])
    result = np.where(count <= -1, 0.0, result)
    return np.asarray(np.where(np.isnan(count), np.nan, result))


def pit_bounds(observed: ArrayLike, quantiles: ArrayLike) -> tuple[Floats, Floats]:
    """Return F(y - 1) and F(y), between which the randomised PIT of a count is uniform.

    Czado, Gneiting and Held (2009), doi:10.1111/j.1541-0420.2009.01191.x: if forecasts are right, a
    number drawn uniformly between the two bounds is itself uniform between 0 and 1. For a count
    above the highest quantile the bounds are `TOP` and 1, however far above it lies.
    """
    truth = np.asarray(observed, dtype=np.float64)
    lower = np.minimum(cumulative(truth - 1.0, quantiles), TOP)
    return np.asarray(lower), cumulative(truth, quantiles)


def pit_sums(
    low: ArrayLike, high: ArrayLike, weights: ArrayLike = 1.0, grid: Floats = PIT_GRID
) -> tuple[Floats, int]:
    """Return the summed distribution of randomised PITs at a grid, and how many they are.

    Each PIT is uniform between its two bounds, so its distribution is a ramp; the sum of all is
    the mean non-randomised PIT histogram of Czado, Gneiting and Held (2009), without its bins.

    Parameters
    ----------
    low, high : float array
        What `pit_bounds` returned; NaN is left out.
    weights : float array, optional
        How much each counts in the sums.
    grid : float array, optional
        Increasing.

    Examples
    --------
    >>> sums, count = pit_sums([0.0, 0.5, np.nan], [0.5, 1.0, np.nan])
    >>> float(abs(sums / count - PIT_GRID).max().round(9)), count
    (0.0, 2)
    """
    start, end = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    known = ~np.isnan(start)
    weight = np.broadcast_to(np.asarray(weights, dtype=np.float64), start.shape)[known]
    start, end = start[known], end[known]
    # a range of no width is a step; this is steep enough to be one
    width = np.maximum(end - start, 1e-9)

    def ramp(begin: Floats) -> Floats:
        """Return the weighted sum of all (u - begin) / width with u > begin."""
        place, size = np.searchsorted(grid, begin), len(grid) + 1
        slope = np.bincount(place, weight / width, size).cumsum()[:-1]
        offset = np.bincount(place, weight * begin / width, size).cumsum()[:-1]
        return np.asarray(grid * slope - offset)

    return ramp(start) - ramp(start + width), int(known.sum())


def scale_of(values: ArrayLike) -> Floats:
    """Return what WIS is divided by: the mean of the last 52 observed training weeks, at least 0.1.

    Parameters
    ----------
    values : float array, shape (n, t)
        Training counts, oldest first; NaN where missing, which is left out, not taken for zero.

    Returns
    -------
    float array, shape (n,)
        NaN for a series without a single observed week: nothing says how large its counts are.

    Examples
    --------
    >>> scale_of([[2.0, np.nan, 4.0], [0.0, 0.0, 0.0]])
    array([3. , 0.1])
    """
    training = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(training)
    # how many observed weeks lie at or after each week: 1 for the newest observed one
    age = known[:, ::-1].cumsum(axis=1)[:, ::-1]
    used = known & (age <= SCALE_WEEKS)
    count = used.sum(axis=1)
    # newest first and one by one: the sum must not depend on how many empty weeks come before
    total = np.where(used, training, 0.0)[:, ::-1].cumsum(axis=1)
    last = total[:, -1] if training.shape[1] else np.zeros(len(training))
    mean = np.divide(last, count, out=np.full(len(training), np.nan), where=count > 0)
    return np.asarray(np.maximum(mean, SMALLEST_SCALE))


def score_table(observed: Floats, quantiles: NDArray[Any], scale: Floats) -> dict[str, Floats]:
    """Return all scores of the contract by column name.

    Parameters
    ----------
    observed : float array, shape (p, h)
    quantiles : array, shape (p, h, 23)
    scale : float array, shape (p,)

    Returns
    -------
    dict of float arrays, each of shape (p, h)
        `covered_50`, `covered_80` and `covered_95` are 0 or 1. NaN where the count is not known.
    """
    wis = weighted_interval_score(observed, quantiles)
    low, high = pit_bounds(observed, quantiles)
    table = {
        "wis": wis,
        "scale": np.broadcast_to(scale[:, None], wis.shape),
        "scaled_wis": wis / scale[:, None],
        "log_wis": log_score(observed, quantiles),
    }
    for share in SHARES:
        table[f"covered_{round(share * 100)}"] = covered(observed, quantiles, share)
    return table | {"pit_low": low, "pit_high": high}
