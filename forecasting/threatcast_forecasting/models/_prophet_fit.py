"""Prophet's own posterior mode, found in this process and for many series at once.

Prophet sends each fit to Stan: a child process and a handful of temporary files a series. Its model
is small enough to be maximised here, which is faster, leaves nothing behind and gives the same
numbers on every run. What Prophet makes of the weeks (scales, bends, seasons) is the same for all
series that are observed in the same weeks.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Weeks = NDArray[np.datetime64]

TREND_PRECISION = 1 / 25
"""Prophet's prior for the slope and the offset: normal, deviation 5."""
NOISE_PRECISION = 4.0
"""Prophet's prior for the noise: half-normal, deviation 0.5."""
ROUNDS = 200
TINY = 1e-7
"""Slope changes below this are nought; coefficients that move less have arrived."""


@dataclass(frozen=True)
class Design:
    """What Prophet regresses on, in the order offset, slope, waves of the season, bends.

    Attributes
    ----------
    columns : float array, shape (t, 2 + waves + bends)
    precision : float array, shape (2 + waves,)
        Of the normal priors of offset, slope and waves.
    tau : float
        Scale of the Laplace priors of the bends.
    week : float
        A week on the trend's axis.
    """

    columns: Array
    precision: Array
    tau: float
    week: float

    @property
    def waves(self) -> slice:
        """Columns of the season."""
        return slice(2, len(self.precision))

    @property
    def bends(self) -> slice:
        """Columns of the trend's bends."""
        return slice(len(self.precision), self.columns.shape[1])


def new_prophet(*, season: bool) -> Any:
    """Return an unfitted Prophet that says nothing."""
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
    return model


def design_of(model: Any, past: Weeks, future: Weeks) -> Design:
    """Return how an unfitted Prophet sees the weeks observed and those ahead, in this order.

    Prophet divides the counts of a series by their largest before it fits them.
    """
    import pandas as pd

    # the parts of `Prophet.preprocess` that look at weeks; the rest costs four times as much
    history = pd.DataFrame({"ds": past, "y": np.zeros(len(past))})
    model.history = model.setup_dataframe(history, initialize_scales=True)
    model.set_changepoints()
    weeks, scale = np.concatenate([past, future]), model.t_scale.to_timedelta64()
    when = (weeks - model.start.to_datetime64()) / scale
    seasons = model.seasonalities.values()
    waves = [
        model.fourier_series(pd.Series(weeks), kind["period"], kind["fourier_order"])
        for kind in seasons
    ]
    priors = [np.full(2 * kind["fourier_order"], kind["prior_scale"] ** -2) for kind in seasons]
    bends = np.maximum(0.0, when[:, None] - model.changepoints_t)
    return Design(
        columns=np.column_stack([np.ones_like(when), when, *waves, bends]),
        precision=np.concatenate([[TREND_PRECISION, TREND_PRECISION], *priors]),
        tau=float(model.changepoint_prior_scale),
        week=float(np.timedelta64(7, "D") / scale),
    )


def posterior_modes(fits: Sequence[tuple[Design, Array]]) -> list[Array]:
    """Return the coefficients at the posterior's mode of each series.

    Each round bounds every Laplace term by a parabola that touches it (Hunter and Li 2005,
    doi:10.1214/009053605000000802), which leaves a ridge regression; the variance given the
    coefficients is the root of a quadratic. No round makes the posterior smaller. All series take
    their rounds together, until each has arrived.

    Parameters
    ----------
    fits : sequence of (Design, float array of shape (n, t))
        Values of the first t weeks of a design. Designs have the same kinds of columns.

    Returns
    -------
    list of float arrays, each of shape (n, columns)
    """
    grams, moments, squares, noise, weeks = (
        np.concatenate(parts) for parts in zip(*(_equations(*fit) for fit in fits), strict=True)
    )
    design = fits[0][0]
    ridge = np.full(moments.shape, 1 / design.tau**2)
    ridge[:, : design.bends.start] = design.precision
    coefficients = np.zeros(moments.shape)
    left, diagonal = np.arange(len(moments)), np.arange(moments.shape[1])
    for _ in range(ROUNDS):
        system, moment = grams[left], moments[left]
        system[:, diagonal, diagonal] += noise[left, None] * ridge[left]
        found = np.linalg.solve(system, moment[..., None])[..., 0]
        fitted = ((found[:, None] @ grams[left]) @ found[..., None])[:, 0, 0]
        crossed = (moment[:, None] @ found[..., None])[:, 0, 0]
        rest = np.maximum(squares[left] - 2 * crossed + fitted, TINY**2)
        noise[left] = noise_variance(rest, weeks[left])
        ridge[left, design.bends] = 1 / (design.tau * (np.abs(found[:, design.bends]) + TINY))
        moved = np.abs(found - coefficients[left]).max(axis=1)
        coefficients[left] = found
        left = left[moved >= TINY]
        if not len(left):
            break
    edges = np.cumsum([len(values) for _, values in fits])[:-1]
    return np.split(coefficients, edges)


def _equations(design: Design, values: Array) -> tuple[Array, ...]:
    """Return what the fit needs to know of each series: normal equations, variance and weeks."""
    count, weeks = values.shape
    seen = design.columns[:weeks]
    # one product a series, so that its numbers do not depend on how many are fitted with it
    moments = (values[:, None] @ seen)[:, 0]
    squares = (values[:, None] @ values[..., None])[:, 0, 0]
    grams = np.repeat((seen.T @ seen)[None], count, axis=0)
    noise = np.maximum(values.var(axis=1), TINY)
    return grams, moments, squares, noise, np.full(count, float(weeks))


def components(design: Design, coefficients: Array) -> tuple[Array, Array]:
    """Return trend and season at all weeks of a design, each of shape (n, t).

    With the numbers of `Prophet.predict`, before it multiplies by the largest value.
    """
    trend = design.columns.copy()
    trend[:, design.waves] = 0.0
    return _product(coefficients, trend), _product(
        coefficients[:, design.waves], design.columns[:, design.waves]
    )


def _product(coefficients: Array, columns: Array) -> Array:
    # row by row, so that its numbers do not depend on how many there are
    return np.asarray((coefficients[:, None] @ columns.T)[:, 0])


def noise_variance(rest: Array, weeks: Array) -> Array:
    """Return the likeliest variance given the sums of squared residuals.

    It makes `weeks - rest / v + 4 v` nought, the slope of the posterior in the log deviation.
    """
    # this form of the root loses no digits when the residuals are small
    return np.asarray(2 * rest / (weeks + np.sqrt(weeks**2 + 4 * NOISE_PRECISION * rest)))
