"""Whose turn it is: a lease in the store, which a machine that died loses when it runs out.

    lease.json    who has it, in which run, since when and until when, and the how-manieth it is

It is taken and renewed by writes that fail if somebody else has written since, so that two never
have it. The one who has it stops believing in it when it runs out by its own clock; others wait a
tenth of its length longer, so clocks of machines may differ by that much.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from time import monotonic

from pydantic import BaseModel, ConfigDict, ValidationError

from threatcast_orchestration.errors import LeaseLost, LockHeld
from threatcast_orchestration.run.settings import clock
from threatcast_orchestration.sharing.shared_store import SharedStore, StoreFailure

LEASE = "lease.json"
_RENEWALS = 6
"""Times that a lease is renewed before it would run out."""


class Note(BaseModel):
    """What the lease says; `run` is empty while nobody has it, `fence` only ever grows."""

    model_config = ConfigDict(frozen=True)

    holder: str
    run: str
    since: datetime
    until: datetime
    seconds: int
    fence: int

    def to_bytes(self) -> bytes:
        """Return the file's content."""
        return self.model_dump_json(indent=1).encode() + b"\n"

    def holds(self, now: datetime) -> bool:
        """Whether somebody still has it, clocks that differ a little allowed for."""
        return bool(self.run) and now < self.until + timedelta(seconds=self.seconds / 10)

    def in_words(self) -> str:
        """Say who has it, since when and until when."""
        return f"{self.holder} has it since {self.since:%Y-%m-%d %H:%M:%S} UTC and until " + (
            f"{self.until:%H:%M:%S} UTC unless it renews it"
        )


class Lease:
    """A lease that this process has: renewed by a thread until it is given back."""

    def __init__(self, store: SharedStore, note: Note, version: str, asked: float) -> None:
        self._store = store
        self._note = note
        self._version = version
        self._ends = asked + note.seconds
        self._taken_by: Note | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    @property
    def fence(self) -> int:
        """How many leases there have been, this one included."""
        return self._note.fence

    def check(self) -> None:
        """Refuse to go on once the lease is lost.

        Raises
        ------
        LeaseLost
            If another run has it, or it ran out because the store could not be reached.
        """
        # both clocks: one of them stands still while a machine sleeps, the other may be set
        if not self._taken_by and monotonic() < self._ends and clock() < self._note.until:
            return
        other = f" Now {self._taken_by.in_words()}." if self._taken_by else ""
        raise LeaseLost(
            f"This run lost its lease of the store {self._store.address}: it was not renewed for "
            f"{self._note.seconds} seconds.{other} Nothing more was handed over, and nothing was "
            "published there. Run again; the next run goes on from what the store holds."
        )

    def give_back(self) -> None:
        """End the lease, so that others need not wait; one that is lost is left alone."""
        self._over.set()
        self._thread.join()
        if self._taken_by is None:
            free = self._note.model_copy(update={"run": "", "until": clock()})
            with suppress(StoreFailure):  # it runs out by itself
                self._store.replace(LEASE, free.to_bytes(), self._version)

    def _keep(self) -> None:
        """Renew until told to end; a store that does not answer is asked again."""
        while not self._over.wait(self._note.seconds / _RENEWALS):
            asked, now = monotonic(), clock()
            until = now + timedelta(seconds=self._note.seconds)
            note = self._note.model_copy(update={"until": until})
            try:
                stands = self._store.replace(LEASE, note.to_bytes(), self._version)
            except StoreFailure:
                continue
            if stands.content != note.to_bytes():
                self._taken_by = _read(stands.content) or self._note
                return
            self._note, self._version, self._ends = note, stands.version, asked + note.seconds


@contextmanager
def leased(store: SharedStore, seconds: int) -> Iterator[Lease]:
    """Have the lease of a store while the block runs.

    Raises
    ------
    LockHeld
        At once, if another run has it; says who, since when and until when.
    StoreFailure
        If the store cannot be reached.
    """
    lease = _take(store, seconds)
    try:
        yield lease
    finally:
        lease.give_back()


def _take(store: SharedStore, seconds: int) -> Lease:
    asked, now = monotonic(), clock()
    stands = store.read(LEASE)
    before = _read(stands.content) if stands else None
    if before and before.holds(now):
        raise _held(store, before)
    mine = Note(
        holder=f"{socket.gethostname()} (process {os.getpid()})",
        run=secrets.token_hex(8),
        since=now,
        until=now + timedelta(seconds=seconds),
        seconds=seconds,
        fence=before.fence + 1 if before else 1,
    )
    if stands is None:
        found = store.write_once(LEASE, mine.to_bytes())
    else:
        found = store.replace(LEASE, mine.to_bytes(), stands.version)
    if found.content != mine.to_bytes():
        raise _held(store, _read(found.content) or mine)
    return Lease(store, mine, found.version, asked)


def _held(store: SharedStore, other: Note) -> LockHeld:
    return LockHeld(
        f"Another run works on the store {store.address}: {other.in_words()}. This one leaves; "
        "nothing was changed. Wait for the other to end; if its machine died, the lease runs out."
    )


def _read(content: bytes) -> Note | None:
    """Return what a lease says; None of one that is damaged, which nobody has."""
    try:
        return Note.model_validate_json(content)
    except ValidationError:
        return None
