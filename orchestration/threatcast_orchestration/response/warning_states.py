"""What the record says of each warning, found by going through its events in order.

A warning is `open`, `acknowledged` or `closed` by a person, `gone` when a night no longer has it,
or `withdrawn` when all releases that had it were rolled back. What a person said holds for the
level that the warning had then: one that has risen since is open again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, get_args

from threatcast_orchestration.response.warning_events import (
    Acknowledged,
    Changed,
    Closed,
    Delivered,
    Event,
    Gone,
    NightSeen,
    Opened,
    Outcome,
    Restored,
    Withdrawn,
)
from threatcast_orchestration.response.warning_rows import WarningRow, rank
from threatcast_orchestration.run.home import SOURCES

if TYPE_CHECKING:
    from threatcast_publishing.marks import Mark

State = Literal["open", "acknowledged", "closed", "gone", "withdrawn"]
STATES: tuple[State, ...] = get_args(State)


@dataclass
class KeptWarning:
    """One warning: its newest row, the release that said so, and what people said of it."""

    row: WarningRow
    release_id: str
    opened_at: datetime
    stands: bool = True
    is_withdrawn: bool = False
    word: Acknowledged | Closed | None = None

    @property
    def state(self) -> State:
        """Where it stands; a word of a person counts up to the level it was said at."""
        is_answered = self.word is not None and rank(self.row.level) <= rank(self.word.level)
        if is_answered and isinstance(self.word, Closed):
            return "closed"
        if self.is_withdrawn:
            return "withdrawn"
        if not self.stands:
            return "gone"
        return "acknowledged" if is_answered else "open"

    @property
    def outcome(self) -> Outcome | None:
        """What a person found it to be, whatever it has become since."""
        return self.word.outcome if isinstance(self.word, Closed) else None


@dataclass
class KnownWarnings:
    """All that a record says.

    Attributes
    ----------
    warnings : dict
        By id, in the order in which they were first opened.
    nights : list of str
        Releases whose warnings were looked at, in that order, those withdrawn included.
    withdrawn : set of str
        Releases that were rolled back and do not count now.
    deliveries : list of Delivered
        Every message that went out or failed, in order.
    """

    warnings: dict[str, KeptWarning] = field(default_factory=dict)
    nights: list[str] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    deliveries: list[Delivered] = field(default_factory=list)

    @property
    def newest_day(self) -> date | None:
        """As-of day of the newest release that counts; None before the first."""
        from threatcast_publishing.catalog import day_of

        days = [day_of(name) for name in self.nights if name not in self.withdrawn]
        return max(days, default=None)

    @property
    def mark(self) -> Mark | None:
        """What must be said of the newest release's numbers, by the word its name begins with."""
        from threatcast_publishing.catalog import day_of
        from threatcast_publishing.marks import mark_of, prefix_of

        name = self.nights[-1] if self.nights else ""
        for source in SOURCES:
            if prefix_of(source) and name.startswith(prefix_of(source)):
                return mark_of(source, day_of(name))
        return None


def known_warnings(events: Iterable[Event]) -> KnownWarnings:
    """Return what events say together.

    What a withdrawn release said counts as never said; what people said, and what was delivered,
    stays. An event on a warning that no other event opened is passed over: a line was taken out.
    """
    events = list(events)
    known = KnownWarnings(withdrawn=_withdrawn(events))
    for event in events:
        match event:
            case NightSeen():
                known.nights.append(event.release_id)
            case Opened() | Changed():
                _take_row(known, event)
            case Gone() if event.warning_id in known.warnings:
                if event.release_id not in known.withdrawn:
                    known.warnings[event.warning_id].stands = False
            case Acknowledged() | Closed() if event.warning_id in known.warnings:
                known.warnings[event.warning_id].word = event
            case Delivered():
                known.deliveries.append(event)
    return known


def about(events: Iterable[Event], name: str) -> list[Event]:
    """Return the events of one warning, in order."""
    found = []
    for event in events:
        match event:
            case Opened() | Changed():
                names = {event.row.warning_id}
            case Gone() | Acknowledged() | Closed():
                names = {event.warning_id}
            case Delivered():
                names = {one.warning_id for one in event.told}
            case _:
                names = set()
        if name in names:
            found.append(event)
    return found


def _withdrawn(events: Iterable[Event]) -> set[str]:
    releases: set[str] = set()
    for event in events:
        if isinstance(event, Withdrawn):
            releases.add(event.release_id)
        elif isinstance(event, Restored):
            releases.discard(event.release_id)
    return releases


def _take_row(known: KnownWarnings, event: Opened | Changed) -> None:
    name = event.row.warning_id
    before = known.warnings.get(name)
    if event.release_id in known.withdrawn:
        if before is None:
            # known by name, so that people can still see what was withdrawn
            known.warnings[name] = KeptWarning(
                event.row, event.release_id, event.at, stands=False, is_withdrawn=True
            )
        return
    is_new = before is None or before.is_withdrawn or not before.stands
    known.warnings[name] = KeptWarning(
        event.row,
        event.release_id,
        event.at if is_new or before is None else before.opened_at,
        word=before.word if before else None,
    )
