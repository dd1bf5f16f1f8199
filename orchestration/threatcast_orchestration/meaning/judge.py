"""Judging what payloads mean, one after another, each against those that were believed before it.

    bench = Bench.of(spec, meaning)
    verdicts = judge_feed(bench, raw, payloads, accepted=())

`payloads` are the parsed copies of one feed in the order of their moments, as `Payload`; the
answer holds one `PayloadVerdict` for each, in that order. Nothing of a verdict depends on a later
copy, so that judging hundreds at once gives what as many nights would have given; the bench can be
kept from night to night (`meaning/state.py`), so that a night judges what is new alone. For a home:
`threatcast_orchestration.feed_steps.judgement.judge_home(spec, home, landing, as_of)`.

States: `accepted`; `warned` (counted, with a warning); `doubtful` (set aside until a person
accepts it or the source repeats it); `broken` (set aside, repeats do not help); `silent` (adds
nothing where history makes that implausible: set aside, its weeks are missing).

No Dagster, no warehouse: raw Parquet files in, verdicts out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np

from threatcast_orchestration.meaning.bench import REPEATS, Bench
from threatcast_orchestration.meaning.checks import State
from threatcast_orchestration.meaning.compare import compare
from threatcast_orchestration.meaning.copies import Copy, Names, Reader, day_number, day_of
from threatcast_orchestration.meaning.memory import Memory
from threatcast_orchestration.meaning.verdict import Finding, find, state_of

REPEAT_DAYS = 7
"""Days that those copies must span: a fault of one night must not heal by three nights."""
BY_A_PERSON = "accepted by a person"


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


def judge_feed(
    bench: Bench,
    raw: Path,
    payloads: Sequence[Payload],
    *,
    accepted: Collection[str] = (),
) -> list[PayloadVerdict]:
    """Judge further payloads of one feed in order.

    Parameters
    ----------
    bench
        What was believed of the feed before them (`Bench.of` if nothing was); it learns from each.
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
    reader = Reader(bench.meaning, raw, bench.places, bench.categories)
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
        bench.doubt(copy)
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
    if len(bench.doubted) < REPEATS - 1 or copy.moment - bench.doubted[0].moment < REPEAT_DAYS:
        return False
    said = [*bench.doubted, copy]
    return all(
        state_of(find(bench.meaning, Memory(), compare(one, two, None), two, bench.places))
        in ("accepted", "warned")
        for one, two in pairwise(said)
    )


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
