"""Sheets of a workbook as tables: headers without outer blanks, in lower case, no empty rows."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError as XmlError

from threatcast_feeds.readers.diagnosis import refuse
from threatcast_feeds.unpack import zip_bytes_members

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

_DAMAGE = (zipfile.BadZipFile, XmlError, KeyError, ValueError, TypeError, IndexError, OSError)


@dataclass(frozen=True)
class SheetTable:
    """One sheet; `records` are the cells by column and the row's number, as the sheet shows it."""

    title: str
    header: list[str]
    records: list[tuple[int, dict[str, Any]]]


def read_sheets(source: PayloadSource) -> list[SheetTable]:
    """Return the sheets of a workbook that hold anything; a formula gives its last value.

    Raises
    ------
    UnpackError
        If the file is cut, or unpacks to more than the feed may hold.
    ParseError
        If it is an archive but no workbook.
    """
    import openpyxl

    content = source.read()
    # the reader unpacks without limits, so everything is unpacked here first and thrown away
    for _ in zip_bytes_members(content, source.spec, source.place):
        pass
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            # sheets of charts have no cells
            sheets = [_table(sheet) for sheet in workbook.worksheets]
        finally:
            workbook.close()
    except _DAMAGE as error:
        raise refuse(
            source, f"the archive is no workbook that can be read ({type(error).__name__})"
        ) from error
    return [sheet for sheet in sheets if sheet.header]


def _table(sheet: Any) -> SheetTable:
    rows = sheet.iter_rows(values_only=True)
    header = [_name(cell) for cell in next(rows, ())]
    records = []
    for number, row in enumerate(rows, start=2):
        if any(cell is not None and str(cell).strip() for cell in row):
            named = zip(header, row, strict=False)
            records.append((number, {name: cell for name, cell in named if name}))
    return SheetTable(sheet.title, [name for name in header if name], records)


def _name(cell: Any) -> str:
    return "" if cell is None else str(cell).strip().lower()
