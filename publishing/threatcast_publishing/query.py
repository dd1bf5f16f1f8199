"""SQL over a release: read-only, shut in to that one file.

The connection can neither write nor reach other files or the network, and it cannot be told
otherwise, so that a query from a stranger does no harm.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_publishing import database
from threatcast_publishing.catalog import resolve
from threatcast_publishing.duckdb_content import FILE_NAME
from threatcast_publishing.errors import DamagedReleaseError, QueryError
from threatcast_publishing.formats.csv_files import write_csv
from threatcast_publishing.formats.parquet_files import write_parquet
from threatcast_publishing.manifest import read_manifest
from threatcast_publishing.marks import Mark, mark_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

QUERY_FORMATS = ("table", "csv", "json", "parquet")
_WIDEST_CELL = 60
_BEGIN = "Begin with SELECT or SHOW TABLES."


@dataclass(frozen=True)
class QueryResult:
    """Rows of one query, the release they come from, and what must be said of it."""

    data: pa.Table
    release_id: str
    mark: Mark | None = None


def connect(releases: Path, release_id: str | None = None) -> duckdb.DuckDBPyConnection:
    """Return a read-only connection to a release's tables (default: the current one).

    Raises
    ------
    NoReleaseError, UnknownReleaseError
        As `catalog.resolve` says.
    DamagedReleaseError
        If the release's DuckDB file cannot be opened.
    """
    return _open(resolve(releases, release_id))


def run_query(releases: Path, sql: str, release_id: str | None = None) -> QueryResult:
    """Return the rows of `sql`, run on a release (default: the current one).

    Raises
    ------
    NoReleaseError, UnknownReleaseError, DamagedReleaseError
        As `connect` says.
    QueryError
        If DuckDB refuses the SQL; carries its message.
    """
    import duckdb

    folder = resolve(releases, release_id)
    with _open(folder) as con:
        try:
            relation = con.execute(sql)
            # DuckDB's own types do not say that empty SQL gives nothing at all
            if not relation or relation.description is None:
                raise QueryError("this SQL returns no rows", cure=_BEGIN)
            data = database.as_arrow(relation)
        except duckdb.Error as error:
            raise QueryError(
                str(error),
                place=folder.name,
                cure="See the tables with: SHOW TABLES; their columns with: DESCRIBE outlook.",
            ) from error
    manifest = read_manifest(folder)
    return QueryResult(data, manifest.release_id, mark_of(manifest.source, manifest.as_of))


def render(result: QueryResult, style: str = "table", *, max_rows: int | None = 100) -> bytes:
    """Return a result as bytes: `table`, `csv`, `json` or `parquet`.

    `max_rows` cuts a table for the screen (and says so); the other styles are always whole.

    Raises
    ------
    QueryError
        If the format is unknown, or cannot hold a column of the answer.
    """
    if style == "table":
        return _text_table(result.data, max_rows).encode()
    if style == "json":
        rows = [{key: _json_value(item) for key, item in row.items()} for row in _rows(result.data)]
        return json.dumps(rows, ensure_ascii=False, indent=2).encode() + b"\n"
    writers = {"csv": write_csv, "parquet": write_parquet}
    if style not in writers:
        raise QueryError(f"format {style!r} is not known", cure=f"Use {', '.join(QUERY_FORMATS)}.")
    import pyarrow as pa

    sink = io.BytesIO()
    try:
        writers[style](result.data, sink)
    except pa.ArrowException as error:
        raise QueryError(
            f"the answer cannot be written as {style}: {error}",
            cure="Cast the column to VARCHAR, or use --format json.",
        ) from error
    return sink.getvalue()


def _open(folder: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    path = folder / FILE_NAME
    try:
        return database.connect(
            path,
            read_only=True,
            enable_external_access=False,
            autoload_known_extensions=False,
            # else a large sort would spill into a folder beside the release
            temp_directory="",
            lock_configuration=True,
        )
    except duckdb.Error as error:
        raise DamagedReleaseError(
            f"cannot be opened: {error}",
            place=str(path),
            cure="See what is wrong: threatcast releases verify; go back: releases rollback.",
        ) from error


def _rows(data: pa.Table) -> list[dict[str, Any]]:
    names = data.schema.names
    columns = [column.to_pylist() for column in data.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _text_table(data: pa.Table, max_rows: int | None) -> str:
    shown = data if max_rows is None else data.slice(0, max_rows)
    columns = [
        [name, *(_cell(value) for value in column.to_pylist())]
        for name, column in zip(data.schema.names, shown.columns, strict=True)
    ]
    widths = [max(len(cell) for cell in column) for column in columns]
    numeric = [_is_number(column) for column in data.schema]
    lines = []
    for row in zip(*columns, strict=True):
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    more = data.num_rows - shown.num_rows
    count = f"({data.num_rows} row{'' if data.num_rows == 1 else 's'}"
    lines.append(f"{count}, {more} not shown)" if more else f"{count})")
    return "\n".join(lines) + "\n"


def _is_number(column: pa.Field) -> bool:
    import pyarrow as pa

    kind = column.type
    number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(is_kind(kind) for is_kind in number)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        text = f"{value:.6g}"
    else:
        # controls in a text could move a terminal's cursor
        text = "".join(char if char.isprintable() else " " for char in str(value))
    return text if len(text) <= _WIDEST_CELL else text[: _WIDEST_CELL - 1] + "…"
