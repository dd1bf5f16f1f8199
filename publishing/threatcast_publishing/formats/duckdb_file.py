"""`threatcast.duckdb`: all tables in one file, every table and column with a comment.

Its bytes differ from run to run (DuckDB lays out blocks as it likes), so the release's content hash
takes `content_digest` in their place.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_publishing.contract import TABLES
from threatcast_publishing.formats.parquet_files import write_parquet
from threatcast_publishing.source import PublishedTable, ReleaseContext

if TYPE_CHECKING:
    import duckdb

FILE_NAME = "threatcast.duckdb"


class DuckdbFile:
    """One DuckDB file with every table."""

    name = "duckdb"
    after: tuple[str, ...] = ()

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `threatcast.duckdb`."""
        import duckdb

        path = folder / FILE_NAME
        with duckdb.connect(str(path)) as con:
            for table in release.tables.values():
                _write_table(con, table, release.comment(table))
            con.execute("checkpoint")
        return [path]

    def validate(self, folder: Path) -> Sequence[str]:
        """Check that every table is there and that nothing is left without a comment."""
        import duckdb

        problems = []
        try:
            con = duckdb.connect(str(folder / FILE_NAME), read_only=True)
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


def content_digest(path: Path) -> str:
    """Return a SHA-256 over what the file says: names, types, comments and all rows in order.

    Two files with the same content have the same digest, however their blocks lie.
    """
    import duckdb

    digest = hashlib.sha256()
    with duckdb.connect(str(path), read_only=True) as con:
        columns = con.execute(
            "select table_name, column_name, data_type, is_nullable, coalesce(comment, '') "
            "from duckdb_columns() where not internal order by table_name, column_index"
        ).fetchall()
        comments = con.execute(
            "select table_name, coalesce(comment, '') from duckdb_tables() order by table_name"
        ).fetchall()
        digest.update(repr((columns, comments)).encode())
        for name, _ in comments:
            rows = con.execute(f'select * from "{name}"').to_arrow_table()
            sink = io.BytesIO()
            write_parquet(rows, sink)
            digest.update(hashlib.sha256(sink.getbuffer()).digest())
    return digest.hexdigest()


def _write_table(con: duckdb.DuckDBPyConnection, table: PublishedTable, comment: str) -> None:
    name = _quoted(table.name)
    con.register("incoming", table.data)
    con.execute(f"create table {name} as select * from incoming")
    con.unregister("incoming")
    for column in table.key:
        con.execute(f"alter table {name} alter column {_quoted(column)} set not null")
    con.execute(f"comment on table {name} is {_text(comment)}")
    for column, description in table.columns.items():
        if description:
            con.execute(f"comment on column {name}.{_quoted(column)} is {_text(description)}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


FORMAT = DuckdbFile()
