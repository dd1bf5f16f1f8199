"""Simulated attackers of one operator's web sites: a list that only grows.

Quirks kept: IPv6 addresses in a block between the sorted IPv4 ones, CRLF in some versions and no
newline at the end of most, an address twice, and weeks for which nothing new was published.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from ipaddress import ip_address
from typing import NamedTuple

from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.address_allocation import dotted
from threatcast_feeds.simulation.calendars import sundays

FIRST_LISTED = date(2024, 9, 2)
FIRST_VINTAGE = date(2024, 9, 8)
# first and last day without a version
PAUSES = ((date(2025, 9, 22), date(2025, 11, 15)), (date(2026, 3, 2), date(2026, 3, 23)))
IPV6_EVERY = 40


class FirstSeenAddress(NamedTuple):
    """An address and the day on which it was listed."""

    address: str
    day: date


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the list of every Sunday on which there was a version."""
    listings = sorted(_listings(world), key=lambda one: ip_address(one.address).packed)
    for number, day in enumerate(sundays(FIRST_VINTAGE, world.end)):
        if not any(first <= day <= last for first, last in PAUSES):
            yield day, "txt", _text(number, [one.address for one in listings if one.day <= day])


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield a list a week, with as many addresses never listed before as were new in it.

    The real one only grows; a twentieth leaves here, as a version of it may lack, so that lists are
    short enough to be read soon.
    """
    for day, numbers in past.lists("web_attack_hosts", forgets=0.05):
        yield day, "txt", "\n".join(map(dotted, numbers)).encode()


def _listings(world: World) -> Iterator[FirstSeenAddress]:
    # what is seen while nothing is published is lost
    events = [
        event
        for event in world.events("web_attack_hosts", first=FIRST_LISTED)
        if not any(first <= event.day <= last for first, last in PAUSES)
    ]
    chance = world.generator("sefinek_ips")
    addresses = world.allocation.ipv4_addresses([event.location for event in events], chance)
    for event, address in zip(events, addresses, strict=True):
        if event.number % IPV6_EVERY == 0:
            address = world.allocation.ipv6_address(event.location, event.number)
        yield FirstSeenAddress(address, event.day)


def _text(number: int, addresses: list[str]) -> bytes:
    ipv4 = [one for one in addresses if ":" not in one]
    block = [one for one in addresses if ":" in one]
    lines = [*ipv4[: len(ipv4) // 10], *block, *ipv4[len(ipv4) // 10 :]]
    if number % 6 == 5:
        lines.append(lines[0])
    end = "\r\n" if number % 6 == 0 else "\n"
    text = end.join(lines)
    return (text + end if number % 4 == 0 else text).encode()
