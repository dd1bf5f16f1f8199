"""One run at a time in a home.

The lock is the kernel's (flock): it ends with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

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
    try:
        make_root(path.parent)
        opened = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise OrchestrationError(
            f"The lock {path} cannot be opened ({error.strerror}). Nothing was changed. Make the "
            "home writable, or choose another one with --home."
        ) from error
    with opened as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise LockHeld(
                f"Another run (process {holder}) works in {path.parent}. This one leaves; nothing "
                "was changed. Wait for the other to end, see `threatcast status`."
            ) from error
        _sign(handle, str(os.getpid()))
        if lend:
            _LENT.add(path)
        try:
            yield
        finally:
            _LENT.discard(path)
            _sign(handle, "")
            fcntl.flock(handle, fcntl.LOCK_UN)


def _sign(handle: TextIO, holder: str) -> None:
    """Write down who holds the lock; on a full disk it is held all the same."""
    with suppress(OSError):
        os.ftruncate(handle.fileno(), 0)
        os.pwrite(handle.fileno(), holder.encode(), 0)
