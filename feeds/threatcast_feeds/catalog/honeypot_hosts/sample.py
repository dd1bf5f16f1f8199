"""Simulated attackers of honeypots: a table from which machines vanish after a hundred days.

Quirks kept: CRLF, empty cells, tags between brackets, machines seen again on later days, and a
format so young that what began before it are survivors only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.address_allocation import dotted
from threatcast_feeds.simulation.calendars import sundays

HEADER = "ip,category,detail,note,tags,first_seen,last_seen"
FIRST_SEEN = date(2026, 2, 2)
FIRST_VINTAGE = date(2026, 5, 10)
KEPT = timedelta(days=100)
# a few go sooner
SURELY_KEPT = timedelta(days=80)
KINDS = (
    ("botnet node", "cryptominer", "outlaw", "[worm|crypto|infected|backdoor]"),
    ("botnet node", "", "", "[busybox]"),
    ("recon", "docker", "", "[docker]"),
    ("intrusion", "remote", "", "[vnc|remote]"),
    ("exploit", "rce", "", ""),
)


class Machine(NamedTuple):
    """An attacker, its kind, and the days on which it was first and last seen."""

    address: str
    kind: tuple[str, ...]
    first: date
    last: date


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the table of every Sunday."""
    machines = list(_machines(world))
    for day in sundays(FIRST_VINTAGE, world.end):
        shown = [_row(one, day) for one in machines if one.first <= day <= one.last + KEPT]
        yield day, "csv", "".join(f"{line}\r\n" for line in [HEADER, *sorted(shown)]).encode()


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the table of the last copy, with as many machines a week as were seen first.

    Of a history that is longer than machines stay, also that of every Sunday before.
    """
    placed = past.addresses("honeypot_attackers")
    machines = [
        Machine(dotted(number), KINDS[number % len(KINDS)], event.day, event.day)
        for event, number in placed
    ]
    first, last = past.weeks("honeypot_attackers")[0], past.last_copy("honeypot_hosts")
    before = sundays(first, last) if last - first > SURELY_KEPT else []
    for day in sorted({*before, last}):
        shown = [_row(one, day) for one in machines if one.first <= day <= one.last + KEPT]
        yield day, "csv", "".join(f"{line}\r\n" for line in [HEADER, *sorted(shown)]).encode()


def _machines(world: World) -> Iterator[Machine]:
    chance = world.generator("honeypot_hosts")
    events = world.events("honeypot_attackers", first=FIRST_SEEN)
    addresses = world.allocation.ipv4_addresses([event.location for event in events], chance)
    for event, address in zip(events, addresses, strict=True):
        # most are seen on one day
        last = event.day + timedelta(days=int(chance.geometric(0.3)) - 1)
        yield Machine(address, KINDS[int(chance.integers(len(KINDS)))], event.day, last)


def _row(machine: Machine, day: date) -> str:
    days = (machine.first.isoformat(), min(machine.last, day).isoformat())
    return ",".join((machine.address, *machine.kind, *days))
