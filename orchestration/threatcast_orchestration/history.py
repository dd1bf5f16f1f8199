"""Past releases' outlooks as the table `history.outlook_history`.

Only releases of earlier as-of days count: a night that is repeated then gives the same bytes.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

COLUMNS = (
    "release_id VARCHAR, target VARCHAR, location VARCHAR, location_level VARCHAR, "
    "location_name VARCHAR, parent VARCHAR, as_of DATE, state VARCHAR, reason VARCHAR, "
    "evidence_grade VARCHAR, usual_weekly DOUBLE, expected_4w DOUBLE, low80_4w DOUBLE, "
    "high80_4w DOUBLE, expected_12w DOUBLE, low80_12w DOUBLE, high80_12w DOUBLE, "
    "p_above_usual_4w DOUBLE, p_zero_4w DOUBLE, trend VARCHAR, p_large_decrease DOUBLE, "
    "p_decrease DOUBLE, p_stable DOUBLE, p_increase DOUBLE, p_large_increase DOUBLE, "
    "sentence VARCHAR, model VARCHAR, run_id VARCHAR"
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
    names = ", ".join(part.split()[0] for part in COLUMNS.split(", ")[1:])
    for info in earlier:
        path = info.folder / "parquet" / "outlook.parquet"
        if path.is_file():
            connection.execute(
                f"INSERT INTO history.outlook_history BY NAME "
                f"SELECT ? AS release_id, {names} FROM read_parquet(?)",
                [info.release_id, str(path)],
            )
    row = connection.execute("SELECT count(*) FROM history.outlook_history").fetchone()
    known = "\n".join(info.release_id for info in earlier)
    return (int(row[0]) if row else 0), sha256(known.encode()).hexdigest()
