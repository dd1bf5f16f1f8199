"""Learn the evidence that opens a warning, so that the budget is kept where forecasts are right.

python -m benchmarks.warning.thresholds     prints what `warning.budget.THRESHOLDS` holds
"""

from __future__ import annotations

import pprint
from typing import TYPE_CHECKING

import numpy as np
from threatcast_forecasting.models._counts import negative_binomial_quantiles
from threatcast_forecasting.warning.budget import A_YEAR, DIRECTIONS, MEANS, openings, standing
from threatcast_forecasting.warning.surprise import lower_tail, recentred, upper_tail
from threatcast_forecasting.warning.wagers import LONGEST, play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SEED = 2020
SIZE = 5.0
"""Of the negative binomial: its variance is mean + mean^2 / 5."""
SERIES, WEEKS, BEFORE = 500, 260, 26
PARTS = 3
WEEKS_A_YEAR = 52.0
SIDES = {"surge": upper_tail, "drop": lower_tail}


def exact_evidence(
    mean: float, rng: np.random.Generator, series: int, weeks: int
) -> Iterator[tuple[str, Floats]]:
    """Yield direction and evidence, shape (series, weeks), of counts whose forecasts are right."""
    law = negative_binomial_quantiles(np.array(mean), np.array(mean + mean**2 / SIZE))
    counts = rng.negative_binomial(SIZE, SIZE / (SIZE + mean), (series, weeks + BEFORE))
    # one law for all: each whole number is looked up once
    numbers = np.arange(counts.max() + 1, dtype=np.float64)
    for direction, side in SIDES.items():
        outer, inner = side(numbers, np.broadcast_to(law, (len(numbers), len(law))))
        shape = (*counts.shape, LONGEST)
        tails = recentred(
            np.broadcast_to(outer[counts][..., None], shape),
            np.broadcast_to(inner[counts][..., None], shape),
        )
        held = play(*tails, np.zeros(series))
        yield direction, held.evidence


def learn(parts: int = PARTS, seed: int = SEED) -> dict[str, dict[str, tuple[float, ...]]]:
    """Return thresholds by direction and level, one for each of `MEANS`."""
    found: dict[str, dict[str, list[float]]] = {
        direction: {level: [] for level in A_YEAR} for direction in DIRECTIONS
    }
    for number, mean in enumerate(MEANS):
        rng = np.random.default_rng([seed, number])
        evidence: dict[str, list[Floats]] = {direction: [] for direction in DIRECTIONS}
        for _ in range(parts):
            for direction, part in exact_evidence(mean, rng, SERIES, WEEKS):
                evidence[direction].append(part.astype(np.float32))
        for direction, pieces in evidence.items():
            for level, a_year in A_YEAR.items():
                value = reached(np.concatenate(pieces).astype(np.float64), a_year / 2)
                found[direction][level].append(round(value, 3))
    return {
        direction: {level: tuple(values) for level, values in levels.items()}
        for direction, levels in found.items()
    }


def reached(evidence: Floats, a_year: float) -> float:
    """Return the smallest threshold with at most so many openings a series-year, by halving."""
    low, high = 0.3, float(evidence.max()) + 1.0
    while high / low > 1.005:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if rate(evidence, middle) > a_year else (low, middle)
    return high


def rate(evidence: Floats, opens: float | Floats) -> float:
    """Return how often a warning opens in a series-year, after the first `BEFORE` weeks."""
    limits = np.broadcast_to(np.asarray(opens, np.float64), evidence.shape[:1])
    opened = openings(standing(evidence, limits))[:, BEFORE:]
    return float(opened.sum() * WEEKS_A_YEAR / opened.size)


if __name__ == "__main__":
    pprint.pprint(learn(), width=100)
