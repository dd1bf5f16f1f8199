"""Whether one model is better than another: the ratio of their mean scores, with honest bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

KEYS = ["series_id", "origin", "horizon"]
BLOCK = 3
"""Neighbouring origins drawn together: at 12 weeks ahead and 4 weeks apart, three share weeks."""
DRAWS = 2000
ENDS = (0.05, 0.95)
_CELLS_A_PART = 4_000_000
_TINY = 1e-12


class PairedRatio(NamedTuple):
    """Mean score of one model by another's, and the ends of its central 90 % interval."""

    ratio: float
    low90: float
    high90: float


class _Pairs(NamedTuple):
    """Sums of both models' scores and their number, each of shape (series, origins)."""

    names: NDArray[Any]
    own: Floats
    rival: Floats
    number: Floats


def paired_ratio(
    scores_a: pd.DataFrame,
    scores_b: pd.DataFrame,
    *,
    measure: str = "scaled_wis",
    weights: pd.Series[float] | None = None,
    block: int = BLOCK,
    draws: int = DRAWS,
    seed: int = 20260101,
    few: bool = False,
) -> PairedRatio:
    """Return the mean score of model a by that of model b, with bounds from a paired bootstrap.

    Scores are averaged over the origins and horizons that both models have, then over series. A
    draw takes series with replacement and, independently, circular blocks of neighbouring origins
    (Politis and Romano 1992), so that weeks that err together stay together across series and
    time; drawing both ways is a little cautious (Owen 2007, doi:10.1214/07-AOAS122). Both models
    keep the same draw.

    Parameters
    ----------
    scores_a, scores_b : DataFrame
        `series_id, origin, horizon` and the measure, one row each; nulls are left out.
    measure : str
        Column of the score; lower is better.
    weights : Series of float, optional
        Weight of a series in the mean, by `series_id`; for instance one over the size of its
        family, so that families weigh equally. Default: all alike.
    block : int
        Origins a block; at most half of all origins.
    draws : int
    seed : int
        The same seed and scores give the same bounds.
    few : bool
        Widen the bounds for few blocks: a bootstrap of k blocks shows k - 1 k-ths of the variance,
        and knows it no better than k - 1 degrees of freedom do (Student's t on the log scale).
        For decisions: with 8 origins of overlapping weeks the plain bounds call chance a win about
        three times as often as they say.

    Returns
    -------
    PairedRatio
        Below 1, a is better. The bounds are the 5 % and 95 % quantiles of the draws. All three are
        NaN without a common score, or if b's mean is zero; one origin alone has no bounds if `few`.

    Examples
    --------
    >>> import pandas as pd
    >>> theirs = pd.DataFrame(
    ...     {"series_id": "x", "origin": range(8), "horizon": 1, "scaled_wis": range(1, 9)}
    ... )
    >>> paired_ratio(theirs.assign(scaled_wis=theirs["scaled_wis"] / 2), theirs)
    PairedRatio(ratio=0.5, low90=0.5, high90=0.5)
    """
    pairs = _paired(scores_a, scores_b, measure)
    series, origins = pairs.number.shape
    if not series:
        return PairedRatio(np.nan, np.nan, np.nan)
    fixed = np.ones(series)
    if weights is not None:
        fixed = np.asarray(weights.reindex(pairs.names), dtype=np.float64)
    ratio = float(_ratios(pairs, np.ones((1, origins)), fixed[None, :])[0])
    generator = np.random.default_rng(stable_seed(seed, "paired_ratio"))
    drawn = []
    part = max(1, _CELLS_A_PART // series)
    for start in range(0, draws, part):
        size = min(part, draws - start)
        times = _blocks(generator, size, origins, block)
        copies = generator.multinomial(series, np.full(series, 1 / series), size)
        drawn.append(_ratios(pairs, times, copies * fixed))
    known = np.concatenate(drawn)
    known = known[np.isfinite(known)]
    low, high = np.quantile(known, ENDS) if len(known) else (np.nan, np.nan)
    if few and origins < 2:
        return PairedRatio(ratio, np.nan, np.nan)
    if few and len(known):
        wide = np.exp(_reach(origins, block) * np.log(np.maximum(known, _TINY)).std())
        low, high = min(low, ratio / wide), max(high, ratio * wide)
    return PairedRatio(ratio, float(low), float(high))


def _reach(origins: int, block: int) -> float:
    """Return how many bootstrap deviations lie between the estimate and an end of 90 %."""
    from scipy.special import stdtrit

    blocks = origins / _length(origins, block)
    return float(stdtrit(blocks - 1, ENDS[1]) * np.sqrt(blocks / (blocks - 1)))


def _length(origins: int, block: int) -> int:
    return max(1, min(block, origins // 2))


def _paired(scores_a: pd.DataFrame, scores_b: pd.DataFrame, measure: str) -> _Pairs:
    """Return sums over the horizons that both models have, by series and origin, both sorted."""
    both = scores_a[[*KEYS, measure]].merge(scores_b[[*KEYS, measure]], on=KEYS)
    both = both.dropna()
    names, series = np.unique(both["series_id"].to_numpy(dtype=str), return_inverse=True)
    weeks, origin = np.unique(both["origin"].to_numpy(), return_inverse=True)
    shape = (len(names), len(weeks))
    cell = series * shape[1] + origin

    def total(values: Any) -> Floats:
        sums = np.bincount(cell, values, minlength=shape[0] * shape[1]).reshape(shape)
        return sums.astype(np.float64)

    own, rival = (both[f"{measure}_{side}"].to_numpy(float) for side in "xy")
    return _Pairs(names, total(own), total(rival), total(np.ones(len(both))))


def _blocks(generator: np.random.Generator, size: int, origins: int, block: int) -> Floats:
    """Return how often each origin is in each draw, shape (size, origins).

    Blocks go round from the newest origin to the oldest, so that all are as likely.
    """
    length = _length(origins, block)
    starts = generator.integers(0, origins, (size, -(-origins // length)))
    places = (starts[:, :, None] + np.arange(length)) % origins
    flat = places.reshape(size, -1)[:, :origins] + origins * np.arange(size)[:, None]
    counts = np.bincount(flat.ravel(), minlength=size * origins)
    return counts.reshape(size, origins).astype(np.float64)


def _ratios(pairs: _Pairs, times: Floats, copies: Floats) -> Floats:
    """Return the ratio of means for each draw of origins and series.

    Parameters
    ----------
    pairs : _Pairs
    times : float array, shape (draws, origins)
        How often an origin counts.
    copies : float array, shape (draws, series)
        How much a series counts; one without a score in the drawn origins is left out.
    """
    count = times @ pairs.number.T
    share = np.divide(copies, count, out=np.zeros_like(count), where=count > 0)
    own = (share * (times @ pairs.own.T)).sum(axis=1)
    rival = (share * (times @ pairs.rival.T)).sum(axis=1)
    return np.asarray(np.divide(own, rival, out=np.full(len(own), np.nan), where=rival > 0))
