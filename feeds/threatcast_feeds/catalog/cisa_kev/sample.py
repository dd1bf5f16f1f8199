"""A simulated catalog of exploited vulnerabilities, with the styles of its ages.

Quirks kept: PowerShell's spacing and CRLF until 2023-11-13, columns that came later, the order
turned round in 2024, one CVE listed twice for a while, and some withdrawn without a trace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.calendars import recording_days

FIRST_VINTAGE = date(2022, 6, 30)
WEEKLY_FROM = date(2024, 6, 2)
# the stock with which the catalog began, and the bulk loads before it came to rest
OPENING = {date(2021, 11, 3): 100, date(2022, 3, 3): 40, date(2022, 5, 24): 20}
WITHDRAWN = {date(2023, 10, 4): 5, date(2024, 11, 7): 1, date(2025, 10, 22): 1}
DOUBLED = date(2024, 9, 22)

PLAIN_SINCE = date(2023, 11, 14)
USE_SINCE = date(2023, 10, 12)
WEAKNESSES_SINCE = date(2024, 6, 26)
NEWEST_FIRST_SINCE = date(2024, 9, 30)
_GAP = " " * 28


@dataclass(frozen=True)
class ListedVulnerability:
    """One CVE, when it was listed, and when it vanished."""

    number: int
    added: date
    withdrawn: date | None

    def shown(self, day: date) -> bool:
        """Whether the catalog of a day has it."""
        return self.added <= day and (self.withdrawn is None or day < self.withdrawn)


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the catalog at the end of months, and of all weeks of the last two years."""
    listings = _listings(world)
    for day in recording_days(FIRST_VINTAGE, WEEKLY_FROM, world.end):
        shown = [listing for listing in listings if listing.shown(day)]
        if day == DOUBLED:
            shown.append(ListedVulnerability(shown[5].number, day - timedelta(days=3), None))
        if day >= NEWEST_FIRST_SINCE:
            shown.reverse()
        changes = [listing.added for listing in shown] + [
            listing.withdrawn
            for listing in listings
            if listing.withdrawn is not None and listing.withdrawn <= day
        ]
        yield day, "json", _document(day, max(changes), shown)


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the newest catalog, with as many CVEs a week as were listed."""
    events = past.events("exploited_vulnerabilities")
    shown = [ListedVulnerability(event.number, event.day, None) for event in reversed(events)]
    day = past.last_copy("cisa_kev")
    yield day, "json", _document(day, shown[0].added, shown)


def _listings(world: World) -> list[ListedVulnerability]:
    days = [day for day, count in OPENING.items() for _ in range(count)]
    days += [
        event.day for event in world.events("exploited_vulnerabilities", first=date(2022, 6, 6))
    ]
    chance = world.generator("cisa_kev", "withdrawn")
    vanished: dict[int, date] = {}
    for day, count in WITHDRAWN.items():
        known = [index for index, added in enumerate(days) if added < day and index not in vanished]
        for index in chance.choice(known, size=count, replace=False):
            vanished[int(index)] = day
    return [
        ListedVulnerability(number, added, vanished.get(number - 1))
        for number, added in enumerate(days, start=1)
    ]


def _document(day: date, released: date, shown: list[ListedVulnerability]) -> bytes:
    moment = datetime.combine(released, time(17, released.day, 7, 301_000 + released.day * 100))
    head = {
        "title": "Invented Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": f"{released:%Y.%m.%d}",
        "dateReleased": f"{moment:%Y-%m-%dT%H:%M:%S.%f}"[:-2] + "Z",
        "count": len(shown),
    }
    old = day < PLAIN_SINCE
    colon = ":  " if old else ": "
    lines = [f"    {json.dumps(name)}{colon}{json.dumps(value)},\n" for name, value in head.items()]
    records = ",\n".join(
        _record(one.number, one.added, old, day >= USE_SINCE, day >= WEAKNESSES_SINCE)
        for one in shown
    )
    last = f"{_GAP[4:]}]\n}}\n" if old else "    ]\n}"
    text = "{\n" + "".join(lines) + f'    "vulnerabilities"{colon}[\n{records}\n{last}'
    return (text.replace("\n", "\r\n") if old else text).encode()


@cache
def _record(number: int, added: date, old: bool, with_use: bool, with_weaknesses: bool) -> str:  # noqa: FBT001
    """Return one entry as text, in the style and with the columns of an age."""
    record: dict[str, object] = {
        "cveID": f"CVE-2099-{10_000 + number}",
        "vendorProject": f"Invented Vendor {number % 40 + 1:02d}",
        "product": f"Product {number % 90 + 1:02d}",
        "vulnerabilityName": "Invented",
        "dateAdded": added.isoformat(),
        "shortDescription": "The product\u2019s flaw is invented.",
        "requiredAction": "None.",
        "dueDate": (added + timedelta(days=21)).isoformat(),
    }
    if with_use:
        record["knownRansomwareCampaignUse"] = "Known" if number % 5 == 0 else "Unknown"
    record["notes"] = "https://example.org/a ; https://example.com/b "
    if with_weaknesses:
        record["cwes"] = [] if number % 10 == 0 else [f"CWE-{20 + number % 60}"]
    if not old:
        return _indented(json.dumps(record, indent=4).replace("/", r"\/"), " " * 8)
    fields = [f'    "{name}":  {json.dumps(value)}' for name, value in record.items()]
    return _indented("{\n" + ",\n".join(fields) + "\n}", _GAP)


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line for line in text.split("\n"))
