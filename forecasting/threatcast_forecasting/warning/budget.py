"""How many false warnings are allowed, and the evidence that this asks for.

One budget for all series, written down once. By Markov's inequality evidence of c comes about in at
most 1 of c weeks if forecasts are right; that holds always, and is far from sharp. So that the
budget is kept and also used, the evidence that opens a warning was learnt by simulation: series of
independent counts whose forecasts are exactly right, for each of `MEANS` events a week, 7,500
series-years each (`python -m benchmarks.warning.thresholds`, with its seed). Whole numbers make
evidence of sparse series come in steps, so that thresholds depend on the mean that was expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

LEVELS_OF_WARNING = ("watch", "elevated", "severe")
A_YEAR = {"watch": 2.0, "elevated": 1.0, "severe": 0.2}
"""Warnings of at least this level a series-year if nothing happens: surges and drops, half each."""
LEAST = {"watch": 2.0, "elevated": 4.0, "severe": 16.0}
"""Evidence that a level asks for however rare less would be: of 0.1 events a week no drop shows."""
STANDS = 0.5
"""A warning stands until evidence has fallen to this part of what opened it."""
DIRECTIONS = ("surge", "drop")
MEANS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Expected events a week for which thresholds were learnt; straight lines in logarithms between."""
THRESHOLDS: dict[str, dict[str, tuple[float, ...]]] = {
    "surge": {
        "watch": (2.819, 2.51, 2.587, 2.82, 2.995, 2.727, 2.78),
        "elevated": (7.377, 4.985, 4.965, 5.442, 5.875, 5.192, 5.374),
        "severe": (27.566, 21.967, 19.264, 21.515, 26.195, 21.482, 23.581),
    },
    "drop": {
        "watch": (1.382, 3.217, 5.522, 4.019, 3.321, 2.75, 2.831),
        "elevated": (1.412, 3.618, 11.194, 11.241, 7.69, 5.392, 5.63),
        "severe": (1.487, 4.468, 22.766, 40.113, 32.656, 24.731, 24.98),
    },
}
"""By direction and level, one for each of `MEANS`."""


def threshold(direction: str, level: str, expected: ArrayLike) -> Floats:
    """Return the evidence that opens a warning of a level.

    Parameters
    ----------
    direction : str
        One of `DIRECTIONS`.
    level : str
        One of `LEVELS_OF_WARNING`.
    expected : float array, shape (...)
        Mean of the forecast, events a week.
    """
    known = np.log(np.array(THRESHOLDS[direction][level]))
    mean = np.log(np.maximum(np.asarray(expected, np.float64), MEANS[0]))
    return np.asarray(np.maximum(np.exp(np.interp(mean, np.log(MEANS), known)), LEAST[level]))


def standing(evidence: Floats, opens: ArrayLike) -> NDArray[np.bool_]:
    """Return in which weeks a warning stands.

    Parameters
    ----------
    evidence : float array, shape (series, weeks)
    opens : float array, shape (series,) or (series, weeks)
        Evidence that opens it.

    Examples
    --------
    >>> standing(np.array([[1.0, 4.0, 2.5, 1.9, 3.9]]), np.array([4.0]))
    array([[False,  True,  True, False, False]])
    """
    limit = np.asarray(opens, np.float64)
    limits = np.broadcast_to(limit[:, None] if limit.ndim == 1 else limit, evidence.shape)
    out = np.zeros(evidence.shape, dtype=bool)
    now = np.zeros(len(evidence), dtype=bool)
    for week in range(evidence.shape[1]):
        level = evidence[:, week]
        now = np.where(now, level >= STANDS * limits[:, week], level >= limits[:, week])
        out[:, week] = now
    return out


def openings(stands: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return in which weeks a warning opens; one that stands in the first week opens there."""
    before = np.zeros_like(stands)
    before[:, 1:] = stands[:, :-1]
    return np.asarray(stands & ~before)
