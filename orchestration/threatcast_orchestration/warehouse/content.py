"""What is in tables as they stand, as one hash."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.night_file import connect

if TYPE_CHECKING:
    import duckdb


def published_content(home: Home) -> str:
    """Return a hash of every row of the published tables as they stand; empty without any."""
    if not home.warehouse.is_file():
        return ""
    digest = sha256()
    with connect(home, read_only=True) as connection:
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'published' ORDER BY ALL"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(
                f"SELECT count(*), sum(hash(rows)::HUGEINT)::VARCHAR "
                f'FROM published."{table}" AS rows'
            ).fetchone()
            digest.update(repr((table, rows)).encode())
    return digest.hexdigest() if tables else ""


def content_of(connection: duckdb.DuckDBPyConnection, tables: Iterable[object]) -> str:
    """Return a hash of all rows of tables: what is made of them rests while these stay the same."""
    found = [
        connection.execute(
            f"SELECT count(*), sum(hash(rows)::HUGEINT)::VARCHAR FROM {table} AS rows"
        ).fetchone()
        for table in tables
    ]
    return sha256(repr(found).encode()).hexdigest()
