"""Simulated posts of researchers: a table of a week's posts without a header.

Quirks kept: line ends that change from day to day, a web address and the name in it as two rows,
hashes, hosts that are posted again, an @ in a path, ports, and other schemes than http.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.addresses import dotted
from threatcast_feeds.simulation.calendars import WEEK, every_week, monday
from threatcast_feeds.simulation.patterns import UNLOCATED

FIRST_WEEK = date(2024, 12, 16)
REPORTERS = 12
# of the stand-ins, below what is counted of a reporter's week
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
    """Yield the posts of every week, with as many hosts never posted before as were counted.

    A host with a place is an address. Each reporter posts few hosts of a week, and something that
    is no host every day, so that no day is without a post.
    """
    last = past.last_copy("tweetfeed")
    weeks = past.weeks("reported_malicious_hosts")
    first = weeks[0] - WEEK
    posts: dict[date, list[Post]] = {week: [] for week in every_week(first, last)}
    for day in every_day(first, last):
        digest = sha256(f"stand-in {day}".encode()).hexdigest()
        posts[monday(day)].append(Post(day, 0, "r0", "sha256", digest))
    for event, number in past.addresses("reported_malicious_hosts"):
        of_week = posts[monday(event.day)]
        is_name = event.location == UNLOCATED
        host = _name(event.number, UNLOCATED) if is_name else dotted(number)
        reporter = f"r{len(of_week) // HOSTS_A_REPORTER}"
        of_week.append(
            Post(event.day, event.number % 86_400, reporter, "domain" if is_name else "ip", host)
        )
    for week, of_week in posts.items():
        lines = "".join(f"{post.line}\n" for post in sorted(of_week))
        yield min(week + WEEK - timedelta(days=1), last), "csv", lines.encode()


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
