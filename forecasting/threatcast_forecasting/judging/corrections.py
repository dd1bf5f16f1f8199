"""What a corrected forecast scores beside the one that was published first, on the same weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_FORECAST = ["target", "reference_date", "number", "model"]
_CELL = ["target", "location", "model", "reference_date", "horizon"]


def corrected_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the mean scores of each correction and of the forecast that it corrects.

    Parameters
    ----------
    scored : frame
        Columns target, location, model, reference_date, horizon, number, is_first, scaled_wis: one
        row a forecast of a settled week. `number` counts the forecasts of a reference date.

    Returns
    -------
    frame
        One row a target, reference date, later number and model that has a week with both:
        `scored` counts such weeks, `scaled_wis_first` and `scaled_wis` are the means over them,
        every week of every place weighing the same; NaN where no score is known.
    """
    first = scored.loc[scored["is_first"], [*_CELL, "scaled_wis"]]
    later = scored.loc[~scored["is_first"], [*_CELL, "number", "scaled_wis"]]
    pairs = later.merge(first, on=_CELL, suffixes=("", "_first"))
    pairs = pairs.sort_values([*_FORECAST, "location", "horizon"], kind="stable")
    grouped = pairs.groupby(_FORECAST)
    means = grouped[["scaled_wis_first", "scaled_wis"]].agg(_mean)
    means.insert(0, "scored", grouped.size())
    return means.reset_index()


def _mean(scores: pd.Series[float]) -> float:
    """Return the mean, summed one after another: its last digit is the same on any machine."""
    known = scores.dropna().to_numpy(dtype=np.float64)
    return float(np.cumsum(known)[-1] / len(known)) if len(known) else np.nan
