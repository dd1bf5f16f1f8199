"""Coherent draws: sample paths of all places of one target that add up along the tree, exactly.

Forecasts of a country, its sub-region and the world are made one by one and contradict each other.
Here all are drawn together. Leaves are drawn from their quantiles, tied between places and weeks as
their misses were in the back-test. A sum's own forecast is read at the rank that the sum of its
leaves has among the draws, so that both speak of the same future. Then each sum, from the topmost
down, is shared out to its parts in the proportions in which they were drawn: forecast proportions
(Athanasopoulos, Ahmed and Hyndman 2009, doi:10.1016/j.ijforecast.2008.07.004), draw by draw. Shares
are rounded so that whole numbers add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.hierarchy.coupling import normals
from threatcast_forecasting.outlook.totals import DRAWS, weekly_draws
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.hierarchy.coupling import Ties
    from threatcast_forecasting.hierarchy.tree import Tree

    Array = NDArray[np.float64]

HAIR = 1e-6
"""Keeps rounding errors of a sum from tipping a whole number to the one below."""


def coherent_draws(
    quantiles: Array, tree: Tree, ties: Ties, *, seed: int, draws: int = DRAWS
) -> Array:
    """Return whole, non-negative draws of all nodes in which every sum equals its parts.

    The topmost place keeps its own forecast; what is below it gives way.

    Parameters
    ----------
    quantiles : float array, shape (nodes, horizon, 23)
        Whole, in the order of the tree's nodes.
    tree : Tree
    ties : Ties
    seed : int
    draws : int

    Returns
    -------
    float array, shape (nodes, draws, horizon)
    """
    shared = _drawn(quantiles, tree, ties, seed, draws)
    means = shared.mean(axis=(1, 2))
    for place in tree.sums:
        parts = tree.parts(place)
        together = shared[parts].sum(axis=0)
        some = together > 0
        scale = np.divide(shared[place], together, out=np.zeros(together.shape), where=some)
        # where no part was drawn at all, the sum goes by their means
        orphans = np.where(some, 0.0, shared[place])
        weights = means[parts] + HAIR
        for part, weight in zip(parts, weights / weights.sum(), strict=True):
            shared[part] = shared[part] * scale + weight * orphans
    start = np.random.default_rng(stable_seed(seed, "rounding")).random(shared.shape[1:])
    return _whole(shared, tree, start)


def _drawn(quantiles: Array, tree: Tree, ties: Ties, seed: int, draws: int) -> Array:
    """Return draws of each node from its own quantiles, a sum's in the order of its leaves' sum."""
    horizon = quantiles.shape[1]
    own = np.zeros((len(tree.nodes), draws, horizon))
    leaves = list(tree.leaves)
    tied = normals([tree.nodes[leaf] for leaf in leaves], ties, horizon, draws, seed)
    for leaf, normal in zip(leaves, tied, strict=True):
        own[leaf] = weekly_draws(quantiles[leaf], normal)
    added = tree.add_up(own)
    for place in tree.sums:
        rng = np.random.default_rng(stable_seed(seed, tree.nodes[place]))
        normal = _ranked(added[place], rng.random((draws, horizon)))
        lasting = rng.standard_normal((draws, 1))
        own[place] = weekly_draws(quantiles[place], _lasting(normal, lasting, ties.sums))
    return own


def _lasting(normal: Array, shock: Array, weeks: float) -> Array:
    """Return normal numbers with at least the given correlation between weeks.

    What the leaves have in common accounts for part of it; a shock to all weeks of the sum, to
    which the leaves give way, for the rest.
    """
    horizon = normal.shape[1]
    spread = float((normal.mean(axis=1) ** 2).mean())
    there = (horizon * spread - 1.0) / (horizon - 1.0) if horizon > 1 else weeks
    share = max((weeks - there) / (1.0 - there), 0.0)
    return np.asarray(np.sqrt(1.0 - share) * normal + np.sqrt(share) * shock)


def _ranked(counts: Array, noise: Array) -> Array:
    """Return normal numbers in the order of each column's counts.

    Counts are whole: noise from 0 to 1 decides between equal ones and moves no other.
    """
    from scipy.special import ndtri

    order = np.argsort((counts + noise).T, axis=1)
    places = ndtri((np.arange(len(counts)) + 0.5) / len(counts))
    ranked = np.empty(order.shape)
    np.put_along_axis(ranked, order, places[None, :], axis=1)
    return ranked.T


def _whole(shared: Array, tree: Tree, start: Array) -> Array:
    """Return whole numbers; each node's is one of the two nearest, and their mean is unchanged.

    Systematic rounding (Madow 1949, doi:10.1214/aoms/1177729988): running sums of the leaves, in
    the order of the tree and from a random start, are cut to whole numbers. What is below a sum
    lies side by side, so that sums are rounded just as gently.
    """
    whole = np.zeros(shared.shape)
    running = start.copy()
    before = np.zeros(start.shape)
    for leaf in tree.leaves:
        running += shared[leaf]
        upto = np.floor(running + HAIR)
        whole[leaf] = upto - before
        before = upto
    return tree.add_up(whole)


def quantiles_of(draws: Array) -> Array:
    """Return the quantiles of draws: whole numbers that were drawn.

    Parameters
    ----------
    draws : float array, shape (nodes, draws, horizon)

    Returns
    -------
    float array, shape (nodes, horizon, 23)
    """
    found = np.quantile(draws, LEVELS, axis=1, method="inverted_cdf")
    return np.asarray(np.moveaxis(found, 0, -1))
