"""`threatcast.duckdb`: all tables in one file, every table and column with a comment.

Its bytes differ from run to run (DuckDB lays out blocks as it likes), so the release's content hash
takes `content_digest` in their place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_publishing.contract import TABLES
from threatcast_publishing.database import as_arrow, connect
from threatcast_publishing.errors import FormatError
from threatcast_publishing.source import PublishedTable, ReleaseContext

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FILE_NAME = "threatcast.duckdb"


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
            with connect(path) as con:
                con.begin()  # one sync to disk instead of one a comment
                for table in release.tables.values():
                    _write_table(con, table, release.comment(table))
                con.commit()
                con.execute("checkpoint")
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


def content_digest(path: Path) -> str:
    """Return a SHA-256 over what the file says: names, types, comments and all rows in order.

    Two files with the same content have the same digest, however their blocks lie and whatever
    version of a library reads them, so that an old release still verifies after an upgrade.
    """
    digest = hashlib.sha256()
    with connect(path, read_only=True) as con:
        columns = con.execute(
            "select table_name, column_name, data_type, is_nullable, coalesce(comment, '') "
            "from duckdb_columns() where not internal order by table_name, column_index"
        ).fetchall()
        comments = con.execute(
            "select table_name, coalesce(comment, '') from duckdb_tables() order by table_name"
        ).fetchall()
        digest.update(repr((columns, comments)).encode())
        for name, _ in comments:
            rows = as_arrow(con.execute(f"select * from {_quoted(name)}"))
            for column in rows.columns:
                for part in _values(column.combine_chunks()):
                    digest.update(len(part).to_bytes(8, "little"))
                    digest.update(part)
    return digest.hexdigest()


def _values(column: pa.Array) -> Iterator[bytes | memoryview]:
    """Yield which values are null, then the values themselves, as bytes that stay the same.

    Nulls count as zero, as the empty text or the empty list.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    yield np.packbits(column.is_null().to_numpy(zero_copy_only=False)).tobytes()
    if pa.types.is_list(column.type):
        yield pc.fill_null(pc.list_value_length(column), 0).to_numpy().astype("<i8").tobytes()
        yield from _values(pc.list_flatten(column))
    elif pa.types.is_boolean(column.type):
        flags = pc.fill_null(column, fill_value=False)
        yield np.packbits(flags.to_numpy(zero_copy_only=False)).tobytes()
    elif pa.types.is_floating(column.type):
        yield pc.fill_null(column, 0.0).to_numpy().astype("<f8").tobytes()
    elif pa.types.is_integer(column.type) or pa.types.is_temporal(column.type):
        whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
        yield pc.fill_null(whole.cast(pa.int64()), 0).to_numpy().astype("<i8").tobytes()
    else:
        text = pc.fill_null(column.cast(pa.large_string()), "")
        yield pc.binary_length(text).to_numpy().astype("<i8").tobytes()
        yield "".join(text.to_pylist()).encode()


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
