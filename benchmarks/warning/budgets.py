"""False warnings a series-year on series without outbreaks, and the time that a night takes."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import TYPE_CHECKING

import numpy as np
from threatcast_forecasting.models._counts import negative_binomial_quantiles
from threatcast_forecasting.warning.budget import A_YEAR, LEVELS_OF_WARNING, MEANS, threshold
from threatcast_forecasting.warning.unusual import NONE, already, detect
from threatcast_forecasting.warning.wagers import LONGEST

from .thresholds import SERIES, SIZE, WEEKS, WEEKS_A_YEAR, exact_evidence, rate

if TYPE_CHECKING:
    from collections.abc import Iterable

SEED = 31
"""Not that of the thresholds: they are tried on series that they were not learnt from."""
BETWEEN = (0.2, 2.0, 50.0)
"""Means between those that thresholds were learnt for."""
NIGHT_SERIES, NIGHT_WEEKS = 3000, 20
EARLY_SERIES = 5000
DAYS = 7
ORDER = (NONE, *LEVELS_OF_WARNING)


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


def early_surprises(series: int = EARLY_SERIES) -> tuple[int, int, int]:
    """Look at running weeks on each of their days where nothing happens.

    Returns
    -------
    tuple of int
        How many weeks of a series were looked at; how many surges of any level their whole counts
        open; how many were told on a day before the end that the whole week does not make.
    """
    opened = wrong = 0
    for number, mean in enumerate((*MEANS, *BETWEEN)):
        rng = np.random.default_rng([SEED, number, DAYS])
        law = negative_binomial_quantiles(np.array(mean), np.array(mean + mean**2 / SIZE))
        shape = (series, NIGHT_WEEKS)
        counts = rng.negative_binomial(SIZE, SIZE / (SIZE + mean), shape).astype(float)
        quantiles = np.broadcast_to(law, (*shape, LONGEST, law.shape[-1]))
        whole, _ = detect(counts, counts, quantiles)
        opened += int((whole.level != NONE).sum())
        left, so_far = counts[:, -1].astype(int), np.zeros(series)
        false = np.zeros(series, dtype=bool)
        for day in range(DAYS - 1):
            today = rng.binomial(left, 1 / (DAYS - day))
            left, so_far = left - today, so_far + today
            early = already(np.c_[counts[:, :-1], so_far], quantiles)
            false |= np.array([ORDER.index(a) > ORDER.index(b)
                               for a, b in zip(early.level, whole.level, strict=True)])  # fmt: skip
        wrong += int(false.sum())
    return series * len((*MEANS, *BETWEEN)), opened, wrong


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
