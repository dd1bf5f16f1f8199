"""Evidence that grows: the capital of who bets each week that a series left its forecasts.

**One block.** Weeks s to s + k - 1, each held against the forecast that was published at the end of
week s - 1, so 1 to k weeks ahead: what happens in the block moves none of its forecasts. Behind
each count stands a normal number (its place in the forecast); the gambler says that they are all
higher (lower, for a drop) by a shift, and is paid the likelihood ratio. Counts are whole, so a
count only says between which two numbers its own lies; the ratio of the probabilities of these
ranges is the mean payoff over all randomised PITs, without their dice. Errors of one origin hang
together: the numbers share a part, with the correlation `shared`.

**All blocks.** With R the capital at the end of a week, and g = `KEPT`,

    R[t] = mean over k = 1..4 of  ratio of the block that ends at t  *  (g^k R[t - k] + 1 - g^k)

A part 1 - g of the capital is exchanged for fresh money each week: bets may begin in any week, and
what was lost long ago is forgotten. This is a Shiryaev-Roberts e-detector (Shin, Ramdas and Rinaldo
2023, doi:10.51387/23-NEJSDS51) with forgetting. If forecasts are right, each ratio has mean 1 given
all before its block, so that R[t] has mean 1 in every week: it is an e-value, and at least c in at
most 1 of c weeks. Capital above `MOST_CARRIED` is paid out before the next week, which only makes
later weeks smaller. R is the mean of those of several shifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LONGEST = 4
"""Weeks of the longest block, and so horizons that are needed."""
SHIFTS = (0.75, 1.5, 3.0)
"""In standard deviations of the normal number behind a count."""
KEPT = 0.6
"""Part of the capital that stays in the game each week."""
MOST_CARRIED = 100.0
"""More than this is paid out: else one burst would stand for months after it ended."""
MOST_TOLD = 1e9
"""Evidence above is not told apart: forecasts are not that right about what they never saw."""
MOST_SHARED = 0.95
FARTHEST = 1e-6
"""Probabilities of the side that is not bet on are not told apart below this."""
LEAST_MASS = 1e-70
"""Of a range: the product over a block is still a number."""
NODES = 5
"""Values of the shared part over which its normal law is summed."""


@dataclass(frozen=True)
class Capital:
    """What the gambler holds.

    Parameters
    ----------
    evidence : float array, shape (series, weeks)
        At the end of each week; 1 at the start.
    since : int array, shape (series, weeks)
        Column of the week in which the bet began that holds most of it.
    """

    evidence: Floats
    since: Ints


def play(outer: Floats, inner: Floats, shared: Floats) -> Capital:
    """Return the evidence against the forecasts of each series, week by week.

    Parameters
    ----------
    outer, inner : float arrays, shape (series, weeks, 4)
        Probabilities of counts beyond the one that came, and of these or itself, by the forecasts
        1 to 4 weeks before: `surprise.upper_tail` for surges, `surprise.lower_tail` for drops.
        NaN where count or forecast is not known: nothing is bet.
    shared : float array, shape (series,)
        Correlation of the errors of one origin, 0 to 1.

    Returns
    -------
    Capital
    """
    paid = _ranges(outer, inner, shared)
    weeks, series = paid.shape[:2]
    ratios = _ratios(paid)
    held = np.ones((weeks + 1, series, len(SHIFTS)))
    won = held.copy()
    begun = np.zeros((weeks + 1, series, len(SHIFTS)), dtype=np.int64)
    for week in range(1, weeks + 1):
        lengths = np.arange(1, min(LONGEST, week) + 1)
        kept = KEPT ** lengths[:, None, None]
        ratio = ratios[lengths - 1, week - 1]
        parts = np.concatenate([ratio * kept * held[week - lengths], ratio * (1 - kept)])
        won[week] = parts.sum(axis=0) / len(lengths)
        held[week] = np.minimum(won[week], MOST_CARRIED)
        fresh = np.broadcast_to((week - lengths)[:, None, None], ratio.shape)
        starts = np.concatenate([begun[week - lengths], fresh])
        begun[week] = np.take_along_axis(starts, parts.argmax(axis=0)[None], axis=0)[0]
    best = won.argmax(axis=2)[..., None]
    since = np.take_along_axis(begun, best, axis=2)[..., 0]
    return Capital(np.minimum(won[1:].mean(axis=2), MOST_TOLD).T, since[1:].T)


def _ratios(paid: Floats) -> Floats:
    """Return the likelihood ratio of each shift to none of the blocks that end with each week.

    Returns
    -------
    float array, shape (4, weeks, series, shifts)
        By length of the block; 1 for blocks that would begin before the first week.
    """
    weeks, series = paid.shape[:2]
    found = np.ones((LONGEST, weeks, series, len(SHIFTS)))
    law = _shared_law(paid.shape[-1])[1]
    product = np.ones((weeks, *paid.shape[1:2], *paid.shape[3:]))
    for ahead in range(min(LONGEST, weeks)):
        # row i: the block of `ahead` weeks that began with week i, and the week after it
        product = product[: weeks - ahead] * paid[ahead:, :, ahead]
        joint = product @ law
        found[ahead, ahead:] = joint[..., 1:] / joint[..., :1]
    return found


def _ranges(outer: Floats, inner: Floats, shared: Floats) -> Floats:
    """Return the probability of each count given the shared part and the shift.

    Returns
    -------
    float array, shape (weeks, series, 4, 1 + shifts, nodes)
        One node where nothing is shared.
    """
    from scipy.special import ndtr, ndtri

    known = ~np.isnan(outer + inner)
    far = np.clip(np.where(known, outer, 0.0), 0.0, 1 - FARTHEST)
    near = np.clip(np.where(known, inner, 1.0), far + np.maximum(far, FARTHEST**2) * 1e-3, 1.0)
    part = np.clip(shared, 0.0, MOST_SHARED)[:, None, None, None, None]
    values, _ = _shared_law(NODES if part.any() else 1)
    moved = np.r_[0.0, SHIFTS][:, None] + np.sqrt(part) * values
    scale = np.sqrt(1 - part)

    def within(probability: Floats) -> Floats:
        return np.asarray(ndtr((ndtri(probability)[..., None, None] + moved) / scale))

    mass = np.maximum(within(near) - within(far), LEAST_MASS)
    mass[~known] = 1.0
    return np.asarray(np.moveaxis(mass, 0, 1))


def _shared_law(nodes: int) -> tuple[Floats, Floats]:
    """Return values and probabilities that stand for a standard normal number."""
    values, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return values, weights / weights.sum()
