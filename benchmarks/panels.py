"""A panel of counts that looks like ours: levels from 1 to 60, a season, some missing weeks."""

from __future__ import annotations

import numpy as np
import pandas as pd

SERIES, WEEKS = 300, 260
LOWEST, HIGHEST = 1, 60
MISSING = 0.01
FIRST_WEEK = "2021-01-04"


def counted_panel(
    series: int = SERIES, weeks: int = WEEKS, *, missing: float = MISSING
) -> pd.DataFrame:
    """Return a panel with the columns series_id, week and value.

    Parameters
    ----------
    series, weeks : int
        Its size. The same size gives the same counts.
    missing : float
        Share of weeks that are missing.
    """
    rng = np.random.default_rng(5)
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(weeks) / 52)
    level = rng.uniform(LOWEST, HIGHEST, series)
    values = rng.poisson(level[:, None] * season[None, :]).astype(float)
    values[rng.random(values.shape) < missing] = np.nan
    mondays = pd.date_range(FIRST_WEEK, periods=weeks, freq="W-MON")
    return pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k:05d}" for k in range(series)], weeks),
            "week": np.tile(mondays, series),
            "value": values.ravel(),
        }
    )
