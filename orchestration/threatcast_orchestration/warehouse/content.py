"""What is in the published tables as they stand, as one hash."""

from __future__ import annotations

from hashlib import sha256

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.night_file import connect


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
