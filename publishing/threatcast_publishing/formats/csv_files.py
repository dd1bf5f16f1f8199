"""`csv/<table>.csv`: UTF-8, LF, null as an empty cell, safe to open in a spreadsheet.

Beside each lies `csv/<table>.csv.gz`, the same bytes compressed: what a program should fetch.

A text cell that a spreadsheet would take for a formula gets a leading apostrophe. Numbers are never
touched: -3 stays -3.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from threatcast_publishing.contract import TABLES
from threatcast_publishing.source import ReleaseContext

if TYPE_CHECKING:
    import pyarrow as pa

_LEVEL = 6  # a fifth of the time of the highest level, for 8 % more bytes
# = + - @ tab and line ends begin a formula in spreadsheets, the full-width forms in some locales
_FORMULA = r"^([=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"


def safe_cells(data: pa.Table) -> pa.Table:
    """Return the table with cells as CSV shows them: text escaped, times in ISO 8601, lists joined.

    Escaping is undone by taking one leading apostrophe off a cell that goes on with one of
    ``= + - @``, tab or a line end.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for index, column in enumerate(data.schema):
        values = data.column(index)
        if pa.types.is_list(column.type):
            values = pc.binary_join(values.cast(pa.list_(pa.string())), "; ")
        elif pa.types.is_timestamp(column.type):
            values = pc.strftime(values.cast(pa.timestamp("s"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_dictionary(column.type):
            values = values.cast(pa.string())
        elif not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
            continue
        values = pc.replace_substring_regex(values, _FORMULA, r"'\1")
        data = data.set_column(index, pa.field(column.name, values.type), values)
    return data


def write_csv(data: pa.Table, target: Path | IO[bytes]) -> None:
    """Write a table as CSV: header, LF, text quoted, null as nothing at all."""
    import pyarrow.csv as pacsv

    options = pacsv.WriteOptions(include_header=True, delimiter=",", quoting_style="needed")
    pacsv.write_csv(safe_cells(data), target, options)


def compress(path: Path) -> Path:
    """Write a file's bytes as gzip beside it and return that path; the same bytes give the same.

    By the library of the lock file, whose header holds neither a name nor a time.
    """
    import pyarrow as pa

    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(pa.Codec("gzip", compression_level=_LEVEL).compress(path.read_bytes()))
    return packed


class CsvFiles:
    """One CSV file a table, plain and compressed."""

    name = "csv"
    after: tuple[str, ...] = ()
    content_types: Mapping[str, str] = {
        ".csv": "text/csv; charset=utf-8",
        ".gz": "application/gzip",
    }

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `csv/<table>.csv` and `csv/<table>.csv.gz` for each table."""
        target = folder / "csv"
        target.mkdir()
        written = []
        for table in release.tables.values():
            path = target / f"{table.name}.csv"
            write_csv(table.data, path)
            written += [path, compress(path)]
        return written

    def validate(self, folder: Path) -> Sequence[str]:
        """Read each file back: its header, that no text cell begins a formula, and the gzip."""
        problems: list[str] = []
        for name, contract in TABLES.items():
            path = folder / "csv" / f"{name}.csv"
            problems += _problems(path, contract.required)
            problems += _packing_problems(path)
        return problems


def _problems(path: Path, required: Sequence[str]) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pacsv

    shown = f"csv/{path.name}"
    # "" alone is null: the country code of Namibia is NA
    options = pacsv.ConvertOptions(null_values=[""], quoted_strings_can_be_null=False)
    parse = pacsv.ParseOptions(newlines_in_values=True)
    try:
        data = pacsv.read_csv(path, convert_options=options, parse_options=parse)
    except (OSError, pa.ArrowException) as error:
        yield f"{shown} cannot be read: {error}"
        return
    lacking = [column for column in required if column not in data.column_names]
    if lacking:
        yield f"{shown} lacks {', '.join(lacking)}"
    for column in data.schema:
        if pa.types.is_string(column.type):
            cells = data.column(column.name)
            if pc.any(pc.match_substring_regex(cells, _FORMULA)).as_py():
                yield f"{shown}, {column.name}: a cell begins a formula"


def _packing_problems(path: Path) -> Iterator[str]:
    packed = path.with_name(f"{path.name}.gz")
    try:
        same = gzip.decompress(packed.read_bytes()) == path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        yield f"csv/{packed.name} cannot be read: {error}"
        return
    if not same:
        yield f"csv/{packed.name} holds other bytes than csv/{path.name}"


FORMAT = CsvFiles()
