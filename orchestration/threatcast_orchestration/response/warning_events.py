"""The record of warnings: one JSON line an event, older lines never changed.

HOME/warnings/events.jsonl    the record
HOME/warnings/record.lock     who writes in it

Events are in the order of their numbers. The clock beside them is what it was; it may have jumped,
so nothing is sorted by it. Readers need no lock: the file is whole at any moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, ValidationError
from threatcast_feeds.durable import write_durably

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.response.warning_rows import Level, WarningRow
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.lock import holding

Outcome = Literal["confirmed", "false_alarm", "data_fault"]
Form = Literal["warning", "digest", "escalation", "end"]
UNNUMBERED = 0


class _Happened(BaseModel):
    """What all events say: which in order, and what the clock said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[int, Field(ge=0)] = UNNUMBERED
    at: AwareDatetime

    @property
    def told_in_short(self) -> str:
        """What happened, in a few words for a person."""
        facts = self.model_dump(exclude={"number", "at", "event", "row", "told", "message_id"})
        word = str(getattr(self, "event", ""))
        return " ".join([word, *(f"{name}={value}" for name, value in facts.items() if value)])


class NightSeen(_Happened):
    """The warnings of a release were looked at."""

    event: Literal["night"] = "night"
    release_id: str


class Opened(_Happened):
    """A warning stands that did not stand before."""

    event: Literal["opened"] = "opened"
    release_id: str
    row: WarningRow


class Changed(_Happened):
    """A warning that stands is told differently: another level, another week."""

    event: Literal["changed"] = "changed"
    release_id: str
    row: WarningRow


class Gone(_Happened):
    """A warning stands no longer."""

    event: Literal["gone"] = "gone"
    release_id: str
    warning_id: str


class Withdrawn(_Happened):
    """A release was rolled back: nothing that it said of warnings counts."""

    event: Literal["withdrawn"] = "withdrawn"
    release_id: str


class Restored(_Happened):
    """A release that was rolled back counts again."""

    event: Literal["restored"] = "restored"
    release_id: str


class Acknowledged(_Happened):
    """A person knows of a warning, at the level that it had."""

    event: Literal["acknowledged"] = "acknowledged"
    warning_id: str
    level: Level
    note: str = ""


class Closed(_Happened):
    """A person found what a warning was."""

    event: Literal["closed"] = "closed"
    warning_id: str
    level: Level
    outcome: Outcome
    note: str = ""


class Told(BaseModel):
    """A warning as it was told: at which level, and which release said so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    warning_id: str
    level: Level
    release_id: str


class Delivered(_Happened):
    """A message went out, or did not (`sent` is false, `why` says it)."""

    event: Literal["delivered"] = "delivered"
    playbook: str
    channel: str
    form: Form
    message_id: str
    told: tuple[Told, ...]
    sent: bool
    why: str = ""


Event = (
    NightSeen | Opened | Changed | Gone | Withdrawn | Restored | Acknowledged | Closed | Delivered
)


class _Line(RootModel[Annotated[Event, Field(discriminator="event")]]):
    """Any event, told apart by its word."""


class WarningRecord:
    """The record while its lock is held: what is in it, and a way to add to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = _read(path)
        self.events = _events(path, self._content)

    def add(self, *events: Event) -> None:
        """Put events behind the others, numbered; all of them are there afterwards, or none.

        Raises
        ------
        OrchestrationError
            If the file cannot be written.
        """
        first = self.events[-1].number + 1 if self.events else 1
        new = [event.model_copy(update={"number": at}) for at, event in enumerate(events, first)]
        if not new:
            return
        lines = b"".join(event.model_dump_json().encode() + b"\n" for event in new)
        try:
            write_durably(self._path, self._content + lines)
        except OSError as error:
            raise OrchestrationError(
                f"{self._path} cannot be written ({error.strerror}). What was in it stays, and "
                f"{len(new)} events were not kept. Free the disk or mend its rights, then run the "
                "same again."
            ) from error
        self._content += lines
        self.events += new


@contextmanager
def open_record(home: Home) -> Iterator[WarningRecord]:
    """Give the record of a home to the block, which alone may add to it.

    Raises
    ------
    LockHeld
        At once, if another process writes in it; says which.
    OrchestrationError
        If a line cannot be read; nothing was changed.
    """
    path = home.warnings
    taken = f"writes to {path}. Nothing was changed. Wait until it has told its messages."
    with holding(path.with_name("record.lock"), taken):
        yield WarningRecord(path)


def read_events(home: Home) -> list[Event]:
    """Return all events of a home in order; none without a record.

    Raises
    ------
    OrchestrationError
        If a line cannot be read; names it.
    """
    return _events(home.warnings, _read(home.warnings))


def within(at: datetime, now: datetime, seconds: float) -> bool:
    """Whether a moment lies in the last `seconds`; one that the clock jumped behind does not."""
    return 0 <= (now - at).total_seconds() < seconds


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise OrchestrationError(
            f"{path} cannot be read ({error.strerror}). Nothing was changed. Put a copy of the "
            "file back, or mend its rights."
        ) from error


def _events(path: Path, content: bytes) -> list[Event]:
    found: list[Event] = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            event: Event = _Line.model_validate_json(line).root
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"][1:]))
            _refuse(path, number, f"{place}: {first['msg']}" if place else first["msg"])
        if found and event.number <= found[-1].number:
            _refuse(path, number, f"number {event.number} comes after {found[-1].number}")
        found.append(event)
    if content and not content.endswith(b"\n"):
        _refuse(path, len(found), "the line is cut at its end")
    return found


def _refuse(path: Path, number: int, why: str) -> None:
    raise OrchestrationError(
        f"Line {number} of {path} is no event ({why}). Nothing was changed, and no warning was "
        "told. Put a copy of the file back, or take that line out; the others stay as they are."
    )
