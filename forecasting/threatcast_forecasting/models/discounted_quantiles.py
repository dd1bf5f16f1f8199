"""`discounted_quantiles`: what the last years looked like, recent weeks first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.models._counts import short_of_weeks
from threatcast_forecasting.models.card import ModelCard, Prediction
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]

DISCOUNT = 0.985
"""Weight of a week relative to the next one's: a half-life of 46 weeks."""
KEPT_WEEKS = 312
"""Older weeks would weigh less than a hundredth."""
LEAST_WEEKS = 8
"""Observed weeks below which quantiles of a sample say too little."""

CARD = ModelCard(
    name="discounted_quantiles",
    title="Like the last years",
    description=(
        "Each of the next weeks is drawn from the same hat as the weeks of the last six years, in "
        "which recent weeks lie more often."
    ),
    method=(
        "Quantiles of the last 312 weeks, each weighing 0.985 of the next one, the same for all "
        "horizons. With n weeks' worth of equal weights, the largest stands at level n / (n + 1), "
        "which makes the intervals hold for a further week."
    ),
    reference=(
        "Discounted sample quantiles: Taylor (2007), doi:10.1016/j.ejor.2006.02.006; effective "
        "sample size: Kish (1965), ISBN 978-0-471-10949-5"
    ),
    limits=(
        "Slow to see that the level has moved: after a shift it is wrong for a year. Says nothing "
        "of values larger or smaller than those seen."
    ),
)


@dataclass(frozen=True)
class DiscountedQuantiles:
    """Quantiles of past weeks, weighed by their age."""

    card: ModelCard = CARD
    seconds_per_series: float = 0.0001
    champion_member: bool = True

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return the same quantiles for each horizon; NaN where fewer than 8 weeks are observed."""
        values = batch.values[:, -KEPT_WEEKS:]
        known = (~np.isnan(values)).sum(axis=1)
        weekly = np.full((len(values), len(LEVELS)), np.nan)
        for row in np.flatnonzero(known >= LEAST_WEEKS):
            weekly[row] = weighted_quantiles(values[row])
        weekly = np.repeat(weekly[:, None], horizon, axis=1)
        return Prediction(weekly, short_of_weeks(known, LEAST_WEEKS))


def weighted_quantiles(values: Array) -> Array:
    """Return discounted quantiles that hold for a further value, shape (23,).

    Each value stands at the middle of its weight. All are drawn inwards so that outside the
    smallest and the largest there is room for a further value; with equal weights these are the
    quantiles of type 6 of Hyndman and Fan (1996), doi:10.1080/00031305.1996.10473566.

    Parameters
    ----------
    values : float array, shape (t,)
        Oldest first; NaN is a missing week.

    Examples
    --------
    >>> float(weighted_quantiles(np.full(9, 4.0))[0])
    4.0
    """
    observed = ~np.isnan(values)
    weights = (DISCOUNT ** np.arange(len(values))[::-1])[observed]
    order = np.argsort(values[observed], kind="stable")
    ordered, weights = values[observed][order], weights[order] / weights.sum()
    size = 1 / (weights**2).sum()
    place = (np.cumsum(weights) - weights / 2) * size + 0.5
    return np.interp(LEVELS, place / (size + 1), ordered)


MODEL = DiscountedQuantiles()
