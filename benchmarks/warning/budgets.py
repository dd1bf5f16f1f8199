"""False warnings a series-year on series without outbreaks, and the time that a night takes."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import TYPE_CHECKING

import numpy as np
from threatcast_forecasting.models._counts import negative_binomial_quantiles
from threatcast_forecasting.warning.budget import A_YEAR, MEANS, threshold
from threatcast_forecasting.warning.unusual import detect
from threatcast_forecasting.warning.wagers import LONGEST

from .thresholds import SERIES, SIZE, WEEKS, WEEKS_A_YEAR, exact_evidence, rate

if TYPE_CHECKING:
    from collections.abc import Iterable

SEED = 31
"""Not that of the thresholds: they are tried on series that they were not learnt from."""
BETWEEN = (0.2, 2.0, 50.0)
"""Means between those that thresholds were learnt for."""
NIGHT_SERIES, NIGHT_WEEKS = 3000, 20


def false_warnings(parts: int, means: Iterable[float] = (*MEANS, *BETWEEN)) -> dict[str, float]:
    """Return openings a series-year of each level, surges and drops together, over all means."""
    found = dict.fromkeys(A_YEAR, 0.0)
    every = [*means]
    for number, mean in enumerate(every):
        rng = np.random.default_rng([SEED, number])
        for _ in range(parts):
            for direction, evidence in exact_evidence(mean, rng, SERIES, WEEKS):
                for level in found:
                    opens = threshold(direction, level, np.full(len(evidence), mean))
                    found[level] += rate(evidence, opens) / (len(every) * parts)
    return found


def series_years(parts: int, means: int = len(MEANS) + len(BETWEEN)) -> float:
    """Return how many series-years `false_warnings` looks at."""
    return means * parts * SERIES * WEEKS / WEEKS_A_YEAR


def night_seconds() -> tuple[float, float]:
    """Return wall and processor seconds of a night's detection over 3,000 series."""
    rng = np.random.default_rng(SEED)
    mean = np.exp(rng.uniform(np.log(0.1), np.log(300.0), NIGHT_SERIES))
    law = negative_binomial_quantiles(mean, mean + mean**2 / SIZE)
    shape = (NIGHT_SERIES, NIGHT_WEEKS)
    counts = rng.negative_binomial(SIZE, (SIZE / (SIZE + mean))[:, None], shape).astype(float)
    quantiles = np.broadcast_to(law[:, None, None], (*shape, LONGEST, law.shape[-1]))
    wall, processor = perf_counter(), process_time()
    detect(counts, counts, quantiles)
    return perf_counter() - wall, process_time() - processor
