"""Sheets of a workbook as tables: headers without outer blanks, in lower case, no empty rows.

Rows are read one by one, and of a sheet nothing else: openpyxl gives up a whole workbook for one
cell that is not what it is declared to be, or for a margin that is no number; how its parser is
asked instead lies in `openpyxl_internals`. A cell without a
value that can be read is `Unreadable`; whoever needs its column rejects that record.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError as XmlError

from threatcast_feeds.outside import shown
from threatcast_feeds.unpack import zip_bytes_members

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

_DAMAGE = (zipfile.BadZipFile, XmlError, KeyError, ValueError, TypeError, IndexError, OSError)
_DECLARED = {
    "n": "a number or day",
    "b": "true or false",
    "d": "a day",
    "s": "one of the list of texts",
    "inlineStr": "a text",
}


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
    from threatcast_feeds.readers.openpyxl_internals import rows_of

    rows = rows_of(sheet, _unfit)
    number, first = next(rows, (1, {}))
    header = {place: name for place, cell in first.items() if (name := _name(cell))}
    records = []
    for number, row in rows:
        if any(cell is not None and str(cell).strip() for cell in row.values()):
            records.append((number, {name: row.get(place) for place, name in header.items()}))
    return SheetTable(sheet.title, list(header.values()), records)


def _name(cell: Any) -> str:
    return "" if cell is None or isinstance(cell, Unreadable) else str(cell).strip().lower()


def _unfit(element: Any, before: int) -> Unreadable:
    kind = element.get("t", "n")
    where = f"cell {shown(element.get('r') or f'in column {before + 1}')}"
    if kind == "e":
        return Unreadable(f"{where} is an error and no value")
    return Unreadable(f"{where} is not {_DECLARED.get(kind, 'a value')}, as it is declared")
