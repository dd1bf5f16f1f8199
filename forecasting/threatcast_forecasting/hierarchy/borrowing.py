"""Draws for countries too sparse for a model of their own, borrowed from their sub-region.

The countries of a sub-region that have no forecast make up its rest, which has one. Each of its
events falls to one of them by chance, with the share that the country had of the rest's events: a
thinning of the rest's draws, so that what borrows still adds up. Shares are uncertain, the more so
as they drift: they are drawn from a Dirichlet distribution in which past events count for half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.hierarchy.tree import REST
from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WEIGHT = 0.5
"""What one past event counts for in a share: shares of the last two years drift."""
PRIOR = 0.5
"""Events added to each country that borrows, so that few events are no certainty."""
SHARE_WEEKS = 104
"""Weeks over which shares are taken."""


def borrowed(
    rest: Array, events: Mapping[str, float], total: float, *, others: int, seed: int
) -> dict[str, Array]:
    """Return draws of each country that borrows.

    Parameters
    ----------
    rest : float array, shape (draws, horizon)
        Whole draws of the sub-region's rest.
    events : mapping
        Events of each country that borrows in the last `SHARE_WEEKS` weeks.
    total : float
        Events of the whole rest in those weeks, at least those of the countries together.
    others : int
        Countries of the rest that do not borrow: too few events of their own.
    seed : int

    Returns
    -------
    dict of float arrays, each of shape (draws, horizon)
        Whole, not negative; together at most the rest, draw by draw.
    """
    names = sorted(events)
    rng = np.random.default_rng(stable_seed(seed, *names))
    own = np.array([events[name] for name in names], dtype=np.float64)
    left_over = max(total - float(own.sum()), 0.0)
    weights = np.r_[WEIGHT * own + PRIOR, WEIGHT * left_over + PRIOR * max(others, 1)]
    shares = rng.dirichlet(weights, size=len(rest))
    left, open_share = rest.astype(np.int64), np.ones(len(rest))
    found = {}
    for name, share in zip(names, shares.T, strict=False):
        # of what is left, each event falls to this country with its share of the shares left
        chance = np.clip(share / np.maximum(open_share, 1e-12), 0.0, 1.0)
        drawn = rng.binomial(left, chance[:, None])
        found[name] = drawn.astype(np.float64)
        left, open_share = left - drawn, open_share - share
    return found


def lent(
    draws: Mapping[str, Array],
    sparse: pd.DataFrame,
    counts: pd.DataFrame,
    parents: Mapping[str, str | None],
    *,
    seed: int,
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return draws of all countries of one target that borrow, and whom each borrows from.

    Parameters
    ----------
    draws : mapping
        Coherent draws by node, rests among them.
    sparse : DataFrame
        `location, parent, week, value`: the countries that borrow, over the weeks of their shares.
        A country whose sub-region has no forecast gets none.
    counts : DataFrame
        `location, week, value`: what came, of the nodes.
    parents : mapping
        Parent of each location.
    seed : int
    """
    found: dict[str, Array] = {}
    lenders: dict[str, str] = {}
    for name, rows in sparse.groupby("parent", sort=True):
        parent = str(name)
        # where none of its countries has a forecast, the sub-region is its own rest
        lender = parent + REST if parent + REST in draws else parent
        if lender not in draws:
            continue
        known = counts[(counts["location"] == lender) & counts["week"].isin(rows["week"])]
        sums = rows.groupby("location")["value"].sum()
        events = {str(place): float(count) for place, count in sums.items()}
        places = {place for place, above in parents.items() if above == parent}
        others = len(places - set(draws) - set(events))
        total = float(known["value"].sum())
        found |= borrowed(draws[lender], events, total, others=others, seed=seed)
        lenders |= dict.fromkeys(events, parent)
    return found, lenders
