"""`prophet`: Prophet, made fit for counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.models._counts import (
    DISPERSIONS,
    dispersion_evidence,
    negative_binomial_quantiles,
    normalised,
    short_of_weeks,
)
from threatcast_forecasting.models._prophet_fit import (
    components,
    design_of,
    new_prophet,
    posterior_modes,
)
from threatcast_forecasting.models.card import PARTS, ModelCard, Prediction
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from threatcast_forecasting.models._prophet_fit import Design
    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]
    Weeks = NDArray[np.datetime64]

YEAR = 52
LEAST_WEEKS = 30
"""Observed weeks below which Prophet is not asked."""
SEASON_WEEKS = 104
SEASON_STRENGTH = 0.35
"""Least correlation of weeks a year apart at which a season is fitted.

On recorded cyber series, none of which reaches it, a season cost 4 %; on simulated seasonal ones,
nearly all of which do, it gained 40 %.
"""
DAMPING = 0.5
"""Share of the last slope that is left after each week ahead."""
INFLATION = 1.3
"""Variance of errors ahead relative to that of the residuals of the fit, by back-tests."""
TINY = 1e-9
MEMORY = 0.98
"""Weight of a week's residual relative to the next one's."""

CARD = ModelCard(
    name="prophet",
    title="Prophet for counts",
    description=(
        "A bending trend and, where one shows, a yearly season; counts scatter around them as "
        "negative binomials do."
    ),
    method=(
        "Prophet on log(1 + count): piecewise linear trend (15 possible bends, prior scale 0.5), "
        "yearly season of order 4 if at least 104 weeks are observed and weeks a year apart "
        "correlate by 0.35, missing weeks left out. Ahead, the last slope halves each week. The "
        "mean is scaled to the last year's counts and held below twice the largest count of three "
        "years; quantiles are negative binomial, with the dispersion of the fit's residuals, "
        "recent ones first, and 1.3 times the variance. The posterior's mode is found without Stan."
    ),
    reference=("Taylor and Letham (2018), Forecasting at scale, doi:10.1080/00031305.2017.1380080"),
    limits=(
        "Needs 30 observed weeks. After a sudden jump the trend bends too late and too little. "
        "Intervals do not widen with the horizon."
    ),
)


@dataclass(frozen=True)
class CountProphet:
    """Prophet on log1p counts with a negative-binomial predictive."""

    card: ModelCard = CARD
    seconds_per_series: float = 0.002
    champion_member: bool = True

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return quantiles; NaN where fewer than 30 weeks are observed."""
        observed = ~np.isnan(batch.values)
        known = observed.sum(axis=1)
        quantiles = np.full((len(batch.values), horizon, len(LEVELS)), np.nan)
        parts = np.zeros((len(batch.values), horizon, len(PARTS)))
        for season, groups in alike(batch.values, observed).items():
            samples = [
                (batch.values[np.ix_(rows, observed[rows[0]])], batch.weeks[observed[rows[0]]])
                for rows in groups
            ]
            levels = fit_levels(samples, batch.weeks[-1], horizon, season=season)
            for rows, (counts, _), level in zip(groups, samples, levels, strict=True):
                fitted, ahead, parts[rows] = level
                quantiles[rows] = predictive(counts, fitted, ahead)
        return Prediction(quantiles, short_of_weeks(known, LEAST_WEEKS), parts)


def alike(values: Array, observed: NDArray[np.bool_]) -> dict[bool, list[NDArray[np.int64]]]:
    """Return rows with a season and rows without, those observed in the same weeks together.

    Rows with too few weeks are left out.
    """
    groups: dict[bool, dict[bytes, list[int]]] = {}
    for row, count in enumerate(observed.sum(axis=1)):
        if count >= LEAST_WEEKS:
            season = count >= SEASON_WEEKS and season_strength(values[row]) >= SEASON_STRENGTH
            weeks = observed[row].tobytes()
            groups.setdefault(bool(season), {}).setdefault(weeks, []).append(row)
    return {season: [np.array(one) for one in rows.values()] for season, rows in groups.items()}


def predictive(counts: Array, fitted: Array, ahead: Array) -> Array:
    """Return quantiles, shape (n, horizon, 23), from what the fit said of past and coming weeks."""
    weights = np.power(MEMORY, np.arange(counts.shape[1], dtype=float)[::-1])
    evidence = dispersion_evidence(counts, fitted, np.broadcast_to(weights, counts.shape))
    dispersion = (normalised(evidence) @ DISPERSIONS)[:, None]
    return negative_binomial_quantiles(ahead, INFLATION * (ahead + dispersion * ahead**2))


def fit_levels(
    samples: Sequence[tuple[Array, Weeks]], origin: np.datetime64, horizon: int, *, season: bool
) -> list[tuple[Array, Array, Array]]:
    """Return the mean counts of the observed weeks and of the weeks ahead, series by series.

    Parameters
    ----------
    samples : sequence of (float array of shape (n, t), datetime array of shape (t,))
        Counts of n series, and the weeks in which they were observed.
    origin : datetime
    horizon : int
    season : bool

    Returns
    -------
    list of (fitted, ahead, parts)
        Float arrays of shapes (n, t), (n, horizon) and (n, horizon, 2); parts of the weeks ahead.
    """
    future = origin + np.arange(1, horizon + 1) * np.timedelta64(7, "D")
    designs = [design_of(new_prophet(season=season), weeks, future) for _, weeks in samples]
    logs = [np.log1p(counts) for counts, _ in samples]
    tops = [np.maximum(one.max(axis=1, keepdims=True), TINY) for one in logs]
    scaled = [one / top for one, top in zip(logs, tops, strict=True)]
    modes = posterior_modes(list(zip(designs, scaled, strict=True)))
    return [
        _levels(counts, design, mode, top)
        for (counts, _), design, mode, top in zip(samples, designs, modes, tops, strict=True)
    ]


def _levels(counts: Array, design: Design, modes: Array, top: Array) -> tuple[Array, Array, Array]:
    """Return the mean counts that fits stand for, in the weeks observed and ahead, and their parts.

    The back-transformed mean is too low, as a logarithm's mean always is; it is scaled so that it
    adds up to the last year's counts.
    """
    trend, wave = (part * top for part in components(design, modes))
    past = counts.shape[1]
    slope = modes[:, 1] + modes[:, design.bends].sum(axis=1)
    steps = np.cumsum(DAMPING ** np.arange(1, trend.shape[1] - past + 1))
    damped = trend[:, past - 1, None] + slope[:, None] * top * design.week * steps
    fitted = np.maximum(np.expm1(trend[:, :past] + wave[:, :past]), 0.0)
    # the trend's newest value kept, the trend run on, and the season on top of it
    newest = np.broadcast_to(trend[:, past - 1, None], damped.shape)
    stages = np.stack([newest, damped, damped + wave[:, past:]], axis=-1)
    ahead = np.maximum(np.expm1(stages), 0.0)
    half_week = counts.mean(axis=1) / 2
    scale = counts[:, -YEAR:].sum(axis=1) + half_week
    scale /= np.maximum(fitted[:, -YEAR:].sum(axis=1) + half_week, TINY)
    scale = np.clip(scale, 0.2, 5.0)[:, None]
    most = 2 * counts[:, -3 * YEAR :].max(axis=1, keepdims=True)
    fitted, ahead = fitted * scale, np.minimum(ahead * scale[..., None], most[..., None])
    # a series that never moved needs no fit
    still = (counts == counts[:, :1]).all(axis=1)
    fitted[still], ahead[still] = counts[still], counts[still, :1, None]
    return fitted, ahead[..., -1], np.diff(ahead, axis=-1)


def season_strength(values: Array) -> float:
    """Return the correlation of weeks a year apart, on log1p counts about a yearly moving mean.

    Returns
    -------
    float
        From -1 to 1; 0 if fewer than 52 pairs of weeks are observed.
    """
    if len(values) <= YEAR:
        return 0.0
    observed = ~np.isnan(values)
    logs = np.where(observed, np.log1p(np.where(observed, values, 0.0)), 0.0)
    window = np.ones(YEAR + 1)
    near = np.convolve(logs, window, "same") / np.maximum(np.convolve(observed, window, "same"), 1)
    away = np.where(observed, logs - near, np.nan)
    both = ~np.isnan(away[YEAR:]) & ~np.isnan(away[:-YEAR])
    late, early = away[YEAR:][both], away[:-YEAR][both]
    size = np.sqrt((late**2).sum() * (early**2).sum())
    return float((late * early).sum() / size) if both.sum() >= YEAR and size > 0 else 0.0


MODEL = CountProphet()
