"""Private names of openpyxl that must keep their meaning."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

import openpyxl
import threatcast_feeds.readers.openpyxl_internals as internals

ROWS = [
    ["text", "day", "span", "whole", "part", "yes"],
    ["Iran", datetime(2025, 12, 29), timedelta(hours=30), 11, 0.25, True],  # noqa: DTZ001
    [None, None, None, None, None, None],
    ["", None, None, -3, 1e9, False],
]


def a_sheet() -> Any:
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    book.active["A6"] = "far below"
    file = io.BytesIO()
    book.save(file)
    return openpyxl.load_workbook(file, read_only=True, data_only=True).active


def none_is(element: Any, before: int) -> Any:
    raise AssertionError((element, before))


def test_rows_are_those_that_the_library_reads_itself() -> None:
    expected = {
        number: list(row)
        for number, row in enumerate(a_sheet().iter_rows(values_only=True), 1)
        if any(value is not None for value in row)
    }
    found = {
        number: [cells.get(column) for column in range(1, 7)]
        for number, cells in internals.rows_of(a_sheet(), none_is)
        if any(value is not None for value in cells.values())
    }
    assert found == expected
    assert sorted(found) == [1, 2, 4, 6]
    assert found[2] == ROWS[1]


def test_another_version_is_looked_at_before_it_is_taken() -> None:
    told = str(internals.__doc__).split("openpyxl (")[1].split(")")[0]
    assert version("openpyxl").startswith(f"{told}."), "read the module against the new library"
