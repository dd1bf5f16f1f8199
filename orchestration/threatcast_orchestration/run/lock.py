"""One run at a time in a home, and one UI.

The locks are the kernel's (filelock over flock): they end with the process, however that ends. Each
file says who holds it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

from threatcast_orchestration.errors import LockHeld, OrchestrationError
from threatcast_orchestration.run.home import make_root

_LENT: set[Path] = set()
"""Locks that this process holds around a job of its own, which asks for them again."""


@contextmanager
def run_lock(path: Path, *, lend: bool = False, borrow: bool = False) -> Iterator[None]:
    """Hold the home's lock while the block runs.

    Parameters
    ----------
    path
        The lock's file.
    lend
        Whether a block of this process that borrows may run inside this one.
    borrow
        Whether a lock that is lent in this process is enough. Said in the process and not in a
        run's settings: a run that is started again from the history must hold its own.

    Raises
    ------
    LockHeld
        At once, if another process holds it.
    OrchestrationError
        If the lock's file cannot be opened.
    """
    if borrow and path in _LENT:
        yield
        return
    with holding(
        path,
        f"works in {path.parent}. This one leaves; nothing was changed. Wait for the other to "
        "end, see `threatcast status`.",
    ):
        if lend:
            _LENT.add(path)
        try:
            yield
        finally:
            _LENT.discard(path)


@contextmanager
def holding(path: Path, taken: str) -> Iterator[None]:
    """Hold any lock of a home while the block runs.

    Parameters
    ----------
    path
        The lock's file.
    taken
        What is said if somebody else has it, behind "Another run (process 1)".

    Raises
    ------
    LockHeld
        At once, if another process holds it.
    OrchestrationError
        If the lock's file cannot be opened.
    """
    try:
        make_root(path.parent)
        held = claim(path, str(os.getpid()))
    except TakenError as other:
        raise LockHeld(f"Another run (process {other.holder}) {taken}") from other
    except OSError as error:
        raise OrchestrationError(
            f"The lock {path} cannot be opened ({error.strerror}). Nothing was changed. Make the "
            "home writable, or choose another one with --home."
        ) from error
    try:
        yield
    finally:
        _sign(held, "")
        unlock_descriptor(held)
        os.close(held)


class TakenError(Exception):
    """Somebody else has the lock; `holder` is what they wrote into it."""

    def __init__(self, holder: str) -> None:
        self.holder = holder or "unknown"
        super().__init__(self.holder)


def claim(path: Path, holder: str) -> int:
    """Take a lock and write down who holds it; returns the open file, with which the lock ends.

    Raises
    ------
    TakenError
        At once, if another process has it.
    OSError
        If the lock's file cannot be opened.
    """
    opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if not lock_descriptor(opened, blocking=False):
        found = os.pread(opened, 200, 0).decode(errors="replace").strip()
        os.close(opened)
        raise TakenError(found)
    _sign(opened, holder)
    return opened


def _sign(held: int, holder: str) -> None:
    """Write down who holds the lock; on a full disk it is held all the same."""
    with suppress(OSError):
        os.ftruncate(held, 0)
        os.pwrite(held, holder.encode(), 0)
