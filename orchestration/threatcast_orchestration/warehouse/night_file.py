"""The warehouse file: who may open it, what to do when it is damaged, and its copy for readers.

Nights build in a file of their own, which nobody else opens. When a night is over, a copy of it
takes the place of the one before by a rename: whoever reads that copy, for however long, neither
stops a night nor is stopped by one.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING

from threatcast_feeds import database
from threatcast_feeds.durable import replacing

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.run.home import Home

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

log = logging.getLogger(__name__)
POOL = "warehouse"
"""Concurrency pool of all steps that open the file: DuckDB has one writer at a time."""
PATIENCE = 60.0
"""Seconds to wait for another process that has the nights' own file open."""
_PAUSE = 0.5
# how DuckDB says that a file is none of its own, cut, or of a version that it cannot read
_DAMAGE = (
    "not a valid DuckDB database",
    "read enough bytes",
    "Corrupt",
    "version number",
    "checksum",
)
_LOCKED = "Could not set lock on file"
_HOLDER = re.compile(r"lock is held in (.*?) \(PID (\d+)\)")


@contextmanager
def connect(home: Home, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the nights' warehouse for one step and close it whatever happens.

    A damaged file is moved away and begun anew: all that is in it is made from `landing/`.

    Raises
    ------
    OrchestrationError
        If another process keeps the file open, or if damage shows only while it is read; the next
        run begins it anew.
    """
    import duckdb

    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    if not home.warehouse.is_file():
        _forget(home)
    try:
        connection = _opened(home, read_only=read_only)
    except duckdb.Error as error:
        if not _is_damage(str(error)):
            raise
        _begin_anew(home, str(error))
        if read_only:
            raise _damaged(home, str(error)) from error
        connection = _opened(home, read_only=False)
    try:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET enable_progress_bar = false")
        yield connection
    except duckdb.Error as error:
        connection.close()
        found = damage_in(home, str(error))
        if found is None:
            raise
        raise found from error
    finally:
        connection.close()


def _opened(home: Home, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the file once nobody else has it."""
    import duckdb

    until = monotonic() + PATIENCE
    while True:
        try:
            return database.connect(home.warehouse, read_only=read_only)
        except duckdb.IOException as error:
            if _LOCKED not in str(error):
                raise
            if monotonic() > until:
                raise _held(home, str(error)) from error
            sleep(_PAUSE)


def damage_in(home: Home, text: str) -> OrchestrationError | None:
    """Begin the warehouse anew if a text tells of damage to it; returns what to say, or None.

    DuckDB notices some damage only when it reads the place, in a step or in dbt.
    """
    # a query may stumble over another file as well
    named = "database file" in text or str(home.warehouse) in text
    if not (named and _is_damage(text)):
        return None
    _begin_anew(home, text)
    return _damaged(home, text)


def _damaged(home: Home, text: str) -> OrchestrationError:
    return OrchestrationError(
        f"The warehouse {home.warehouse} is damaged ({_first_line(text)}). Kept: all that was "
        "landed, and the last release. Run again: it is made anew."
    )


def _held(home: Home, message: str) -> OrchestrationError:
    found = _HOLDER.search(message)
    who = f"process {found[2]} ({found[1]})" if found else "another process"
    return OrchestrationError(
        f"The warehouse {home.warehouse} is kept open by {who}; waited {PATIENCE:.0f} seconds. "
        "Kept: all that was landed and parsed, and the last release. Close that program and run "
        f"again. To look at the tables, open {home.warehouse_copy} instead: it never stops a night."
    )


def show(home: Home) -> None:
    """Put a copy of the nights' warehouse where readers find it, by a rename.

    A copy that cannot be made is told; the night stands without it.
    """
    own, copy = home.warehouse, home.warehouse_copy
    try:
        if not own.is_file() or _same_age(own, copy):
            return
        with replacing(copy) as fresh:
            shutil.copy2(own, fresh)
            _wal(copy).unlink(missing_ok=True)  # of the copy before: not to be taken for this one's
    except OSError as error:
        log.warning(
            "The copy of the warehouse for readers, %s, cannot be made (%s). It stays as it was; "
            "the night and its release do not depend on it.",
            copy,
            error.strerror or error,
        )


def _same_age(own: Path, copy: Path) -> bool:
    return copy.is_file() and copy.stat().st_mtime_ns == own.stat().st_mtime_ns


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _is_damage(text: str) -> bool:
    return any(words in text for words in _DAMAGE)


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if _is_damage(line)), "").strip().rstrip("!. ")


def _forget(home: Home) -> None:
    """Forget that stages were ever built, and what a file that is gone had left to write."""
    _wal(home.warehouse).unlink(missing_ok=True)
    home.stamps.unlink(missing_ok=True)


def _begin_anew(home: Home, text: str) -> None:
    """Move a damaged warehouse away, and forget that its stages were ever built."""
    aside = home.warehouse.with_name(f"{home.warehouse.name}.damaged")
    home.warehouse.replace(aside)
    _forget(home)
    log.warning(
        "The warehouse %s is damaged (%s). It was moved to %s and is made anew from what was "
        "landed; nothing is lost. Delete the moved file when you like.",
        home.warehouse,
        _first_line(text),
        aside.name,
    )
