"""All series of a night: which stand out from what was published before, how far, and since when.

Two controls, which do not need one another. **Over nights**, each series has thresholds from one
budget (`budget`): a level says how rare such evidence is in the life of one series. **Over the
series of a night**, e-BH (Wang and Ramdas 2022, doi:10.1111/rssb.12489) keeps those of which at
most a share of
`FALSE_SHARE` is expected to be false, however the series hang together. It takes any e-values;
evidence has mean at most 1 in every week if forecasts are right, whenever one looks, so that it is
one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.warning.budget import (
    DIRECTIONS,
    LEVELS_OF_WARNING,
    standing,
    threshold,
)
from threatcast_forecasting.warning.surprise import (
    expected_mean,
    lower_tail,
    recentred,
    upper_tail,
)
from threatcast_forecasting.warning.wagers import Capital, play

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FALSE_SHARE = 0.1
"""Share of false ones among those of a night that stand out together, in the mean."""
_TAILS = {"surge": upper_tail, "drop": lower_tail}
NONE = ""
"""Level of a series of which nothing is told."""


@dataclass(frozen=True)
class SeriesNight:
    """What a night says of each series in one direction; arrays of shape (series,).

    Parameters
    ----------
    direction : str
        `surge` or `drop`.
    level : array of str
        Of `budget.LEVELS_OF_WARNING`; empty if no warning stands.
    evidence : float array
        At the end of the newest week.
    since : int array
        Column of the first week of what is told.
    stands_out : bool array
        Whether e-BH keeps it among all series and both directions of the night.
    """

    direction: str
    level: NDArray[np.str_]
    evidence: Floats
    since: NDArray[np.int64]
    stands_out: NDArray[np.bool_]


def detect(
    low: ArrayLike, high: ArrayLike, quantiles: ArrayLike, shared: ArrayLike = 0.0
) -> tuple[SeriesNight, SeriesNight]:
    """Return what stands at the end of the newest week: surges, and drops.

    A count that still grows is given as two bounds of its nowcast, of the night itself. Evidence
    grows with the count for surges and falls with it for drops; a surge is judged by the lower
    bound and a drop by the upper one, so that a late report is taken for neither.

    Parameters
    ----------
    low, high : float arrays, shape (series, weeks)
        Counts, oldest week first; the same where they are settled, NaN where nobody watched. A
        year tells how the forecasts of each series erred; of bets older than 20 weeks nothing worth
        naming is left.
    quantiles : float array, shape (series, weeks, 4, 23)
        What was published of each week 1 to 4 weeks before; NaN where nothing was.
    shared : float array, shape (series,) or (), optional
        Correlation of the errors that forecasts of one origin make, 0 to 1.

    Raises
    ------
    ValueError
        If shapes do not fit, or a lower bound is above its upper one.
    """
    least, most = np.asarray(low, np.float64), np.asarray(high, np.float64)
    forecast = np.asarray(quantiles, np.float64)
    if least.shape != most.shape or forecast.shape[:2] != least.shape:
        raise ValueError(f"shapes differ: {least.shape}, {most.shape}, {forecast.shape}")
    if (least > most).any():
        raise ValueError("a lower bound of a count is above its upper bound")
    expected = _expected(forecast)
    played = [
        against(direction, count, forecast, shared)
        for direction, count in zip(DIRECTIONS, (least, most), strict=True)
    ]
    newest = np.stack([held.evidence[:, -1] for held in played])
    kept = standing_out(newest.ravel()).reshape(newest.shape)
    surge, drop = (
        SeriesNight(
            direction,
            _levels(direction, held.evidence, expected),
            held.evidence[:, -1],
            held.since[:, -1],
            out,
        )
        for direction, held, out in zip(DIRECTIONS, played, kept, strict=True)
    )
    return surge, drop


def already(least: ArrayLike, quantiles: ArrayLike, shared: ArrayLike = 0.0) -> SeriesNight:
    """Return the surges that the count of a week that still runs proves already.

    What was counted of the newest week so far is the least that it can come to. Evidence for a
    surge grows with the count, so what opens now opens at the end of the week too, and what stands
    out now will stand out then: nothing is bet that would not be bet anyway, and the budget is
    that of whole weeks. Nothing can be said of drops before a week is over.

    Parameters
    ----------
    least : float array, shape (series, weeks)
        Lower bounds of the counts; the last week still runs.
    quantiles : float array, shape (series, weeks, 4, 23)
        As of `detect`; of the last week what was published of the whole of it.
    shared : float array, shape (series,) or (), optional
        As of `detect`.

    Returns
    -------
    SeriesNight
        `stands_out` among as many series and directions as `detect` looks at, the drops without
        any evidence.
    """
    counts, forecast = np.asarray(least, np.float64), np.asarray(quantiles, np.float64)
    held = against("surge", counts, forecast, shared)
    newest = held.evidence[:, -1]
    return SeriesNight(
        "surge",
        _levels("surge", held.evidence, _expected(forecast)),
        newest,
        held.since[:, -1],
        standing_out(np.concatenate([newest, np.zeros_like(newest)]))[: len(newest)],
    )


def against(direction: str, counts: Floats, quantiles: Floats, shared: ArrayLike = 0.0) -> Capital:
    """Return the evidence, week by week, that series left their forecasts in one direction.

    Parameters
    ----------
    direction : str
        `surge` or `drop`.
    counts : float array, shape (series, weeks)
    quantiles, shared
        As of `detect`.
    """
    wide = np.repeat(counts[:, :, None], quantiles.shape[2], axis=2)
    tails = _TAILS[direction](wide, quantiles)
    return play(*recentred(*tails), np.broadcast_to(np.asarray(shared, np.float64), len(counts)))


def standing_out(evidence: ArrayLike, share: float = FALSE_SHARE) -> NDArray[np.bool_]:
    """Return which e-values e-BH keeps.

    The k largest, for the largest k whose k-th value is at least n / (k share).

    Parameters
    ----------
    evidence : float array, shape (n,)
        NaN is no evidence.
    share : float
        Mean share of false ones among those kept.

    Examples
    --------
    >>> standing_out([100.0, 1.0, 14.0, np.nan])
    array([ True, False, False, False])
    """
    values = np.nan_to_num(np.asarray(evidence, np.float64), nan=0.0)
    order = np.argsort(-values, kind="stable")
    rank = np.arange(1, len(values) + 1)
    passed = np.flatnonzero(values[order] * rank * share >= len(values))
    kept = np.zeros(len(values), dtype=bool)
    kept[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return kept


def _expected(forecast: Floats) -> Floats:
    """Return the newest known mean of each series' forecasts, 1 week ahead; 0 if none is known."""
    means = expected_mean(forecast[:, :, 0])
    known = ~np.isnan(means)
    newest = means.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    return np.where(known.any(axis=1), means[np.arange(len(means)), newest], 0.0)


def _levels(direction: str, evidence: Floats, expected: Floats) -> NDArray[np.str_]:
    """Return the highest level that stands."""
    level = np.full(len(evidence), NONE, dtype="<U8")
    for name in LEVELS_OF_WARNING:
        stands = standing(evidence, threshold(direction, name, expected))[:, -1]
        level[stands] = name
    return level
