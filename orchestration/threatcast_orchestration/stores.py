"""SQLite files of Dagster and MLflow: a damaged one gives way to a new one.

They keep history that no published number is made of. A file that a power cut or a full disk left
empty or cut must not stop every night that follows.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

log = logging.getLogger(__name__)
_BESIDE = ("-wal", "-shm", "-journal")


def set_damaged_aside(stores: Iterable[Path], what: str) -> list[Path]:
    """Move damaged SQLite files away; returns which, and says what is lost with them.

    Parameters
    ----------
    stores
        Files that may or may not be there.
    what
        What they hold, for the message.
    """
    damaged = [path for path in stores if path.is_file() and not is_sound(path)]
    for path in damaged:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        for ending in _BESIDE:
            path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
        log.warning(
            "%s is damaged. It was moved to %s and %s begins anew; no number that is published "
            "depends on it. Put a copy back if you have one.",
            path,
            aside.name,
            what,
        )
    return damaged


def is_sound(path: Path) -> bool:
    """Whether an SQLite file holds something and all its pages fit together."""
    if path.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(path.as_uri(), uri=True)) as store:
            return bool(store.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.OperationalError:  # locked or not to be opened: whoever works in it knows
        return True
    except sqlite3.DatabaseError:
        return False
