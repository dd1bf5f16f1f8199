"""One run at a time in a home.

The lock is the kernel's (flock): it ends with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from threatcast_orchestration.errors import LockHeld, OrchestrationError


@contextmanager
def run_lock(path: Path) -> Iterator[None]:
    """Hold the home's lock while the block runs.

    Raises
    ------
    LockHeld
        At once, if another process holds it.
    OrchestrationError
        If the lock's file cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        try:
            yield
        finally:
            handle.seek(0)
            handle.truncate()
            handle.flush()
            fcntl.flock(handle, fcntl.LOCK_UN)
