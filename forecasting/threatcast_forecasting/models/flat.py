"""`flat`: the baseline of the forecast hubs, against which every other model is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.models.card import ModelCard, Prediction
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from threatcast_forecasting.panels import Batch

    Array = NDArray[np.float64]

PATHS = 500
"""Random walks a series; each is used with both signs."""

CARD = ModelCard(
    name="flat",
    title="Flat line",
    description="Next weeks are like the last one; the further ahead, the less sure.",
    method=(
        "The median is the last observed value. The changes from each observed week to the next, "
        "taken with both signs, are drawn with replacement and added up over the horizons; what "
        "falls below zero is zero."
    ),
    reference=(
        "Baseline of the US and European flu forecast hubs; Cramer et al. (2022), "
        "doi:10.1073/pnas.2113561119"
    ),
    limits=(
        "Takes every week's noise for a change of level, so its intervals are far too wide for "
        "counts that vary around a steady level. A baseline, not advice."
    ),
)


@dataclass(frozen=True)
class Flat:
    """The last observed value, widened by a random walk over past changes."""

    card: ModelCard = CARD
    seconds_per_series: float = 0.001

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        """Return quantiles; only a series without any observed week gets a state."""
        quantiles = np.zeros((len(batch.series_ids), horizon, len(LEVELS)))
        states = []
        for place, row in enumerate(batch.values):
            observed = row[~np.isnan(row)]
            states.append("" if observed.size else "fallback: no observed week")
            if observed.size:
                rng = np.random.default_rng(stable_seed(seed, batch.series_ids[place]))
                quantiles[place] = random_walk(observed, horizon, rng)
        return Prediction(quantiles, tuple(states))


def random_walk(observed: Array, horizon: int, rng: np.random.Generator) -> Array:
    """Return quantiles, shape (horizon, 23), of walks from the last observed value.

    Walks come in pairs of opposite sign, which keeps the median at the last value exactly. A
    single value has no changes: it is given steps as large as a Poisson count's deviation.
    """
    last = observed[-1]
    steps = np.diff(observed) if observed.size > 1 else np.sqrt(observed)
    both = np.concatenate([steps, -steps])
    drawn = both[rng.integers(0, both.size, size=(horizon, PATHS))]
    away = np.cumsum(drawn, axis=0)
    ends = np.sort(last + np.concatenate([away, -away], axis=1), axis=1)
    return np.asarray(np.maximum(np.quantile(ends, LEVELS, axis=1).T, 0.0))


MODEL = Flat()
