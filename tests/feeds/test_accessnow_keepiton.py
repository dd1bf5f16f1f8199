"""Internet shutdowns: a workbook whose sheets differ, and a CSV with two styles of days."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from payload_reading import IMPOSTORS, Rows, ask, bundle, read_payload, read_recordings
from threatcast_feeds.catalog.accessnow_keepiton.parse import iso_day
from threatcast_feeds.errors import FeedError, ParseError, UnpackError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.registry import load_feed

SPEC = load_feed("accessnow_keepiton")
Sheet = list[list[Any]]
SHUTDOWN = {
    "start_date_type": "Actual",
    "start_date": "2025-12-29",
    "country": "Iran (Islamic Republic of)",
    "geo_scope": "It affected locations in more than one state",
    "area_name": "Bushehr, Ilam",
    "shutdown_type": "Shutdown, Throttle",
    "affected_network": "Broadband, Mobile",
    "shutdown_status": "Ended",
    "end_date": "2026-01-08",
    "duration": "11",
    "count_year": "2025",
}
SEEN = {name: SHUTDOWN.get(name) for name in SPEC.columns}


def table(*records: dict[str, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def workbook(**sheets: Sheet) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read(content: bytes, folder: Path, ext: str = "csv") -> tuple[ParseOutcome, Rows]:
    return read_payload(SPEC, content, folder, ext)


def with_cells(place: str, *cells: str) -> bytes:
    """Return a workbook of two shutdowns, with a cell of the second (row 3) written otherwise."""
    content = workbook(Combined=[list(SHUTDOWN), *[list(SHUTDOWN.values())] * 2])
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.namelist():
            text = old.read(member).decode()
            if member.startswith("xl/worksheets/"):
                pattern = rf'<c r="{place}"[^>]*>.*?</c>'
                text, found = re.subn(pattern, lambda _: "".join(cells), text)
                assert found == 1
            new.writestr(member, text)
    return changed.getvalue()


@pytest.mark.parametrize(
    ("place", "cell", "why"),
    [
        ("B3", '<c r="B3"><v>spring</v></c>', "B3 is not a number or day"),
        ("B3", '<c r="B3" s="1"><v>1e999</v></c>', "B3 is not a number or day"),
        ("B3", '<c r="B3" t="d"><v>2025-13-45</v></c>', "B3 is not a day"),
        ("D3", '<c r="D3" t="b"><v>perhaps</v></c>', "D3 is not true or false"),
        ("C3", '<c r="C3" t="s"><v>9999</v></c>', "C3 is not one of the list of texts"),
        ("C3", '<c r="C3" t="s"><v>-1</v></c>', "C3 is not one of the list of texts"),
        ("C3", '<c r="C3" t="s"><v>x</v></c>', "C3 is not one of the list of texts"),
        ("C3", '<c r="C3" t="e"><v>#REF!</v></c>', "C3 is an error and no value"),
        ("C3", '<c r="C3" s="x"><v>1</v></c>', "C3 is not a number or day"),
        ("C3", '<c r="\u202e3" t="str"><v>Iran</v></c>', r"\u202e3 is not a value"),
    ],
)
def test_cell_that_is_not_what_it_is_declared_to_be_costs_its_record(
    place: str, cell: str, why: str, tmp_path: Path
) -> None:
    outcome, rows = read(with_cells(place, cell), tmp_path, "xlsx")
    assert rows == [SEEN | {"sheet": "Combined"}]
    assert outcome.rejected == 1
    assert outcome.samples[0].startswith(f"sheet 'Combined', record 3: cell {why}")


def test_cell_that_nobody_reads_costs_nothing(tmp_path: Path) -> None:
    content = with_cells("J3", '<c r="J3"><v>eleven</v></c>')
    outcome, rows = read(content, tmp_path, "xlsx")
    assert (len(rows), outcome) == (2, ParseOutcome(2))


def test_row_and_sheet_that_lie_of_their_size_are_read_as_they_are(tmp_path: Path) -> None:
    content = with_cells("J3", "")
    for old, new in (
        (b'<row r="3"', b'<row r="99999999999"'),
        (b'<row r="3"', b'<row r="three"'),
        (b'<dimension ref="A1:K3"', b'<dimension ref="A1:B2"'),
        (b"</sheetData>", b'</sheetData><pageMargins left="wide"/>'),
    ):
        changed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(changed, "w") as after:
            for member in before.namelist():
                after.writestr(member, before.read(member).replace(old, new))
        assert changed.getvalue() != content
        assert len(read(changed.getvalue(), tmp_path, "xlsx")[1]) == 2


def test_combined_sheet_as_csv_is_read_whole(tmp_path: Path) -> None:
    outcome, rows = read(table(SHUTDOWN), tmp_path)
    assert outcome == ParseOutcome(1)
    assert rows == [SEEN]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2025-12-29", "2025-12-29"),
        ("12/29/2025", "2025-12-29"),
        ("1/2/2025", "2025-01-02"),
        ("2025-12-29 00:00:00", "2025-12-29"),
        (datetime(2025, 12, 29), "2025-12-29"),  # noqa: DTZ001 as a workbook gives it
        (date(2025, 12, 29), "2025-12-29"),
        (46020, "2025-12-29"),
        (46020.0, "2025-12-29"),
        ("Ongoing ", "Ongoing"),
        ("29/12/2025", "29/12/2025"),
        ("2025-02-30", "2025-02-30"),
        ("4/1/2018 upon CAF visit", "4/1/2018 upon CAF visit"),
        (2018.0, "2018"),
        ("", None),
        (None, None),
        (True, "True"),
    ],
)
def test_day_is_iso_if_it_can_be_read_else_as_written(written: Any, day: str | None) -> None:
    assert iso_day(written) == day


def test_live_csv_with_month_first_gives_the_same_rows(tmp_path: Path) -> None:
    live = SHUTDOWN | {"start_date": "12/29/2025", "end_date": "1/8/2026"}
    assert read(table(live), tmp_path)[1] == [SEEN]


def test_start_day_that_cannot_be_read_stays_as_written_and_is_counted(tmp_path: Path) -> None:
    odd = SHUTDOWN | {"start_date": "spring 2025"}
    outcome, rows = read(table(SHUTDOWN, odd, SHUTDOWN | {"start_date": "2025-02-30"}), tmp_path)
    assert [row["start_date"] for row in rows] == ["2025-12-29", "spring 2025", "2025-02-30"]
    assert (outcome.rejected, outcome.message) == (0, "start days that cannot be read: 2")


def test_quoted_line_feeds_long_names_and_several_countries_pass(tmp_path: Path) -> None:
    changes = {"area_name": "One\nTwo\n", "country": "Tanzania, United Republic of; Kenya"}
    row = read(table(SHUTDOWN | changes), tmp_path)[1][0]
    assert (row["area_name"], row["country"]) == ("One\nTwo", changes["country"])


def test_repeats_are_kept_for_the_history(tmp_path: Path) -> None:
    assert len(read(table(SHUTDOWN, SHUTDOWN), tmp_path)[1]) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"country": ""}, "country"),
        ({"start_date": " "}, "start_date"),
        ({"country": "", "start_date": ""}, "start_date, country"),
    ],
)
def test_record_without_start_or_country_costs_itself(
    change: dict[str, str], said: str, tmp_path: Path
) -> None:
    outcome, rows = read(table(SHUTDOWN, SHUTDOWN | change), tmp_path)
    assert (len(rows), outcome.rejected) == (1, 1)
    assert outcome.samples == [f"record 2: no {said}"]


@pytest.mark.parametrize("gone", ["start_date", "country", "area_name", "count_year"])
def test_missing_column_is_named(gone: str, tmp_path: Path) -> None:
    record = {name: cell for name, cell in SHUTDOWN.items() if name != gone}
    with pytest.raises(ParseError, match=f"column {gone} is gone; there are "):
        read(table(record), tmp_path)


def test_new_column_is_noted(tmp_path: Path) -> None:
    assert read(table(SHUTDOWN | {"isp": "x"}), tmp_path)[0].message == "new column: isp"


YEAR: Sheet = [
    ["start_date_type", "start_date", "country", "geo_scope", "area_name", "shutdown_type"],
    ["Actual", datetime(2022, 1, 2), "India", "one city", "X", "Shutdown"],  # noqa: DTZ001
]
OLDER: Sheet = [
    ["ID", "start_date", "end_date ", "duration", "country ", "area_name ", "shutdown_type_new"],
    [None] * 7,
    [1.0, datetime(2019, 5, 6), "Ongoing ", "=C2-B2", "Chad ", "National ", "Throttle"],  # noqa: DTZ001
    ["", "  ", None, None, None, None, None],
    [2.0, datetime(2019, 5, 7), None, None, None, None, None],  # noqa: DTZ001
]
OLDEST: Sheet = [
    ["year", "start_date", "end_date", "country", "area_name", "services_affected"],
    [2016.0, "1/26/2016", datetime(2016, 1, 26), "Iraq", "Kashmir", "Mobile Internet"],  # noqa: DTZ001
]
NOTES: Sheet = [[2017.0, "Afghanistan", "https://example.org/"]]


def test_sheets_with_other_columns_empty_rows_and_formulas_are_read(tmp_path: Path) -> None:
    book = workbook(**{"2022 Data": YEAR, "2019": OLDER, "2016+2017 ": OLDEST, "More": NOTES})
    outcome, rows = read(book, tmp_path, "xlsx")
    nothing: dict[str, str | None] = dict.fromkeys(SPEC.columns)
    assert rows == [
        nothing
        | {
            "start_date": "2022-01-02",
            "start_date_type": "Actual",
            "country": "India",
            "geo_scope": "one city",
            "area_name": "X",
            "shutdown_type": "Shutdown",
            "count_year": "2022",
            "sheet": "2022 Data",
        },
        nothing
        | {
            "start_date": "2019-05-06",
            "end_date": "Ongoing",
            "country": "Chad",
            "area_name": "National",
            "shutdown_type": "Throttle",
            "count_year": "2019",
            "sheet": "2019",
        },
        nothing
        | {
            "start_date": "2016-01-26",
            "end_date": "2016-01-26",
            "country": "Iraq",
            "area_name": "Kashmir",
            "affected_network": "Mobile Internet",
            "count_year": "2016",
            "sheet": "2016+2017 ",
        },
    ]
    assert outcome.samples == ["sheet '2019', record 5: no country"]
    assert outcome.message == "left out sheet 'More', which has no column start_date"


def test_years_sheets_beside_a_combined_one_are_left_out(tmp_path: Path) -> None:
    combined: Sheet = [list(SHUTDOWN), list((SHUTDOWN | {"country": "India"}).values())]
    book = workbook(**{"2022 Data": YEAR, "Combined (2016-2025)": combined})
    outcome, rows = read(book, tmp_path, "xlsx")
    assert [(row["country"], row["count_year"]) for row in rows] == [("India", "2025")]
    assert outcome.message == "of 2 sheets only 'Combined (2016-2025)' was read"


def test_sheet_that_lost_a_column_is_named(tmp_path: Path) -> None:
    broken: Sheet = [["start_date", "area_name"], ["2022-01-01", "X"]]
    with pytest.raises(ParseError, match="column country of sheet '2021' is gone"):
        read(workbook(**{"2022": YEAR, "2021": broken}), tmp_path, "xlsx")


@pytest.mark.parametrize("title", ["2025 Data", "Sheet1", "Combined (2016-2025)"])
@pytest.mark.parametrize("gone", ["count_year", "area_name", "geo_scope"])
def test_sheet_that_stands_alone_needs_what_the_table_in_csv_needs(
    title: str, gone: str, tmp_path: Path
) -> None:
    record = {name: cell for name, cell in SHUTDOWN.items() if name != gone}
    book = workbook(**{title: [list(record), list(record.values())], "Notes": NOTES})
    for content, ext in ((table(record), "csv"), (book, "xlsx")):
        with pytest.raises(ParseError, match=f"column {gone}.* is gone; there are "):
            read(content, tmp_path, ext)


def test_copy_of_one_year_is_refused_in_each_format(tmp_path: Path) -> None:
    records = [SHUTDOWN | {"area_name": f"{number}"} for number in range(30)]
    rows = [list(record.values()) for record in records]
    alone = workbook(Combined=[list(SHUTDOWN), *rows])
    twice = workbook(**{"2025 a": [list(SHUTDOWN), *rows], "2025 b": [list(SHUTDOWN), *rows]})
    for content, ext in ((table(*records), "csv"), (alone, "xlsx"), (twice, "xlsx")):
        with pytest.raises(ParseError, match=r"records are of one year \(2025\)"):
            read(content, tmp_path, ext)
    records.append(SHUTDOWN | {"count_year": "2024"})
    assert read(table(*records), tmp_path)[0] == ParseOutcome(31)


def test_cell_that_is_no_day_or_no_number_costs_nothing() -> None:
    assert iso_day(float("inf")) == "inf"
    assert iso_day(float("nan")) == "nan"
    assert iso_day(10**400) == str(10**400)


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        *[(content, ParseError, said) for content, said in IMPOSTORS],
        (b'{"error": 1}', ParseError, "the payload is a JSON message, not csv"),
        (table(SHUTDOWN).split(b"\r\n")[0], ParseError, "the table holds no shutdown"),
        (table(SHUTDOWN)[:-25], ParseError, "the CSV is cut: it ends in the middle of record 1"),
        (table(SHUTDOWN)[:-40], ParseError, "the CSV is cut or damaged at line 2"),
        (workbook(A=YEAR)[:-200], UnpackError, "the archive is cut or damaged"),
        (workbook(A=NOTES), ParseError, "no sheet with the column start_date"),
        (bundle({"data.csv": "x"}), ParseError, "the archive is no workbook that can be read"),
        (bundle({"xl/workbook.xml": "1" * 9_000_000}), UnpackError, "unpacks to more than"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, kind: type[FeedError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(kind) as caught:
        read(content, tmp_path)
    assert said in str(caught.value)


def test_wrong_character_set_is_told_by_its_byte(tmp_path: Path) -> None:
    content = table(SHUTDOWN).replace(b"Bushehr", "Büshehr".encode("latin-1"))
    with pytest.raises(ParseError, match=f"byte {content.index(0xFC)} is 0xfc"):
        read(content, tmp_path)


def test_both_recorded_copies_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    outcomes = read_recordings(SPEC, mirror, tmp_path)
    book, combined = outcomes[date(2023, 4, 23)], outcomes[date(2026, 5, 20)]
    assert (book.rows, combined.rows) == (187 + 182 + 159 + 213 + 377, 2102)
    assert (book.rejected, combined.rejected, combined.message) == (0, 0, "")
    assert book.message == "left out sheet 'Need more details', which has no column start_date"
    sheets = ask(
        tmp_path,
        SPEC,
        "SELECT list_sort(list(DISTINCT sheet)), list_sort(list(DISTINCT count_year)) FROM raw",
        book,
    )
    assert sheets[0] == ["2016+2017+2018 ", "2019", "2020 Data", "2021 Data", "2022 Data"]
    assert sheets[1] == [str(year) for year in range(2016, 2023)]
    readable = "SELECT count(try_cast(start_date AS DATE)), max(start_date) FROM raw"
    assert ask(tmp_path, SPEC, readable, book)[0] == book.rows
    assert ask(tmp_path, SPEC, readable, combined) == (2102, "2025-12-29")
    facts = ask(
        tmp_path,
        SPEC,
        "SELECT count_if(contains(country, ';')), count_if(country = 'Somaliland'), "
        "count_if(shutdown_status = 'Ongoing'), count_if(contains(area_name, chr(10))) > 0, "
        "count_if(count_year::INT > start_date[:4]::INT) FROM raw",
        combined,
    )
    assert facts == (3, 3, 282, True, 236)
