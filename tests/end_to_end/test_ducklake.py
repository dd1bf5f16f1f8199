"""dbt's target `ducklake`: catalogue in a real Postgres, data on a real S3 server, two writers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest
from dbt_common.exceptions import DbtRuntimeError
from dbt_program import dbt
from postgres_server import postgres
from s3_server import BUCKET, bucket_files, s3_server
from threatcast_orchestration.warehouse.ducklake_plugin import CATALOGUE, DATA, attach_lake


@dataclass(frozen=True)
class Lake:
    """A lake that dbt built from the tables of a night, and what names it."""

    night: Path
    variables: dict[str, str]

    def open(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own, as another machine has."""
        connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        attach_lake(connection, self.variables)
        return connection


@pytest.fixture(scope="module")
def lake(
    two_nights: Any, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lake]:
    night = two_nights.home / "warehouse" / "threatcast.duckdb"
    with postgres("lake") as addresses, s3_server() as bucket:
        variables = bucket | {CATALOGUE: addresses["lake"], DATA: f"s3://{BUCKET}/lake"}
        words = ("build", "--target", "ducklake")
        # its tests look at the same tables in every night
        left_out = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
        folder = tmp_path_factory.mktemp("lake")
        with mock.patch.dict(os.environ, variables):
            done = dbt(project, night, folder, *words, *left_out)
        assert done.returncode == 0, done.stdout[-3000:]
        assert not any("not%2Fa" in path.read_text("utf-8") for path in folder.rglob("*.log"))
        yield Lake(night, variables)


def test_every_table_of_the_lake_holds_what_the_embedded_one_holds(lake):
    with lake.open() as connection:
        connection.execute(f"ATTACH '{lake.night}' AS night (READ_ONLY)")
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'night' "
            "AND schema_name IN ('seeds', 'intermediate', 'marts', 'published')"
        ).fetchall()
        assert {"marts", "published"} <= {schema for schema, _ in tables}
        assert len(tables) > 60
        for schema, table in tables:
            here, there = f'threatcast."{schema}"."{table}"', f'night."{schema}"."{table}"'
            columns = [
                [column[:2] for column in connection.execute(f"DESCRIBE {name}").fetchall()]
                for name in (here, there)
            ]
            assert columns[0] == columns[1], table
            for one, other in ((here, there), (there, here)):
                differs = f"SELECT count(*) FROM (FROM {one} EXCEPT ALL FROM {other})"
                assert connection.execute(differs).fetchall() == [(0,)], table
    assert bucket_files().find(f"{BUCKET}/lake/marts")


def test_nothing_of_staging_is_in_the_lake(lake):
    with lake.open() as connection:
        schemas = connection.execute(
            "SELECT DISTINCT schema_name FROM duckdb_views() WHERE database_name = 'threatcast'"
        ).fetchall()
        assert ("staging",) not in schemas


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ("INSERT INTO {x} VALUES (1)", "INSERT INTO {x} VALUES (2)", None),
        ("CREATE TABLE {x}_one AS SELECT 1 AS a", "CREATE TABLE {x}_two AS SELECT 2 AS a", None),
        ("INSERT INTO {x} VALUES (1)", "CREATE OR REPLACE TABLE {y} AS SELECT 2 AS a", None),
        ("CREATE TABLE {x}_new AS SELECT 1 AS a",) * 2 + ("created by another",),
        ("CREATE OR REPLACE TABLE {x} AS SELECT 1 AS a",) * 2 + ("dropped it",),
        ("DELETE FROM {x}",) * 2 + ("deleted from it",),
        (
            "CREATE OR REPLACE TABLE {x} AS SELECT 1 AS a",
            "INSERT INTO {x} VALUES (2)",
            "dropped it",
        ),
    ],
)
def test_two_writers_at_once_are_both_kept_or_the_later_one_is_refused(
    lake, first, second, refused, request
):
    number = request.node.callspec.indices["first"]
    names = {"x": f"threatcast.tried_{number}.x", "y": f"threatcast.tried_{number}.y"}
    with lake.open() as one, lake.open() as two:
        one.execute(f"CREATE SCHEMA threatcast.tried_{number}")
        for table in names.values():
            one.execute(f"CREATE TABLE {table} AS SELECT 0 AS a")
        for connection, words in ((one, first), (two, second)):
            connection.execute("BEGIN")
            connection.execute(words.format(**names))
        one.execute("COMMIT")
        if refused is None:
            two.execute("COMMIT")
        else:
            with pytest.raises(duckdb.TransactionException, match=refused):
                two.execute("COMMIT")


def test_place_that_cannot_be_opened_is_told_without_its_password(lake):
    wrong = lake.variables | {CATALOGUE: lake.variables[CATALOGUE].replace("/lake", "/other")}
    with (
        duckdb.connect() as connection,
        pytest.raises(DbtRuntimeError, match="Cannot open the lake") as told,
    ):
        attach_lake(connection, wrong)
    assert "secret" not in str(told.value)
