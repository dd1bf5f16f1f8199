"""Tables that Python writes: what is declared of them is what is made, filled and described."""

from __future__ import annotations

import duckdb
import pytest
from threatcast_orchestration.documents.dbt_files import WRITTEN, dbt_files
from threatcast_orchestration.warehouse.written import WrittenTable

COUNTS = WrittenTable(
    "made", "counts", "One row a week.", "week DATE, value INTEGER, places VARCHAR[]"
)


def test_table_is_made_with_its_columns_and_filled_by_their_names() -> None:
    with duckdb.connect() as connection:
        COUNTS.create(connection)
        COUNTS.insert(connection, [{"places": ["DE"], "week": "2026-06-01"}])
        COUNTS.insert_from(
            connection, "(SELECT ? AS value, DATE '2026-06-08' AS week, [] AS places)", [3]
        )
        rows = connection.execute("SELECT week::VARCHAR, value, places FROM made.counts").fetchall()
        assert rows == [("2026-06-01", None, ["DE"]), ("2026-06-08", 3, [])]
        assert COUNTS.count(connection) == 2
        COUNTS.create(connection)
        assert COUNTS.count(connection) == 0


def test_rows_that_lack_a_column_are_refused() -> None:
    with duckdb.connect() as connection:
        COUNTS.create(connection)
        with pytest.raises(duckdb.Error, match="places"):
            COUNTS.insert_from(connection, "(SELECT DATE '2026-06-08' AS week, 1 AS value)")


def test_nothing_is_told_of_a_column_that_is_not_there_and_no_table_comes_twice() -> None:
    for table in WRITTEN:
        assert set(table.meanings) <= set(table.columns), table
    assert len({str(table) for table in WRITTEN}) == len(WRITTEN)


def test_every_written_column_is_in_dbts_sources_with_type_and_meaning() -> None:
    import yaml

    sources = yaml.safe_load(dbt_files()["models/sources_written.yml"])["sources"]
    told = {
        f"{source['name']}.{table['name']}": {
            column["name"]: column["data_type"]
            for column in table["columns"]
            if column["description"]
        }
        for source in sources
        for table in source["tables"]
    }
    declared = {
        str(table): {name: kind.lower() for name, kind in table.columns.items()}
        for table in WRITTEN
    }
    assert told == declared
