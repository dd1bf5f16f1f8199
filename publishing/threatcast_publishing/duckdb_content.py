"""What a release's DuckDB file says, as a hash that its manifest and its check share.

Writing the file is a format of its own (`formats/duckdb_file.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_publishing.database import as_arrow, connect

if TYPE_CHECKING:
    import pyarrow as pa

FILE_NAME = "threatcast.duckdb"


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
            rows = as_arrow(con.execute(f"select * from {quoted(name)}"))
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


def quoted(name: str) -> str:
    """Return a name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'
