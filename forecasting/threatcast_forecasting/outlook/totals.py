"""Totals over several weeks from weekly quantiles: draws that keep weeks together.

Weekly forecasts say nothing of each other, but they miss on the same side: a level that was set too
low is too low in all weeks. Draws of the weeks of one series are therefore coupled by a Gaussian
copula with one correlation for all pairs of weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.quantiles import LARGEST, LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

DRAWS = 4000
FAR = 6.0
"""Deviations from the middle up to which tails are drawn out; no draw lies further."""


def deviates(horizon: int, draws: int, seed: int) -> Array:
    """Return standard normal numbers for a common shock and for each week.

    Each column is a Latin hypercube sample (McKay, Beckman and Conover 1979,
    doi:10.1080/00401706.1979.10489755): one number from each of `draws` equally likely ranges, in
    random order. They depend on no series, so that no series' totals depend on another's.

    Returns
    -------
    float array, shape (draws, 1 + horizon)
    """
    from scipy.special import ndtri

    rng = np.random.default_rng(seed)
    ranges = np.tile(np.arange(draws, dtype=np.float64)[:, None], (1, 1 + horizon))
    return np.asarray(ndtri((rng.permuted(ranges, axis=0) + rng.random(ranges.shape)) / draws))


def couple(normal: Array, rho: float) -> Array:
    """Return normal numbers, shape (draws, horizon), with correlation `rho` between weeks."""
    return np.asarray(np.sqrt(rho) * normal[:, :1] + np.sqrt(1 - rho) * normal[:, 1:])


def weekly_draws(quantiles: Array, normal: Array) -> Array:
    """Return whole counts drawn from weekly quantiles.

    Between levels, and beyond the outermost two at each end, the quantile is a straight line in
    the level's normal deviate: tails fall off as a normal's do.

    Parameters
    ----------
    quantiles : float array, shape (..., horizon, 23)
    normal : float array, shape (draws, horizon)

    Returns
    -------
    float array, shape (..., draws, horizon)
    """
    from scipy.special import ndtri

    place = ndtri(np.array(LEVELS))
    forecast = np.asarray(quantiles, dtype=np.float64)
    low = (forecast[..., 1] - forecast[..., 0]) / (place[1] - place[0])
    high = (forecast[..., -1] - forecast[..., -2]) / (place[-1] - place[-2])
    ends = (
        forecast[..., 0] - low * (FAR + place[0]),
        forecast[..., -1] + high * (FAR - place[-1]),
    )
    nodes = np.concatenate([ends[0][..., None], forecast, ends[1][..., None]], axis=-1)
    places = np.concatenate([[-FAR], place, [FAR]])
    drawn = np.empty((*forecast.shape[:-2], *normal.shape))
    for week in range(normal.shape[1]):
        number = np.clip(normal[:, week], -FAR, FAR)
        # the same for all series: where each number lies among the levels
        left = np.clip(np.searchsorted(places, number, side="right") - 1, 0, len(places) - 2)
        share = (number - places[left]) / (places[left + 1] - places[left])
        here = nodes[..., week, :]
        drawn[..., week] = here[..., left] + share * (here[..., left + 1] - here[..., left])
    return np.clip(np.floor(drawn + 0.5), 0.0, LARGEST)


def shares(probabilities: Array) -> Array:
    """Return probabilities that add up to 1 in whole ten-thousandths that do so too.

    Largest remainders get what rounding down leaves over.

    Parameters
    ----------
    probabilities : float array, shape (classes,)

    Examples
    --------
    >>> shares(np.full(3, 1 / 3))
    array([0.3334, 0.3333, 0.3333])
    """
    exact = probabilities * 10_000
    whole = np.floor(exact + 1e-9)
    short = 10_000 - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:short]] += 1
    return np.asarray(whole / 10_000)
