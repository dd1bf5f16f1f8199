"""`threatcast.duckdb`: all tables in one file, every table and column with a comment.

Its bytes differ from run to run (DuckDB lays out blocks as it likes), so the release's content hash
takes what the file says in their place (`duckdb_content`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_publishing.contract import TABLES
from threatcast_publishing.database import connect
from threatcast_publishing.duckdb_content import FILE_NAME, quoted
from threatcast_publishing.errors import FormatError
from threatcast_publishing.layout import by_place
from threatcast_publishing.source import PublishedTable, ReleaseContext

if TYPE_CHECKING:
    import duckdb

_ROW_GROUP = 32_768
"""Rows that a reader of one place loads; DuckDB's own 122,880 make it wait twice as long."""


class DuckdbFile:
    """One DuckDB file with every table."""

    name = "duckdb"
    after: tuple[str, ...] = ()
    content_types: Mapping[str, str] = {".duckdb": "application/vnd.duckdb"}

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `threatcast.duckdb`."""
        import duckdb

        path = folder / FILE_NAME
        try:
            with connect() as con:
                con.execute(f"attach {_text(str(path))} as release (row_group_size {_ROW_GROUP})")
                con.execute("use release")
                con.begin()  # one sync to disk instead of one a comment
                for table in release.tables.values():
                    _write_table(con, table, release.comment(table))
                con.commit()
                con.execute("checkpoint release")
        except duckdb.Error as error:
            raise FormatError(
                f"cannot be written: {error}",
                place=str(path),
                kept="Nothing was published; the last release stays current.",
                cure="Make room or mend the permissions, then run again.",
            ) from error
        return [path]

    def validate(self, folder: Path) -> Sequence[str]:
        """Check that every table is there and that nothing is left without a comment."""
        import duckdb

        problems = []
        try:
            con = connect(folder / FILE_NAME, read_only=True)
        except duckdb.Error as error:
            return [f"{FILE_NAME} cannot be opened: {error}"]
        with con:
            comments = dict(
                con.execute("select table_name, comment from duckdb_tables()").fetchall()
            )
            for name in TABLES:
                if name not in comments:
                    problems.append(f"{FILE_NAME} lacks the table {name}")
                elif not comments[name]:
                    problems.append(f"{FILE_NAME}: table {name} has no comment")
        return problems


def _write_table(con: duckdb.DuckDBPyConnection, table: PublishedTable, comment: str) -> None:
    name = quoted(table.name)
    con.register("incoming", by_place(table.data, table.key))
    con.execute(f"create table {name} as select * from incoming")
    con.unregister("incoming")
    for column in table.key:
        con.execute(f"alter table {name} alter column {quoted(column)} set not null")
    con.execute(f"comment on table {name} is {_text(comment)}")
    for column, description in table.columns.items():
        if description:
            con.execute(f"comment on column {name}.{quoted(column)} is {_text(description)}")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


FORMAT = DuckdbFile()
