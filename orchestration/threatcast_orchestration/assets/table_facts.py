"""What the UI shows of a table: its columns and its rows."""

from __future__ import annotations

from functools import cache
from typing import Any

import dagster as dg
import yaml
from threatcast_feeds.registry import QUICK_LOADER

from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.project import DBT
from threatcast_orchestration.warehouse.raw import connect
from threatcast_orchestration.warehouse.written import WrittenTable


def table_metadata(table: WrittenTable) -> dict[str, Any]:
    """Return what Dagster shows of a table that Python writes: its name in DuckDB, its columns."""
    says = _descriptions().get(str(table), {})
    columns = [
        dg.TableColumn(name=name, type=kind.lower(), description=says.get(name))
        for name, kind in table.columns.items()
    ]
    return {
        "dagster/table_name": str(table),
        "dagster/column_schema": dg.TableSchema(columns=columns),
    }


@cache
def _descriptions() -> dict[str, dict[str, str]]:
    """Return what columns say, by table and column, as dbt's source YAML has it."""
    path = DBT / "models" / "sources_written.yml"
    written = yaml.load(path.read_text(encoding="utf-8"), Loader=QUICK_LOADER)  # noqa: S506
    return {
        f"{source['name']}.{table['name']}": {
            column["name"]: column["description"] for column in table["columns"]
        }
        for source in written["sources"]
        for table in source["tables"]
    }


def row_counts(home: Home) -> dict[dg.AssetKey, dict[str, int]]:
    """Return the row count of every table as Dagster's metadata; a view has none.

    From DuckDB's own catalog, in one connection: `estimated_size` is exact for tables that were
    made in one piece, as all of these are.
    """
    with connect(home, read_only=True) as connection:
        found = connection.execute(
            "SELECT schema_name, table_name, estimated_size FROM duckdb_tables()"
        ).fetchall()
    return {table_key(schema, table): {"dagster/row_count": rows} for schema, table, rows in found}
