"""`pooled_regression`: what level, momentum and season have meant for all series of a target."""

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
from threatcast_forecasting.models._growth import Past, ceiling, discounted_mean, shifted
from threatcast_forecasting.models.card import PARTS, ModelCard, Prediction
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]

YEAR = 52
LEARNT_WEEKS = 156
"""Past weeks from which forecasts are learnt; what lies before only feeds their features."""
KEPT_WEEKS = LEARNT_WEEKS + 3 * YEAR
WARM_UP = 26
"""Observed weeks before the first one that is learnt from."""
MEMORY = 0.99
"""Weight of a week relative to the next one's: a half-life of 69 weeks."""
RIDGE = 20.0
"""Weeks' worth of evidence for coefficients of nought, that is for the level of the last weeks."""
LEVEL = 0.9
OTHER_LEVELS = (0.3, 0.7, 0.97, 0.99)
"""Discounts of the level that forecasts start from, and of those that they lean towards."""
SPREAD_AT = (1, 2, 4, 8, 12)
"""Horizons at which the spread is learnt; those between share the next lower one's."""
PRIOR_WEEKS = 8.0
"""Weeks' worth of evidence that a series needs no rescaling."""
LEAST_ROWS = 10
SEASON = PARTS.index("season")

CARD = ModelCard(
    name="pooled_regression",
    title="Learnt from all series of the target",
    description=(
        "Where a series stands against its own recent and long-run levels, how it is moving, and "
        "what it did at this time of the year before, weighed as has worked best for all series "
        "of the same target."
    ),
    method=(
        "For each horizon, a ridge regression on log(1 + count) over all series of the target and "
        "their last 156 weeks: the change from the level (discount 0.9) to the week ahead, on the "
        "distances of four other levels and on the change over the same weeks one and two years "
        "before. The mean is scaled to each series' past counts; quantiles are negative binomial, "
        "with the dispersion of the series' own past errors at that horizon, drawn towards those "
        "of the target."
    ),
    reference=(
        "Global models of many series: Montero-Manso and Hyndman (2021), "
        "doi:10.1016/j.ijforecast.2021.03.004; direct forecasts by horizon: Marcellino, Stock and "
        "Watson (2006), doi:10.1016/j.jeconom.2005.07.020"
    ),
    limits=(
        "Learns little from a target with few series or weeks, and stays near the recent level "
        "then. Its forecasts change a little when other series of the target do."
    ),
)


@dataclass(frozen=True)
class PooledRegression:
    """A direct ridge regression for each horizon over all series of a batch."""

    card: ModelCard = CARD
    pooled: bool = True
    champion_member: bool = True

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return quantiles; without past weeks to learn from, those of the recent level."""
        past = Past.of(batch.values[:, -KEPT_WEEKS:])
        base = discounted_mean(past.logs, past.observed, LEVEL)
        others = [discounted_mean(past.logs, past.observed, one) - base for one in OTHER_LEVELS]
        top = ceiling(batch.values)
        quantiles = np.zeros((len(batch.values), horizon, len(LEVELS)))
        parts = np.zeros((len(batch.values), horizon, len(PARTS)))
        spread = np.zeros(len(batch.values))
        for ahead in range(1, horizon + 1):
            counts, means, weights, newest, bare = fitted(past, base, others, ahead)
            if ahead in SPREAD_AT:
                spread = dispersion_of(counts, means, weights)
            scale = rescaling(counts, means, weights)
            mean = np.minimum(newest * scale, top)
            parts[:, ahead - 1, SEASON] = mean - np.minimum(bare * scale, top)
            quantiles[:, ahead - 1] = negative_binomial_quantiles(mean, mean + spread * mean**2)
        return Prediction(quantiles, ("",) * len(batch.values), parts)


def fitted(
    past: Past, base: Array, others: list[Array], ahead: int
) -> tuple[Array, Array, Array, Array, Array]:
    """Return what a regression `ahead` weeks forward says of the past and of the newest week.

    Returns
    -------
    counts, means, weights : float arrays, shape (n, m)
        What came, what was fitted, and how much each counts; where the weight is 0 nothing does.
    newest : float array, shape (n,)
        Mean of the week ahead.
    bare : float array, shape (n,)
        The same without what the same weeks of earlier years add.
    """
    width = base.shape[1]
    first = max(width - LEARNT_WEEKS, 0)
    origins = np.arange(first, max(width - ahead, first))
    design = features(past, base, others, np.append(origins, width - 1), ahead)
    rows, now = design[:, :-1], design[:, -1]
    ends = origins + ahead
    age = MEMORY ** (width - 1 - origins)
    seen = past.observed[:, ends] & (past.seen[:, origins] >= WARM_UP)
    weights = np.where(seen, age, 0.0)
    if len(origins) < LEAST_ROWS:
        weights = np.zeros_like(weights)
    change = np.where(seen, past.logs[:, ends] - base[:, origins], 0.0)
    # the logarithm of a small count is mostly noise
    precision = weights / (0.15 + np.exp(-np.maximum(base[:, origins], 0.0)))
    slopes = ridge(rows, change, precision)
    means = np.maximum(np.expm1(base[:, origins] + rows @ slopes), 0.0)
    newest = np.maximum(np.expm1(base[:, -1] + now @ slopes), 0.0)
    levels = len(others)
    bare = np.maximum(np.expm1(base[:, -1] + now[:, :levels] @ slopes[:levels]), 0.0)
    return np.where(seen, past.counts[:, ends], 0.0), means, weights, newest, bare


def features(
    past: Past, base: Array, others: list[Array], at: NDArray[np.int64], ahead: int
) -> Array:
    """Return the regressors at some columns, shape (n, len(at), 7); nought where not known."""
    found = [one[:, at] for one in others]
    here = base[:, at]
    year, two_years = (shifted(past.smooth, at + ahead - back) for back in (YEAR, 2 * YEAR))
    since = year - shifted(past.smooth, at - YEAR)
    before = two_years - shifted(past.smooth, at - 2 * YEAR)
    since = np.where(np.isnan(since), 0.0, since)
    level = np.where(np.isnan(year), 0.0, year - here)
    found += [since, level, np.where(np.isnan(before), since, before)]
    return np.stack(found, axis=-1)


def ridge(rows: Array, change: Array, precision: Array) -> Array:
    """Return the coefficients of a weighted ridge regression, shape (features,)."""
    size = rows.shape[-1]
    flat = rows.reshape(-1, size)
    weighted = flat * precision.reshape(-1, 1)
    gram = weighted.T @ flat
    total = precision.sum()
    if total <= 0:
        return np.zeros(size)
    scale = max(float(np.trace(gram)) / size / float(total), 1e-6)
    return np.asarray(
        np.linalg.solve(gram + RIDGE * scale * np.eye(size), weighted.T @ change.ravel())
    )


def rescaling(counts: Array, means: Array, weights: Array) -> Array:
    """Return by what each series' means fell short of its counts, drawn towards 1, shape (n,)."""
    came, meant = (weights * counts).sum(axis=1), (weights * means).sum(axis=1)
    prior = PRIOR_WEEKS * np.maximum(meant / np.maximum(weights.sum(axis=1), 1e-9), 0.05)
    return np.asarray(np.clip((came + prior) / (meant + prior), 0.5, 2.0))


def dispersion_of(counts: Array, means: Array, weights: Array) -> Array:
    """Return the expected dispersion of each series, with its target's as the prior, shape (n,)."""
    scaled = means * rescaling(counts, means, weights)[:, None]
    evidence = dispersion_evidence(counts, scaled, weights)
    prior = np.log(normalised(evidence).mean(axis=0) + 1e-3)
    return np.asarray(normalised(evidence + prior) @ DISPERSIONS)


MODEL = PooledRegression()
