"""The reference for an outlook's answers: how the weeks before had answered the same questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.outlook.answers import MARKS, NEAR, USUAL_WEEKS, WHOLE, answers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Answers = dict[str, Array]

LOOK_BACK = 104
"""Weeks from which the reference is taken."""
LEAST_WINDOWS = 26
"""Past answers that a reference needs."""


def usual_levels(row: Array) -> Array:
    """Return the usual level before each week of a series, and after its last; shape (t + 1,)."""
    known = ~np.isnan(row)
    until = np.r_[0, known.cumsum()]
    since = np.maximum(until - USUAL_WEEKS, 0)
    sums = np.r_[0.0, row[known].cumsum()]
    none = np.full(len(until), np.nan)
    return np.asarray(
        np.divide(sums[until] - sums[since], until - since, out=none, where=until > since)
    )


def past_answers(row: Array, levels: Array) -> Answers:
    """Return how the last 104 weeks answered: each stretch of them against the level before it.

    Empty where fewer than 26 stretches of four weeks, or of twelve, were observed whole.
    """
    recent = row[-LOOK_BACK:]
    if len(recent) < WHOLE:
        return {}
    near, far = (
        np.lib.stride_tricks.sliding_window_view(recent, weeks).sum(axis=1)
        for weeks in (NEAR, WHOLE)
    )
    before = levels[len(row) - len(recent) :][: len(near)]
    whole = ~np.isnan(near) & ~np.isnan(before)
    near, before, far = near[whole], before[whole], far[~np.isnan(far)]
    if min(len(near), len(far)) < LEAST_WINDOWS:
        return {}
    found = answers(np.stack([near, near], axis=1)[None], before[None])
    found["total_12w"] = np.quantile(far, MARKS, method="inverted_cdf")[None]
    return {name: values[0] for name, values in found.items()}
