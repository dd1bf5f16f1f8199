"""Which models are combined: `comb_two`, the rival to beat, `champion`, and all models by name.

Neither sees a panel: they are given what base models forecast, and for `champion` how those
forecasts scored before. The pipeline computes base forecasts once and hands them on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.models import base_models
from threatcast_forecasting.models.card import ModelCard
from threatcast_forecasting.quantiles import finish

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.models.card import Model

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Average:
    """A combination that averages its members' quantiles, level by level (Vincent averaging)."""

    card: ModelCard
    members: tuple[str, ...]

    def combine(self, quantiles: list[NDArray[Any]]) -> Array:
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
    """A combination that weighs and calibrates its members by how they did before the origin."""

    card: ModelCard
    members: tuple[str, ...]


Combination = Average | Champion


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
            "Five ways of looking at a series, each counting as much as it has deserved in the "
            "last months for the target and for the series itself, with intervals as wide as past "
            "ones should have been."
        ),
        method=(
            "The distributions of the members are averaged (linear pool). From forecasts made 4, "
            "8, ... 32 weeks before the origin, scored on weeks up to it, each member's weight "
            "falls by the factor e for every 5 % by which its scaled WIS exceeds the best one's "
            "over the target's series, and for every 20 % on the series' own. The levels at which "
            "the pool is read are then corrected by the spread of the PITs of those same weeks, by "
            "target, for busy and sparse series apart. Only what was known at the origin is used."
        ),
        reference=(
            "Linear pool: Stone (1961), doi:10.1214/aoms/1177704873; hub practice: Howerton et al. "
            "(2023), doi:10.1098/rsif.2022.0659; PITs of counts: Czado, Gneiting and Held (2009), "
            "doi:10.1111/j.1541-0420.2009.01191.x; scores: Bracher et al. (2021), "
            "doi:10.1371/journal.pcbi.1008618"
        ),
        limits=(
            "Learns from the last eight months: a way of looking that was right before and will "
            "be right again counts little meanwhile. Intervals do not foresee breaks in a feed. "
            "A series' forecast depends a little on the other series of its target."
        ),
    ),
    members=tuple(
        name for name, model in base_models().items() if getattr(model, "champion_member", False)
    ),
)

COMBINATIONS: dict[str, Combination] = {"comb_two": COMB_TWO, "champion": CHAMPION}


def all_models() -> dict[str, Model | Combination]:
    """Return base models and combinations by name, in alphabetical order."""
    everything: dict[str, Model | Combination] = {**base_models(), **COMBINATIONS}
    return dict(sorted(everything.items()))
