"""How strongly the misses of one forecast go together from week to week.

A level that was set too low is too low in all weeks, so totals miss by more than weekly misses that
cancel. One correlation for all pairs of weeks says by how much, by target and by how busy a place
is: where counts are small, chance hides the level's error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.scores import BUSY

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

SPARSE_NAME, BUSY_NAME = "sparse", "busy"
USUAL_RHO = {SPARSE_NAME: 0.25, BUSY_NAME: 0.5}
"""Correlation where no back-test has measured it: high, since a short back-test sees few changes of
level, and those hit all places of a target at once."""
LARGEST_RHO = 0.95
PRIOR_ORIGINS = 12
"""Origins that the value of all targets (and, for that, the usual one) counts for beside a
target's own. Origins, not series: places of one target miss together."""
WEEKS = 12
"""Weeks of the longest total."""


def activity(scale: ArrayLike) -> NDArray[np.object_]:
    """Return `busy` where a series had 5 events a week or more over 52 weeks, else `sparse`.

    Examples
    --------
    >>> activity([4.9, 5.0, np.nan]).tolist()
    ['sparse', 'busy', 'sparse']
    """
    busy = np.asarray(scale, dtype=np.float64) >= BUSY
    return np.where(busy, BUSY_NAME, SPARSE_NAME).astype(object)


def dependence(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the correlation between weeks, by target and activity.

    The value that gives a sum of 12 normal scores the variance that it had in the back-test: the
    mean product of two weeks, plus the mean square less one over 11, so that intervals too wide
    or too narrow in each week are made good in the total. A normal score is the normal deviate of
    the randomised PIT; its moments are taken exactly, nothing is drawn. Nought is the scores'
    expected mean, so that a steady bias counts as dependence, which for totals it is.

    Parameters
    ----------
    scores : DataFrame
        One model's back-test: `target, series_id, origin, horizon, scale, pit_low, pit_high`; for
        use at a past origin only weeks that were known then.

    Returns
    -------
    DataFrame
        `target, activity, rho`; a pair that has no two scored weeks of one origin has no row and
        is to be given `USUAL_RHO`.
    """
    import pandas as pd

    first, second = normal_moments(scores["pit_low"], scores["pit_high"])
    table = pd.DataFrame(
        {
            "target": scores["target"].astype(str).to_numpy(),
            "series_id": scores["series_id"].astype(str).to_numpy(),
            "origin": scores["origin"].to_numpy(),
            "activity": activity(scores["scale"]),
            "score": first,
            "square": first**2,
            "second": second,
        }
    ).dropna(subset=["score"])
    keys = ["activity", "target", "origin", "series_id"]
    sums = table.groupby(keys)[["score", "square", "second"]].sum()
    sums["weeks"] = table.groupby(keys).size()
    sums = sums[sums["weeks"] > 1].reset_index()
    sums["products"] = sums["score"] ** 2 - sums["square"]
    sums["pairs"] = sums["weeks"] * (sums["weeks"] - 1)
    rows = []
    for name, of_kind in sums.groupby("activity"):
        every = _drawn_to(of_kind, USUAL_RHO[str(name)])
        for target, own in of_kind.groupby("target"):
            rho = np.clip(_drawn_to(own, every), 0.0, LARGEST_RHO)
            rows.append((str(target), str(name), float(rho)))
    return pd.DataFrame(rows, columns=["target", "activity", "rho"]).astype(
        {"target": object, "activity": object, "rho": float}
    )


def rho_of(table: pd.DataFrame, targets: ArrayLike, activities: ArrayLike) -> NDArray[np.float64]:
    """Return the correlation of each series, the usual one where the table has none."""
    known = {(row.target, row.activity): row.rho for row in table.itertuples()}
    pairs = zip(np.asarray(targets), np.asarray(activities), strict=True)
    return np.array([known.get(pair, USUAL_RHO[pair[1]]) for pair in pairs], dtype=np.float64)


def normal_moments(low: ArrayLike, high: ArrayLike) -> tuple[Array, Array]:
    """Return mean and mean square of the normal deviate of a number uniform between two bounds."""
    from scipy.special import ndtr, ndtri

    start, end = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    end = np.maximum(end, np.minimum(start + 1e-6, 1.0))
    start = np.minimum(start, end - 1e-6)
    # eight deviations are as good as infinite, and can be multiplied
    near, far = (np.clip(ndtri(bound), -8.0, 8.0) for bound in (start, end))
    density = [np.exp(-(place**2) / 2) / np.sqrt(2 * np.pi) for place in (near, far)]
    width = ndtr(far) - ndtr(near)
    first = (density[0] - density[1]) / width
    second = 1.0 + (near * density[0] - far * density[1]) / width
    return np.asarray(first), np.asarray(second)


def _drawn_to(sums: pd.DataFrame, other: float) -> float:
    """Return the correlation from sums over origins, drawn towards another value."""
    products = sums["products"].sum() / sums["pairs"].sum()
    square = sums["second"].sum() / sums["weeks"].sum()
    own = products + (square - 1.0) / (WEEKS - 1)
    origins = sums["origin"].nunique()
    return float((origins * own + PRIOR_ORIGINS * other) / (origins + PRIOR_ORIGINS))
