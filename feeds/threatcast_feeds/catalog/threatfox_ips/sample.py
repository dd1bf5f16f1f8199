"""Simulated addresses of malware hosts: a sorted list of what is listed on a day.

Quirks kept: no newline at the end, entries that expire after half a year since 2025-05-01 and
never before, entries that come back, and some addresses that belong to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from ipaddress import IPv4Address
from typing import NamedTuple

from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.address_allocation import dotted
from threatcast_feeds.simulation.calendars import sundays
from threatcast_feeds.simulation.patterns import UNLOCATED

FIRST_LISTED = date(2022, 8, 1)
FIRST_VINTAGE = date(2022, 10, 30)
EXPIRY_SINCE = date(2025, 5, 1)
LIFE = timedelta(days=182)
NOWHERE = ("10.{}.{}.7", "100.64.{}.{}", "224.0.{}.{}", "240.{}.{}.9")


class ListedAddress(NamedTuple):
    """An address, when it was first listed, and when it was listed again if it was."""

    address: IPv4Address
    first: date
    again: date | None


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the list of every Sunday."""
    listings = [(str(one.address), one) for one in sorted(_listings(world))]
    for day in sundays(FIRST_VINTAGE, world.end):
        shown = [address for address, one in listings if _is_listed(one, day)]
        yield day, "txt", "\n".join(shown).encode()


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield a list a week, with as many addresses never listed before as were new in it."""
    for day, numbers in past.lists("malware_hosts", forgets=0.06):
        yield day, "txt", "\n".join(map(dotted, numbers)).encode()


def _listings(world: World) -> Iterator[ListedAddress]:
    chance = world.generator("threatfox_ips")
    events = world.events("malware_hosts", first=FIRST_LISTED)
    placed = [event for event in events if event.location != UNLOCATED]
    addresses = world.allocation.ipv4_addresses([one.location for one in placed], chance)
    for event, address in zip(placed, addresses, strict=True):
        again = None
        if chance.random() < 0.1:
            again = event.day + LIFE + timedelta(days=int(chance.integers(14, 200)))
        yield ListedAddress(IPv4Address(address), event.day, again)
    for number, event in enumerate(one for one in events if one.location == UNLOCATED):
        address = NOWHERE[number % len(NOWHERE)].format(number // 200, number % 200)
        yield ListedAddress(IPv4Address(address), event.day, None)


def _is_listed(listing: ListedAddress, day: date) -> bool:
    if day < EXPIRY_SINCE:
        return listing.first <= day
    if listing.first <= day < listing.first + LIFE:
        return True
    return listing.again is not None and listing.again <= day < listing.again + LIFE
