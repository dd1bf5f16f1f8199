"""Which model is published for each target, and the record of decisions that says why.

The record is a file of the home, one JSON line a decision, older lines never changed. A night
reads the decisions of days before its own and writes its own after it: a night that is repeated
finds the same record, and so gives the same bytes. What is decided on a day, by the gate, by
drift or by a person, therefore counts from the first night of a later day.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.home import Home

DEFAULT = "champion"
"""What is published for a target until another model is promoted."""
BOTH_DAYS = 28
"""Days for which the model before a change is published beside the new one."""
ACTIONS = ("keep", "promote", "rollback", "fall_back")
MAKERS = ("gate", "drift", "person")
"""Who decides; of several decisions of one day, a later maker's wins."""


@dataclass(frozen=True)
class Decision:
    """What was decided about a target on a day, and by which numbers.

    Parameters
    ----------
    as_of
        Day of the night whose scores were looked at; the decision counts from the next day on.
    target, action, model_before, model_after
        `action` is one of `ACTIONS`; `keep` leaves the model as it is, and so does `fall_back`,
        for which the challenger stood in for one night because the model was not run.
    challenger
        The model that the published one was compared with; none if no other one was run.
    scaled_wis, coverage_50, coverage_80, coverage_95
        Back-test of the model before, over origins and horizons, then over series.
    challenger_scaled_wis, ...
        The same of the challenger.
    ratio, ratio_low90, ratio_high90
        The challenger's mean scaled WIS by the other's, with the ends of its 90 % interval.
    decided_by
        One of `MAKERS`.
    reason
        In plain words; a person's own if a person overrode the gate.
    run_id, code_commit
        What the scores were made by.
    """

    as_of: date
    target: str
    action: str
    model_before: str
    model_after: str
    decided_by: str
    reason: str
    challenger: str | None = None
    scaled_wis: float | None = None
    coverage_50: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None
    challenger_scaled_wis: float | None = None
    challenger_coverage_50: float | None = None
    challenger_coverage_80: float | None = None
    challenger_coverage_95: float | None = None
    ratio: float | None = None
    ratio_low90: float | None = None
    ratio_high90: float | None = None
    run_id: str | None = None
    code_commit: str | None = None

    def __post_init__(self) -> None:
        """Refuse an action or a maker that nobody would know how to read."""
        if self.action not in ACTIONS or self.decided_by not in MAKERS:
            raise ValueError(f"unknown action or maker: {self.action}, {self.decided_by}")

    @property
    def shown(self) -> str | None:
        """The model that the night of the decision published."""
        return self.challenger if self.action == "fall_back" else self.model_before

    @property
    def key(self) -> tuple[date, str, str]:
        """The grain of the published table: of two with one key, the later counts."""
        return self.as_of, self.target, self.action


@dataclass(frozen=True)
class Publication:
    """The model published for a target on a day.

    Parameters
    ----------
    target, model
    since
        First day on which a night may publish it; none if nothing was ever decided.
    previous
        The model before; none if there was none.
    previous_until
        Last day on which the previous one is published beside it; none when that is over.
    reason
        Why it is this one.
    """

    target: str
    model: str = DEFAULT
    since: date | None = None
    previous: str | None = None
    previous_until: date | None = None
    reason: str = "nothing was decided yet"


@dataclass(frozen=True)
class Change:
    """Another model than before speaks for a target, from a day on.

    Parameters
    ----------
    decision
        What was decided: another model for good, or (`fall_back`) one that stands in for a night.
    since
        First day on which a night may publish it.
    until
        Last day; none while it stands.
    """

    decision: Decision
    since: date
    until: date | None = None

    @property
    def model(self) -> str:
        """The model that speaks from then on."""
        stands_in = self.decision.action == "fall_back" and self.decision.challenger
        return stands_in or self.decision.model_after


def published_models(home: Home, targets: Iterable[str], as_of: date) -> dict[str, Publication]:
    """Return what is published for each target in the night of a day.

    Only decisions of days before `as_of` count; a home without a record publishes `DEFAULT`.

    Raises
    ------
    OrchestrationError
        If the record cannot be read.
    """
    record = read_decisions(home, before=as_of)
    return {target: publication_of(target, record, as_of) for target in sorted(set(targets))}


def publication_of(target: str, record: Sequence[Decision], as_of: date) -> Publication:
    """Return what a record makes the published model of one target on a day."""
    lasting = _lasting_changes(target, record)
    if not lasting:
        return Publication(target)
    newest = lasting[-1]
    both_until = newest.since + timedelta(days=BOTH_DAYS - 1)
    return Publication(
        target,
        newest.model,
        newest.since,
        lasting[-2].model if len(lasting) > 1 else DEFAULT,
        both_until if as_of <= both_until else None,
        newest.decision.reason,
    )


def changes_of(target: str, record: Sequence[Decision]) -> list[Change]:
    """Return all changes of the model that spoke for one target, oldest first."""
    nights = [
        Change(row, row.as_of, row.as_of)
        for row in record
        if row.target == target and row.action == "fall_back"
    ]
    return sorted(
        _lasting_changes(target, record) + nights, key=lambda change: (change.since, change.model)
    )


def _lasting_changes(target: str, record: Sequence[Decision]) -> list[Change]:
    own = [row for row in record if row.target == target]
    found: list[Change] = []
    # what a day decided in the end: a promotion that was taken back the same day changed nothing
    for decision in {row.as_of: row for row in own}.values():
        if decision.model_after == (found[-1].model if found else DEFAULT):
            continue
        if found:
            found[-1] = replace(found[-1], until=decision.as_of)
        found.append(Change(decision, decision.as_of + timedelta(days=1)))
    return found


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
    scratch = path.with_suffix(".tmp")
    with scratch.open("w", encoding="utf-8") as handle:
        if path.is_file():
            handle.write(path.read_text(encoding="utf-8"))
        for row in rows:
            handle.write(json.dumps(_plain(row), ensure_ascii=False) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    scratch.replace(path)


def _plain(row: Decision) -> dict[str, Any]:
    facts = asdict(row) | {"as_of": row.as_of.isoformat()}
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in facts.items()
    }
