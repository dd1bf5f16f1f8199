"""A simulated index of data breaches that goes silent: it answers, but nothing is added.

Quirks kept: an import of old breaches in November 2023, months instead of days of the breach,
rows edited later, empty words in lists, and answers that are the same bytes as the last.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import numpy as np

from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.calendars import recording_days

IMPORT = (date(2023, 11, 8), 150)
FIRST_ADDED = date(2023, 11, 13)
FIRST_VINTAGE = date(2024, 1, 31)
WEEKLY_FROM = date(2026, 2, 1)
SILENT_WEEKS = 16


class Breach(NamedTuple):
    """One breach of the index; `edited` is the day from which it reads otherwise."""

    name: str
    added: datetime
    breached: date
    records: int
    edited: date


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the whole index monthly, and weekly around its falling silent."""
    silent = world.end - timedelta(weeks=SILENT_WEEKS)
    breaches = [one for one in _breaches(world) if one.added.date() <= silent]
    for day in recording_days(FIRST_VINTAGE, WEEKLY_FROM, world.end):
        yield day, "json", _answer([one for one in breaches if one.added.date() <= day], day)


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the newest index, with as many breaches a week as were added."""
    chance = past.generator("xposedornot_breaches")
    breaches = [
        _breach(chance, f"StandInSite{event.number:03d}", event.day, 400)
        for event in past.events("data_breaches")
    ]
    day = past.last_copy("xposedornot_breaches")
    yield day, "json", _answer(breaches, day)


def _breaches(world: World) -> Iterator[Breach]:
    chance = world.generator("xposedornot_breaches")
    day, stock = IMPORT
    for number in range(stock):
        yield _breach(chance, f"SimulatedSiteA{number:03d}", day, 3000)
    for event in world.events("data_breaches", first=FIRST_ADDED):
        yield _breach(chance, f"SimulatedSiteB{event.number:03d}", event.day, 400)


def _breach(chance: np.random.Generator, name: str, day: date, mean_age: int) -> Breach:
    added = datetime.combine(day, time()) + timedelta(seconds=int(chance.integers(86_400)))
    breached = (day - timedelta(days=int(chance.exponential(mean_age)))).replace(day=1)
    edited = day + timedelta(days=int(chance.exponential(300)))
    return Breach(
        name,
        added,
        max(breached, date(2010, 1, 1)),
        int(10 ** chance.uniform(3.5, 7.5)),
        edited if chance.random() < 0.2 else date.max,
    )


def _answer(breaches: list[Breach], day: date) -> bytes:
    rows = [_row(one, day) for one in reversed(breaches)]
    answer = {"status": "success", "message": None, "exposedBreaches": rows}
    return json.dumps(answer, separators=(",", ":")).encode()


def _row(breach: Breach, day: date) -> dict[str, Any]:
    return {
        "breachID": breach.name,
        "breachedDate": f"{breach.breached}T00:00:00+00:00",
        "addedDate": f"{breach.added.isoformat()}+00:00",
        "domain": f"{breach.name.lower()}.example.com",
        "industry": "Retail" if breach.records % 2 else "Education",
        "logo": "https://example.org/logo.png",
        "passwordRisk": "unknown",
        "searchable": True,
        "sensitive": breach.records % 19 == 0,
        "verified": True,
        "breachType": "DataBreach" if day < breach.edited else "Combolist",
        "exposedData": ["Email addresses", "" if breach.records % 17 == 0 else "Passwords"],
        "exposedRecords": breach.records,
        "exposureDescription": "Invented.",
        "referenceURL": "",
    }
