"""A release as many times as large as today's, of generated rows, by the release's own formats.

At 1 it has the rows that a night on the recordings has: 211 places by 13 targets, 419 of which have
forecasts. Numbers and sentences differ from row to row, so that nothing compresses better than it
would.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from threatcast_publishing.contract import OUTLOOK_COLUMNS, OUTLOOK_NUMBERS, TABLES
from threatcast_publishing.database import as_arrow, connect
from threatcast_publishing.files import json_bytes
from threatcast_publishing.formats.duckdb_file import DuckdbFile
from threatcast_publishing.formats.parquet_files import ParquetFiles
from threatcast_publishing.manifest import MANIFEST, make_manifest
from threatcast_publishing.source import PublishedTable, ReleaseContext

AS_OF = date(2026, 8, 22)
REGION = "M49-150"
_TARGETS, _PLACES, _WITH_FORECAST = 13, 211, 419
_OTHER = {
    "location": "location",
    "location_level": "'country'",
    "location_name": "'Place ' || location",
    "parent": "'M49-154'",
    "as_of": "DATE '2026-08-22'",
    "data_through": "DATE '2026-08-16'",
    "state": "'published'",
    "reason": "CAST(NULL AS VARCHAR)",
    "evidence_grade": "'B'",
    "trend": "'stable'",
    "sentence": "printf('Counted at place %s: about %d expected in four weeks (80 %%: %d to %d), "
    "usual are %d; %s', location, dice % 97, dice % 89, dice % 83, dice % 79, "
    "md5(CAST(dice AS VARCHAR)))",
    "model": "'champion'",
    "run_id": "'0123456789abcdef'",
}
_PLACED = f"""
    SELECT printf('target_%02d', number % {_TARGETS}) AS target,
        if(number < {_TARGETS}, '{REGION}', printf('P%06d', number // {_TARGETS})) AS location,
        hash(number) AS dice
    FROM range({{series}}) AS series (number)
"""
_FORECASTS = """
    SELECT target, location, CAST(horizon AS INTEGER) AS horizon, level / 24 AS quantile,
        'champion' AS model, DATE '2026-08-16' AS reference_date,
        DATE '2026-08-10' + CAST(7 * horizon AS INTEGER) AS target_week,
        CAST((dice % 500) * level // 12 + hash(dice, horizon, level) % 5 AS DOUBLE) AS value,
        '' AS state
    FROM placed, range(1, 13) AS ahead (horizon), range(1, 24) AS levels (level)
    ORDER BY target, location, horizon, quantile
"""
_EMPTY = "SELECT {} WHERE false"


def write_release(releases: Path, times: int) -> Path:
    """Write a release of generated rows, make it current, and return its folder.

    Parameters
    ----------
    releases : Path
        A folder to make.
    times : int
        How many times as large as today.
    """
    tables = {table.name: table for table in _tables(times)}
    context = ReleaseContext(AS_OF, "sample", "0" * 40, {}, tables)
    folder = releases / "building"
    folder.mkdir(parents=True)
    for output in (ParquetFiles(), DuckdbFile()):
        output.write(context, folder)
    manifest = make_manifest(context, folder, built_at=datetime(2026, 8, 23, tzinfo=UTC))
    (folder / MANIFEST).write_bytes(json_bytes(manifest))
    whole = folder.rename(releases / manifest["release_id"])
    (releases / "current").symlink_to(whole.name)
    return whole


def _tables(times: int):
    with connect() as con:
        outlooks = ", ".join(f"{_outlook_column(name)} AS {name}" for name in OUTLOOK_COLUMNS)
        placed = _PLACED.format(series=_TARGETS * _PLACES * times)
        ordered = f"SELECT {outlooks} FROM ({placed}) ORDER BY target, location"
        yield _table(con, "outlook", ordered)
        placed = _PLACED.format(series=_WITH_FORECAST * times)
        yield _table(con, "forecast_published", f"WITH placed AS ({placed}) {_FORECASTS}")
        for name in ("data_vintages", "feed_health"):
            columns = ", ".join(f"'' AS {column}" for column in TABLES[name].required)
            yield _table(con, name, _EMPTY.format(columns))


def _outlook_column(name: str) -> str:
    if name in OUTLOOK_NUMBERS:
        return f"CAST(hash(dice, '{name}') % 10000 / 8 AS DOUBLE)"
    return _OTHER.get(name, name)


def _table(con: duckdb.DuckDBPyConnection, name: str, query: str) -> PublishedTable:
    data = as_arrow(con.execute(query))
    said = dict.fromkeys(data.column_names, "Generated.")
    return PublishedTable(name, TABLES[name].key, data, "Generated rows of no place.", said)
