"""The mean of scores that all of them are told by: over a series first, so that none outweighs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def means_over_series(
    scores: pd.DataFrame, columns: Sequence[str], *, series: Sequence[str], by: str | Sequence[str]
) -> pd.DataFrame:
    """Return the mean over a series' origins and horizons, then over series.

    Parameters
    ----------
    scores
        One row a forecast; nulls are left out of a mean.
    columns
        What is averaged.
    series
        Columns that name a series.
    by
        Column or columns to have means by, e.g. `model`.

    Returns
    -------
    DataFrame
        `columns`, by the values of `by`, sorted.
    """
    numbers = scores[list(columns)].astype(float)
    groups = [by] if isinstance(by, str) else list(by)
    keys = [scores[name] for name in (*series, *groups)]
    means = numbers.groupby(keys, observed=True).mean()
    return means.groupby(level=groups, observed=True).mean()
