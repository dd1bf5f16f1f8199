"""A night's warnings recorded and told, in one go under the record's lock.

    respond      after a release is written: record its warnings, tell what is due
    tell_due     between nights: what waited for quiet hours, a limit, an answer, a channel
    take_back    after a rollback: withdraw, and say so to whoever was told
    rehearse     what a playbook would send if nothing had been told yet; sends nothing

A message is recorded right after it went out. If the process dies in between it goes out again, by
the same id: at least once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from threatcast_orchestration.response.channels import NotDelivered, deliver
from threatcast_orchestration.response.due_messages import Due, due_messages
from threatcast_orchestration.response.playbook_files import read_playbooks
from threatcast_orchestration.response.recording import (
    NightRecorded,
    record_night,
    record_rollback,
)
from threatcast_orchestration.response.secret_values import hidden
from threatcast_orchestration.response.warning_events import (
    Delivered,
    WarningRecord,
    open_record,
    read_events,
)
from threatcast_orchestration.response.warning_rows import rows_of
from threatcast_orchestration.response.warning_states import known_warnings

if TYPE_CHECKING:
    import pandas as pd

    from threatcast_orchestration.response.playbooks import Playbook
    from threatcast_orchestration.response.warning_messages import Message
    from threatcast_orchestration.run.home import Home

Sleep = Callable[[float], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Way:
    """What messages need on their way: secrets, pauses, and where the site is."""

    environment: Mapping[str, str]
    sleep: Sleep
    public_url: str


@dataclass
class Telling:
    """What was told, what failed, and what waits.

    Attributes
    ----------
    sent, failed : list of str
        A line a message.
    quiet, limited : int
        Warnings that wait for the end of quiet hours, and for a channel's limit.
    problems : list of str
        Playbooks that cannot be read.
    """

    sent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    quiet: int = 0
    limited: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class Response:
    """What became of a night's warnings."""

    recorded: NightRecorded
    told: Telling


def respond(
    home: Home,
    warnings: pd.DataFrame,
    release_id: str,
    now: datetime,
    environment: Mapping[str, str],
    sleep: Sleep = time.sleep,
    public_url: str = "",
) -> Response:
    """Record the warnings of a release and tell what is due; the same night again does nothing.

    Parameters
    ----------
    warnings
        The table `warnings` of the release.
    environment
        Holds the secrets that playbooks name.
    public_url
        Where the world finds the site; empty if messages are to lead nowhere.

    Raises
    ------
    LockHeld
        If another process tells warnings of this home.
    OrchestrationError
        If the record or the table cannot be read; nothing was told. A channel that fails and a
        playbook that is malformed raise nothing: they are in the answer.
    """
    rows = rows_of(warnings)
    with open_record(home) as record:
        recorded = record_night(record, rows, release_id, now)
        told = _tell(record, home, now, _Way(environment, sleep, public_url))
        return Response(recorded, told)


def tell_due(
    home: Home,
    now: datetime,
    environment: Mapping[str, str],
    sleep: Sleep = time.sleep,
    public_url: str = "",
) -> Telling:
    """Tell what is due by now without a new night; raises what `respond` does."""
    with open_record(home) as record:
        return _tell(record, home, now, _Way(environment, sleep, public_url))


def take_back(
    home: Home,
    release_id: str,
    now: datetime,
    environment: Mapping[str, str],
    sleep: Sleep = time.sleep,
    public_url: str = "",
) -> tuple[list[str], Telling]:
    """Withdraw the warnings of releases after the one that was made current, and tell so.

    Returns
    -------
    list of str
        Releases whose warnings were withdrawn, or count again after going forward.
    Telling
        What was told of it.
    """
    if not home.warnings.is_file():
        return [], Telling()
    with open_record(home) as record:
        moved = record_rollback(record, release_id, now)
        return moved, _tell(record, home, now, _Way(environment, sleep, public_url))


def rehearse(home: Home, playbook: Playbook, now: datetime, public_url: str = "") -> Due:
    """Return what a playbook would tell now if it had never told anything; nothing is sent."""
    known = known_warnings(read_events(home))
    return due_messages(playbook, replace(known, deliveries=[]), now, known.mark, public_url)


def _tell(record: WarningRecord, home: Home, now: datetime, way: _Way) -> Telling:
    playbooks, problems = read_playbooks(home)
    telling = Telling(problems=problems)
    for problem in problems:
        log.warning("%s", problem)
    down: dict[str, str] = {}
    for playbook in playbooks:
        known = known_warnings(record.events)
        due = due_messages(playbook, known, now, known.mark, way.public_url)
        telling.quiet += due.quiet
        telling.limited += due.limited
        for message in due.messages:
            why, sent = down.get(message.channel.label, ""), False
            if not why:
                why, sent = _try(message, home, now, way)
                why = hidden(why, playbook.variables, way.environment)
            record.add(_event(message, now, why, sent=sent))
            line = f"{playbook.name}: {message.form} to {message.channel.label}"
            if sent:
                telling.sent.append(line)
            else:
                # one that is down is not waited for again with each of its messages
                down[message.channel.label] = why
                telling.failed.append(f"{line}: {why}")
                log.warning("a message did not go out: %s: %s. It is tried again.", line, why)
    return telling


def _try(message: Message, home: Home, now: datetime, way: _Way) -> tuple[str, bool]:
    try:
        return deliver(message, home, now, way.environment, way.sleep), True
    except NotDelivered as error:
        return str(error), False
    except Exception as error:  # noqa: BLE001 one channel's fault costs no other
        # its text is left out: nobody has looked whether it holds a secret
        return f"it failed ({type(error).__name__})", False


def _event(message: Message, now: datetime, why: str, *, sent: bool) -> Delivered:
    return Delivered(
        at=now,
        playbook=message.playbook,
        channel=message.channel.label,
        form=message.form,
        message_id=message.message_id,
        told=message.told,
        sent=sent,
        why=why,
    )
