"""`negative_binomial`: a count model that follows the recent level."""

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
from threatcast_forecasting.models.card import ModelCard, Prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]

DISCOUNTS = (0.7, 0.85, 0.93, 0.97, 0.99)
"""Weight of a week relative to the next one: from a memory of a month to one of two years."""
MEMORY = 0.98
"""Weight of a week's score relative to the next one's: a half-life of 34 weeks."""
SCORED_WEEKS = 260
"""Older scores would weigh less than half a hundredth."""
WARM_UP = 8
"""Observed weeks before the first one that is scored."""
PULL = 0.5
"""How many weeks the long-run mean counts for beside the recent ones."""

CARD = ModelCard(
    name="negative_binomial",
    title="Recent level",
    description=(
        "Counts vary around the recent level, more than pure chance would; the level itself "
        "wanders slowly, and older weeks count less."
    ),
    method=(
        "Exponentially weighted means with five discounts, each combined with thirteen "
        "dispersions. How well each of the 65 foresaw past weeks one week ahead (negative-binomial "
        "log score, recent weeks first) gives its weight. The forecast is the negative binomial "
        "with the mixture's mean and variance; the variance grows with the horizon as that of a "
        "level that wanders at the discount's pace."
    ),
    reference=(
        "Harvey and Fernandes (1989), doi:10.1080/07350015.1989.10509750; weights by past log "
        "scores: Raftery, Karny and Ettler (2010), doi:10.1198/TECH.2009.08104"
    ),
    limits=(
        "Knows no season, no calendar and no trend. One distribution for quiet and bursting weeks: "
        "rare large bursts widen all its intervals."
    ),
)


@dataclass(frozen=True)
class NegativeBinomial:
    """A mixture of exponentially weighted levels with a negative-binomial predictive."""

    card: ModelCard = CARD
    seconds_per_series: float = 0.001

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return quantiles; with few weeks the prior over dispersions speaks. No fallback."""
        values = batch.values
        observed = ~np.isnan(values)
        means, weeks = levels(np.where(observed, values, 0.0), observed)
        weights = component_weights(values, observed, means)
        mean, variance = mixture(means[-1], weeks[-1], weights, horizon)
        return Prediction(
            negative_binomial_quantiles(mean, variance), ("",) * len(batch.series_ids)
        )


def levels(counts: Array, observed: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the level after each week, and the number of weeks it rests on, by discount.

    A missing week leaves the level and ages what is known. The level is drawn a little towards
    the mean of all weeks so far, so that a long silence is not taken for certainty.

    Parameters
    ----------
    counts : float array, shape (n, t)
        0 where missing.
    observed : bool array, shape (n, t)

    Returns
    -------
    tuple of two float arrays, each of shape (t, n, 5)
    """
    discount = np.array(DISCOUNTS)
    shape = (counts.shape[1], counts.shape[0], len(discount))
    means, weeks = np.empty(shape), np.empty(shape)
    total, known = np.zeros(shape[1:]), np.zeros(shape[1:])
    long_run = np.cumsum(counts, axis=1) / np.maximum(np.cumsum(observed, axis=1), 1)
    for week in range(shape[0]):
        total = discount * total + counts[:, week, None]
        known = discount * known + observed[:, week, None]
        weeks[week] = known + PULL
        means[week] = (total + PULL * long_run[:, week, None]) / weeks[week]
    return means, weeks


def component_weights(values: Array, observed: NDArray[np.bool_], means: Array) -> Array:
    """Return the weight of each discount and dispersion, shape (n, 5, 13), summing to 1."""
    evidence = component_evidence(values, observed, means)
    return normalised(evidence.reshape(len(values), -1)).reshape(evidence.shape)


def component_evidence(values: Array, observed: NDArray[np.bool_], means: Array) -> Array:
    """Return the log likelihood of each discount and dispersion, shape (n, 5, 13).

    Each is scored on the weeks it foresaw from the level one week before, recent weeks first.
    """
    scored = slice(-min(SCORED_WEEKS, values.shape[1] - 1) or None, None)
    seen_before = np.cumsum(observed, axis=1)[:, :-1]
    usable = (observed[:, 1:] & (seen_before >= WARM_UP))[:, scored]
    weight = usable * MEMORY ** np.arange(usable.shape[1])[::-1]
    counts = np.where(usable, values[:, 1:][:, scored], 0.0)
    return np.stack(
        [
            dispersion_evidence(counts, means[:-1, :, place].T[:, scored], weight)
            for place in range(len(DISCOUNTS))
        ],
        axis=1,
    )


def mixture(level: Array, weeks: Array, weights: Array, horizon: int) -> tuple[Array, Array]:
    """Return mean and variance of the weighted components, each of shape (n, horizon).

    Dispersions are fitted to one-week errors, so these hold the level's uncertainty one week
    ahead; h weeks ahead the variance is 1 + (h - 1) k^2 times as large, with k the weight of the
    newest week, as for simple exponential smoothing.

    Parameters
    ----------
    level, weeks : float arrays, shape (n, 5)
    weights : float array, shape (n, 5, 13)
    horizon : int
    """
    gain = np.minimum(1 / weeks, 1.0)
    growth = 1 + np.arange(horizon) * gain[:, :, None] ** 2
    spread = level[:, :, None] + DISPERSIONS * level[:, :, None] ** 2
    by_level = weights.sum(axis=2)
    mean = (by_level * level).sum(axis=1)
    between = (by_level * (level - mean[:, None]) ** 2).sum(axis=1)
    within = np.einsum("nd,ndh->nh", (weights * spread).sum(axis=2), growth)
    return np.repeat(mean[:, None], horizon, axis=1), within + between[:, None]


MODEL = NegativeBinomial()
