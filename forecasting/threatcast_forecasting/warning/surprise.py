"""How far out in a forecast a count lies, on either side, the far tails included.

And how far out it lies once the forecasts' own past errors are taken into account: a model that ran
low for months runs low now, which is no news.

Between the lowest and the highest of the 23 quantiles the forecast is read as its scores read it
(`scores.cumulative`). Beyond them 23 levels say nothing, and a warning is all about what lies
there: the tail goes on as that of the negative binomial with mean and variance of the quantiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import cumulative

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_EDGES = np.r_[0.0, (np.array(LEVELS[1:]) + np.array(LEVELS[:-1])) / 2, 1.0]
WEIGHTS = np.diff(_EDGES)
"""Probability that each level stands for."""
SMALLEST = 1e-12
"""Probabilities below are not told apart."""
LEAST_ABOVE = 1e-3
"""Least probability above the highest quantile."""
LEAST_MEAN = 0.01
FARTHEST_OUT = 3.0
"""Standard deviations: one week's error says no more of the errors to come."""
PAST = 52
"""Weeks whose errors count."""
WEEKS_OF_NONE = 10.0
"""Own errors are taken in as if so many weeks without any had come before."""


def upper_tail(counts: ArrayLike, quantiles: ArrayLike) -> tuple[Floats, Floats]:
    """Return the forecast probabilities of more than a count, and of at least as many.

    Parameters
    ----------
    counts : float array, shape (...)
        NaN where not known.
    quantiles : float array, shape (..., 23)
        Finished: whole, in order; NaN where nothing was forecast.

    Returns
    -------
    tuple of two float arrays, each of shape (...)
        NaN where count or forecast is.

    Examples
    --------
    >>> [round(float(p), 4) for p in upper_tail(0.0, np.repeat([0.0, 1.0], [16, 7]))]
    [0.275, 1.0]
    """
    count, forecast = np.asarray(counts, np.float64), np.asarray(quantiles, np.float64)
    return _above(count, forecast), np.where(
        count <= 0, _one(count, forecast), _above(count - 1, forecast)
    )


def lower_tail(counts: ArrayLike, quantiles: ArrayLike) -> tuple[Floats, Floats]:
    """Return the forecast probabilities of fewer than a count, and of at most as many.

    Parameters and shapes as `upper_tail`.
    """
    count, forecast = np.asarray(counts, np.float64), np.asarray(quantiles, np.float64)
    return np.where(count <= 0, 0 * _one(count, forecast), _up_to(count - 1, forecast)), _up_to(
        count, forecast
    )


def recentred(outer: Floats, inner: Floats) -> tuple[Floats, Floats]:
    """Return tails by forecasts moved by the mean of the errors known when they were made.

    An error is the normal number behind a count: its place in the forecast of it that was made
    last, the middle of the two tails. The mean is that of the `PAST` weeks before the forecast, so
    that what happens meanwhile moves nothing.

    Parameters
    ----------
    outer, inner : float arrays, shape (series, weeks, horizons)
        What `upper_tail` or `lower_tail` returned; horizon 1 first.

    Returns
    -------
    tuple of two float arrays of the same shape
    """
    from scipy.special import ndtr, ndtri

    error = np.clip(-ndtri((outer + inner) / 2), -FARTHEST_OUT, FARTHEST_OUT)
    known = ~np.isnan(error)
    last = np.take_along_axis(error, known.argmax(axis=2)[..., None], axis=2)[..., 0]
    mean = _of_past(np.nan_to_num(last)) / (_of_past(known.any(axis=2)) + WEEKS_OF_NONE)
    moved = np.zeros(error.shape)
    for ahead in range(min(error.shape[2], error.shape[1] - 1)):
        moved[:, ahead + 1 :, ahead] = mean[:, : -ahead - 1]
    return np.asarray(ndtr(ndtri(outer) + moved)), np.asarray(ndtr(ndtri(inner) + moved))


def _of_past(values: NDArray[Any]) -> Floats:
    """Return the sum of each week and those before it, `PAST` in all."""
    total = values.cumsum(axis=1, dtype=np.float64)
    total[:, PAST:] -= total[:, :-PAST].copy()
    return total


def expected_mean(quantiles: ArrayLike) -> Floats:
    """Return the mean of forecasts, shape (...), from quantiles of shape (..., 23)."""
    return np.asarray(np.asarray(quantiles, np.float64) @ WEIGHTS)


def _one(count: Floats, forecast: Floats) -> Floats:
    """Return 1 where both are known, else NaN."""
    return np.asarray(np.where(np.isnan(count + forecast[..., 0]), np.nan, 1.0))


def _above(count: Floats, forecast: Floats) -> Floats:
    """Return P(Y > count)."""
    from scipy.special import betainc

    inside = np.asarray(1.0 - _read(count, forecast))
    highest = np.broadcast_to(forecast[..., -1], count.shape)
    far = count >= highest
    if far.any():
        size, chance = _law(forecast, far)
        at = np.clip(betainc(highest[far] + 1, size, chance), LEAST_ABOVE, 1 - LEVELS[-1])
        fall = betainc(count[far] + 1, size, chance) / np.maximum(
            betainc(highest[far] + 1, size, chance), SMALLEST
        )
        inside[far] = np.maximum(at * np.minimum(fall, 1.0), SMALLEST)
    return np.asarray(inside)


def _up_to(count: Floats, forecast: Floats) -> Floats:
    """Return P(Y <= count)."""
    from scipy.special import betaincc

    inside = _read(count, forecast)
    lowest = np.broadcast_to(forecast[..., 0], count.shape)
    far = (count < lowest) & (count >= 0)
    if far.any():
        size, chance = _law(forecast, far)
        fall = betaincc(count[far] + 1, size, chance) / np.maximum(
            betaincc(lowest[far] + 1, size, chance), SMALLEST
        )
        inside[far] = np.maximum(np.minimum(inside[far], LEVELS[0] * fall), SMALLEST)
    return np.asarray(inside)


def _read(count: Floats, forecast: Floats) -> Floats:
    known = ~np.isnan(count + forecast[..., 0])
    read = np.full(known.shape, np.nan)
    wide = np.broadcast_to(forecast, (*known.shape, len(LEVELS)))
    read[known] = cumulative(np.broadcast_to(count, known.shape)[known], wide[known])
    return read


def _law(forecast: Floats, rows: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return size and m / (m + size) of the negative binomial with the moments of the quantiles."""
    wide = np.broadcast_to(forecast, (*rows.shape, len(LEVELS)))[rows]
    mean = np.maximum(wide @ WEIGHTS, LEAST_MEAN)
    variance = ((wide - mean[:, None]) ** 2) @ WEIGHTS
    size = np.minimum(mean**2 / np.maximum(variance - mean, 1e-6 * mean**2), 1e6)
    return size, mean / (mean + size)
