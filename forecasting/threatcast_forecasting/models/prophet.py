"""`prophet`: Prophet, made fit for counts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.models import ModelCard, Prediction
from threatcast_forecasting.models._counts import (
    DISPERSIONS,
    dispersion_evidence,
    negative_binomial_quantiles,
    normalised,
)
from threatcast_forecasting.models._prophet_fit import PosteriorMode
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    seconds_per_series: float = 0.012

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return quantiles; NaN where fewer than 30 weeks are observed."""
        quantiles = np.full((len(batch.series_ids), horizon, len(LEVELS)), np.nan)
        known = (~np.isnan(batch.values)).sum(axis=1)
        for place in np.flatnonzero(known >= LEAST_WEEKS):
            quantiles[place] = forecast_series(batch.values[place], batch.weeks, horizon)
        states = tuple(
            ""
            if count >= LEAST_WEEKS
            else f"fallback: {count} observed weeks, {LEAST_WEEKS} needed"
            for count in known
        )
        return Prediction(quantiles, states)


def forecast_series(values: Array, weeks: Weeks, horizon: int) -> Array:
    """Return quantiles, shape (horizon, 23), of one series with enough observed weeks."""
    observed = ~np.isnan(values)
    counts = values[observed]
    if np.all(counts == counts[0]):
        fitted, ahead = counts, np.full(horizon, counts[0])
    else:
        season = observed.sum() >= SEASON_WEEKS and season_strength(values) >= SEASON_STRENGTH
        fitted, ahead = fit_level(counts, weeks[observed], weeks[-1], horizon, season=bool(season))
    weights = np.power(MEMORY, np.arange(len(counts), dtype=float)[::-1])
    evidence = dispersion_evidence(counts[None], fitted[None], weights[None])
    dispersion = normalised(evidence)[0] @ DISPERSIONS
    return negative_binomial_quantiles(ahead, INFLATION * (ahead + dispersion * ahead**2))


def fit_level(
    counts: Array, weeks: Weeks, origin: np.datetime64, horizon: int, *, season: bool
) -> tuple[Array, Array]:
    """Return the mean counts of the observed weeks and of the weeks ahead.

    The back-transformed mean is too low, as a logarithm's mean always is; it is scaled so that it
    adds up to the last year's counts.
    """
    import pandas as pd

    model = new_prophet(season=season)
    model.fit(pd.DataFrame({"ds": weeks, "y": np.log1p(counts)}))
    future = origin + np.arange(1, horizon + 1) * np.timedelta64(7, "D")
    trend, line = components(model, np.concatenate([weeks, future]))
    past = len(counts)
    slope = model.params["k"][0, 0] + model.params["delta"].sum()
    weekly = slope * model.y_scale * (np.timedelta64(7, "D") / model.t_scale.to_timedelta64())
    damped = trend[past - 1] + weekly * np.cumsum(DAMPING ** np.arange(1, horizon + 1))
    fitted = np.maximum(np.expm1(line[:past]), 0.0)
    ahead = np.maximum(np.expm1(line[past:] - trend[past:] + damped), 0.0)
    half_week = counts.mean() / 2
    scale = (counts[-YEAR:].sum() + half_week) / (fitted[-YEAR:].sum() + half_week)
    scale = np.clip(scale, 0.2, 5.0)
    return fitted * scale, np.minimum(ahead * scale, 2 * counts[-3 * YEAR :].max())


def components(model: Any, weeks: Weeks) -> tuple[Array, Array]:
    """Return a fitted Prophet's trend, and trend and season together, on the scale of its fit.

    The numbers of `Prophet.predict`, which spends most of a series' time on tables.
    """
    import pandas as pd

    when = (weeks - model.start.to_datetime64()) / model.t_scale.to_timedelta64()
    offset, slope, bends, season = (model.params[name][0] for name in ("m", "k", "delta", "beta"))
    trend = model.piecewise_linear(when, bends, slope[0], offset[0], model.changepoints_t)
    line = trend
    for kind in model.seasonalities.values():
        waves = model.fourier_series(pd.Series(weeks), kind["period"], kind["fourier_order"])
        line = trend + waves @ season
    return trend * model.y_scale, line * model.y_scale


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


def new_prophet(*, season: bool) -> Any:
    """Return an unfitted Prophet that says nothing and starts no process."""
    # Prophet complains on import that plotly, which nothing here needs, is not installed.
    logging.getLogger("prophet.plot").setLevel(logging.CRITICAL)
    from prophet import Prophet

    model = Prophet(
        growth="linear",
        n_changepoints=15,
        changepoint_range=0.95,
        changepoint_prior_scale=0.5,
        yearly_seasonality=False,
        weekly_seasonality=False,
        daily_seasonality=False,
        uncertainty_samples=0,
    )
    if season:
        model.add_seasonality("yearly", period=365.25, fourier_order=4, prior_scale=0.3)
    model.stan_backend = PosteriorMode()  # type: ignore[assignment]  # does what it must
    return model


MODEL = CountProphet()
