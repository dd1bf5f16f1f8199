"""Simulated posts of researchers: a table of a week's posts without a header.

Quirks kept: line ends that change from day to day, a web address and the name in it as two rows,
hashes, hosts that are posted again, an @ in a path, ports, and other schemes than http.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.address_allocation import dotted
from threatcast_feeds.simulation.calendars import WEEK, every_week, monday
from threatcast_feeds.simulation.patterns import UNLOCATED

FIRST_WEEK = date(2024, 12, 16)
REPORTERS = 12
# of the stand-ins: what a payload tells of, and hosts of a reporter's week, fewer than are counted
SPAN = timedelta(weeks=4)
HOSTS_A_REPORTER = 50
# endings that tell no country, one of them by two letters
GENERIC = ("com", "org", "net", "shop", "io")
AGAIN_AFTER = timedelta(days=9)


class Post(NamedTuple):
    """What one row says."""

    day: date
    second: int
    reporter: str
    kind: str
    value: str

    @property
    def line(self) -> str:
        """The row as written, without its end."""
        clock = f"{self.second // 3600:02}:{self.second // 60 % 60:02}:{self.second % 60:02}"
        return f"{self.day} {clock},{self.reporter},{self.kind},{self.value},#phishing,"


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the posts of every week, Monday to Sunday."""
    by_week: dict[date, list[Post]] = {}
    for post in sorted(_posts(world)):
        by_week.setdefault(post.day - timedelta(days=post.day.weekday()), []).append(post)
    for week in every_week(FIRST_WEEK, world.end):
        lines = [
            post.line + ("\r\n" if post.day.toordinal() % 3 == 0 else "\n")
            for post in by_week[week]
        ]
        yield week + WEEK - timedelta(days=1), "csv", "".join(lines).encode()


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the posts of four weeks after four weeks, with as many new hosts as were counted.

    A host with a place is an address. Each reporter posts few hosts of a week, and something that
    is no host every day, so that no day is without a post.
    """
    first = past.weeks("reported_malicious_hosts")[0] - WEEK
    posts = sorted(_stand_ins(past, first))
    end = past.last_copy("tweetfeed")
    ends = [end - number * SPAN for number in range((end - first) // SPAN + 1)]
    told = first - timedelta(days=1)
    for day in reversed(ends):
        lines = (post.line for post in posts if told < post.day <= day)
        yield day, "csv", "".join(f"{line}\n" for line in lines).encode()
        told = day


def _stand_ins(past: CountedWorld, first: date) -> Iterator[Post]:
    for day in every_day(first, past.last_copy("tweetfeed")):
        yield Post(day, 0, "r0", "sha256", sha256(f"stand-in {day}".encode()).hexdigest())
    of_week: Counter[date] = Counter()
    for event, number in past.addresses("reported_malicious_hosts"):
        week = monday(event.day)
        of_week[week] += 1
        reporter = f"r{of_week[week] // HOSTS_A_REPORTER}"
        is_name = event.location == UNLOCATED
        host = _name(event.number, UNLOCATED) if is_name else dotted(number)
        kind = "domain" if is_name else "ip"
        yield Post(event.day, event.number % 86_400, reporter, kind, host)


def _posts(world: World) -> Iterator[Post]:
    chance = world.generator("tweetfeed")
    events = world.events("reported_malicious_hosts", first=FIRST_WEEK)
    placed = [event.location for event in events if event.location != UNLOCATED]
    addresses = iter(world.allocation.ipv4_addresses(placed, chance))
    for event in events:
        second, reporter = int(chance.integers(86_400)), f"r{int(chance.integers(REPORTERS))}"
        is_name = event.location in (UNLOCATED, "JP") or event.number % 4 == 0
        address = next(addresses) if event.location != UNLOCATED else ""
        host = _name(event.number, event.location) if is_name else address
        for kind, value in _rows(event.number, host, is_name=is_name):
            yield Post(event.day, second, reporter, kind, value)
        again = event.day + AGAIN_AFTER
        if event.number % 9 == 0 and again <= world.end:
            yield Post(again, second, "r0", "domain" if is_name else "ip", host)
    yield from _hashes(world, chance)


def _name(number: int, location: str) -> str:
    if location == UNLOCATED:
        return f"Sign-in-{number}.example.{GENERIC[number % len(GENERIC)]}"
    return f"sign-in-{number}.example.{'uk' if location == 'GB' else location.lower()}"


def _rows(number: int, host: str, *, is_name: bool) -> Iterator[tuple[str, str]]:
    if not is_name:
        yield "ip", host
        return
    if number % 3 == 0:
        yield "url", f"http://{host}:8080/a@b"
    elif number % 3 == 1:
        yield "url", f"{'hxxp' if number % 100 == 1 else 'https'}://{host}/{number}"
    yield "domain", host.lower()


def _hashes(world: World, chance: np.random.Generator) -> Iterator[Post]:
    """Yield one file's hash a day, so that no day is without a post."""
    for day in every_day(FIRST_WEEK, world.end):
        digest = sha256(f"sample {day}".encode()).hexdigest()
        yield Post(day, int(chance.integers(86_400)), "r1", "sha256", digest)


def every_day(first: date, last: date) -> Iterator[date]:
    """Yield each day from `first` to `last` inclusive."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
