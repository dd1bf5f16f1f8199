"""Past releases' outlooks as the table `history.outlook_history`.

Only releases of earlier as-of days count: a night that is repeated then gives the same bytes.
"""

from __future__ import annotations

import logging
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.exact_paths import ONE_FILE, exact
from threatcast_publishing.contract import OUTLOOK_COLUMNS, OUTLOOK_TEXT

if TYPE_CHECKING:
    import duckdb
    from threatcast_publishing.catalog import ReleaseInfo

log = logging.getLogger(__name__)

_TYPES = dict.fromkeys(OUTLOOK_TEXT, "VARCHAR") | {"as_of": "DATE", "data_through": "DATE"}
COLUMNS = ", ".join(
    ["release_id VARCHAR", *(f"{name} {_TYPES.get(name, 'DOUBLE')}" for name in OUTLOOK_COLUMNS)]
)


def write_history(
    connection: duckdb.DuckDBPyConnection, releases: Path, as_of: date
) -> tuple[int, str]:
    """Write the table from the releases on disk; returns its rows and a hash of what is in it.

    A release that cannot be read is left out: `threatcast releases verify` is the place that
    speaks about damage.
    """
    from threatcast_publishing.catalog import list_releases

    earlier = [info for info in list_releases(releases) if info.as_of < as_of]
    connection.execute("CREATE SCHEMA IF NOT EXISTS history")
    connection.execute(f"CREATE OR REPLACE TABLE history.outlook_history ({COLUMNS})")
    read = [info.release_id for info in earlier if _add(connection, info)]
    row = connection.execute("SELECT count(*) FROM history.outlook_history").fetchone()
    known = "\n".join(read)
    return (int(row[0]) if row else 0), sha256(known.encode()).hexdigest()


def _add(connection: duckdb.DuckDBPyConnection, info: ReleaseInfo) -> bool:
    """Add a release's outlook; returns False, with a warning, if it cannot be read."""
    import duckdb

    path = info.folder / "parquet" / "outlook.parquet"
    try:
        # a column that is younger than the release stays null: the past is not rewritten
        there = connection.read_parquet(exact(path), hive_partitioning=False).columns
        names = ", ".join(name for name in OUTLOOK_COLUMNS if name in there)
        connection.execute(
            f"INSERT INTO history.outlook_history BY NAME "
            f"SELECT ? AS release_id, {names} FROM read_parquet(?, {ONE_FILE})",
            [info.release_id, exact(path)],
        )
    except duckdb.Error as error:
        log.warning(
            "The outlook of the release %s cannot be read (%s); outlook_history goes without it. "
            "See what is wrong with: threatcast releases verify %s",
            info.release_id,
            str(error).splitlines()[0],
            info.release_id,
        )
        return False
    return True
