"""Panels: tables of weekly counts, checked, and the part of one that a model sees.

A panel has the columns `series_id, target, location, week, value`; `target` and `location` may be
left out. `week` is a Monday; `value` is a whole number, or empty where the week was not monitored.
Rows may be missing, which means the same as an empty value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Batch:
    """What a model sees: some series, up to and including the origin, as known at the origin.

    Parameters
    ----------
    series_ids, targets, locations : tuple of str, length n
    weeks : datetime64[D] array, shape (t,)
        Consecutive Mondays; the last one is the origin.
    values : float array, shape (n, t)
        Counts a week; NaN where missing, which is not zero. Weeks before a series began are NaN.
    """

    series_ids: tuple[str, ...]
    targets: tuple[str, ...]
    locations: tuple[str, ...]
    weeks: NDArray[np.datetime64]
    values: NDArray[np.float64]
