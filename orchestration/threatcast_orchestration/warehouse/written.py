"""Tables that Python writes: each declared once, beside what writes it.

Its DDL and the order of what is put into it come from the declaration, and so do dbt's source YAML
(`make docs` writes it to `models/sources_written.yml`) and the columns that Dagster shows. What a
column says is told by dbt's YAML where the published table has it, else here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class WrittenTable:
    """A table of the warehouse that Python writes.

    Attributes
    ----------
    schema, name : str
        Where it stands.
    description : str
        What a row is (the grain), then what there is to know.
    types : str
        Its columns in order with their DuckDB types: `target VARCHAR, week DATE`.
    meanings : mapping
        What the columns say that the published table has not.
    published : str
        The published table that has its columns; empty: that of the same name.
    """

    schema: str
    name: str
    description: str
    types: str
    meanings: Mapping[str, str] = field(default_factory=dict)
    published: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """Type of each column, in order."""
        pairs = (column.split(maxsplit=1) for column in self.types.split(", "))
        return dict(pairs)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    def create(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make it anew, empty, and its schema if that is not there."""
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
        connection.execute(f"CREATE OR REPLACE TABLE {self} ({self.types})")

    def insert(
        self, connection: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """Add rows; what a row does not have is null."""
        import pyarrow as pa

        # one statement for all: DuckDB takes milliseconds a row for rows one by one
        given = [*rows]
        if given:
            columns = {name: [row.get(name) for row in given] for name in self.columns}
            connection.register("given_rows", pa.table(columns))
            try:
                self.insert_from(connection, "given_rows")
            finally:
                connection.unregister("given_rows")

    def insert_from(
        self, connection: duckdb.DuckDBPyConnection, source: str, values: Iterable[Any] = ()
    ) -> None:
        """Add the rows of what stands after FROM, by the names of the columns.

        Raises
        ------
        duckdb.Error
            If it lacks a column, or a value does not fit the column's type.
        """
        names = ", ".join(self.columns)
        connection.execute(f"INSERT INTO {self} BY NAME SELECT {names} FROM {source}", [*values])

    def count(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Return the number of rows."""
        return int(connection.execute(f"SELECT count(*) FROM {self}").fetchall()[0][0])


def by_name(*tables: WrittenTable) -> dict[str, WrittenTable]:
    """Return tables by their names."""
    return {table.name: table for table in tables}
