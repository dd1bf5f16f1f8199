"""Simulated press reports of cyberattacks, in the three shapes that the feed has had.

Half of a week is known after two weeks. Quirks kept: alpha-3 codes at first, cut to two letters
in May 2025 and alpha-2 since, bare NaN, a few dates with a time, and no day of adding for what
was added before December 2023.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.calendars import month_ends, sundays
from threatcast_feeds.simulation.countries import countries
from threatcast_feeds.simulation.patterns import UNLOCATED

FIRST_REPORT = date(2023, 1, 2)
FIRST_VINTAGE = date(2024, 6, 30)
CUT_CODES_ON = date(2025, 5, 27)
FORTNIGHTLY_FROM = date(2025, 7, 6)
WEEKLY_FROM = date(2026, 4, 26)
ADDED_SINCE = date(2023, 12, 8)
WITHDRAWN_EVERY = 90
NAN = float("nan")


class Report(NamedTuple):
    """One attack that the press reported."""

    number: int
    day: date
    added: date
    country: str
    withdrawn: date


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the whole list monthly, every two weeks in the last year, weekly at its end."""
    reports = sorted(_reports(world), key=lambda report: report.number, reverse=True)
    days = [*month_ends(FIRST_VINTAGE, CUT_CODES_ON), CUT_CODES_ON]
    days += [CUT_CODES_ON + timedelta(days=21)]
    days += sundays(FORTNIGHTLY_FROM, WEEKLY_FROM - timedelta(days=7))[::2]
    days += sundays(WEEKLY_FROM, world.end)
    for day in days:
        shown = [one for one in reports if one.added <= day < one.withdrawn]
        yield day, "json", _document(day, shown)


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the newest list, with as many reports a week and country as were counted.

    A report is added on the day of its attack: how late they came is not in weekly counts.
    """
    events = reversed(past.events("reported_cyberattacks"))
    reports = [
        Report(event.number, event.day, event.day, event.location, date.max) for event in events
    ]
    day = past.last_copy("ransomware_live_press")
    yield day, "json", _document(day, reports)


def _reports(world: World) -> Iterator[Report]:
    chance = world.generator("ransomware_live_press")
    for event in world.events("reported_cyberattacks", first=FIRST_REPORT):
        added = event.day + timedelta(days=_delay(chance))
        gone = added + timedelta(days=200) if event.number % WITHDRAWN_EVERY == 0 else date.max
        yield Report(event.number, event.day, added, event.location, gone)


def _delay(chance: np.random.Generator) -> int:
    luck = chance.random()
    mean = 6.0 if luck < 0.7 else 35.0 if luck < 0.95 else 150.0
    return int(chance.exponential(mean))


def _document(day: date, reports: list[Report]) -> bytes:
    if day < CUT_CODES_ON:
        return _text([_first_shape(report) for report in reports], indent=4)
    if day == CUT_CODES_ON:
        return _text([_second_shape(report) for report in reports], indent=2)
    results = [_third_shape(report) for report in reports]
    head = {"filters": {"year": None, "month": None, "country": None}, "count": len(results)}
    return _text({**head, "results": results}, indent=2)


def _text(content: object, indent: int) -> bytes:
    return (json.dumps(content, indent=indent) + "\n").encode()


def _first_shape(report: Report) -> dict[str, Any]:
    return {**_common(report, _alpha3), **_added(report)}


def _second_shape(report: Report) -> dict[str, Any]:
    row = {
        "claim_gang": False,
        "claim_url": False,
        **_common(report, lambda code: _alpha3(code)[:2]),
        "has_infostealer_info": False,
        "link": "https://example.org/",
        "infostealer_data": NAN,
        "added": _added(report).get("added", NAN),
    }
    if report.number % 100 == 0:
        row["date"] = f"{report.day} 00:00:00"
    return row


def _third_shape(report: Report) -> dict[str, Any]:
    stealer: object = "" if report.number % 4 == 0 else {"employees": 0, "users": 0}
    group = {"group": "samplelocker01", "permalink": "https://example.org/"}
    return {
        **_common(report, lambda code: "" if code == UNLOCATED else code),
        **_added(report),
        "infostealer": stealer,
        "ransomware": group if report.number % 7 == 0 else None,
    }


def _common(report: Report, code: Callable[[str], str]) -> dict[str, Any]:
    return {
        "date": report.day.isoformat(),
        "victim": f"Invented Body P{report.number:04d}",
        "domain": f"body-{report.number:04d}.example.org",
        "country": code(report.country),
        "summary": "",
        "title": "invented",
        "url": "https://example.org/",
    }


def _added(report: Report) -> dict[str, str]:
    return {"added": report.added.isoformat()} if report.added >= ADDED_SINCE else {}


def _alpha3(code: str) -> str:
    return countries()[code].alpha3
