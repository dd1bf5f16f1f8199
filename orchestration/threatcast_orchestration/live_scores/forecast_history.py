"""Every forecast that spoke for a place on an earlier day, as a table.

The numbers are the archive's; which of a night's models spoke for a place is what the outlook of
that night says. Of each target, place and reference date the first one that was published counts,
as in the scores; what differed later stands in `corrections`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_feeds.exact_paths import exact

from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from threatcast_orchestration.live_scores.archive import Kept

FORECAST_HISTORY = WrittenTable(
    "live",
    "forecast_history",
    "One row a target, location, reference date, horizon and quantile: the forecast that was "
    "published first, in releases of earlier as-of days. Empty before the second release.",
    "target VARCHAR, location VARCHAR, reference_date DATE, horizon INTEGER, quantile DOUBLE, "
    "target_week DATE, value DOUBLE, model VARCHAR, release_id VARCHAR, as_of DATE",
)
_SPOKE = """
    WITH spoke AS (
        SELECT notes.*, outlooks.target, outlooks.location, outlooks.model
        FROM notes
        INNER JOIN history.outlook_history AS outlooks USING (release_id)
        WHERE outlooks.state = 'published'
        -- without this a place would be told of twice where a night was corrected
        QUALIFY row_number() OVER (
            PARTITION BY target, location, reference_date ORDER BY number
        ) = 1
    )
    SELECT spoke.target, spoke.location, spoke.reference_date, rows.horizon,
        unnest($levels) AS quantile, rows.target_week, unnest(rows.quantiles) AS value, spoke.model,
        spoke.release_id, spoke.as_of
    FROM read_parquet($files, filename = true, hive_partitioning = false) AS rows
    INNER JOIN spoke
        ON rows.filename = spoke.file AND rows.target = spoke.target
        AND rows.location = spoke.location AND rows.model = spoke.model
"""


def write_forecast_history(
    connection: duckdb.DuckDBPyConnection, notes: list[Kept], as_of: date
) -> int:
    """Write the table from the archive's notes and `history.outlook_history`; returns its rows."""
    from threatcast_forecasting.quantiles import LEVELS

    FORECAST_HISTORY.create(connection)
    # a note without a file has the numbers of an earlier one of its reference date
    files = {note.forecast_hash: str(note.file) for note in notes if note.file is not None}
    known = [
        (files[note.forecast_hash], note.reference_date, note.number, note.release_id, note.as_of)
        for note in notes
        if note.as_of < as_of and note.forecast_hash in files
    ]
    if not known:
        return 0
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE notes (file VARCHAR, reference_date DATE, number INTEGER, "
        "release_id VARCHAR, as_of DATE)"
    )
    connection.executemany("INSERT INTO notes VALUES (?, ?, ?, ?, ?)", known)
    connection.execute(
        f"INSERT INTO {FORECAST_HISTORY} BY NAME {_SPOKE}",
        {
            "files": [exact(file) for file in sorted({entry[0] for entry in known})],
            "levels": [float(level) for level in LEVELS],
        },
    )
    return FORECAST_HISTORY.count(connection)
