"""What is added to the record: by a night, by a person, by a rollback. Nothing is told here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.response.warning_events import (
    Acknowledged,
    Changed,
    Closed,
    Event,
    Gone,
    NightSeen,
    Opened,
    Outcome,
    Restored,
    WarningRecord,
    Withdrawn,
)
from threatcast_orchestration.response.warning_rows import WarningRow
from threatcast_orchestration.response.warning_states import KnownWarnings, known_warnings


@dataclass
class NightRecorded:
    """What a night added, by warning; `older` if it was of a day before the newest and added none.

    All are empty when the same night comes again.
    """

    opened: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    older: bool = False


def record_night(
    record: WarningRecord, rows: Sequence[WarningRow], release_id: str, now: datetime
) -> NightRecorded:
    """Hold the warnings of a release against the record, and add what is new.

    A threat that a fault of the data stands before is not told, and so not recorded. A night of an
    earlier day than the newest changes nothing: what stands now is what the newest night says.
    """
    from threatcast_publishing.catalog import day_of

    known = known_warnings(record.events)
    newest = known.newest_day
    if newest is not None and day_of(release_id) < newest:
        return NightRecorded(older=True)
    events: list[Event] = []
    if release_id not in known.nights:
        events.append(NightSeen(at=now, release_id=release_id))
    if release_id in known.withdrawn:
        events.append(Restored(at=now, release_id=release_id))
        known = known_warnings([*record.events, *events])
    done = NightRecorded()
    told = {row.warning_id: row for row in rows if not row.behind}
    for name, row in told.items():
        before = known.warnings.get(name)
        if before is None or not before.stands:
            done.opened.append(name)
            events.append(Opened(at=now, release_id=release_id, row=row))
        elif not before.row.says_the_same_as(row):
            done.changed.append(name)
            events.append(Changed(at=now, release_id=release_id, row=row))
    for name, before in known.warnings.items():
        if before.stands and name not in told:
            done.gone.append(name)
            events.append(Gone(at=now, release_id=release_id, warning_id=name))
    record.add(*events)
    return done


def record_rollback(record: WarningRecord, release_id: str, now: datetime) -> list[str]:
    """Withdraw what came after a release that was made current, and restore what did not.

    Returns
    -------
    list of str
        Releases whose word changed.
    """
    known = known_warnings(record.events)
    later = _later_than(known, release_id)
    gone = [name for name in known.nights if name in later and name not in known.withdrawn]
    back = [name for name in known.nights if name not in later and name in known.withdrawn]
    record.add(
        *(Withdrawn(at=now, release_id=name) for name in gone),
        *(Restored(at=now, release_id=name) for name in back),
    )
    return gone + back


def _later_than(known: KnownWarnings, release_id: str) -> set[str]:
    """Return the releases after one: as they were seen, else by their day.

    One that was never seen is of a time without this record: of its day, all others are later.
    """
    from threatcast_publishing.catalog import day_of

    if release_id in known.nights:
        return set(known.nights[known.nights.index(release_id) + 1 :])
    return {name for name in known.nights if day_of(name) >= day_of(release_id)}


def acknowledge(record: WarningRecord, names: Iterable[str], note: str, now: datetime) -> list[str]:
    """Record that a person knows of warnings; returns those of which that is new.

    Raises
    ------
    WrongUse
        If one is unknown, or is not open any more; then none is acknowledged.
    """
    known = known_warnings(record.events)
    new = []
    for name in names:
        kept = known.warnings[find(known, name)]
        if kept.state not in ("open", "acknowledged"):
            raise WrongUse(
                f"Warning {kept.row.warning_id} is {kept.state}; there is nothing to acknowledge. "
                f"Nothing was changed. See it: threatcast warnings show {kept.row.warning_id}"
            )
        if kept.state == "open":
            new.append(kept.row)
    record.add(
        *(
            Acknowledged(at=now, warning_id=row.warning_id, level=row.level, note=note)
            for row in new
        )
    )
    return [row.warning_id for row in new]


def close(
    record: WarningRecord, names: Iterable[str], outcome: Outcome, note: str, now: datetime
) -> list[str]:
    """Record what warnings turned out to be; returns those of which that is new.

    A later word replaces an earlier one; both stay in the record.

    Raises
    ------
    WrongUse
        If one is unknown; then none is closed.
    """
    known = known_warnings(record.events)
    kept = [known.warnings[find(known, name)] for name in names]
    new = [one.row for one in kept if one.state != "closed" or one.outcome != outcome]
    record.add(
        *(
            Closed(at=now, warning_id=row.warning_id, level=row.level, outcome=outcome, note=note)
            for row in new
        )
    )
    return [row.warning_id for row in new]


def find(known: KnownWarnings, name: str) -> str:
    """Return the id of the one warning that a text begins.

    Raises
    ------
    WrongUse
        If there is none, or more than one.
    """
    found = [one for one in known.warnings if one == name] or [
        one for one in known.warnings if name and one.startswith(name)
    ]
    if len(found) == 1:
        return found[0]
    problem = "fits more than one" if found else "is not known"
    listed = ", ".join((found or list(known.warnings))[:10]) or "none yet"
    raise WrongUse(
        f"Warning {name!r} {problem}. Nothing was changed. Known: {listed}. All of them: "
        "threatcast warnings list --all"
    )
