"""The ground that faults and surges are put on: two honest next vintages of each feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from . import turnover
from .dates import next_sunday
from .growth import HONEST, Change, grown
from .wire import Copy, decode, encode

if TYPE_CHECKING:
    from .past import Atlas, Past

SEED = 1610
WEEK = timedelta(days=7)
MONDAY_FEEDS = {"c2_tracker"}
"""Feeds whose weekly run is on a Monday; the other vintages are of Sundays."""
COMPANIONS = {
    "ip_country": ("threatfox_ips",),
    "country_codes": ("ransomware_live", "threatfox_ips"),
    "misp_galaxy": ("ransomware_live",),
}
"""Counted feeds that show what a reference table does to counts."""
RELEASES = {"accessnow_keepiton"}
"""Feeds that are released once a year: the next vintage is the same release, reviewed."""


@dataclass(frozen=True)
class Vintage:
    """A payload that a source could serve on a day."""

    day: date
    ext: str
    content: bytes


@dataclass
class Ground:
    """A feed as it was recorded, and two honest vintages after that.

    Attributes
    ----------
    past : Past
        What was recorded.
    before, honest : Vintage
        A week apart; faults are put on the second.
    atlas : Atlas
    """

    feed: str
    past: Past
    before: Vintage
    honest: Vintage
    atlas: Atlas

    @cached_property
    def copy_before(self) -> Copy:
        return decode(self.feed, self.before.ext, self.before.content)

    @cached_property
    def copy(self) -> Copy:
        return decode(self.feed, self.honest.ext, self.honest.content)

    @property
    def day(self) -> date:
        return self.honest.day

    def chance(self, *purpose: object) -> Random:
        """Return random numbers that this purpose has for itself."""
        return Random(f"{SEED}/{self.feed}/{'/'.join(map(str, purpose))}")


def first_day(feed: str, newest: date) -> date:
    """Return the day of the first honest vintage after the newest recorded one.

    Parameters
    ----------
    feed : str
    newest : date
        Of a reference table: of the counted feed that it is tried with.
    """
    if feed in COMPANIONS:
        return newest + timedelta(days=1)
    return newest + WEEK if feed in MONDAY_FEEDS else next_sunday(newest)


def step(feed: str) -> timedelta:
    """Return the time between two honest vintages: short for tables, so that no feed gets old."""
    return timedelta(days=5) if feed in COMPANIONS else WEEK


def ground(feed: str, past: Past, newest: date, atlas: Atlas) -> Ground:
    """Return the ground of a feed; `newest` is what `first_day` takes."""
    day = first_day(feed, newest)
    last = past.newest()
    first = next_copy(past, last, past.newest_day, day, atlas)
    second = next_copy(past, first, day, day + step(feed), atlas)
    vintages = [
        Vintage(at, one.ext, encode(one)) for at, one in ((day, first), (day + step(feed), second))
    ]
    return Ground(feed, past, *vintages, atlas)


def next_copy(
    past: Past, copy: Copy, before: date, day: date, atlas: Atlas, change: Change = HONEST
) -> Copy:
    """Return what a healthy source could serve on a day, after what it served `before`.

    Parameters
    ----------
    past : Past
    copy : Copy
        What it served before.
    before, day : date
    atlas : Atlas
    change : Change
        A true surge or drop.
    """
    chance = Random(f"{SEED}/{past.feed}/{day}/{change}")
    if past.feed in COMPANIONS or past.feed in RELEASES:
        return _reviewed(copy, chance)
    if copy.shape.is_address and not copy.shape.day:
        return turnover.addresses(past, copy, day, chance, atlas, change)
    if copy.shape.form == "posts":
        return turnover.posts(past, copy, day, chance, change)
    if copy.shape.form == "orders":
        return turnover.orders(past, copy, day, chance, change)
    if copy.shape.form == "lines":
        return turnover.windows(past, copy, day, chance)
    return grown(copy, before, day, chance, change)


def _reviewed(copy: Copy, chance: Random) -> Copy:
    """Return a table or release in which a few things were mended."""
    found = copy.twin()
    if copy.feed == "ip_country":
        for place in chance.sample(range(1, len(found.records)), 40):
            found.records[place]["country"] = found.records[place - 1]["country"]
    elif copy.feed == "country_codes":
        chance.choice(found.records)["Capital"] += " "
    elif copy.feed == "misp_galaxy":
        chance.choice(found.records)["description"] = f"Reviewed {chance.random()}."
    else:
        late = chance.choice(found.records[-100:])
        found.records.append(late | {found.shape.key: f"{late[found.shape.key]}, and nearby"})
        for one in chance.sample(found.records, 5):
            one["duration"] = str(chance.randrange(1, 9))
    return found
