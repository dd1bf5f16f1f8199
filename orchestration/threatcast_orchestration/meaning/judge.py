"""Judging what payloads mean, one after another, each against those that were believed before it.

    verdicts = judge_feed(spec, meaning, raw, payloads, accepted=())

`payloads` are the parsed copies of one feed in the order of their moments, as `Payload`; the
answer holds one `PayloadVerdict` for each, in that order. Nothing of a verdict depends on a later
copy, so that judging hundreds at once gives what as many nights would have given. For a whole home:
`threatcast_orchestration.feed_steps.judgement.judge_home(spec, home, landing, as_of)`.

States: `accepted`; `warned` (counted, with a warning); `doubtful` (set aside until a person
accepts it or the source repeats it); `broken` (set aside, repeats do not help); `silent` (adds
nothing where history makes that implausible: set aside, its weeks are missing).

No Dagster, no warehouse: raw Parquet files in, verdicts out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_orchestration.meaning.checks import CHECKS, State
from threatcast_orchestration.meaning.compare import Comparison, Share, compare
from threatcast_orchestration.meaning.copies import (
    Copy,
    Names,
    Reader,
    day_number,
    day_of,
    looked_up,
)
from threatcast_orchestration.meaning.memory import Memory
from threatcast_orchestration.meaning.verdict import Finding, find, state_of

if TYPE_CHECKING:
    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.meaning.facts import Meaning

    Array = np.ndarray[Any, Any]

REPEATS = 3
"""Copies in a row that must say the same before what they say is believed."""
REPEAT_DAYS = 7
"""Days that those copies must span: a fault of one night must not heal by three nights."""
BY_A_PERSON = "accepted by a person"
BREAK_DAYS = 3
"""Days around a declared break of a feed within which what looks broken is only warned of."""


@dataclass(frozen=True)
class Payload:
    """One copy of a parsed payload: its name, the last day that it knows wholly, rows, moment.

    The same bytes copied twice are two copies; `moment` tells them apart.
    """

    payload: str
    day: date
    rows: int
    moment: str = ""


@dataclass(frozen=True)
class PayloadVerdict:
    """What is believed of one payload, and why.

    `findings` holds every check that was made; those that failed are `failures`. `cells` shows
    what would have changed most: place, week, count before, count now. `before` is the day of the
    copy it was held against, `note` says why one that failed was believed all the same.
    """

    payload: str
    day: date
    state: State
    moment: str = ""
    findings: tuple[Finding, ...] = ()
    cells: tuple[tuple[str, str, int, int], ...] = ()
    before: str = ""
    note: str = ""

    @property
    def believed(self) -> bool:
        """Whether the payload is counted."""
        return self.state in ("accepted", "warned")

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The checks that failed, the worst first."""
        return tuple(one for one in self.findings if one.failed)


@dataclass
class Bench:
    """The state of judging one feed: what was believed last, and what it taught."""

    meaning: Meaning
    breaks: Sequence[date]
    places: Names
    memory: Memory = field(default_factory=Memory)
    last: dict[str, Copy] = field(default_factory=dict)
    ever: Array | None = None
    states: set[bytes] = field(default_factory=set)
    doubted: list[tuple[int, Copy]] = field(default_factory=list)

    @property
    def is_list(self) -> bool:
        """Whether events are keys never seen before."""
        return self.meaning.kind in ("window", "parts")

    @property
    def heals(self) -> bool:
        """Whether a source that repeats itself is believed; a table that places all is not."""
        return self.meaning.kind not in ("table", "ranges")

    def believe(self, copy: Copy, comparison: Comparison | None, *, tolerated: bool) -> None:
        """Take a copy in: what comes next is held against it."""
        if comparison is not None:
            self.memory.learn(comparison.arrivals, {} if tolerated else self._taught(comparison))
        else:
            self.memory = Memory()
            self.memory.start(copy)
        self.last[copy.edition] = copy
        self.states.add(_state(copy))
        self.doubted.clear()
        if self.is_list:
            self.ever = copy.keys if self.ever is None else _joined(self.ever, copy.keys)

    def _taught(self, comparison: Comparison) -> dict[str, Share]:
        """Return the measures of a believed step that say what is usual."""
        return {
            name: share
            for name, share in comparison.measures.items()
            if name not in CHECKS or CHECKS[name].teaches(share.count, self.meaning.least)
        }

    def compared(self, copy: Copy, before: Copy) -> Comparison:
        """Hold a copy against another one."""
        if self.meaning.kind == "ranges":
            copy = looked_up(before, copy)
        comparison = compare(before, copy, self.ever if self.is_list else None)
        is_old = _state(copy) in self.states and _state(copy) != _state(before)
        comparison.measures["old_state"] = Share(float(len(copy) if is_old else 0), len(copy))
        return comparison

    def is_break(self, copy: Copy, before: Copy) -> bool:
        """Whether a break of the feed that a person declared lies between two copies."""
        low, high = before.moment - BREAK_DAYS, copy.moment + BREAK_DAYS
        return any(low < day_number(day) <= high for day in self.breaks)


def judge_feed(
    spec: FeedSpec,
    meaning: Meaning,
    raw: Path,
    payloads: Sequence[Payload],
    *,
    accepted: Collection[str] = (),
) -> list[PayloadVerdict]:
    """Judge the payloads of one feed in order.

    Parameters
    ----------
    spec
        The feed; its declared breaks soften what they explain.
    meaning
        What its records are (`load_suite("payloads", feed).meaning`).
    raw
        Folder of its raw Parquet files, one a payload.
    payloads
        Copies in the order of their moments.
    accepted
        Payloads that a person has accepted: they are believed whatever the checks say.

    Returns
    -------
    list of PayloadVerdict
        One for each payload, in the same order.
    """
    reader = Reader(meaning, raw, Names(), Names())
    bench = Bench(meaning, [shift.day for shift in spec.breaks], reader.places)
    wanted = [(one.payload, day_number(one.day), one.rows) for one in payloads]
    return [
        replace(judge_copy(bench, copy, is_accepted=copy.payload in accepted), moment=one.moment)
        for one, copy in zip(payloads, reader.read(wanted), strict=True)
    ]


def judge_copy(bench: Bench, copy: Copy, *, is_accepted: bool = False) -> PayloadVerdict:
    """Judge one copy against what was believed before it, and take it in if it is believed."""
    before = bench.last.get(copy.edition)
    if before is None:
        bench.believe(copy, None, tolerated=False)
        return PayloadVerdict(
            copy.payload, day_of(copy.moment), "accepted", note="first of its kind"
        )
    comparison = bench.compared(copy, before)
    findings = find(bench.meaning, bench.memory, comparison, copy, bench.places)
    state = state_of(findings)
    note = ""
    if is_accepted and state not in ("accepted", "warned"):
        state, note = "warned", BY_A_PERSON
    elif state == "doubtful" and bench.is_break(copy, before):
        state, note = "warned", "a break of the feed was declared for these days"
    elif state == "doubtful" and bench.heals and _repeats(bench, copy):
        state, note = "warned", f"the source has said so {REPEATS} times in a row"
    if state in ("accepted", "warned"):
        bench.believe(copy, comparison, tolerated=bool(note))
    elif state == "doubtful":
        bench.doubted.append((copy.moment, copy))
    cells = _cells(before, copy, bench.places) if state != "accepted" else ()
    return PayloadVerdict(
        copy.payload,
        day_of(copy.moment),
        state,
        findings=findings,
        cells=cells,
        before=day_of(before.moment).isoformat(),
        note=note,
    )


def _repeats(bench: Bench, copy: Copy) -> bool:
    """Return whether the source says the same as in the copies doubted just before."""
    chain = bench.doubted[-(REPEATS - 1) :]
    if len(chain) < REPEATS - 1 or copy.moment - chain[0][0] < REPEAT_DAYS:
        return False
    said = [one for _, one in chain] + [copy]
    return all(
        state_of(find(bench.meaning, Memory(), compare(one, two, None), two, bench.places))
        in ("accepted", "warned")
        for one, two in pairwise(said)
    )


def _state(copy: Copy) -> bytes:
    """Return what tells the records of one copy from those of another."""
    return sha256(copy.keys.tobytes()).digest()


def _joined(ever: Array, keys: Array) -> Array:
    at = np.searchsorted(ever, keys)
    is_new = ever[np.minimum(at, len(ever) - 1)] != keys
    joined: Array = np.insert(ever, at[is_new], keys[is_new])
    return joined


def _cells(before: Copy, copy: Copy, places: Names) -> tuple[tuple[str, str, int, int], ...]:
    """Return the ten weeks and places whose counts would change most."""
    counts: dict[tuple[int, int], list[int]] = {}
    for side, one in enumerate((before, copy)):
        week = (one.days + 3) // 7
        cells, sizes = np.unique(np.stack([week, one.places]), axis=1, return_counts=True)
        for (monday, place), size in zip(cells.T.tolist(), sizes.tolist(), strict=True):
            counts.setdefault((monday, place), [0, 0])[side] = size
    most = sorted(counts.items(), key=lambda item: -abs(item[1][1] - item[1][0]))[:10]
    return tuple(
        (
            places.name(place) or "(no place)",
            day_of(week * 7 - 3).isoformat() if week > -100_000 else "",
            old,
            new,
        )
        for (week, place), (old, new) in most
        if old != new
    )
