"""Simulated target lists of a botnet: a bundle a week with four lists.

A host is listed for one or a few lists in a row and may come back after a month, which is a new
event. Quirks kept: hosts written twice with a slash, lists without targets, names that start
with the day, the keys in another order, and four weeks for which the collector was down.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import numpy as np

from threatcast_feeds.bundles import pack
from threatcast_feeds.simulation import CountedWorld, Event, World
from threatcast_feeds.simulation.calendars import WEEK, every_week, monday
from threatcast_feeds.simulation.patterns import UNLOCATED

FIRST_WEEK = date(2023, 6, 5)
DOWN = (date(2025, 6, 2), date(2025, 6, 29))
DOUBLED = (date(2023, 8, 11), date(2023, 11, 9))
DAY_FIRST_UNTIL = date(2023, 7, 3)
# offset in days from Monday, and the time of each list
LISTS = ((1, time(7, 15, 9)), (3, time(12, 10, 8)), (5, time(7, 20, 10)), (6, time(23, 5, 7)))
TYPES = (("tcp", 443), ("http2", 443), ("nginx_loris", 443), ("http", 80))
# a list goes on for nine days at most, and four weeks without it make a new event
BACK_AFTER = timedelta(days=40)


class Order(NamedTuple):
    """A host that some lists in a row name; `first` counts lists from the first week on."""

    host: str
    first: int
    lists: int


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the bundle of every week, named by the day of its last list."""
    chance = world.generator("ddosia_targets")
    listed: dict[int, list[str]] = defaultdict(list)
    for order in _orders(world, chance):
        for position in range(order.first, order.first + order.lists):
            listed[position].append(order.host)
    for number, week in enumerate(every_week(FIRST_WEEK, world.end)):
        members = {}
        for place, (offset, clock) in enumerate(LISTS):
            position = number * len(LISTS) + place
            moment = datetime.combine(week + timedelta(days=offset), clock)
            members[_name(moment)] = _list(moment, position, listed[position])
        if not DOWN[0] <= week <= DOWN[1]:
            yield week + timedelta(days=LISTS[-1][0]), "zip", pack(members)


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield all lists until the newest one, each host in the first list after its day.

    No host comes twice, so that each is new when it is listed.
    """
    until = past.last_copy("ddosia_targets")
    first = past.weeks("ddos_targets")[0] - WEEK
    hosts: dict[date, list[str]] = defaultdict(list)
    for event in past.events("ddos_targets"):
        host = f"body-{event.number:05d}.example.{_suffix(event.location)}"
        hosts[_list_day(event.day, until)].append(host)
    members = {}
    for week in every_week(first, until):
        for offset, clock in LISTS:
            moment = datetime.combine(min(week + timedelta(days=offset), until), clock)
            members[_name(moment)] = _list(moment, 0, hosts.pop(moment.date(), []))
    yield until, "zip", pack(members)


def _list_day(day: date, until: date) -> date:
    """Return the day of the first list after a day; it is of the same week."""
    offset = next(offset for offset, _ in LISTS if offset >= day.weekday())
    return min(monday(day) + timedelta(days=offset), until)


def _orders(world: World, chance: np.random.Generator) -> Iterator[Order]:
    resting: dict[str, list[tuple[date, str]]] = defaultdict(list)
    made: dict[str, int] = defaultdict(int)
    for event in world.events("ddos_targets", first=FIRST_WEEK):
        suffix = _suffix(event.location)
        known = resting[suffix]
        if known and known[0][0] <= event.day and chance.random() < 0.4:
            host = known.pop(0)[1]
        else:
            made[suffix] += 1
            host = f"body-{made[suffix]:04d}.example.{suffix}"
        lists = 1 + int(chance.integers(0, 4))
        known.append((event.day + BACK_AFTER, host))
        # what was ordered while nobody collected is not shown as new when collecting resumes
        if not DOWN[0] <= event.day <= DOWN[1]:
            yield Order(host, _position(event), lists)


def _position(event: Event) -> int:
    """Return the first list after an event; it is of the event's own week."""
    weeks, day = divmod((event.day - FIRST_WEEK).days, 7)
    return weeks * len(LISTS) + next(
        place for place, (offset, _) in enumerate(LISTS) if offset >= day
    )


def _suffix(location: str) -> str:
    if location == UNLOCATED:
        return "com"
    return "uk" if location == "GB" else location.lower()


def _name(moment: datetime) -> str:
    style = "%d-%m-%Y_%H-%M-%S" if moment.date() < DAY_FIRST_UNTIL else "%Y-%m-%d_%H-%M-%S"
    return f"{moment.strftime(style)}_DDoSia-target-list-full.json"


def _list(moment: datetime, position: int, hosts: list[str]) -> bytes:
    targets: list[dict[str, object]] | None = [
        {
            "target_id": f"{position:012x}{place:012x}",
            "request_id": "",
            "host": _written(moment, position, host),
            "ip": "",
            "type": kind,
            "method": "",
            "port": port,
            "use_ssl": port == 443,
            "path": "",
            "body": None,
            "headers": None,
        }
        for place, host in enumerate(hosts)
        for kind, port in (TYPES[place % 2], TYPES[2 + place % 2])
    ]
    content = {"targets": targets or None, "randoms": []}
    if position % 5 == 4:
        content = dict(reversed(content.items()))
    return json.dumps(content, indent=4).encode()


def _written(moment: datetime, position: int, host: str) -> str:
    within = DOUBLED[0] <= moment.date() <= DOUBLED[1]
    return f"{host}/{host}" if within and position % 10 == 3 else host
