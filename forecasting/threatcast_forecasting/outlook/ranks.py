"""Which threat is likeliest to grow where, and how sure its place in the order is.

Places are ordered within one target and level, targets within one place, by the probability of an
increase. Draws of all series are put in order one by one: how far a series moves up and down among
them says how sure its rank is. Series are drawn independently of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.outlook.answers import LEAST_CHANGE, NEAR
from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TOP = 3
LEAST = TOP + 1
"""Series that an order needs before anything can be in its top 3 or not."""
BY_TARGET, BY_LOCATION = "target", "location"
COLUMNS = (
    "scope", "scope_value", "target", "location", "location_level", "rank", "p_growth",
    "rank_low80", "rank_high80", "p_top3",
)  # fmt: skip


def growth(near: Array, usual: Array) -> Array:
    """Return the change of four weeks' mean against the usual level, as a share of the latter.

    A usual level below one event a week counts as one, as in the trend: from next to nothing,
    every event would be a boundless growth.
    """
    return np.asarray((near / NEAR - usual) / np.maximum(usual, LEAST_CHANGE))


def groups(cells: pd.DataFrame) -> Iterator[tuple[str, str, NDArray[np.intp]]]:
    """Yield each order: its scope, what it is the order of, and the rows in it; two or more."""
    places = np.arange(len(cells))
    for (target, _), rows in cells.assign(row=places).groupby(["target", "location_level"]):
        if len(rows) > 1:
            yield BY_TARGET, str(target), rows["row"].to_numpy()
    for location, rows in cells.assign(row=places).groupby("location"):
        if len(rows) > 1:
            yield BY_LOCATION, str(location), rows["row"].to_numpy()


def ordered(grown: Array, seed: int) -> NDArray[np.int64]:
    """Return ranks in each draw, 1 for the fastest growth; equal ones are put in order by lot.

    Parameters
    ----------
    grown : float array, shape (series, draws)
    seed : int
    """
    lot = np.random.default_rng(seed).random(grown.shape)
    order = np.lexsort((lot, -grown), axis=0)
    ranks = np.empty(grown.shape, dtype=np.int64)
    places = np.broadcast_to(np.arange(1, len(grown) + 1)[:, None], grown.shape)
    np.put_along_axis(ranks, order, places, axis=0)
    return ranks


def in_top(grown: Array) -> Array:
    """Return 1 for the three that grew fastest, else 0; those that tie share what is left.

    Examples
    --------
    >>> in_top(np.array([5.0, 1.0, 1.0, 1.0, 0.0])).round(2)
    array([1.  , 0.67, 0.67, 0.67, 0.  ])
    """
    ahead = (grown[None, :] > grown[:, None]).sum(axis=1)
    level = (grown[None, :] == grown[:, None]).sum(axis=1)
    return np.asarray(np.clip((TOP - ahead) / level, 0.0, 1.0))


def ranks(cells: pd.DataFrame, near: Array, *, seed: int) -> pd.DataFrame:
    """Return all orders, with the uncertainty of each rank.

    Parameters
    ----------
    cells : DataFrame
        `target, location, location_level, usual_weekly, p_growth`: one row a series.
    near : float array, shape (series, draws)
        Totals of the next four weeks, each series drawn for itself.
    seed : int

    Returns
    -------
    DataFrame
        `COLUMNS`. `rank` follows `p_growth`, equal ones share a rank; `rank_low80` and
        `rank_high80` are the 10 % and 90 % quantiles of the rank in the draws.
    """
    import pandas as pd

    cells = cells.reset_index(drop=True)
    grown = growth(near, cells["usual_weekly"].to_numpy(dtype=np.float64)[:, None])
    parts = []
    for scope, value, rows in groups(cells):
        part = cells.iloc[rows]
        level = str(part["location_level"].iloc[0])
        drawn = ordered(grown[rows], stable_seed(seed, scope, value, level))
        low, high = np.quantile(drawn, (0.1, 0.9), axis=1, method="inverted_cdf")
        chances = part["p_growth"].round(4)
        parts.append(
            part[["target", "location", "location_level"]].assign(
                scope=scope,
                scope_value=value,
                rank=chances.rank(method="min", ascending=False).astype(np.int64),
                p_growth=chances,
                rank_low80=low.astype(np.int64),
                rank_high80=high.astype(np.int64),
                p_top3=(drawn <= TOP).mean(axis=1).round(4),
            )
        )
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    keys = ["scope", "scope_value", "location_level", "rank", "target", "location"]
    return pd.concat(parts)[list(COLUMNS)].sort_values(keys, ignore_index=True)
