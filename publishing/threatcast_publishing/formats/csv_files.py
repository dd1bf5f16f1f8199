"""`csv/<table>.csv`: UTF-8, LF, null as an empty cell, safe to open in a spreadsheet.

A text cell that a spreadsheet would take for a formula gets a leading apostrophe. Numbers are never
touched: -3 stays -3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from threatcast_publishing.contract import TABLES
from threatcast_publishing.source import ReleaseContext

if TYPE_CHECKING:
    import pyarrow as pa

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


class CsvFiles:
    """One CSV file a table."""

    name = "csv"
    after: tuple[str, ...] = ()

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `csv/<table>.csv` for each table."""
        target = folder / "csv"
        target.mkdir()
        written = []
        for table in release.tables.values():
            path = target / f"{table.name}.csv"
            write_csv(table.data, path)
            written.append(path)
        return written

    def validate(self, folder: Path) -> Sequence[str]:
        """Read each file back: its header, and that no text cell begins a formula."""
        problems: list[str] = []
        for name, contract in TABLES.items():
            problems += _problems(folder / "csv" / f"{name}.csv", contract.required)
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


FORMAT = CsvFiles()
