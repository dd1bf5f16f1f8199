"""Both tails: new records held against what was expected, over all the world and by place.

The expectation is made of believed copies alone, so it stood before the copy that is judged. A
number far from it is news until something else says that the source is broken: it is told.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_orchestration.meaning.copies import NO_DAY, NOWHERE, Copy, Names, day_of

if TYPE_CHECKING:
    from threatcast_orchestration.meaning.compare import Comparison
    from threatcast_orchestration.meaning.memory import Memory

    Array = np.ndarray[Any, Any]

TAIL = 3e-4
"""Chance below which a feed's counts are told, half of it for the world and half for all its
places at once: with some 30 counts a night, one warning in a hundred nights."""
FEW = 5
"""Records more or fewer than expected that are not worth a word."""
LEAST_STEPS = 8
"""Steps from which on a feed has shown how it turns from place to place."""
MOST_NAMED = 5
BY_PLACE = "new_in_place"
"""Name of the check, and of what its feed's own past taught it."""


def tail_chance(count: Any, expected: Any, spread: Any) -> Any:
    """Return how likely counts at least as far from what was expected are, on their own side.

    A negative binomial around `expected` (above 0), whose level varies by `spread` of itself.
    Takes numbers or arrays of one shape.
    """
    from scipy.special import betainc, betaincc

    size = 1 / np.square(spread)
    p = size / (size + expected)
    below = betainc(size, count + 1, p)
    above = np.where(count > 0, betaincc(size, np.maximum(count, 1), p), 1.0)
    return np.minimum(below, above)


def strain(steps_apart: float) -> float:
    """Return how much wider an expectation is, the further the time is from a usual step."""
    return 1 + abs(math.log(steps_apart))


def odd_places(
    memory: Memory, comparison: Comparison, copy: Copy, names: Names, steps_apart: float
) -> tuple[float, float, str]:
    """Hold the fresh records of each place against what that place usually brings.

    Returns
    -------
    tuple of two floats and str
        How odd the oddest place is as one of so many, in powers of ten of its chance; what is
        told, which a feed that turns from place to place has taught; and the odd ones in words,
        the oddest first: place, count, usual count, weeks. Empty if none is odd.
    """
    told = max(-math.log10(TAIL / 2), memory.worst(BY_PLACE))
    counts = comparison.arrivals.places.astype(float)
    expected, spread = memory.expected_places(comparison.arrivals.days, len(counts))
    if not len(expected) or len(memory.by_place) < LEAST_STEPS:
        return 0.0, told, ""
    counts = np.pad(counts, (0, len(expected) - len(counts)))
    # a place without a name is no place; one that nobody expects and nobody names is no check
    asked = (counts >= FEW) | (expected >= FEW)
    asked[NOWHERE] = False
    if not asked.any():
        return 0.0, told, ""
    chance = np.ones(len(counts))
    wide = spread[asked] * strain(steps_apart)
    chance[asked] = tail_chance(counts[asked], expected[asked], wide) * np.count_nonzero(asked)
    oddness = -np.log10(np.clip(chance, 1e-300, 1.0))
    oddness[np.abs(counts - expected) < FEW] = 0.0
    odd = np.argsort(-oddness, kind="stable")[: np.count_nonzero(oddness > told)]
    words = [
        f"{names.name(int(place))} {counts[place]:,.0f} (usual {expected[place]:,.1f}) in "
        f"{weeks(copy, comparison, int(place))}"
        for place in odd[:MOST_NAMED]
    ]
    if len(odd) > MOST_NAMED:
        words.append(f"{len(odd) - MOST_NAMED} more")
    return float(oddness.max()), told, ", ".join(words)


def weeks(copy: Copy, comparison: Comparison, place: int | None = None) -> str:
    """Return the weeks of the fresh records (of one place), else of the time they came in."""
    mine = comparison.fresh if place is None else comparison.fresh & (copy.places == place)
    days = copy.days[mine & (copy.days != NO_DAY) & (copy.days <= copy.moment)]
    if not len(days):
        days = np.array([copy.moment - comparison.arrivals.days + 1, copy.moment])
    first, last = (
        day_of(int(day) - (int(day) + 3) % 7).isoformat() for day in (days.min(), days.max())
    )
    return f"the week of {first}" if first == last else f"the weeks of {first} to {last}"
