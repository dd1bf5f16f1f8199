"""What is kept of judging: verdicts that need not be found again, and what people have accepted.

HOME/gates/meaning/<feed>.json    verdicts and learnt bounds; derived, made anew if damaged
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


def key_of(spec: FeedSpec, copies: Sequence[Payload], accepted: Collection[str]) -> str:
    """Return a hash of all that a feed's verdicts depend on.

    That is the code and the feed's own gate, its declared breaks, its copies, acceptances.
    """
    parts = (
        code_key("judged", spec.key),
        str([(shift.day, shift.what) for shift in spec.breaks]),
        repr(list(copies)),
        repr(sorted(accepted)),
    )
    return sha256("\0".join(parts).encode()).hexdigest()


def read_verdicts(home: Home, feed: str, key: str) -> list[PayloadVerdict] | None:
    """Return verdicts found before for the very same question; None if there are none."""
    try:
        kept = json.loads(_path(home, feed).read_text(encoding="utf-8"))
        return [_verdict(one) for one in kept["verdicts"]] if kept["key"] == key else None
    except (OSError, ValueError, LookupError, TypeError):
        return None  # absent or damaged: judged again


def write_verdicts(home: Home, feed: str, key: str, verdicts: Sequence[PayloadVerdict]) -> None:
    """Keep verdicts; of all but the newest only the checks that failed."""
    from threatcast_orchestration.gates.pages import write_whole

    path = _path(home, feed)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(one) for one in verdicts]
    for row, verdict in zip(rows[:-1], verdicts, strict=False):
        row["findings"] = [asdict(one) for one in verdict.failures]
    text = json.dumps({"key": key, "verdicts": rows}, default=str, ensure_ascii=False, indent=1)
    write_whole(path, text + "\n")


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
