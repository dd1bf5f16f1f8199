"""Simulated internet shutdowns as a yearly release: a workbook first, tables since.

The feed goes stale: no release came in the last spring.

Quirks kept: sheets by year and dates as a spreadsheet counts them, long and inverted names,
events repeated, starts from years before, blanks, line feeds in cells, and no region in the
workbook.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from threatcast_feeds.simulation import CountedWorld, Event, World
from threatcast_feeds.simulation.countries import countries
from threatcast_feeds.simulation.workbook_file import Cell, workbook

WORKBOOK = date(2023, 4, 23)
TABLES = (date(2024, 5, 15), date(2025, 5, 14))
NAMES = {"IR": "Iran (Islamic Republic of)", "RU": "Russian Federation"}
NATIONWIDE = "It affected locations in more than one state, province, or region"

_HEADER = """
start_date_type start_date country geo_scope area_name shutdown_type affected_network
shutdown_extent ordered_by decision_maker actual_cause actual_cause_details info_source
info_source_link shutdown_status end_date duration gov_justification gov_just_details
gov_ack legal_just legal_method gov_ack_source gov_ack_quote facebook_affected
twitter_affected whatsapp_affected instagram_affected telegram_affected other_affected
sms_affected phonecall_affected telcos_involved telco_ack telco_ack_source telco_ack_quote
election violence hr_abuse_reported users_targeted users_target_detail users_notified
econ_impact event an_link region count_year
"""
COLUMNS = _HEADER.split()
# the workbook says the year by its sheet, and no region
WORKBOOK_COLUMNS = COLUMNS[:-2]

Row = dict[str, Cell]


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the release of each spring, with the events up to the year before."""
    rows = list(_rows(world))
    until = _known(rows, WORKBOOK)
    years = range(WORKBOOK.year - 1, world.start.year - 1, -1)
    yield WORKBOOK, "xlsx", workbook({f"{year} Data": _sheet(until, year) for year in years})
    for day in TABLES:
        yield day, "csv", _table(_known(rows, day))


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the newest table, with as many shutdowns a week and country as were counted."""
    chance = past.generator("accessnow_keepiton")
    rows = [_row(chance, event) for event in past.events("internet_shutdowns")]
    yield past.last_copy("accessnow_keepiton"), "csv", _table(rows)


def _table(rows: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _rows(world: World) -> Iterator[Row]:
    chance = world.generator("accessnow_keepiton")
    for event in world.events("internet_shutdowns"):
        row = _row(chance, event)
        yield row
        # what goes on past the new year is written down again for that year
        if chance.random() < 0.05:
            yield {**row, "count_year": str(event.day.year + 1), "shutdown_status": "Ongoing"}


def _row(chance: np.random.Generator, event: Event) -> Row:
    days = int(chance.exponential(6))
    luck = chance.random()
    return {
        "start_date_type": "Actual" if luck < 0.62 else "Estimated" if luck < 0.72 else "",
        "start_date": event.day,
        "country": NAMES.get(event.location) or countries()[event.location].name,
        "geo_scope": NATIONWIDE,
        "area_name": f"Invented area {event.number}" + ("\nand around" if luck < 0.05 else ""),
        "shutdown_type": "Shutdown, Throttle" if luck < 0.2 else "Shutdown",
        "affected_network": "Broadband, Mobile" if luck < 0.5 else "Mobile",
        "shutdown_extent": "Full network",
        "shutdown_status": "Ended" if luck < 0.65 else "",
        "end_date": event.day + timedelta(days=days) if luck < 0.65 else "",
        "duration": str(days + 1) if luck < 0.65 else "",
        "count_year": str(event.day.year),
    }


def _sheet(rows: list[Row], year: int) -> list[list[Cell]]:
    header: list[Cell] = [*WORKBOOK_COLUMNS]
    of_year = [row for row in rows if row["count_year"] == str(year)]
    return [header, *([row.get(name, "") for name in WORKBOOK_COLUMNS] for row in of_year)]


def _known(rows: list[Row], day: date) -> list[Row]:
    return [row for row in rows if int(str(row["count_year"])) < day.year]
