"""From measures to a verdict: each bounded measure becomes a finding, the findings a state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from threatcast_orchestration.meaning.checks import CHECKS, LISTS, MeaningCheck, State
from threatcast_orchestration.meaning.compare import Arrivals, Comparison, Share
from threatcast_orchestration.meaning.memory import (
    SIGN_OF_LIFE,
    blank_measure,
    mix_measures,
    stranger_measure,
)
from threatcast_orchestration.meaning.tails import (
    BY_PLACE,
    FEW,
    TAIL,
    odd_places,
    strain,
    tail_chance,
    weeks,
)

if TYPE_CHECKING:
    from threatcast_orchestration.meaning.copies import Copy, Names
    from threatcast_orchestration.meaning.facts import Meaning
    from threatcast_orchestration.meaning.memory import Memory

QUIET = 12.0
"""Records that may fail to come before a source counts as silent, whatever its past."""
LEAST_STEP = 7.0
"""Days of the step that priors speak of: what a week may bring, a night may bring at once."""
NO_PLACE = "null"
"""What a feed declares whose records have no place."""
NEVER = 1.0
"""A prior from which on a check is not made: nothing exceeds the whole."""
DELUGE = 40.0
"""Times the usual from which new records are no surge any more: twenty times happened."""
HEIGHT = 10.0
"""Times the most that a feed ever brought, below which they still may be one."""
SEASONED = 20
"""Believed steps from which on a feed's own worst says what is new to it."""
FLOOD = 4.0
"""Times the usual from which a single day of new records looks like an import."""

Verdicts = Literal["holds", "warning", "doubtful", "broken", "silent"]


@dataclass(frozen=True)
class Finding:
    """One check on one payload: what was seen, what is usual, what is too much, and where."""

    check: str
    says: str
    outcome: Verdicts
    observed: float
    bound: float
    usual: float
    count: float
    of: float
    history: int
    where: str = ""

    @property
    def failed(self) -> bool:
        """Whether a person should hear of it."""
        return self.outcome != "holds"


def find(
    meaning: Meaning, memory: Memory, comparison: Comparison, copy: Copy, places: Names
) -> tuple[Finding, ...]:
    """Hold all measures of a copy against their bounds; `places` are the names of its codes."""
    arrivals = comparison.arrivals
    expected = memory.expected(arrivals.days)
    measures = dict(comparison.measures)
    measures |= mix_measures("place", arrivals.places, memory.places, expected)
    measures |= mix_measures("category", arrivals.categories, memory.categories, expected)
    measures |= mix_measures("weekday", arrivals.weekdays, memory.weekdays, None)
    if "unknown" in measures:
        measures |= stranger_measure(measures["unknown"], measures["lost"].of, memory)
    measures |= blank_measure(arrivals, memory.places)
    if "one_day" in measures and arrivals.fresh < FLOOD * (expected or 0.0):
        del measures["one_day"]
    _forgive_surge(measures, arrivals.fresh, expected or 0.0)
    comparison.measures.update(measures)
    usual = meaning.step_days or memory.usual_days()
    steps_apart = arrivals.days / max(usual, LEAST_STEP)
    findings = [
        _finding(CHECKS[name], share, meaning, memory, steps_apart)
        for name, share in measures.items()
        if name in CHECKS
        and meaning.kind in CHECKS[name].kinds
        and meaning.bounds.get(name, 0.0) < NEVER
    ]
    if expected is not None and meaning.kind in ("cumulative", *LISTS):
        findings.append(_world_tail(memory, comparison, copy, expected, arrivals.days / usual))
        if meaning.place != NO_PLACE:
            named = places, meaning.place_is
            findings.append(_place_tails(memory, comparison, copy, *named, arrivals.days / usual))
    if meaning.kind in CHECKS["silent"].kinds:
        findings += _silence(memory, arrivals)
    return tuple(sorted(findings, key=lambda one: (not one.failed, one.check)))


def _forgive_surge(measures: dict[str, Share], fresh: int, expected: float) -> None:
    """Leave out the late reports that a surge brings with it: they grow as the new records do."""
    late = measures.get("late")
    if late is None or not 0 < expected < fresh:
        return
    brought = late.count * (1 - expected / fresh)
    for name in ("late", "past", "past_world") if brought else ():
        share = measures[name]
        measures[name] = Share(max(share.count - brought, 0.0), share.of)


def _finding(
    check: MeaningCheck, share: Share, meaning: Meaning, memory: Memory, steps_apart: float
) -> Finding:
    worst = memory.worst(check.name)
    least = meaning.least.get(check.name, check.least)
    median = memory.median(check.name)
    bound = check.bound(meaning.bounds.get(check.name), worst, steps_apart, median)
    fails = share.value > bound and share.count >= least
    outcome: Verdicts = "holds"
    if fails:
        outcome = "warning" if check.name in meaning.warns else check.fails
    elif check.fails == "doubtful" and share.count >= least:
        never = share.value > check.told(meaning.bounds.get(check.name), worst, bound)
        outcome = "warning" if never and memory.steps >= SEASONED else "holds"
    return Finding(
        check.name,
        check.says,
        outcome,
        float(share.value),
        bound,
        worst,
        float(share.count),
        float(share.of),
        memory.steps,
    )


def _world_tail(
    memory: Memory, comparison: Comparison, copy: Copy, expected: float, steps_apart: float
) -> Finding:
    """Hold the number of new records against what was expected, on both sides."""
    fresh, days = comparison.arrivals.fresh, comparison.arrivals.days
    if fresh > expected:
        # a list read early may hold what a whole usual step has brought
        expected = max(expected, min(fresh, memory.expected(memory.usual_days()) or 0.0))
    chance = 1.0
    if expected:
        chance = float(tail_chance(fresh, expected, memory.spread() * strain(steps_apart)))
    is_odd = chance < TAIL / 2 and abs(fresh - expected) >= FEW
    told: Verdicts = "warning" if is_odd else "holds"
    if is_odd and expected >= FEW and fresh > max(DELUGE * expected, HEIGHT * memory.most(days)):
        told = "doubtful"
    return Finding(
        "new_records",
        "the number of new records is far from the usual",
        told,
        chance,
        TAIL / 2,
        0.0,
        float(fresh),
        expected,
        memory.steps,
        f"in {weeks(copy, comparison)}" if is_odd else "",
    )


def _place_tails(
    memory: Memory,
    comparison: Comparison,
    copy: Copy,
    places: Names,
    place_is: str,
    steps_apart: float,
) -> Finding:
    """Hold the new records of each place against what was expected of it, all at one rate."""
    oddness, bound, odd = odd_places(memory, comparison, copy, places, steps_apart)
    comparison.measures[BY_PLACE] = Share(oddness, 1.0)
    return Finding(
        BY_PLACE,
        "new records are far from the usual",
        "warning" if odd else "holds",
        oddness,
        bound,
        memory.high(BY_PLACE),
        float(comparison.arrivals.placed),
        float(comparison.arrivals.fresh),
        memory.steps,
        odd and f"by {place_is}: {odd}",
    )


def _silence(memory: Memory, arrivals: Arrivals) -> list[Finding]:
    """Hold the time without anything new against what it should have brought."""
    due = memory.due(arrivals.days)
    if arrivals.new > SIGN_OF_LIFE * due:
        return []
    quiet = memory.quiet + due
    bound = max(QUIET, 1.5 * memory.longest_quiet)
    return [
        Finding(
            "silent",
            CHECKS["silent"].says,
            "silent" if quiet > bound else "holds",
            quiet,
            bound,
            memory.longest_quiet,
            float(arrivals.new),
            quiet,
            memory.steps,
        )
    ]


def state_of(findings: Sequence[Finding]) -> State:
    """Return the state that the worst finding asks for."""
    outcomes = {one.outcome for one in findings}
    for outcome, state in _STATES:
        if outcome in outcomes:
            return state
    return "accepted"


_STATES: tuple[tuple[Verdicts, State], ...] = (
    ("broken", "broken"),
    ("doubtful", "doubtful"),
    ("silent", "silent"),
    ("warning", "warned"),
)
