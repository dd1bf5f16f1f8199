"""Weekly counts of other releases as the past of this home: kept as files, read as a raw table.

    imported/<release>.parquet      a history (`threatcast_feeds.history`), once a release

Files are added, never changed. Of each target the history with the newest day counts: counts of two
releases in one series would have a seam that nobody looks at. What is known on an as-of day are the
histories until that day.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.history import read_history, write_history

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    import duckdb
    from threatcast_feeds.history import History

IMPORTED_COUNTS = WrittenTable(
    "raw",
    "imported_counts",
    "One row a target, location and week that another release counted: the past of this home. "
    "Empty where nothing was imported.",
    "target VARCHAR, location VARCHAR, week DATE, value INTEGER, observation VARCHAR, "
    "counted_by VARCHAR",
    {
        "location": "WORLD, a country, or UNLOCATED. A place without a row has what the row of "
        "WORLD implies: 0, or missing where the world is.",
    },
    "activity_weekly",
)
_REAL = re.compile(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{12}")
_WITHOUT_PAST = ("sample", "starter")
"""Sources whose counts have their past with them."""


def keep_import(home: Home, history: History) -> bool:
    """Keep a history in a home; returns whether it was new.

    Raises
    ------
    WrongUse
        If the home holds counts that real ones must not be mixed with.
    FeedError
        If the history holds what no history can say.
    """
    refuse_unreal(home)
    if not _REAL.fullmatch(history.release_id):
        raise WrongUse(
            f"The history is of {history.release_id!r}, which names no release of real counts. "
            "Nothing was changed. Write one with: threatcast history write RELEASE"
        )
    path = home.imported / f"{history.release_id}.parquet"
    if path.is_file() and read_history(path).counts.equals(history.counts):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_history(path, history)
    return True


def refuse_unreal(home: Home) -> None:
    """Refuse a home whose source brings its own past.

    Raises
    ------
    WrongUse
        Says which home takes an import.
    """
    if home.source in _WITHOUT_PAST:
        raise WrongUse(
            f"The home {home.root} holds data of the source '{home.source}', which has its whole "
            "past with it; real counts are not mixed into it. Nothing was changed. Name the home "
            "of a live source or of recordings with --home."
        )


def imports_of(home: Home) -> list[History]:
    """Return the histories that a home keeps, oldest day first.

    Raises
    ------
    FeedError
        If one of them is damaged; names the file.
    """
    files: list[Path] = sorted(home.imported.glob("*.parquet"))
    histories = (read_history(path) for path in files)
    return sorted(histories, key=lambda one: (one.as_of, one.release_id))


def write_imported(connection: duckdb.DuckDBPyConnection, home: Home, as_of: date) -> None:
    """Write the table: of each target the newest history that was known on the as-of day."""
    IMPORTED_COUNTS.create(connection)
    for history in imports_of(home):
        if history.as_of > as_of:
            continue
        counts = history.counts
        connection.register("history_counts", counts)
        connection.execute(
            f"DELETE FROM {IMPORTED_COUNTS} "
            "WHERE target IN (SELECT DISTINCT target FROM history_counts)"
        )
        IMPORTED_COUNTS.insert_from(
            connection, "(SELECT *, ? AS counted_by FROM history_counts)", [name_of(history)]
        )
        connection.unregister("history_counts")


def name_of(history: History) -> str:
    """Return how counts of a history are told from a home's own."""
    return f"imported from {history.release_id}, as of {history.as_of}"
