"""Honest next vintages of dated lists: what came in an earlier week comes again, as new records.

A donor is a record that the source learnt of in an earlier week; it is moved on by whole weeks, so
that weekdays, places and reporting delays stay what they were. Some records are withdrawn and some
get their place later, as in the recordings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import TYPE_CHECKING

from .dates import day_in, moved

if TYPE_CHECKING:
    from random import Random

    from .wire import Copy, Record

LAGS = tuple(range(12, 41))
"""Weeks back from which donors come: not so few that a late record still lacks, nor another era."""
NEAR_LAGS = tuple(range(1, 9))
"""Those of a list that forgets what has not come again for a while."""
FORGETS = {"honeypot_hosts": 100}
"""Days after which a record leaves its list, by its second date."""
USUAL_LAGS = 8
EDITED_DAYS = 90


@dataclass(frozen=True)
class Change:
    """How much more than usual is new: a factor, on everything or on one place."""

    factor: float = 1.0
    place: str = ""

    def of(self, place: str) -> float:
        """Return the factor on a place."""
        return self.factor if self.place in ("", place) else 1.0


HONEST = Change()


def grown(copy: Copy, before: date, day: date, chance: Random, change: Change = HONEST) -> Copy:
    """Return the list as its source could serve it on a day.

    Parameters
    ----------
    copy : Copy
        The list of the day `before`.
    before, day : date
        What the source learnt after the first, up to the second, is new.
    chance : Random
    change : Change
    """
    shape, found = copy.shape, copy.twin()
    by_week = _donors(copy, before, day)
    lags = _usual_first(by_week, chance)
    most = max(1, ceil(change.factor))
    fresh: list[Record] = []
    for turn, lag in enumerate(lags[:most]):
        for one in by_week[lag]:
            # the second turn brings what exceeds the usual, and so on
            share = change.of(str(one.get(shape.place) or "")) - turn
            if chance.random() < share:
                fresh.append(_moved(copy, one, 7 * lag))
    found.records = _edited(copy, day, chance) if change == HONEST else found.records
    _named_anew(found, fresh, chance)
    newest_first = bool(copy.records) and _is_newest_first(copy)
    found.records = fresh + found.records if newest_first else found.records + fresh
    if shape.under and "catalogVersion" in (found.shell or {}):
        found.shell = {**found.shell, "catalogVersion": day.isoformat().replace("-", ".")}
    return found


def _donors(copy: Copy, before: date, day: date) -> dict[int, list[Record]]:
    shape = copy.shape
    found: dict[int, list[Record]] = {}
    for one in copy.records:
        known = day_in(one.get(shape.known)) if _says_when(copy) else None
        learnt = known or day_in(one.get(shape.day))
        if learnt is None:
            continue
        for lag in NEAR_LAGS if copy.feed in FORGETS else LAGS:
            if before < learnt + timedelta(weeks=lag) <= day:
                found.setdefault(lag, []).append(one)
    return found


def _usual_first(by_week: dict[int, list[Record]], chance: Random) -> list[int]:
    """Return the lags that have donors: first, by lot, some of those with as many as usual."""
    sizes = sorted(len(donors) for donors in by_week.values())
    middle = sizes[len(sizes) // 2] if sizes else 0
    near = sorted(by_week, key=lambda lag: (abs(len(by_week[lag]) - middle), lag))
    first = chance.sample(near[:USUAL_LAGS], min(USUAL_LAGS, len(near)))
    return first + near[USUAL_LAGS:]


def _says_when(copy: Copy) -> bool:
    """Return whether the second date column says when the source learnt of a record."""
    return copy.shape.known in {"discovered", "added", "added_to_DB"}


def _moved(copy: Copy, record: Record, days: int) -> Record:
    return record | {
        name: moved(record[name], days) for name in copy.shape.dates if record.get(name)
    }


def _edited(copy: Copy, day: date, chance: Random) -> list[Record]:
    """Withdraw one in 300 of the newest records, and fill one in ten of their empty places."""
    shape, kept = copy.shape, []
    forgets = FORGETS.get(copy.feed)
    since = day - timedelta(days=EDITED_DAYS)
    newest = [one for one in copy.records if (day_in(one.get(shape.day)) or since) > since]
    places = [str(one[shape.place]) for one in newest if shape.place and one.get(shape.place)]
    for record in copy.records:
        one = record
        if forgets and (day_in(one.get(shape.known)) or day) < day - timedelta(days=forgets):
            continue
        if (day_in(one.get(shape.day)) or since) > since and shape.place:
            if chance.random() < 1 / 300:
                continue
            if places and not one.get(shape.place) and chance.random() < 0.1:
                one = one | {shape.place: chance.choice(places)}
        kept.append(one)
    return kept


def _is_newest_first(copy: Copy) -> bool:
    name = copy.shape.day
    first, last = (day_in(copy.records[place].get(name)) for place in (0, -1))
    return bool(first and last and first > last)


def _named_anew(copy: Copy, fresh: list[Record], chance: Random) -> None:
    """Give new records keys of their own that look like keys of the feed."""
    name = copy.shape.key
    taken = set(copy.values(name))
    number = max((int(key) for key in taken if key.isdigit()), default=0)
    for one in fresh:
        while True:
            number += 1
            key = _key_like(str(one[name] or ""), number, chance)
            if key not in taken:
                break
        taken.add(key)
        one[name] = key


def address_near(address: str, chance: Random) -> str:
    """Return another IPv4 address of the same network of 65,536."""
    first, second, _, _ = address.split(".")
    return f"{first}.{second}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def _key_like(old: str, number: int, chance: Random) -> str:
    if old.count(".") == 3:
        return address_near(old, chance)
    if old.startswith("CVE-"):
        return f"{old[:8]}-{chance.randrange(60_000, 99_999)}"
    if old.isdigit():
        return str(number)
    head = old.partition("-")[0] if old.startswith("withheld-") else old
    return f"{head}-{chance.getrandbits(48):012x}"
