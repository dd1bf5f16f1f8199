"""The levels at which every forecast is given, and what makes quantiles of a count presentable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEVELS: tuple[float, ...] = (
    0.01,
    0.025,
    *(round(0.05 * k, 2) for k in range(1, 20)),
    0.975,
    0.99,
)
"""The 23 levels of the contract, from 0.01 to 0.99; the twelfth is the median."""

LARGEST = 1e9
"""No weekly count, and so no quantile, exceeds this."""


def finish(values: ArrayLike) -> NDArray[np.float64]:
    """Return quantiles that are whole, finite, not negative and do not cross.

    Crossing quantiles are sorted (Chernozhukov, Fernández-Val and Galichon 2010,
    doi:10.3982/ECTA7880, show that sorting never makes them worse), then rounded to the nearest
    whole number, halves upwards, and held between 0 and `LARGEST`.

    Parameters
    ----------
    values : float array, shape (..., 23)
        Quantiles in the order of `LEVELS`. A row with NaN comes back as NaN whole: nothing can be
        said about its order. Infinity becomes `LARGEST`.

    Returns
    -------
    float array, shape (..., 23)

    Examples
    --------
    >>> finish([0.4, -1.0, 2.5])
    array([0., 0., 3.])
    """
    quantiles = np.array(values, dtype=np.float64)
    unknown = np.isnan(quantiles).any(axis=-1)
    quantiles.sort(axis=-1)
    np.clip(quantiles, 0.0, LARGEST, out=quantiles)
    np.floor(quantiles + 0.5, out=quantiles)
    quantiles[unknown] = np.nan
    return quantiles


def level_index(level: float) -> int:
    """Return the place of a level in `LEVELS`.

    Examples
    --------
    >>> level_index(0.5)
    11
    """
    return LEVELS.index(level)


def interval(quantiles: NDArray[Any], share: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the lower and upper bounds of a central interval.

    Parameters
    ----------
    quantiles : array, shape (..., 23)
    share : float
        Probability inside the interval: 0.5, 0.8, 0.9, 0.95, 0.98 and others of the levels.

    Returns
    -------
    tuple of arrays, each of shape (...)
    """
    lower = round((1 - share) / 2, 3)
    upper = round(1 - lower, 3)
    return quantiles[..., level_index(lower)], quantiles[..., level_index(upper)]
