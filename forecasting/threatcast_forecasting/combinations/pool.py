"""The linear pool: one distribution out of several, by averaging their probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


def masses() -> Array:
    """Return the probability that each of the 23 quantiles stands for, adding up to 1.

    Each level lies in the middle of its quantile's mass, so that the pool of one distribution with
    itself is that distribution.
    """
    found: list[float] = []
    below = 0.0
    for level in LEVELS:
        found.append(round(2 * (level - below), 6))
        below += found[-1]
    return np.array(found)


MASS = masses()


def linear_pool(
    members: Sequence[NDArray[np.generic]], weights: Array, levels: ArrayLike = LEVELS
) -> Array:
    """Return quantiles of the weighted mean of the members' distributions.

    Unlike the average of quantiles, the pool is as wide as its members disagree (Stone 1961,
    doi:10.1214/aoms/1177704873; Gneiting and Ranjan 2013, doi:10.1214/13-EJS823).

    Parameters
    ----------
    members : sequence of arrays, each of shape (p, h, 23)
        Quantiles at `LEVELS`, in order.
    weights : float array, shape (p, len(members))
        Not negative, adding up to 1.
    levels : float array, shape (23,) or (p, 23)
        At which the pool is read.

    Returns
    -------
    float array, shape (p, h, 23)
        Not yet finished (`quantiles.finish`).

    Examples
    --------
    >>> same = np.arange(23.0).reshape(1, 1, 23)
    >>> np.allclose(linear_pool([same, same], np.array([[0.5, 0.5]])), same)
    True
    """
    # points without weight must mark nothing: they are put behind all others, at the same place
    used = weights.T[:, :, None, None] > 0
    stacked = np.stack(members)
    top = np.where(used[..., 0], stacked[..., -1], 0).max(axis=0)[..., None]
    points = np.concatenate(list(np.where(used, stacked, top)), axis=-1).astype(np.float64)
    mass = np.concatenate(
        [weights[:, place, None, None] * MASS for place in range(len(members))], axis=-1
    )
    mass = np.broadcast_to(mass, points.shape)
    order = np.lexsort((mass, points))
    points, mass = (np.take_along_axis(part, order, axis=-1) for part in (points, mass))
    asked = np.broadcast_to(np.asarray(levels, dtype=np.float64), (len(points), len(LEVELS)))
    return _read(*_marks(points, mass), asked)


def _marks(points: Array, mass: Array) -> tuple[Array, Array]:
    """Return points of the pool's quantile function and the levels at which they stand.

    Each point stands at the middle of its mass, and half-way to the next point where its mass
    ends. So one count ends and the next begins, once rounded, exactly where the masses of all
    members at that count do.
    """
    ends = np.cumsum(mass, axis=-1)
    shape = (*points.shape[:-1], 2 * points.shape[-1] - 1)
    marks, places = np.empty(shape), np.empty(shape)
    marks[..., ::2], places[..., ::2] = points, ends - mass / 2
    marks[..., 1::2], places[..., 1::2] = (points[..., 1:] + points[..., :-1]) / 2, ends[..., :-1]
    return marks, places


def _read(points: Array, place: Array, asked: Array) -> Array:
    """Return the points at some levels, on straight lines between those at `place`."""
    out = np.empty((*points.shape[:-1], asked.shape[1]))
    for column in range(asked.shape[1]):
        level = asked[:, None, column]
        above = np.clip((place < level[..., None]).sum(axis=-1), 1, points.shape[-1] - 1)
        right, left = above[..., None], above[..., None] - 1
        low, high = (np.take_along_axis(points, side, axis=-1)[..., 0] for side in (left, right))
        start, end = (np.take_along_axis(place, side, axis=-1)[..., 0] for side in (left, right))
        share = np.clip((level - start) / np.maximum(end - start, 1e-12), 0.0, 1.0)
        out[..., column] = low + share * (high - low)
    return out
