"""The record of decisions: which model is published for each target, and why.

The record is a file of the home, one JSON line a decision, older lines never changed. A night
reads the decisions of days before its own and writes its own after it: a night that is repeated
finds the same record, and so gives the same bytes. What is decided on a day, by the gate, by
drift or by a person, therefore counts from the first night of a later day.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

from threatcast_feeds.durable import write_durably
from threatcast_forecasting.judging.published import (
    MAKERS,
    Decision,
    PublishedModel,
    published_model_of,
)

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.run.home import Home


def published_models(home: Home, targets: Iterable[str], as_of: date) -> dict[str, PublishedModel]:
    """Return what is published for each target in the night of a day.

    Only decisions of days before `as_of` count; a home without a record publishes the default.

    Raises
    ------
    OrchestrationError
        If the record cannot be read.
    """
    record = read_decisions(home, before=as_of)
    return {target: published_model_of(target, record, as_of) for target in sorted(set(targets))}


def read_decisions(home: Home, *, before: date | None = None) -> list[Decision]:
    """Return the decisions that count, in the order in which they do; empty without a record.

    Of two decisions of a day about one target with one action only the later is returned.

    Parameters
    ----------
    before
        Leave out decisions of this day and later.

    Raises
    ------
    OrchestrationError
        If a line cannot be read; names it.
    """
    rows = [row for row in _lines(home.decisions) if before is None or row.as_of < before]
    counting: dict[tuple[date, str, str], Decision] = {}
    for row in sorted(rows, key=lambda row: (row.as_of, MAKERS.index(row.decided_by))):
        counting.pop(row.key, None)  # so that the one that counts stands at its own place
        counting[row.key] = row
    return list(counting.values())


def record_decisions(home: Home, decisions: Iterable[Decision]) -> list[Decision]:
    """Add decisions to the record; returns those that were new.

    What is in the record already stays as it is. The past is not decided again: of a target with
    a decision of a later day, a repeated night adds nothing.
    """
    known = _lines(home.decisions)
    newest: dict[str, date] = {}
    for row in known:
        newest[row.target] = max(row.as_of, newest.get(row.target, row.as_of))
    new = [
        row
        for row in (_decision(_plain(row)) for row in decisions)
        if row not in known and row.as_of >= newest.get(row.target, row.as_of)
    ]
    if new:
        _write(home.decisions, new)
    return new


def _lines(path: Path) -> list[Decision]:
    if not path.is_file():
        return []
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            rows.append(_decision(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise OrchestrationError(
                f"Line {number} of {path} is no decision ({error}). Nothing was changed. Put a "
                "copy of the file back, or take that line out; the others stay as they are."
            ) from error
    return rows


def _decision(facts: dict[str, Any]) -> Decision:
    """Return a line's decision; a field of the wrong kind is an error, an unknown one is not."""
    kinds = get_type_hints(Decision)
    named = {field.name: facts[field.name] for field in fields(Decision) if field.name in facts}
    named["as_of"] = date.fromisoformat(named["as_of"])
    for name, value in named.items():
        allowed = get_args(kinds[name]) or (kinds[name],)
        if not isinstance(value, allowed) and not (float in allowed and isinstance(value, int)):
            raise TypeError(f"{name} is {value!r}")
    return Decision(**named)


def _write(path: Path, rows: Sequence[Decision]) -> None:
    """Put lines behind those that are there; a reader sees all of them or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = "".join(json.dumps(_plain(row), ensure_ascii=False) + "\n" for row in rows)
    write_durably(path, (before + lines).encode())


def _plain(row: Decision) -> dict[str, Any]:
    facts = asdict(row) | {"as_of": row.as_of.isoformat()}
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in facts.items()
    }
