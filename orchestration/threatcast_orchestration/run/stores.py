"""SQLite files of Dagster and MLflow: a damaged one gives way to a new one, none is slow.

They keep history that no published number is made of. A file that a power cut or a full disk left
empty or cut must not stop every night that follows.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

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


def shrink(path: Path) -> None:
    """Give the disk back what an SQLite file no longer uses; one at work is left as it is."""
    if not path.is_file():
        return
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(path, timeout=1)) as store:
        unused = store.execute("PRAGMA freelist_count").fetchone()[0]
        if 4 * unused > store.execute("PRAGMA page_count").fetchone()[0]:
            store.execute("VACUUM")


@contextmanager
def kept_open(folder: Path) -> Iterator[None]:
    """Spare Dagster's files below a folder a way to the disk for each event of a run.

    Dagster opens a file anew for every event, thousands in a night, and whoever closes a file last
    writes all of it back. One more connection to each holds it open until the block ends. A kill
    loses nothing; a power cut may lose the last events of the run that it ended.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from threatcast_orchestration.run.dagster_internals import one_engine_a_file

    held: dict[str, sqlite3.Connection] = {}

    def opened(dialect: Any, record: object, words: list[Any], options: dict[str, Any]) -> Any:
        del record
        if dialect.name != "sqlite":
            return dialect.connect(*words, **options)
        connection = dialect.connect(*words, **options)
        path = str(words[0])
        if Path(path).is_relative_to(folder):
            connection.execute("PRAGMA synchronous = NORMAL")
            if path not in held:
                held[path] = sqlite3.connect(path, check_same_thread=False)
                closed_at_the_end.enter_context(closing(held[path]))
            # what is open in name only holds nothing: a file that is new becomes a log later
            held[path].execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection

    with ExitStack() as closed_at_the_end:
        closed_at_the_end.enter_context(one_engine_a_file())
        event.listen(Engine, "do_connect", opened)
        closed_at_the_end.callback(event.remove, Engine, "do_connect", opened)
        yield
