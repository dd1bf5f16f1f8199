"""What became of each payload: accepted, or set aside with the reason.

raw/<feed>/<payload>.json          the outcome; a payload without one is parsed again
quarantine/<feed>/<payload>.json   a copy for people, of those set aside
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from hashlib import file_digest
from pathlib import Path

from threatcast_feeds.durable import write_durably


@dataclass(frozen=True)
class Outcome:
    """What became of one payload, as written to `raw/<feed>/<payload>.json`.

    `judged_by` is the version of the gate that set it aside; empty if no gate did. `refused`
    holds, by the moment of a copy, why these bytes were not believed then: the same bytes may be
    good on one day and an old state served again on another. `digest` is the
    SHA-256 of the rows file; empty if there is none.
    """

    payload: str
    parser_version: str
    state: str
    rows: int
    rejected: int
    message: str
    samples: list[str]
    judged_by: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    digest: str = ""

    def is_believed(self, moment: datetime) -> bool:
        """Whether the copy of that moment counts."""
        return self.state == "accepted" and moment.isoformat() not in self.refused

    def why_not(self, moment: datetime) -> str:
        """Return why the copy of that moment does not count."""
        return self.message or self.refused.get(moment.isoformat(), "")


def read_outcome(folder: Path, payload: str) -> Outcome | None:
    """Return what became of a payload, or None if it was never parsed (or not to the end)."""
    try:
        facts = json.loads((folder / f"{payload}.json").read_text(encoding="utf-8"))
        if "judged_by" not in facts and str(facts["message"]).startswith("gate: "):
            facts["judged_by"] = "unknown"  # written before versions of gates were kept
        return Outcome(**facts)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def read_refusal(folder: Path, payload: str) -> Outcome | None:
    """Return the copy for people of the outcome of a payload set aside; None if there is none."""
    try:
        facts = json.loads(_quarantine_note(folder, payload).read_text(encoding="utf-8"))
        return Outcome(**{key: facts[key] for key in facts.keys() - {"feed", "day"}})
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def forget(folder: Path, payload: str) -> None:
    """Forget what became of a payload, so that it is parsed again."""
    for name in (f"{payload}.json", f"{payload}.parquet"):
        (folder / name).unlink(missing_ok=True)


def digest_of(rows: Path) -> str:
    """Return the SHA-256 of a file; empty if it cannot be read."""
    try:
        with rows.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def set_aside(raw_root: Path, feed: str, payload: str, message: str, *, judged_by: str) -> None:
    """Set a parsed payload aside, because a gate does not believe it.

    Its rows stay on disk, but nothing reads them while its outcome says `quarantined`.

    Parameters
    ----------
    judged_by
        Version of the gate: once it has changed, the payload is judged again.
    """
    folder = raw_root / feed
    known = read_outcome(folder, payload) or Outcome(payload, "", "", 0, 0, "", [])
    outcome = replace(known, state="quarantined", message=message, judged_by=judged_by)
    write_quarantine(folder, feed, None, outcome)
    write_outcome(folder, outcome)


def accept(raw_root: Path, feed: str, payload: str) -> None:
    """Believe a payload again that a gate had set aside."""
    folder = raw_root / feed
    known = read_outcome(folder, payload)
    if known is not None:
        write_outcome(folder, replace(known, state="accepted", message="", judged_by=""))
        forget_quarantine(folder, payload)


def refuse(raw_root: Path, feed: str, payload: str, reasons: Mapping[str, str]) -> None:
    """Write down which copies of a payload are not believed, by their moments, and why."""
    folder = raw_root / feed
    known = read_outcome(folder, payload)
    if known is None or known.refused == dict(reasons):
        return
    outcome = replace(known, refused=dict(reasons))
    if reasons:
        write_quarantine(folder, feed, None, outcome)
    elif known.state == "accepted":
        forget_quarantine(folder, payload)
    write_outcome(folder, outcome)


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Write down what became of a payload, under its final name in one step."""
    text = json.dumps(asdict(outcome), indent=1, ensure_ascii=False)
    write_durably(folder / f"{outcome.payload}.json", text.encode())


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
