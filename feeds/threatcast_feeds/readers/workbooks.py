"""Sheets of a workbook as tables: headers without outer blanks, in lower case, no empty rows.

Rows are read one by one, and of a sheet nothing else: openpyxl gives up a whole workbook for one
cell that is not what it is declared to be, or for a margin that is no number. A cell without a
value that can be read is `Unreadable`; whoever needs its column rejects that record.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError as XmlError

from threatcast_feeds.outside import shown
from threatcast_feeds.unpack import zip_bytes_members

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

_DAMAGE = (zipfile.BadZipFile, XmlError, KeyError, ValueError, TypeError, IndexError, OSError)
# what the library raises for a cell that is not what it is declared to be
_UNFIT = (ValueError, TypeError, IndexError, KeyError, OverflowError, AttributeError)
_DECLARED = {
    "n": "a number or day",
    "b": "true or false",
    "d": "a day",
    "s": "one of the list of texts",
    "inlineStr": "a text",
}
# of a row, and of a place in the list of texts
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Unreadable:
    """A cell that holds something, of which nothing can be known; `why` names the cell."""

    why: str


@dataclass(frozen=True)
class SheetTable:
    """One sheet; `records` are the cells by column and the row's number, as the sheet shows it."""

    title: str
    header: list[str]
    records: list[tuple[int, dict[str, Any]]]


def read_sheets(source: PayloadSource, rejected: list[str] | None = None) -> list[SheetTable]:
    """Return the sheets of a workbook that hold anything; a formula gives its last value.

    Parameters
    ----------
    source : PayloadSource
        The workbook.
    rejected : list of str, optional
        Told of files within it that cannot be read, which are left out.

    Raises
    ------
    UnpackError
        If the file is cut, or unpacks to more than the feed may hold.
    ParseError
        If it is an archive but no workbook.
    """
    # the library unpacks without limits, so it is given what was unpacked here within them
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as files:
        for name, content in zip_bytes_members(source.read(), source.spec, source.place, rejected):
            files.writestr(name, content)
    try:
        sheets = _sheets(archive)
    except _DAMAGE as error:
        raise source.refuse(
            f"the archive is no workbook that can be read ({type(error).__name__})"
        ) from error
    return [sheet for sheet in sheets if sheet.header]


def unreadable(record: Mapping[str, Any], names: Iterable[str]) -> str:
    """Say why one of these columns of a record has no value; empty if all can be read."""
    cells = (record.get(name) for name in names)
    return "; ".join(cell.why for cell in cells if isinstance(cell, Unreadable))


def _sheets(archive: io.BytesIO) -> list[SheetTable]:
    import openpyxl

    with warnings.catch_warnings():
        # they quote the file raw, and are about what is not read here
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(archive, read_only=True, data_only=True)
        try:
            # sheets of charts have no cells
            return [_table(sheet) for sheet in workbook.worksheets]
        finally:
            workbook.close()


def _table(sheet: Any) -> SheetTable:
    rows = _rows(sheet)
    number, first = next(rows, (1, {}))
    header = {place: name for place, cell in first.items() if (name := _name(cell))}
    records = []
    for number, row in rows:
        if any(cell is not None and str(cell).strip() for cell in row.values()):
            records.append((number, {name: row.get(place) for place, name in header.items()}))
    return SheetTable(sheet.title, list(header.values()), records)


def _name(cell: Any) -> str:
    return "" if cell is None or isinstance(cell, Unreadable) else str(cell).strip().lower()


def _rows(sheet: Any) -> Iterator[tuple[int, dict[int, Any]]]:
    """Yield the rows that a sheet writes down: their number, and their cells by column, from 1."""
    from openpyxl.worksheet import _reader as library

    class Rows(library.WorkSheetParser):  # type: ignore[misc]
        col_counter: int

        def parse(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
            for _, element in library.iterparse(self.source):
                if element.tag == library.ROW_TAG:
                    if not _is_count(element.get("r", "1")):
                        del element.attrib["r"]
                    yield self.parse_row(element)
                    element.clear()

        def parse_cell(self, element: Any) -> dict[str, Any]:
            before = self.col_counter
            try:
                cell: dict[str, Any] = super().parse_cell(element)
            except _UNFIT:
                # a cell that does not say where it is stands behind the one before
                column = self.col_counter = max(self.col_counter, before + 1)
                return {"column": column, "value": _unfit(element, before)}
            if not _is_value(element, cell):
                cell["value"] = _unfit(element, before)
            return cell

    parent = sheet.parent
    with sheet._get_source() as content:  # noqa: SLF001 what the library's own rows are read from
        parser = Rows(
            content,
            sheet._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=parent.epoch,
            date_formats=parent._date_formats,  # noqa: SLF001
            timedelta_formats=parent._timedelta_formats,  # noqa: SLF001
        )
        for number, cells in parser.parse():
            yield number, {cell["column"]: cell["value"] for cell in cells}


def _is_value(element: Any, cell: Mapping[str, Any]) -> bool:
    """Whether a cell that the library has read holds what it is declared to hold."""
    from openpyxl.worksheet._reader import VALUE_TAG

    value = cell["value"]
    if element.get("t") == "s":
        # Python would count a negative number from the end of the list of texts
        return value is None or _is_count(element.findtext(VALUE_TAG))
    endless = isinstance(value, float) and not math.isfinite(value)
    return value is None or not (endless or cell["data_type"] == "e")


def _unfit(element: Any, before: int) -> Unreadable:
    kind = element.get("t", "n")
    where = f"cell {shown(element.get('r') or f'in column {before + 1}')}"
    if kind == "e":
        return Unreadable(f"{where} is an error and no value")
    return Unreadable(f"{where} is not {_DECLARED.get(kind, 'a value')}, as it is declared")


def _is_count(text: str) -> bool:
    text = text.strip()
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
