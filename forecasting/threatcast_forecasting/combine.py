"""Forecasts made of other models' forecasts: `comb_two`, the rival to beat, and `champion`.

Neither sees a panel: they are given what base models forecast, and for `champion` how those
forecasts scored before. The engine (`pipeline.py`) computes base forecasts once and hands them on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.models import ModelCard
from threatcast_forecasting.quantiles import finish

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN = 0.01
"""Share by which a candidate's mean scaled WIS must be below that of `comb_two` to replace it."""


@dataclass(frozen=True)
class Average:
    """A combination that averages its members' quantiles, level by level (Vincent averaging)."""

    card: ModelCard
    members: tuple[str, ...]

    def combine(self, quantiles: list[NDArray[Any]]) -> NDArray[np.float64]:
        """Return the finished mean of the members' quantiles, in the order of `members`."""
        return finish(np.mean(np.stack(quantiles), axis=0))

    def states(self, member_states: list[tuple[str, ...]]) -> tuple[str, ...]:
        """Return what went wrong in the members, series by series; empty if nothing did."""
        return tuple(
            "; ".join(
                f"{state} ({name})" for name, state in zip(self.members, row, strict=True) if state
            )
            for row in zip(*member_states, strict=True)
        )


@dataclass(frozen=True)
class Champion:
    """A combination that picks one candidate by how it did before the origin."""

    card: ModelCard


Combination = Average | Champion


def choose(means: NDArray[np.float64], rival: int) -> int:
    """Return the place of the chosen candidate.

    Parameters
    ----------
    means : float array, shape (m,)
        Mean scaled WIS of each candidate in the inner back-test; NaN where there was none.
    rival : int
        Place of `comb_two`, which stays unless another is better by `MARGIN`.

    Examples
    --------
    >>> choose(np.array([1.0, 0.995]), rival=0), choose(np.array([1.0, 0.98]), rival=0)
    (0, 1)
    """
    if np.isnan(means).all():
        return rival
    best = int(np.nanargmin(means))
    better = means[best] < means[rival] and means[best] <= (1 - MARGIN) * means[rival]
    return best if better else rival


COMB_TWO = Average(
    card=ModelCard(
        name="comb_two",
        title="Average of two",
        description=(
            "The average of what the last 52 weeks looked like (climatology) and of a count model "
            "that follows the recent level (negative_binomial)."
        ),
        method=(
            "Quantiles of the two models are averaged level by level and rounded to whole counts. "
            "No weights are fitted."
        ),
        reference=(
            "Lichtendahl, Grushka-Cockayne and Winkler (2013), Is it better to average "
            "probabilities or quantiles?, doi:10.1287/mnsc.1120.1667"
        ),
        limits=(
            "Knows no season and no trend; after a sudden change of level it lags, because half of "
            "it looks back a whole year."
        ),
    ),
    members=("climatology", "negative_binomial"),
)

CHAMPION = Champion(
    card=ModelCard(
        name="champion",
        title="Champion",
        description=(
            "For each target, the one model that did best in the months before the origin, judged "
            "only by what was known at the origin."
        ),
        method=(
            "At an origin, forecasts made 4, 8, ... 24 weeks before it are scored (scaled WIS) on "
            "weeks up to the origin and averaged over each target's series. The lowest mean wins; "
            "a model must beat comb_two by at least 1 % to replace it, and without any inner score "
            "comb_two is used."
        ),
        reference=(
            "Tashman (2000), Out-of-sample tests of forecasting accuracy, "
            "doi:10.1016/S0169-2070(00)00065-0; the weighted interval score: Bracher et al. "
            "(2021), doi:10.1371/journal.pcbi.1008618"
        ),
        limits=(
            "The choice rests on half a year of overlapping forecasts and is made for a whole "
            "target, so a single country may be served better by another model."
        ),
    )
)

COMBINATIONS: dict[str, Combination] = {"comb_two": COMB_TWO, "champion": CHAMPION}
