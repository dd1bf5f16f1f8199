"""Writing the one Parquet file that every parser owes: the feed's columns, then `payload`."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.errors import ParseError
from threatcast_feeds.exact_paths import exact, literal

if TYPE_CHECKING:
    import pyarrow as pa

    from threatcast_feeds.payload import PayloadSource
    from threatcast_feeds.registry import FeedSpec

CHUNK_ROWS = 65_536
MOST_SAMPLES = 5
# what Arrow raises for a value that its column cannot hold (its own errors are among these)
UNFIT = (ValueError, TypeError, OverflowError)
_QUOTED = re.compile(r"(but got \w+): .*")
_MALFORMED = re.compile(r"Malformed JSON.*?at byte (\d+).*?: (.*)")


def copy_query(source: PayloadSource, query: str, target: Path) -> int:
    """Write what a query gives as the payload's raw Parquet; returns the number of rows.

    Parameters
    ----------
    source : PayloadSource
        Its DuckDB connection runs the query.
    query : str
        A SELECT that gives at least the feed's columns by name; they are cast to the types of
        the catalog. In it `{file}` stands for the landed file as an SQL string.
    target : Path
        The file to write.

    Raises
    ------
    ParseError
        If DuckDB cannot read the payload as the query expects.
    OSError
        If the file cannot be written.
    """
    import duckdb

    columns = ", ".join(
        f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in source.spec.columns.items()
    )
    statement = (
        f"COPY (SELECT {columns}, {literal(source.payload)} AS payload "
        f"FROM ({query.replace('{file}', literal(exact(source.path)))})) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    try:
        row = source.duckdb().execute(statement).fetchone()
    except duckdb.IOException as error:
        # a disk that is full is not the payload's fault, which must be read again another night
        if str(target) in str(error):
            reason = str(error).splitlines()[0].rpartition(": ")[2]
            raise OSError(errno.EIO, reason, str(target)) from error
        raise explain(source, error) from error
    except duckdb.Error as error:
        raise explain(source, error) from error
    return int(row[0]) if row else 0


def run_query(source: PayloadSource, query: str) -> list[tuple[Any, ...]]:
    """Run a query on the feed's connection and return its rows; `{file}` as in `copy_query`.

    Raises
    ------
    ParseError
        If DuckDB cannot read the payload as the query expects.
    """
    import duckdb

    try:
        cursor = source.duckdb().execute(query.replace("{file}", literal(exact(source.path))))
        return cursor.fetchall()
    except duckdb.Error as error:
        raise explain(source, error) from error


def explain(source: PayloadSource, error: Exception) -> ParseError:
    """Return the ParseError that says in our words what DuckDB could not read."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    # DuckDB quotes the value it stumbled over, which may name a victim
    first = _QUOTED.sub(r"\1", first.replace(str(source.path), "the payload"))
    if "utf" in first.lower() or "unicode" in first.lower():
        source.text()  # names the byte, if that is what is wrong
    malformed = _MALFORMED.search(first)
    if malformed:
        return source.refuse(
            f"the JSON is cut or damaged at byte {malformed[1]}: {malformed[2].rstrip('.')}"
        )
    return source.refuse(f"the payload cannot be read as {source.ext}: {first[:300]}")


def write_rows(
    source: PayloadSource,
    rows: Iterable[Sequence[Any]],
    target: Path,
    *,
    places: Sequence[str] = (),
    rejected: list[str] | None = None,
) -> int:
    """Write rows made in Python as the payload's raw Parquet; returns their number.

    Parameters
    ----------
    source : PayloadSource
        Its catalog entry gives names and types.
    rows : iterable of sequences
        Values in the order of the feed's columns; without `payload`.
    target : Path
        The file to write.
    places : sequence of str
        How messages name each row; by its number if not given.
    rejected : list of str, optional
        Told of rows with a value that cannot be kept (half a character, a number too large for
        its column), which are left out. Without it such a value is an error.

    Raises
    ------
    ValueError
        For a value that cannot be kept, if `rejected` is not given.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema(source.spec)
    written = begun = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for chunk in _chunks(rows):
            kept = chunk
            try:
                arrays = _arrays(schema, kept)
            except UNFIT:
                if rejected is None:
                    raise
                kept = _fitting(schema, chunk, begun, places, rejected)
                arrays = _arrays(schema, kept)
            begun += len(chunk)
            written += len(kept)
            arrays.append(pa.array([source.payload] * len(kept), type=pa.string()))
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return written


def _arrays(schema: pa.Schema, rows: list[Sequence[Any]]) -> list[pa.Array]:
    import pyarrow as pa

    kinds = list(schema.types)[:-1]
    columns = zip(*rows, strict=True) if rows else ([] for _ in kinds)
    return [pa.array(column, type=kind) for column, kind in zip(columns, kinds, strict=True)]


def _fitting(
    schema: pa.Schema,
    rows: list[Sequence[Any]],
    begun: int,
    places: Sequence[str],
    rejected: list[str],
) -> list[Sequence[Any]]:
    """Return the rows whose values all fit their columns; tells of the others."""
    import pyarrow as pa

    kept = []
    for number, row in enumerate(rows, start=begun):
        for field, value in zip(schema, row, strict=False):
            try:
                pa.array([value], type=field.type)
            except UNFIT:
                place = places[number] if places else f"row {number + 1}"
                rejected.append(f"{place}: {field.name} holds what cannot be kept")
                break
        else:
            kept.append(row)
    return kept


def write_columns(source: PayloadSource, values: dict[str, Any], target: Path) -> int:
    """Write whole columns (lists or Arrow arrays by name) as the payload's raw Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema(source.spec)
    arrays = []
    for name in source.spec.columns:
        given, kind = values[name], schema.field(name).type
        is_arrow = isinstance(given, pa.Array | pa.ChunkedArray)
        arrays.append(given.cast(kind) if is_arrow else pa.array(given, type=kind))
    rows = len(arrays[0])
    arrays.append(pa.repeat(pa.scalar(source.payload, pa.string()), rows))
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), target, compression="zstd")
    return rows


def write_empty(spec: FeedSpec, target: Path) -> None:
    """Write a raw Parquet file without rows, so that a feed's folder can always be read."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_schema(spec).empty_table(), target, compression="zstd")


def arrow_schema(spec: FeedSpec) -> pa.Schema:
    """Return the feed's raw columns and `payload` as an Arrow schema."""
    import pyarrow as pa

    kinds = {
        "VARCHAR": pa.string(),
        "VARCHAR[]": pa.list_(pa.string()),
        "BOOLEAN": pa.bool_(),
        "SMALLINT": pa.int16(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "UINTEGER": pa.uint32(),
        "DOUBLE": pa.float64(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
    }
    fields = [pa.field(name, kinds[kind]) for name, kind in spec.columns.items()]
    return pa.schema([*fields, pa.field("payload", pa.string())])


def _chunks(rows: Iterable[Sequence[Any]]) -> Iterable[list[Sequence[Any]]]:
    chunk: list[Sequence[Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
