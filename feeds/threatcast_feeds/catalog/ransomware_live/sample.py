"""Simulated claims on leak sites, in wire format A, as they become known.

Claims appear late, lose and gain their country, are withdrawn and repeated. Quirks kept: no
activity before June 2024, dates without zone until 2026-04-27, hardly any country before the
end of 2023, and country codes that are none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from threatcast_feeds.simulation import CountedWorld, Event, World
from threatcast_feeds.simulation.calendars import recording_days
from threatcast_feeds.simulation.patterns import UNLOCATED

FIRST_CLAIM = date(2021, 9, 27)
FIRST_VINTAGE = date(2024, 1, 31)
WEEKLY_FROM = date(2025, 4, 20)
ACTIVITY_SINCE = date(2024, 6, 6)
ZONED_SINCE = date(2026, 4, 28)
PLACED_SINCE = date(2023, 12, 1)
NEVER = date.max

GROUPS = tuple(f"samplelocker{number:02d}" for number in range(1, 25))
SECTORS = ("Manufacturing", "Technology", "Healthcare", "Education", "Financial Services")
# what some rows say instead of the code
JUNK = {"GB": "UK", "ES": "SP", "US": "us", UNLOCATED: "??"}
JUNK_SHARE = {"GB": 0.03, "ES": 0.05, "US": 0.005, UNLOCATED: 0.03}


@dataclass(frozen=True)
class Claim:
    """One row of the feed and the days on which it changes; NEVER for what does not happen."""

    title: str
    group: str
    published: datetime
    discovered: datetime
    country: str
    placed: date
    sector: str
    sorted_out: date
    withdrawn: date
    keeps_style: bool

    def row(self, day: date) -> str:
        """Return the row as the feed of a day writes it."""
        zoned = day >= ZONED_SINCE and not self.keeps_style
        activity = self.sector if self.sorted_out <= day else "Not Found"
        fields = {
            **({"activity": activity} if day >= ACTIVITY_SINCE else {}),
            "country": self.country if self.placed <= day else "",
            "description": "",
            "discovered": _moment(self.discovered, zoned=zoned),
            "group_name": self.group,
            "post_title": self.title,
            "post_url": "",
            "published": _moment(self.published, zoned=zoned),
            "screenshot": "",
            "website": "",
        }
        return json.dumps(fields, separators=(",", ":"))


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the whole list at the end of months, and of all weeks of the last sixty."""
    claims = sorted(_claims(world), key=lambda claim: (claim.published, claim.title))
    written: dict[tuple[int, bool, bool, bool, bool], str] = {}
    for day in recording_days(FIRST_VINTAGE, WEEKLY_FROM, world.end):
        rows = []
        for number, claim in enumerate(claims):
            if claim.discovered.date() > day or claim.withdrawn <= day:
                continue
            form = (day >= ACTIVITY_SINCE, day >= ZONED_SINCE)
            key = (number, *form, claim.placed <= day, claim.sorted_out <= day)
            if key not in written:
                written[key] = claim.row(day)
            rows.append(written[key])
        yield day, "json", ("[\n" + ",\n".join(rows) + "\n]\n").encode()


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the newest list, with as many claims a week and country as were counted.

    A claim is discovered when it is published: how late they came is not in weekly counts.
    """
    chance = past.generator("ransomware_live")
    events = past.events("ransomware_claims")
    day = past.last_copy("ransomware_live")
    rows = [
        _stand_in(event, group, second).row(day)
        for event, group, second in zip(
            events,
            chance.integers(len(GROUPS), size=len(events)).tolist(),
            chance.integers(86_000, size=len(events)).tolist(),
            strict=True,
        )
    ]
    yield day, "json", ("[\n" + ",\n".join(rows) + "\n]\n").encode()


def _stand_in(event: Event, group: int, second: int) -> Claim:
    published = datetime.combine(event.day, time()) + timedelta(seconds=second)
    return Claim(
        title=f"Stand-in {event.number:05d}",
        group=GROUPS[group],
        published=published,
        discovered=published + timedelta(seconds=90),
        country="" if event.location == UNLOCATED else event.location,
        placed=event.day,
        sector=SECTORS[event.number % len(SECTORS)],
        sorted_out=event.day,
        withdrawn=NEVER,
        keeps_style=False,
    )


def _claims(world: World) -> Iterator[Claim]:
    chance = world.generator("ransomware_live")
    popularity = 1.0 / np.arange(1, len(GROUPS) + 1)
    popularity /= popularity.sum()
    for event in world.events("ransomware_claims", first=FIRST_CLAIM):
        # a campaign is one group's, and it posts all at once
        which = event.campaign % len(GROUPS)
        group = GROUPS[which if event.campaign else int(chance.choice(len(GROUPS), p=popularity))]
        claim = _claim(chance, event, group)
        yield claim
        if chance.random() < 0.012:
            yield _repeat(chance, claim)


def _claim(chance: np.random.Generator, event: Event, group: str) -> Claim:
    second = int(chance.integers(0, 86_400))
    dated_only = chance.random() < 0.3
    published = datetime.combine(event.day, time()) + timedelta(
        seconds=0 if dated_only else second, microseconds=0 if second % 7 else 123_456
    )
    discovered = published + _delay(chance) + timedelta(seconds=second if dated_only else 90)
    found = discovered.date()
    country = "" if event.location == UNLOCATED else event.location
    if chance.random() < JUNK_SHARE.get(event.location, 0.0):
        country = JUNK[event.location]
    placed, sorted_out, withdrawn = found, found, NEVER
    luck = chance.random(4)
    if event.day < PLACED_SINCE and luck[0] < 0.7:
        placed = NEVER
    elif luck[0] < 0.07:
        placed = found + timedelta(days=2 + int(chance.exponential(25)))
    if luck[1] < 0.12:
        sorted_out = found + timedelta(days=1 + int(chance.exponential(20)))
    if luck[2] < 0.02:
        withdrawn = found + timedelta(days=3 + int(chance.exponential(60)))
    return Claim(
        f"Simulated Body {event.number:04d}",
        group,
        published,
        discovered,
        country,
        placed,
        SECTORS[int(chance.integers(len(SECTORS)))],
        sorted_out,
        withdrawn,
        keeps_style=bool(luck[3] < 0.005),
    )


def _repeat(chance: np.random.Generator, claim: Claim) -> Claim:
    """Return the same claim posted again within four weeks, which counts once."""
    later = timedelta(days=int(chance.integers(1, 21)))
    return Claim(
        claim.title,
        claim.group,
        claim.published + later,
        claim.discovered + later,
        claim.country,
        claim.placed if claim.placed == NEVER else claim.placed + later,
        claim.sector,
        claim.sorted_out + later,
        claim.withdrawn,
        keeps_style=False,
    )


def _delay(chance: np.random.Generator) -> timedelta:
    """Return how long a claim goes unseen: mostly minutes, for one in ten more than a week."""
    luck = chance.random()
    if luck < 0.72:
        return timedelta(minutes=float(chance.exponential(40)))
    mean = 2.5 if luck < 0.88 else 14.0 if luck < 0.97 else 70.0
    return timedelta(days=float(chance.exponential(mean)))


def _moment(moment: datetime, *, zoned: bool) -> str:
    return f"{moment.isoformat()}+00:00" if zoned else f"{moment:%Y-%m-%d %H:%M:%S.%f}"
