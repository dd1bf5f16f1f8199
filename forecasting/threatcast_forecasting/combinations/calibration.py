"""Calibration: how wide past intervals should have been, and at which levels to read new ones.

Past forecasts and what came of them give PITs. If they crowd in the middle, intervals were too
wide; if at the ends, too narrow. Only that symmetric part is learnt: whether forecasts were too
high or too low in the last months says little about the next ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import pit_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

GRID = np.linspace(0.0, 1.0, 201)
LEAST_PITS = 30
PRIOR_PITS = 300.0
"""Exact PITs' worth of evidence that forecasts are calibrated. That is much, because PITs of
neighbouring weeks and of series with common causes repeat each other."""
OUTERMOST = 0.001


def pit_distribution(low: Array, high: Array, weights: Array) -> Array:
    """Return the mean distribution function of randomised PITs on `GRID`.

    Czado, Gneiting and Held (2009), doi:10.1111/j.1541-0420.2009.01191.x: the PIT of a count is
    uniform between `low` = F(y - 1) and `high` = F(y). A straight line means calibrated.

    Parameters
    ----------
    low, high, weights : float arrays, shape (k,)

    Returns
    -------
    float array, shape (201,)
    """
    sums, _ = pit_sums(low, high, weights, GRID)
    return np.asarray(sums / weights.sum())


def calibrated_levels(low: Array, high: Array, weights: Array) -> Array:
    """Return the levels at which to read forecasts so that their intervals hold what they say.

    The levels of Dheur and Ben Taieb (2023, arXiv:2306.02738) and of conformal prediction with
    PITs as scores: the inverse of the past PITs' distribution, here of its symmetric part, drawn
    towards no change.

    Parameters
    ----------
    low, high : float arrays, shape (k,)
        Bounds of past PITs; see `scores.pit_bounds`.
    weights : float array, shape (k,)
        How much each counts.

    Returns
    -------
    float array, shape (23,)
        `LEVELS` themselves if there are fewer than 30 PITs.
    """
    levels = np.array(LEVELS)
    if len(low) < LEAST_PITS:
        return levels
    away = pit_distribution(low, high, weights) - GRID
    spread = (away - away[::-1]) / 2
    # a PIT that may lie anywhere between nought and 1, as that of a sparse count, says nothing
    evidence = float((1 - (high - low)).sum())
    trust = evidence / (evidence + PRIOR_PITS)
    learnt = np.maximum.accumulate(np.clip(GRID + trust * spread, 0.0, 1.0)) + 1e-9 * GRID
    return np.asarray(np.clip(np.interp(levels, learnt, GRID), OUTERMOST, 1 - OUTERMOST))
