"""`seasonal_naive`: as in the same week a year before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.models._counts import recent_observed, sample_quantiles
from threatcast_forecasting.models.card import PARTS, ModelCard, Prediction
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]

YEAR = 52
LEAST_PAIRS = 26
"""Pairs of observed weeks a year apart that are needed to know the spread."""

CARD = ModelCard(
    name="seasonal_naive",
    title="As a year before",
    description="Each week is like the same week a year before.",
    method=(
        "The value 52 weeks before the forecast week; around it the last 52 differences between "
        "weeks a year apart, taken with both signs. A week that was not observed a year before is "
        "replaced by the median of the last 52 weeks. What falls below zero is zero."
    ),
    reference="Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 5.2",
    limits=(
        "Carries last year's bursts and last year's level forward. Useful only where the season "
        "is strong."
    ),
)


@dataclass(frozen=True)
class SeasonalNaive:
    """The value of a year before, with the spread of past differences over a year."""

    card: ModelCard = CARD
    seconds_per_series: float = 0.0001

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return quantiles; NaN where fewer than 26 pairs of weeks a year apart are observed."""
        values = batch.values
        changes = recent_observed(values[:, YEAR:] - values[:, :-YEAR], YEAR)
        pairs = (~np.isnan(changes)).sum(axis=1)
        enough = pairs >= LEAST_PAIRS
        quantiles = np.full((len(values), horizon, len(LEVELS)), np.nan)
        parts = np.zeros((len(values), horizon, len(PARTS)))
        if enough.any():
            spread = sample_quantiles(np.concatenate([changes, -changes], axis=1)[enough])
            centre = year_before(values[enough], horizon)
            quantiles[enough] = np.maximum(centre[:, :, None] + spread[:, None, :], 0.0)
            level = np.nanmean(values[enough][:, -YEAR:], axis=1, keepdims=True)
            parts[enough, :, PARTS.index("season")] = centre - level
        states = tuple(
            "" if ok else f"fallback: {count} pairs of weeks a year apart, {LEAST_PAIRS} needed"
            for ok, count in zip(enough, pairs, strict=True)
        )
        return Prediction(quantiles, states, parts)


def year_before(values: Array, horizon: int) -> Array:
    """Return what each of the next weeks was in the last 52, shape (n, horizon).

    Horizons beyond a year repeat the last year. Missing weeks are the median of those observed.
    """
    last = values[:, -YEAR:]
    usual = sample_quantiles(recent_observed(values, YEAR), (0.5,))
    filled = np.where(np.isnan(last), usual, last)
    return np.asarray(filled[:, np.arange(horizon) % YEAR])


MODEL = SeasonalNaive()
