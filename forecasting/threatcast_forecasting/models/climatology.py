"""`climatology`: what the last 52 weeks looked like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.models._counts import (
    recent_observed,
    sample_quantiles,
    short_of_weeks,
)
from threatcast_forecasting.models.card import ModelCard, Prediction

if TYPE_CHECKING:
    from threatcast_forecasting.panels import Batch

WEEKS = 52
LEAST_WEEKS = 8
"""Observed weeks below which quantiles of a sample say too little."""

CARD = ModelCard(
    name="climatology",
    title="Like the last year",
    description="Each of the next weeks is drawn from the same hat as the last 52 observed weeks.",
    method=(
        "Quantiles of the last 52 observed weeks, the same for all horizons. The k-th of n sorted "
        "values stands at level k / (n + 1), which makes the intervals hold for a further week."
    ),
    reference=(
        "Climatology as in weather forecasting; quantiles of type 6 in Hyndman and Fan (1996), "
        "doi:10.1080/00031305.1996.10473566"
    ),
    limits=(
        "Does not see that the level has moved: after a shift it is wrong for months. Says nothing "
        "of values larger or smaller than the last year's."
    ),
)


@dataclass(frozen=True)
class Climatology:
    """Quantiles of the last 52 observed weeks."""

    card: ModelCard = CARD
    seconds_per_series: float = 0.0001

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return the same quantiles for each horizon; NaN where fewer than 8 weeks are observed."""
        recent = recent_observed(batch.values, WEEKS)
        known = (~np.isnan(recent)).sum(axis=1)
        enough = (known >= LEAST_WEEKS)[:, None]
        weekly = np.where(enough, sample_quantiles(recent), np.nan)
        weekly = np.repeat(weekly[:, None], horizon, axis=1)
        return Prediction(weekly, short_of_weeks(known, LEAST_WEEKS))


MODEL = Climatology()
