"""How much each member of `champion` counts, by how it scored before the origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

STRICTNESS = 20.0
"""A member whose target's WIS is 5 % above the best one's counts by the factor 1/e less."""
OWN_STRICTNESS = 5.0
"""The same for a series' own WIS, which is noisier: 20 % for the factor 1/e."""
PRIOR_WEEKS = 20.0
"""Scored weeks' worth of evidence that all members are alike."""
LEAST_WEIGHT = 0.01
"""A member that would count for less counts for nothing: it would only fray the tails."""
SMALL = 0.05
"""Scaled WIS below which differences between members say nothing."""


def member_weights(sums: Array, counts: Array, sound: NDArray[np.bool_]) -> Array:
    """Return how much each member counts for each series of a pool.

    A member's weight falls exponentially with the share by which its past WIS exceeds the best
    one's: that of the whole pool, and, less strictly, the series' own. Members that are alike
    count alike; a clearly worse one counts for nothing, which is pruning without a threshold
    (exponential weights: Vovk 1990; Cesa-Bianchi and Lugosi 2006, ISBN 978-0-521-84108-5, ch. 2).

    Parameters
    ----------
    sums : float array, shape (n, m)
        Sum of each member's scaled WIS before the origin.
    counts : float array, shape (n,)
        Of how many weeks.
    sound : bool array, shape (n, m)
        Whether a member did as meant at the origin; one that fell back counts for nothing, unless
        all did.

    Returns
    -------
    float array, shape (n, m)
        Rows add up to 1.

    Examples
    --------
    >>> both = np.ones((1, 2), dtype=bool)
    >>> member_weights(np.array([[50.0, 100.0]]), np.array([100.0]), both).round(2)
    array([[1., 0.]])
    """
    means = sums / np.maximum(counts, 1e-9)[:, None]
    scored = counts > 0
    cost = np.zeros(sums.shape)
    if scored.any():
        total = counts.sum()
        cost += STRICTNESS * _excess(means[scored].mean(axis=0)) * total / (total + PRIOR_WEEKS)
    cost += OWN_STRICTNESS * _excess(means) * (counts / (counts + PRIOR_WEEKS))[:, None]
    usable = sound | ~sound.any(axis=1, keepdims=True)
    cost = np.where(usable, cost, np.inf)
    weights = np.exp(cost.min(axis=1, keepdims=True) - cost)
    weights[weights < LEAST_WEIGHT * weights.sum(axis=1, keepdims=True)] = 0.0
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _excess(means: Array) -> Array:
    """Return by what share means exceed the smallest of their row."""
    least = means.min(axis=-1, keepdims=True)
    return np.asarray((means - least) / np.maximum(least, SMALL))
