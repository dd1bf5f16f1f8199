"""How misses of different places and weeks go together, and normal numbers that go together so.

The correlation of two misses is taken to be one number for two weeks of one place, one for two
places in one week, and one for two places in two weeks: a shock common to all places and weeks, one
common to the places of a week, one to the weeks of a place, and one of each place and week.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.outlook.totals import deviates
from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LARGEST = 0.9
"""No correlation is taken to be closer."""
PRIOR_SCORES = 240.0
"""How many scored weeks of places the usual correlations count for beside a target's own."""


@dataclass(frozen=True)
class Ties:
    """Correlations of the normal scores of two misses.

    Parameters
    ----------
    weeks : float
        Of one place in two weeks.
    places : float
        Of two places in one week.
    both : float
        Of two places in two weeks; no larger than either of the others.
    sums : float
        Of one sum in two weeks: what is common to its parts lasts longer than what is not.
    """

    weeks: float
    places: float
    both: float
    sums: float


USUAL = Ties(weeks=0.15, places=0.03, both=0.02, sums=0.25)
"""What stands in for a back-test, and steadies a short one: typical of the recorded feeds."""


def ties_of(leaves: pd.DataFrame, sums: pd.DataFrame) -> Ties:
    """Return how the misses of one target's places went together in a back-test.

    Mean products of two normal scores over their mean square, where a normal score is the normal
    deviate of the middle of a count's probability range under the forecast; drawn towards `USUAL`
    where there are few.

    Parameters
    ----------
    leaves, sums : DataFrame
        `location, origin, horizon, pit_low, pit_high`: one model, one target.
    """
    weeks, places, both = _correlations(leaves, (USUAL.weeks, USUAL.places, USUAL.both))
    # the four shocks together make up one whole
    both = max(min(both, weeks, places), weeks + places - 1.0)
    return Ties(weeks, places, both, _correlations(sums, (USUAL.sums, 0.0, 0.0))[0])


def _correlations(
    scores: pd.DataFrame, usual: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return the correlations between weeks, between places, and between both."""
    from scipy.special import ndtri

    middle = (scores["pit_low"].astype(float) + scores["pit_high"].astype(float)) / 2
    normal = ndtri(middle.clip(0.005, 0.995).to_numpy())
    table = scores.assign(normal=normal).dropna(subset=["normal"])
    if table.empty:
        return usual
    cubes = [
        cube.pivot_table(index="location", columns="horizon", values="normal").to_numpy()
        for _, cube in table.groupby("origin", sort=True)
    ]
    products = np.sum([_products(cube) for cube in cubes], axis=0)
    scale = products[:, 1] * float((table["normal"] ** 2).mean())
    own = np.divide(products[:, 0], scale, out=np.zeros(3), where=scale > 0)
    trust = len(table) / (len(table) + PRIOR_SCORES)
    weeks, places, both = np.clip(trust * own + (1 - trust) * np.array(usual), 0.0, LARGEST)
    return float(weeks), float(places), float(both)


def _products(cube: Array) -> Array:
    """Return sums and counts of products: one place, one week, neither; shape (3, 2)."""
    found = []
    for part in (np.nan_to_num(cube), (~np.isnan(cube)).astype(float)):
        square = (part**2).sum()
        weeks = (part.sum(axis=1) ** 2).sum() - square
        places = (part.sum(axis=0) ** 2).sum() - square
        found.append([weeks, places, part.sum() ** 2 - weeks - places - square])
    return np.array(found).T


def normals(names: Sequence[str], ties: Ties, horizon: int, draws: int, seed: int) -> Array:
    """Return normal numbers tied together; a name's own part depends on its name and the seed.

    Returns
    -------
    float array, shape (names, draws, horizon)
    """
    shared = deviates(horizon, draws, seed)
    common = np.sqrt(ties.both) * shared[:, :1]
    common = common + np.sqrt(ties.places - ties.both) * shared[:, 1:]
    lasting = np.sqrt(ties.weeks - ties.both)
    passing = np.sqrt(max(1.0 - ties.weeks - ties.places + ties.both, 0.0))
    tied = np.empty((len(names), draws, horizon))
    for place, name in enumerate(names):
        rng = np.random.default_rng(stable_seed(seed, name))
        own = rng.standard_normal((draws, 1 + horizon))
        tied[place] = common + lasting * own[:, :1] + passing * own[:, 1:]
    return tied
