"""`common_level`: slow levels of all series of a target, moved together by what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.models._counts import (
    DISPERSIONS,
    dispersion_evidence,
    negative_binomial_quantiles,
    normalised,
)
from threatcast_forecasting.models._growth import ceiling
from threatcast_forecasting.models.card import ModelCard, Prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]

KEPT_WEEKS = 312
OWN_DISCOUNT = 0.985
"""Weight of a week in a series' own level relative to the next one's: a half-life of 46 weeks."""
COMMON_DISCOUNT = 0.85
"""The same for what all series share: a half-life of four weeks."""
PULL = 3.0
"""Expected events' worth of evidence that nothing moves all series."""
LARGEST_WEIGHT = 50.0
"""Expected events beyond which a week of all series counts no more."""
WARM_UP = 8
MEMORY = 0.98

CARD = ModelCard(
    name="common_level",
    title="Slow shares of a common movement",
    description=(
        "Each series keeps its share for a long time; what all series of the target do together "
        "in the last weeks moves them all. Sparse series so learn from the busy ones."
    ),
    method=(
        "Each series has an exponentially weighted mean with discount 0.985. The counts of all "
        "series of the target in a week, divided by what those means had expected, give a common "
        "factor, weighted with discount 0.85. The forecast is the negative binomial around mean "
        "times factor, with the dispersion of the series' past errors one week ahead."
    ),
    reference=(
        "A common factor with fixed loadings in a count panel; shares over time as in top-down "
        "forecasting: Gross and Sohl (1990), doi:10.1002/for.3980090304"
    ),
    limits=(
        "Wrong where a series goes its own way. The busiest series lead the common factor. Does "
        "not widen with the horizon."
    ),
)


@dataclass(frozen=True)
class CommonLevel:
    """A slow own level times a quick common factor, with a negative-binomial predictive."""

    card: ModelCard = CARD
    pooled: bool = True
    champion_member: bool = True

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return quantiles, the same at each horizon. No fallback."""
        values = batch.values[:, -KEPT_WEEKS:]
        expected, newest = expectations(values)
        observed = ~np.isnan(values)
        usable = observed & (np.cumsum(observed, axis=1) > WARM_UP)
        weights = usable * MEMORY ** np.arange(values.shape[1])[::-1]
        evidence = dispersion_evidence(np.where(observed, values, 0.0), expected, weights)
        spread = normalised(evidence) @ DISPERSIONS
        mean = np.minimum(newest, ceiling(batch.values))
        quantiles = negative_binomial_quantiles(mean, mean + spread * mean**2)
        return Prediction(
            np.repeat(quantiles[:, None], horizon, axis=1), ("",) * len(batch.series_ids)
        )


def expectations(values: Array) -> tuple[Array, Array]:
    """Return what was expected of each week from those before it, and of the weeks ahead.

    Parameters
    ----------
    values : float array, shape (n, t)
        NaN where missing; such weeks move nothing.

    Returns
    -------
    expected : float array, shape (n, t)
        0 before a series' first observed week.
    newest : float array, shape (n,)
    """
    observed = ~np.isnan(values)
    counts = np.where(observed, values, 0.0)
    total, known = np.zeros(len(values)), np.zeros(len(values))
    came = meant = 0.0
    expected = np.zeros(values.shape)
    for week in range(values.shape[1]):
        own = total / np.maximum(known, 1e-9)
        expected[:, week] = own * (came + PULL) / (meant + PULL)
        seen = observed[:, week]
        sum_expected = own[seen & (known > 0)].sum()
        if sum_expected > 0:
            ratio = counts[seen & (known > 0), week].sum() / sum_expected
            weight = min(sum_expected, LARGEST_WEIGHT)
            came = COMMON_DISCOUNT * came + ratio * weight
            meant = COMMON_DISCOUNT * meant + weight
        total = OWN_DISCOUNT * total + counts[:, week]
        known = OWN_DISCOUNT * known + seen
    newest = total / np.maximum(known, 1e-9) * (came + PULL) / (meant + PULL)
    return expected, newest


MODEL = CommonLevel()
