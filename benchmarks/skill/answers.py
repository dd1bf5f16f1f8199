"""What the models of a back-test answered, as arrays in one order of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from threatcast_forecasting.backtesting.results import BacktestResult


@dataclass(frozen=True)
class Quantiles:
    """Forecasts of all models in one order of pairs.

    Attributes
    ----------
    series, origins : array, shape (pairs,)
    by_model : dict of array, shape (pairs, horizon, 23)
    """

    series: NDArray[np.object_]
    origins: NDArray[np.datetime64]
    by_model: dict[str, NDArray[np.float64]]


def quantiles_of(result: BacktestResult) -> Quantiles:
    """Return the quantiles of a back-test, pair by pair."""
    series, origins = [], []
    values: dict[str, list[NDArray[np.float64]]] = {}
    for frame in result.forecast_frames():
        for model, part in frame.groupby("model", sort=True):
            count = part["horizon"].nunique() * len(LEVELS)
            numbers = part["value"].to_numpy().reshape(-1, count // len(LEVELS), len(LEVELS))
            values.setdefault(str(model), []).append(numbers)
        firsts = part.iloc[::count]
        series.append(firsts["series_id"].to_numpy(dtype=object))
        origins.append(firsts["origin"].to_numpy().astype("datetime64[D]"))
    together = {model: np.concatenate(parts) for model, parts in values.items()}
    return Quantiles(np.concatenate(series), np.concatenate(origins), together)
