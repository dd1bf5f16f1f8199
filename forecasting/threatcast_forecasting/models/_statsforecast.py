"""What the models of Nixtla's statsforecast share: from counts to its arrays, and back.

Its models are called one by one on plain arrays. The library's frame-wise interface would add
progress bars and processes of its own; it is not used. Nothing in the library sends anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.models._counts import (
    DISPERSIONS,
    dispersion_evidence,
    negative_binomial_quantiles,
    normalised,
    short_of_weeks,
)
from threatcast_forecasting.models.card import ModelCard, Prediction
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]

LEAST_WEEKS = 30
"""Observed weeks below which no model is asked, as for Prophet."""
YEAR = 52
CEILING = 3.0
"""No quantile exceeds the largest count of the last three years times this."""
MEMORY = 0.98
"""Weight of a week's error relative to the next one's."""
MOST_SCALED = 5.0
LEARNT_AHEAD = 12
"""Weeks ahead up to which errors are looked at; further ahead intervals stay as wide."""


@dataclass(frozen=True)
class StatsForecast:
    """Models of statsforecast with a negative binomial around their mean.

    The library's intervals are not used: it has none for sparse demand, and those of its other
    models, normal on the logarithm, scored 2 to 4 % worse.

    Parameters
    ----------
    card : ModelCard
    candidates : callable
        Returns unfitted models; the one that foresaw past weeks best is used. A function of a
        module, so that it can be pickled.
    seconds_per_series : float
    on_logs : bool
        Whether they are given log1p counts.
    undivided : bool
        Whether they hold more than a level.
    """

    card: ModelCard
    candidates: Callable[[], list[Any]]
    seconds_per_series: float
    on_logs: bool = False
    undivided: bool = False

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return quantiles; NaN where fewer than 30 weeks are observed."""
        quantiles = np.full((len(batch.series_ids), horizon, len(LEVELS)), np.nan)
        known = (~np.isnan(batch.values)).sum(axis=1)
        for place in np.flatnonzero(known >= LEAST_WEEKS):
            values = batch.values[place]
            quantiles[place] = self._series(values[~np.isnan(values)], horizon)
        return Prediction(quantiles, short_of_weeks(known, LEAST_WEEKS))

    def _series(self, counts: Array, horizon: int) -> Array:
        """Return quantiles, shape (horizon, 23), from observed counts, oldest first.

        Missing weeks are left out, as if the next observed week followed.
        """
        if np.all(counts == counts[0]):  # the library's fits need some variation
            fitted, ahead = counts[None], np.full((1, horizon), counts[0])
        else:
            fitted, ahead = self._means(counts, horizon)
        quantiles = best_negative_binomial(counts, fitted, ahead)
        return np.asarray(np.minimum(quantiles, CEILING * counts[-3 * YEAR :].max()))

    def _means(self, counts: Array, horizon: int) -> tuple[Array, Array]:
        """Return each candidate's mean counts of past weeks and of the weeks ahead."""
        series = np.log1p(counts) if self.on_logs else counts
        found = [model.forecast(series, horizon, fitted=True) for model in self.candidates()]
        fitted = np.stack([one["fitted"] for one in found]).astype(float)
        ahead = np.stack([one["mean"] for one in found]).astype(float)
        return from_logs(counts, fitted, ahead) if self.on_logs else (fitted, ahead)


def from_logs(counts: Array, fitted: Array, ahead: Array) -> tuple[Array, Array]:
    """Return means of counts from means of log1p counts.

    The back-transformed mean is too low, as a logarithm's mean always is; it is scaled so that it
    adds up to the last year's counts.

    Parameters
    ----------
    counts : float array, shape (t,)
    fitted : float array, shape (m, t)
    ahead : float array, shape (m, horizon)
    """
    fitted, ahead = np.maximum(np.expm1(fitted), 0.0), np.maximum(np.expm1(ahead), 0.0)
    half_week = counts.mean() / 2
    foreseen = np.nansum(fitted[:, -YEAR:], axis=1, keepdims=True)
    scale = (counts[-YEAR:].sum() + half_week) / (foreseen + half_week)
    scale = np.clip(scale, 1 / MOST_SCALED, MOST_SCALED)
    return fitted * scale, ahead * scale


def best_negative_binomial(counts: Array, fitted: Array, ahead: Array) -> Array:
    """Return quantiles of negative binomials around the likeliest of several means.

    Each horizon has the dispersion of past errors so many weeks ahead, had the mean foreseen for
    the next week been held until then.

    Parameters
    ----------
    counts : float array, shape (t,)
    fitted : float array, shape (m, t)
        What each candidate expected of a week one week before; NaN where it had nothing to say.
    ahead : float array, shape (m, horizon)

    Returns
    -------
    float array, shape (horizon, 23)
    """
    best = int(lagged_evidence(counts, fitted, 0).max(axis=1).argmax())
    learnt = min(ahead.shape[1], LEARNT_AHEAD)
    evidence = [lagged_evidence(counts, fitted[best][None], lag) for lag in range(learnt)]
    dispersion = normalised(np.concatenate(evidence)) @ DISPERSIONS
    mean = ahead[best]
    spread = dispersion[np.minimum(np.arange(len(mean)), learnt - 1)]
    return negative_binomial_quantiles(mean, mean + spread * mean**2)


def lagged_evidence(counts: Array, fitted: Array, lag: int) -> Array:
    """Return the evidence for dispersions around means held for `lag` weeks, shape (m, 13)."""
    later, means = counts[lag:], fitted[:, : fitted.shape[1] - lag]
    known = np.isfinite(means)
    age = np.arange(len(later), dtype=float)[::-1]
    weights = np.broadcast_to(known.all(axis=0) * np.power(MEMORY, age), means.shape)
    observed = np.broadcast_to(later, means.shape)
    return dispersion_evidence(observed, np.where(known, means, 0.0), weights)
