"""What models that follow several series share: levels of log counts, and how high to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CEILING_WEEKS = 156
CEILING = 2.0
"""A mean is held below this many times the largest count of three years."""


@dataclass(frozen=True)
class Past:
    """Counts in the forms that regressions use, all of shape (n, t).

    Parameters
    ----------
    counts, logs : float arrays
        Counts and log(1 + count); 0 where missing.
    observed : bool array
    seen : int array
        How many weeks were observed up to each week.
    smooth : float array
        Mean of `logs` over each week and its two neighbours, so far as observed; else NaN. The
        newest week has only the one neighbour before it.
    """

    counts: Array
    logs: Array
    observed: NDArray[np.bool_]
    seen: NDArray[np.int64]
    smooth: Array

    @classmethod
    def of(cls, values: Array) -> Past:
        """Return the forms of counts, NaN where missing."""
        observed = ~np.isnan(values)
        counts = np.where(observed, values, 0.0)
        logs = np.log1p(counts)
        total, known = (_three(part) for part in (logs, observed.astype(np.float64)))
        smooth = np.divide(total, known, out=np.full(values.shape, np.nan), where=known > 0)
        return cls(counts, logs, observed, np.cumsum(observed, axis=1), smooth)


def _three(values: Array) -> Array:
    """Return the sum of each column and its neighbours."""
    padded = np.pad(values, ((0, 0), (1, 1)))
    return np.asarray(padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:])


def discounted_mean(values: Array, observed: NDArray[np.bool_], discount: float) -> Array:
    """Return the exponentially weighted mean up to each week, shape (n, t); 0 before the first.

    Each step back weighs `discount` times as much; missing weeks are left out.
    """
    out = np.empty(values.shape)
    total, weight = np.zeros(len(values)), np.zeros(len(values))
    for week in range(values.shape[1]):
        total = discount * total + np.where(observed[:, week], values[:, week], 0.0)
        weight = discount * weight + observed[:, week]
        out[:, week] = total / np.maximum(weight, 1e-9)
    return out


def shifted(values: Array, columns: NDArray[np.int64]) -> Array:
    """Return some columns, shape (n, len(columns)); NaN for those outside the array."""
    inside = (columns >= 0) & (columns < values.shape[1])
    return np.where(inside, values[:, np.where(inside, columns, 0)], np.nan)


def ceiling(values: Array) -> Array:
    """Return what a mean may not exceed: twice the largest count of three years, shape (n,)."""
    recent = values[:, -CEILING_WEEKS:]
    return np.asarray(CEILING * np.where(np.isnan(recent), 0.0, recent).max(axis=1, initial=0.0))
