"""What is kept of judging: verdicts that need not be found again, and what people have accepted.

HOME/gates/meaning/<feed>.json    verdicts and learnt bounds; derived, made anew if damaged
HOME/gates/meaning/<feed>.bench   what the next copy is held against; derived as well
HOME/accepted.jsonl               a line a decision of a person; never derived, never deleted
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.run.keys import code_key

if TYPE_CHECKING:
    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.meaning.bench import Bench
    from threatcast_orchestration.meaning.facts import Meaning
    from threatcast_orchestration.meaning.judge import Payload, PayloadVerdict
    from threatcast_orchestration.run.home import Home

_LONGEST_REASON = 200


@dataclass(frozen=True)
class Acceptance:
    """A person's word that a payload is right although its gate doubts it."""

    feed: str
    payload: str
    day: str
    reason: str

    @property
    def words(self) -> str:
        """When and why, for a person; the reason is text from outside."""
        from threatcast_feeds.outside import shown

        return f"accepted by a person on {self.day}: {shown(self.reason, _LONGEST_REASON)}"


def acceptances(home: Home, feed: str | None = None) -> list[Acceptance]:
    """Return what people have accepted (of one feed), in order, without lines that are cut.

    A line cut by a kill says nothing that anyone was told was kept.
    """
    if not home.accepted.is_file():
        return []
    found = []
    for line in home.accepted.read_text(encoding="utf-8").splitlines():
        try:
            found.append(Acceptance(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return [one for one in found if feed in (None, one.feed)]


def write_acceptance(home: Home, acceptance: Acceptance) -> None:
    """Add a line; what stood there stays, and the file is whole at any moment."""
    from threatcast_feeds.durable import write_durably

    before = home.accepted.read_bytes() if home.accepted.is_file() else b""
    if before and not before.endswith(b"\n"):
        before += b"\n"
    line = json.dumps(asdict(acceptance), ensure_ascii=False).encode() + b"\n"
    write_durably(home.accepted, before + line)


def judged(
    spec: FeedSpec,
    meaning: Meaning,
    home: Home,
    copies: Sequence[Payload],
    accepted: Collection[str],
) -> list[PayloadVerdict]:
    """Return a verdict for each copy, taking over what was found before and is still true.

    The same question has the same answer; copies that came since are judged on the bench that was
    left; anything else (an earlier day, another gate, an acceptance) is judged from the first copy.
    """
    from threatcast_orchestration.meaning.bench import Bench
    from threatcast_orchestration.meaning.judge import judge_feed

    key = _key(spec, copies, accepted)
    found_under, verdicts = _read_verdicts(home, spec.key)
    if found_under == key:
        return verdicts
    bench = Bench.of(spec, meaning)
    past = copies[: len(verdicts)]
    if found_under != _key(spec, past, accepted) or not _resume(bench, home, spec.key, found_under):
        bench, verdicts = Bench.of(spec, meaning), []
    more = copies[len(verdicts) :]
    verdicts += judge_feed(bench, home.raw / spec.key, more, accepted=accepted)
    _leave(bench, home, spec.key, key)
    _write_verdicts(home, spec.key, key, verdicts)
    return verdicts


def _key(spec: FeedSpec, copies: Sequence[Payload], accepted: Collection[str]) -> str:
    """Return a hash of all that a feed's verdicts depend on.

    That is the code and the feed's own gate, its declared breaks, its copies, acceptances.
    """
    parts = (
        code_key("judged", spec.key),
        str([(shift.day, shift.what) for shift in spec.breaks]),
        repr(list(copies)),
        repr(sorted({one.payload for one in copies} & set(accepted))),
    )
    return sha256("\0".join(parts).encode()).hexdigest()


def _resume(bench: Bench, home: Home, feed: str, key: str) -> bool:
    """Give a bench what was learnt up to the copies of a key; returns whether that is there."""
    from threatcast_orchestration.meaning.state import restore

    try:
        left_under, content = _bench_path(home, feed).read_bytes().split(b"\n", 1)
    except (OSError, ValueError):
        return False  # absent or cut: judged from the first copy
    return left_under == key.encode() and restore(bench, content)


def _leave(bench: Bench, home: Home, feed: str, key: str) -> None:
    from threatcast_feeds.durable import write_durably

    from threatcast_orchestration.meaning.state import packed

    path = _bench_path(home, feed)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, key.encode() + b"\n" + packed(bench))


def _read_verdicts(home: Home, feed: str) -> tuple[str, list[PayloadVerdict]]:
    """Return verdicts found before and their key; nothing if there are none."""
    try:
        kept = json.loads(_path(home, feed).read_text(encoding="utf-8"))
        return str(kept["key"]), [_verdict(one) for one in kept["verdicts"]]
    except (OSError, ValueError, LookupError, TypeError):
        return "", []  # absent or damaged: judged again


def _write_verdicts(home: Home, feed: str, key: str, verdicts: Sequence[PayloadVerdict]) -> None:
    """Keep verdicts; of all but the newest only the checks that failed."""
    from threatcast_orchestration.gates.data_docs import write_whole

    rows = [asdict(one) for one in verdicts]
    for row, verdict in zip(rows[:-1], verdicts, strict=False):
        row["findings"] = [asdict(one) for one in verdict.failures]
    text = json.dumps({"key": key, "verdicts": rows}, default=str, ensure_ascii=False, indent=1)
    write_whole(_path(home, feed), text + "\n")


def _verdict(row: dict[str, Any]) -> PayloadVerdict:
    from threatcast_orchestration.meaning.judge import PayloadVerdict
    from threatcast_orchestration.meaning.verdict import Finding

    return PayloadVerdict(
        **row
        | {
            "day": date.fromisoformat(row["day"]),
            "findings": tuple(Finding(**one) for one in row["findings"]),
            "cells": tuple(tuple(cell) for cell in row["cells"]),
        }
    )


def _path(home: Home, feed: str) -> Path:
    return home.gates / "meaning" / f"{feed}.json"


def _bench_path(home: Home, feed: str) -> Path:
    return home.gates / "meaning" / f"{feed}.bench"
