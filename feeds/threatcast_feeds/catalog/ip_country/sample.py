"""The simulated allocation in the wire format of the table of address ranges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Address, IPv6Address

from threatcast_feeds.simulation import World
from threatcast_feeds.simulation.calendars import reference_days


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the same bytes on the first day of the world and near its end: IPv4, then IPv6."""
    lines = [
        f"{IPv4Address(one.start)},{IPv4Address(one.end)},{one.country}\n"
        for one in world.allocation.ipv4
    ] + [
        f"{IPv6Address(one.start)},{IPv6Address(one.end)},{one.country}\n"
        for one in world.allocation.ipv6
    ]
    content = "".join(lines).encode()
    for day in reference_days(world.start, world.end):
        yield day, "csv", content
