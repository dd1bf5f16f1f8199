"""What the UI shows of a table: its columns and its rows."""

from __future__ import annotations

import dagster as dg

from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.raw import connect


def table_schema(columns: str) -> dg.TableSchema:
    """Return Dagster's schema of columns as SQL names them: `name TYPE, name TYPE`."""
    pairs = (column.split(maxsplit=1) for column in columns.split(", "))
    return dg.TableSchema(
        columns=[dg.TableColumn(name=name, type=kind.lower()) for name, kind in pairs]
    )


def row_counts(home: Home) -> dict[dg.AssetKey, dict[str, int]]:
    """Return the row count of every table as Dagster's metadata; a view has none.

    From DuckDB's own catalog, in one connection: `estimated_size` is exact for tables that were
    made in one piece, as all of these are.
    """
    with connect(home, read_only=True) as connection:
        found = connection.execute(
            "SELECT schema_name, table_name, estimated_size FROM duckdb_tables()"
        ).fetchall()
    return {
        dg.AssetKey([schema, table]): {"dagster/row_count": rows} for schema, table, rows in found
    }
