"""`calendar`: the recent level, told apart by what the week holds, where that clearly matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.models._counts import negative_binomial_quantiles, normalised
from threatcast_forecasting.models.card import ModelCard, Prediction
from threatcast_forecasting.models.negative_binomial import component_evidence, levels, mixture
from threatcast_forecasting.weeks import target_week

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]
    Classes = NDArray[np.int64]

GATE = 6.0
"""Log likelihood that past weeks must gain by being told apart: odds of 400 to 1."""
LEAST_WEEKS = 8
"""Observed weeks that each kind of week needs."""

CARD = ModelCard(
    name="calendar",
    title="Recent level by kind of week",
    description=(
        "As the recent level; but where a series clearly knows the calendar, such as a vendor "
        "whose flaws become known on the second Tuesday of the month, each kind of week has a "
        "level of its own."
    ),
    method=(
        "Two divisions of weeks are tried: whether the week holds the second Tuesday of a month, "
        "and which Tuesday of its month it holds. In each, every kind of week has its own "
        "exponentially weighted levels. A division is used only if it foresaw past weeks better "
        "than the undivided level by six units of log likelihood; else the forecast is that of "
        "`negative_binomial`."
    ),
    reference=(
        "Levels and weights as `negative_binomial`; the threshold is a Bayes factor of 400: Kass "
        "and Raftery (1995), doi:10.1080/01621459.1995.10476572"
    ),
    limits="Knows no holidays and no other calendar. Needs about a year of weeks to see a rhythm.",
)


@dataclass(frozen=True)
class Calendar:
    """Negative-binomial levels by kind of week, behind a gate."""

    card: ModelCard = CARD
    seconds_per_series: float = 0.003
    champion_member: bool = True

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:  # noqa: ARG002
        """Return quantiles. No fallback."""
        values = batch.values
        ahead = target_week(batch.weeks[-1], np.arange(1, horizon + 1))
        weeks = np.concatenate([batch.weeks, ahead])
        mean, variance, best = by_kind(values, np.zeros(len(weeks), dtype=np.int64))
        level = mean.copy()
        for kinds in (second_tuesday(weeks), tuesday(weeks)):
            rows = np.flatnonzero(enough(values, kinds))
            if not len(rows):
                continue
            other_mean, other_variance, gain = by_kind(values[rows], kinds)
            better = gain > best[rows] + GATE
            chosen = rows[better]
            mean[chosen], variance[chosen] = other_mean[better], other_variance[better]
            # a finer division must beat the one already taken by as much again
            best[chosen] = gain[better]
        return Prediction(
            negative_binomial_quantiles(mean, variance),
            ("",) * len(batch.series_ids),
            # what the kind of week adds to the undivided level recurs as a season does
            np.stack([np.zeros(mean.shape), mean - level], axis=-1),
        )


def second_tuesday(weeks: NDArray[np.datetime64]) -> Classes:
    """Return 1 for weeks that hold the second Tuesday of a month, else 0.

    Examples
    --------
    >>> second_tuesday(np.array(["2024-01-01", "2024-01-08"], dtype="datetime64[D]"))
    array([0, 1])
    """
    return np.asarray(tuesday(weeks) == 1, dtype=np.int64)


def tuesday(weeks: NDArray[np.datetime64]) -> Classes:
    """Return which Tuesday of its month a week holds, from 0; a fifth one counts as a fourth."""
    days = weeks.astype("datetime64[D]") + 1
    of_month = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    return np.asarray(np.minimum(of_month // 7, 3))


def enough(values: Array, kinds: Classes) -> NDArray[np.bool_]:
    """Return which series have enough observed weeks of each kind."""
    observed = ~np.isnan(values)
    past = kinds[: values.shape[1]]
    counts = [observed[:, past == kind].sum(axis=1) for kind in np.unique(kinds)]
    return np.asarray(np.min(counts, axis=0) >= LEAST_WEEKS)


def by_kind(values: Array, kinds: Classes) -> tuple[Array, Array, Array]:
    """Return mean and variance of the weeks ahead, and how well past weeks were foreseen.

    Parameters
    ----------
    values : float array, shape (n, t)
    kinds : int array, shape (t + horizon,)
        Kind of each past week and of each week ahead.

    Returns
    -------
    mean, variance : float arrays, shape (n, horizon)
    gain : float array, shape (n,)
        Largest log likelihood over discounts and dispersions.
    """
    past = values.shape[1]
    observed = ~np.isnan(values)
    counts = np.where(observed, values, 0.0)
    found = {}
    for kind in np.unique(kinds):
        of_kind = observed & (kinds[:past] == kind)
        found[kind] = levels(np.where(of_kind, counts, 0.0), of_kind)
    # the level after each week, of the kind of the week that comes next
    foreseen = np.stack([found[kinds[week + 1]][0][week] for week in range(past)])
    evidence = component_evidence(values, observed, foreseen)
    weights = normalised(evidence.reshape(len(values), -1)).reshape(evidence.shape)
    horizon = len(kinds) - past
    mean, variance = np.empty((len(values), horizon)), np.empty((len(values), horizon))
    for kind in np.unique(kinds[past:]):
        means, weeks = found[kind]
        at = kinds[past:] == kind
        of_kind_mean, of_kind_variance = mixture(means[-1], weeks[-1], weights, horizon)
        mean[:, at], variance[:, at] = of_kind_mean[:, at], of_kind_variance[:, at]
    return mean, variance, evidence.max(axis=(1, 2))


MODEL = Calendar()
