"""What we use of openpyxl (3.1) that it does not promise to keep; all of it.

Its public rows (`iter_rows`) stop at the first cell that is not what it is declared to be, and so
give up all that follow; no setting has them go on. Here its own parser of a sheet is asked cell by
cell. When openpyxl moves, look at this and at the test that holds it
(`test_openpyxl_internals.py`); no other module takes a private name of it. Heavy to import: take it
where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openpyxl.worksheet import _reader as library

# what the library raises for a cell that is not what it is declared to be
_UNFIT = (ValueError, TypeError, IndexError, KeyError, OverflowError, AttributeError)
# of a row, and of a place in the list of texts
_MOST_DIGITS = 9

Unfit = Callable[[Any, int], Any]


def rows_of(sheet: Any, unfit: Unfit) -> Iterator[tuple[int, dict[int, Any]]]:
    """Yield the rows that a sheet writes down: their number, and their cells by column, from 1.

    Parameters
    ----------
    sheet
        Of a workbook that was opened with `read_only` and `data_only`.
    unfit
        Given the element of a cell without a value that can be read, and the column of the cell
        before it; what it returns stands for the value.
    """
    parent = sheet.parent
    with sheet._get_source() as content:  # noqa: SLF001 what the library's own rows are read from
        parser = _CellByCell(
            content,
            sheet._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=parent.epoch,
            date_formats=parent._date_formats,  # noqa: SLF001
            timedelta_formats=parent._timedelta_formats,  # noqa: SLF001
        )
        parser.unfit = unfit
        for number, cells in parser.parse():
            yield number, {cell["column"]: cell["value"] for cell in cells}


class _CellByCell(library.WorkSheetParser):  # type: ignore[misc]
    """The library's parser of a sheet, of which one cell costs no other."""

    col_counter: int
    unfit: Unfit

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
            return {"column": column, "value": self.unfit(element, before)}
        if not _is_value(element, cell):
            cell["value"] = self.unfit(element, before)
        return cell


def _is_value(element: Any, cell: Mapping[str, Any]) -> bool:
    """Whether a cell that the library has read holds what it is declared to hold."""
    value = cell["value"]
    if element.get("t") == "s":
        # Python would count a negative number from the end of the list of texts
        return value is None or _is_count(element.findtext(library.VALUE_TAG))
    endless = isinstance(value, float) and not math.isfinite(value)
    return value is None or not (endless or cell["data_type"] == "e")


def _is_count(text: str) -> bool:
    text = text.strip()
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
