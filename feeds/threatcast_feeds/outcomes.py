"""What became of each payload: accepted, or set aside with the reason.

raw/<feed>/<payload>.json          the outcome; a payload without one is parsed again
quarantine/<feed>/<payload>.json   a copy for people, of those set aside
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from threatcast_feeds.landing import write_durably


@dataclass(frozen=True)
class Outcome:
    """What became of one payload, as written to `raw/<feed>/<payload>.json`."""

    payload: str
    parser_version: str
    state: str
    rows: int
    rejected: int
    message: str
    samples: list[str]


def read_outcome(folder: Path, payload: str) -> Outcome | None:
    """Return what became of a payload, or None if it was never parsed (or not to the end)."""
    try:
        facts = json.loads((folder / f"{payload}.json").read_text(encoding="utf-8"))
        return Outcome(**facts)
    except (OSError, ValueError, TypeError):
        return None


def set_aside(raw_root: Path, feed: str, payload: str, message: str) -> None:
    """Set an accepted payload aside after all, because a gate does not believe it.

    Its rows stay on disk, but nothing reads them while its outcome says `quarantined`.
    """
    folder = raw_root / feed
    known = read_outcome(folder, payload)
    version = known.parser_version if known else ""
    outcome = Outcome(
        payload,
        version,
        "quarantined",
        known.rows if known else 0,
        known.rejected if known else 0,
        message,
        known.samples if known else [],
    )
    write_quarantine(folder, feed, None, outcome)
    write_outcome(folder, outcome)


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Write down what became of a payload, under its final name in one step."""
    target = folder / f"{outcome.payload}.json"
    temporary = target.with_name(f".{target.name}.tmp")
    text = json.dumps(asdict(outcome), indent=1, ensure_ascii=False)
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_quarantine(folder: Path, feed: str, day: date | None, outcome: Outcome) -> None:
    """Write the note for people on a payload set aside."""
    note = _quarantine_note(folder, outcome.payload)
    note.parent.mkdir(parents=True, exist_ok=True)
    facts = {"feed": feed, "day": day.isoformat() if day else None} | asdict(outcome)
    write_durably(note, json.dumps(facts, indent=1, ensure_ascii=False).encode())


def forget_quarantine(folder: Path, payload: str) -> None:
    """Remove the note on a payload that a mended parser has accepted after all."""
    _quarantine_note(folder, payload).unlink(missing_ok=True)


def _quarantine_note(folder: Path, payload: str) -> Path:
    return folder.parent.parent / "quarantine" / folder.name / f"{payload}.json"
