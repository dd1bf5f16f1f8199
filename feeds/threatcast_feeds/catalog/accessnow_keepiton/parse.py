"""Internet shutdowns: a spreadsheet as CSV (its combined sheet) or as a workbook.

The workbook's sheets each have other columns, headers with trailing blanks, formulas and empty
rows. If it has a combined sheet, only that one is read: a year's sheet repeats the shutdowns
that went on from earlier years. A copy of one year only would make all other years vanish, so
in both forms a table that stands alone must say the year of each record. Days come out as ISO
text where they can be read (the live CSV writes M/D/YYYY), else as written.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from threatcast_feeds.impostors import refuse_impostors
from threatcast_feeds.payload import ParseOutcome, PayloadSource, first_of
from threatcast_feeds.readers.columns import check_columns
from threatcast_feeds.readers.csv_rows import read_csv_table
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_rows
from threatcast_feeds.readers.workbooks import read_sheets, unreadable

# raw column: what it is called, in lower case, the better name first
NAMES = {
    "start_date": ("start_date",),
    "start_date_type": ("start_date_type",),
    "end_date": ("end_date",),
    "country": ("country",),
    "geo_scope": ("geo_scope",),
    "area_name": ("area_name",),
    # in the sheet of 2016 to 2018 `shutdown_type` says which networks, once more
    "shutdown_type": ("shutdown_type_new", "shutdown_type"),
    "affected_network": ("affected_network", "services_affected"),
    "shutdown_status": ("shutdown_status",),
    "count_year": ("count_year", "year"),
}
# of a table that stands alone: without `count_year` it is one year's sheet
REQUIRED = [*("start_date", "country", "area_name", "end_date", "geo_scope"), "count_year"]
# of one year's sheet among others
REQUIRED_OF_SHEETS = ["start_date", "country", "area_name"]
SHUTDOWNS = {"start_date", "country"}
# so many records, all of one year, are a copy of that year; a handful may be anything
MOST_OF_ONE_YEAR = 20
UNREAD = (
    *("shutdown_extent", "ordered_by", "decision_maker", "actual_cause", "actual_cause_details"),
    *("info_source", "info_source_link", "duration", "gov_justification", "gov_just_details"),
    *("gov_ack", "legal_just", "legal_method", "gov_ack_source", "gov_ack_quote"),
    *("facebook_affected", "twitter_affected", "whatsapp_affected", "instagram_affected"),
    *("telegram_affected", "other_affected", "sms_affected", "phonecall_affected"),
    *("telcos_involved", "telco_ack", "telco_ack_source", "telco_ack_quote", "election"),
    *("violence", "hr_abuse_reported", "users_targeted", "users_target_detail"),
    *("users_notified", "econ_impact", "event", "an_link", "region"),
)
COMBINED = "combined"
WORKBOOK_MAGIC = b"PK"
# a spreadsheet counts days from here (its own day 0, with its leap-year mistake behind it)
SHEET_EPOCH = date(1899, 12, 30)
# serial numbers that can be days of our time: 1990 to 2099
SERIALS = range(32_874, 73_051)
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?")
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_YEAR = re.compile(r"\d{4}")
Sheet = tuple[str | None, list[str], list[tuple[int, dict[str, Any]]]]


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of the record of shutdowns."""
    head = refuse_impostors(source, binary=True)
    notes: list[str] = []
    rejected: list[str] = []
    if head.startswith(WORKBOOK_MAGIC):
        sheets = _sheets(source, notes, rejected)
    else:
        sheets = [_csv(source, notes, rejected)]
    rows: list[tuple[Any, ...]] = []
    places: list[str] = []
    years: set[str | None] = set()
    undated = 0
    for title, header, records in sheets:
        within = f"sheet {title!r}, " if title else ""
        given = _given(header)
        for number, record in records:
            place = f"{within}record {number}"
            problem = unreadable(record, given.values())
            if problem:
                rejected.append(f"{place}: {problem}")
                continue
            row = _row(record, given, title)
            lacking = [name for name in ("start_date", "country") if not row[name]]
            if lacking:
                rejected.append(f"{place}: no {', '.join(lacking)}")
                continue
            undated += not _is_day(row["start_date"] or "")
            years.add(row["count_year"])
            rows.append((*(row[name] for name in source.spec.columns),))
            places.append(place)
    _refuse_one_year(source, len(rows), years)
    if undated:
        notes.append(f"start days that cannot be read: {undated}")
    written = write_rows(source, rows, target, places=places, rejected=rejected)
    if not written:
        raise source.refuse(f"the table holds no shutdown{first_of(rejected)}")
    return ParseOutcome(written, len(rejected), rejected[:MOST_SAMPLES], "; ".join(notes))


def _refuse_one_year(source: PayloadSource, rows: int, years: set[str | None]) -> None:
    """Refuse a copy of one year, which would make the shutdowns of all others vanish."""
    if rows > MOST_OF_ONE_YEAR and len(years) == 1:
        [year] = years
        raise source.refuse(
            f"all of its {rows:,} records are of one year ({year}); the record begins in 2016",
            cure="Copy the whole record: the combined sheet, or the workbook with all sheets",
        )


def _csv(source: PayloadSource, notes: list[str], rejected: list[str]) -> Sheet:
    table = read_csv_table(source).lower()
    message = check_columns(source, _there(table.header), REQUIRED, (*NAMES, *UNREAD))
    if message:
        notes.append(message)
    rejected += table.rejected
    return None, table.header, table.records


def _sheets(source: PayloadSource, notes: list[str], rejected: list[str]) -> list[Sheet]:
    """Return the workbook's sheets of shutdowns: the combined one, or all years'."""
    sheets = read_sheets(source, rejected)
    combined = [sheet for sheet in sheets if sheet.title.lower().startswith(COMBINED)]
    if combined and len(sheets) > len(combined):
        notes.append(f"of {len(sheets)} sheets only {combined[0].title!r} was read")
    found = []
    for sheet in combined[:1] or sheets:
        if SHUTDOWNS & set(sheet.header):
            found.append(sheet)
        else:
            notes.append(f"left out sheet {sheet.title!r}, which has no column start_date")
    if not found:
        raise source.refuse("the workbook has no sheet with the column start_date")
    # what stands alone must be whole, as the same table in CSV must
    required = REQUIRED if len(found) == 1 else REQUIRED_OF_SHEETS
    for sheet in found:
        check_columns(source, _there(sheet.header), required, place=f"sheet {sheet.title!r}")
    return [(sheet.title, sheet.header, sheet.records) for sheet in found]


def _given(header: list[str]) -> dict[str, str]:
    """Return which of a table's columns gives each raw column."""
    given: dict[str, str] = {}
    for column, names in NAMES.items():
        there = [name for name in names if name in header]
        if there:
            given[column] = there[0]
    return given


def _there(header: list[str]) -> list[str]:
    """Return a table's columns, and those of ours that it gives under another name."""
    return list(dict.fromkeys((*header, *_given(header))))


def _row(record: dict[str, Any], given: dict[str, str], title: str | None) -> dict[str, str | None]:
    row: dict[str, str | None] = dict.fromkeys(NAMES)
    for column, name in given.items():
        value = record.get(name)
        row[column] = iso_day(value) if column in ("start_date", "end_date") else _text(value)
    if "count_year" not in given:
        year = _YEAR.search(title or "")
        row["count_year"] = year[0] if year else None
    return row | {"sheet": title}


def iso_day(value: Any) -> str | None:
    """Return a cell as ISO day if it can be read as one, else as written; null if blank.

    Examples
    --------
    >>> iso_day("2/28/2024"), iso_day("2024-02-28 00:00:00"), iso_day(45350), iso_day("Ongoing ")
    ('2024-02-28', '2024-02-28', '2024-02-28', 'Ongoing')
    """
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and SERIALS.start <= value < SERIALS.stop:
        return (SHEET_EPOCH + timedelta(days=int(value))).isoformat()
    text = _text(value)
    if text is None:
        return None
    if match := _ISO.fullmatch(text):
        written = match[1]
    elif match := _MONTH_FIRST.fullmatch(text):
        written = f"{match[3]}-{match[1]:0>2}-{match[2]:0>2}"
    else:
        return text
    return written if _is_day(written) else text


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _text(value: Any) -> str | None:
    """Return a cell as text; whole numbers without the decimals that a spreadsheet gives them."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None
