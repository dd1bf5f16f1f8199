"""What several models share: the recent weeks, sample quantiles, and the negative binomial."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

DISPERSIONS = np.array([1e-7, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4])
"""Dispersions tried by `dispersion_evidence`: from a Poisson to bursts with long silences."""

SILENT = 0.01
"""A mean up to this puts at most 0.01 on counts above zero (Markov), so that all levels are 0."""

MOST_LOOKED_UP = 1000
"""Counts whose likelihood's factorials stand in a table."""
MOST_COUNTED = 200
"""Quantiles above are not found by counting up."""
LEAST_LOG_MASS = 600.0
"""Minus the logarithm of the smallest probability of nought from which others can be built up."""

LEAST_MEAN = 1e-3
"""Least mean under which a count is judged, so that a burst after silence is not impossible."""


def recent_observed(values: Array, weeks: int) -> Array:
    """Return the last `weeks` observed values of each row, oldest first.

    Parameters
    ----------
    values : float array, shape (n, t)
        NaN is a missing week.
    weeks : int

    Returns
    -------
    float array, shape (n, min(weeks, t))
        Rows with fewer observed weeks begin with NaN.

    Examples
    --------
    >>> recent_observed(np.array([[1.0, np.nan, 2.0], [np.nan, np.nan, 5.0]]), 2)
    array([[ 1.,  2.],
           [nan,  5.]])
    """
    observed_last = np.argsort(~np.isnan(values), axis=1, kind="stable")
    return np.take_along_axis(values, observed_last, axis=1)[:, -weeks:]


def short_of_weeks(known: NDArray[np.int64], least: int) -> tuple[str, ...]:
    """Return the state of each series: empty, or how many weeks it lacks for its model.

    Examples
    --------
    >>> short_of_weeks(np.array([9, 7]), 8)
    ('', 'fallback: 7 observed weeks, 8 needed')
    """
    return tuple(
        "" if count >= least else f"fallback: {count} observed weeks, {least} needed"
        for count in known
    )


def sample_quantiles(values: Array, levels: Sequence[float] = LEVELS) -> Array:
    """Return quantiles of each row's observed values that hold for a further value.

    The k-th of n sorted values stands at level k / (n + 1), the share of further values from the
    same source that fall below it; between them the line is straight, outside it is level
    (Hyndman and Fan 1996, type 6, doi:10.1080/00031305.1996.10473566).

    Parameters
    ----------
    values : float array, shape (n, t)
        NaN is left out.
    levels : sequence of float

    Returns
    -------
    float array, shape (n, len(levels))
        NaN for a row without any value.
    """
    ordered = np.sort(values, axis=1)
    count = (~np.isnan(values)).sum(axis=1)[:, None]
    last = np.maximum(count - 1, 0)
    place = np.clip((count + 1) * np.asarray(levels) - 1, 0, last)
    below = np.floor(place).astype(np.intp)
    lower = np.take_along_axis(ordered, below, axis=1)
    upper = np.take_along_axis(ordered, np.minimum(below + 1, last), axis=1)
    return np.asarray(lower + (place - below) * (upper - lower))


def negative_binomial_quantiles(mean: Array, variance: Array) -> Array:
    """Return quantiles of negative binomials with the given means and variances.

    A variance at or below the mean gives the Poisson distribution, to within rounding.

    Parameters
    ----------
    mean, variance : float arrays, shape (...)
        Counts and squared counts.

    Returns
    -------
    float array, shape (..., 23)
        Whole numbers: the smallest count whose cumulative probability reaches the level.
    """
    centre = np.maximum(mean, SILENT)
    excess = np.maximum(variance - centre, 1e-9 * centre * centre)
    size = np.minimum(centre * centre / excess, 1e9)
    flat_mean, flat_size = centre.ravel(), size.ravel()
    countable = flat_size * np.log1p(flat_mean / flat_size) < LEAST_LOG_MASS
    countable &= flat_mean + 4 * np.sqrt(flat_mean + flat_mean**2 / flat_size) < MOST_COUNTED
    found = np.empty((flat_mean.size, len(LEVELS)))
    found[countable] = _counted_up(flat_mean[countable], flat_size[countable])
    found[~countable] = _inverted(flat_mean[~countable], flat_size[~countable])
    return np.where(mean[..., None] > SILENT, found.reshape(*mean.shape, len(LEVELS)), 0.0)


def _counted_up(mean: Array, size: Array) -> Array:
    """Return quantiles by adding up probabilities from nought on: quick for small counts."""
    found = np.zeros((len(mean), len(LEVELS)))
    ratio = mean / (size + mean)
    mass = np.exp(-size * np.log1p(mean / size))
    below = mass
    rows = np.arange(len(mean))
    count = 0
    while len(rows):
        short = below[:, None] < np.array(LEVELS)
        found[rows] += short
        left = short[:, -1]
        rows, below, size, ratio = rows[left], below[left], size[left], ratio[left]
        mass = mass[left] * ratio * (count + size) / (count + 1)
        below = below + mass
        count += 1
    return found


def _inverted(mean: Array, size: Array) -> Array:
    """Return quantiles from the inverse of the distribution function."""
    from scipy.special import nbdtrik

    count = nbdtrik(np.array(LEVELS), size[:, None], (size / (size + mean))[:, None])
    return np.asarray(np.ceil(count - 1e-6))


def dispersion_evidence(counts: Array, means: Array, weights: Array) -> Array:
    """Return the weighted log likelihood of each dispersion in `DISPERSIONS`.

    The variance of a count is `mean + dispersion * mean**2`. Terms that do not depend on mean and
    dispersion are left out, so that values compare between models of the same counts.

    Parameters
    ----------
    counts, means, weights : float arrays, shape (n, t)
        Where the weight is 0, count and mean may be any number from nought on.

    Returns
    -------
    float array, shape (n, 13)
    """
    size = 1 / DISPERSIONS
    expected = np.maximum(means, LEAST_MEAN)
    weighted = weights * counts
    evidence = np.einsum("nt,nta->na", weights, _log_rises(counts))
    rises = np.log1p(expected[..., None] * DISPERSIONS)
    of_counts, of_weeks = np.moveaxis(np.stack([weighted, weights], axis=1) @ rises, 1, 0)
    evidence += (weighted * np.log(expected)).sum(axis=1)[:, None] - of_counts - size * of_weeks
    return np.asarray(evidence)


def _log_rises(counts: Array) -> Array:
    """Return the sum of log(1 + dispersion * j) over j below each count, shape (n, t, 13)."""
    from scipy.special import gammaln

    rises = _rises_of_whole_counts()[np.minimum(counts, MOST_LOOKED_UP).astype(np.intp)]
    other = (counts > MOST_LOOKED_UP) | (counts % 1 > 0)
    size, count = 1 / DISPERSIONS, counts[other][:, None]
    rises[other] = gammaln(count + size) - gammaln(size) - count * np.log(size)
    return np.asarray(rises)


@cache
def _rises_of_whole_counts() -> Array:
    """Return what `_log_rises` gives for 0, 1, ... `MOST_LOOKED_UP`, a row a count."""
    steps = np.log1p(np.arange(MOST_LOOKED_UP)[:, None] * DISPERSIONS)
    return np.vstack([np.zeros(len(DISPERSIONS)), np.cumsum(steps, axis=0)])


def normalised(evidence: Array) -> Array:
    """Return weights that sum to 1 in each row from log likelihoods, shape (n, m)."""
    weights = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
