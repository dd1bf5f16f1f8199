"""Simulated searches for command-and-control servers: a bundle of lists, one a tool.

Quirks kept: nightly runs seen on Sundays until July 2024 and Monday runs since, a list that is
empty and one that is missing, a tool that is renamed, one that appears with a stock of servers
found before, a botnet that floods the lists, and a few IPv6 addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from threatcast_feeds.bundles import pack
from threatcast_feeds.simulation import CountedWorld, World
from threatcast_feeds.simulation.address_allocation import dotted
from threatcast_feeds.simulation.calendars import WEEK, every_week, sundays

FIRST_RUN = date(2022, 11, 27)
MONDAYS_SINCE = date(2024, 7, 8)
RENAMED_ON = date(2024, 8, 4)
ADDED_ON = date(2024, 10, 14)

# the two real names are there because the feed renamed one and counts leave the other out
RENAMED = ("DcRat", "DcRAT")
FLOOD = "7777 Botnet"
FLOOD_DAYS = (date(2023, 10, 22), date(2024, 2, 25))
ADDED = "Paper Kite C2"
RARE = "Lantern RAT"
TOOLS = ("Glass Harbour C2", "Tin Whistle C2", RENAMED[0], "Copper Fox (CoFo)", RARE, ADDED)
# those that are found in every run
STAND_INS = (*TOOLS[:2], *TOOLS[3:])
SHARES = (0.42, 0.26, 0.14, 0.09, 0.004, 0.086)


class Server(NamedTuple):
    """An address that a search finds in some runs: from the first, for so many."""

    tool: str
    address: str
    first: date
    runs: int


def payloads(world: World) -> Iterator[tuple[date, str, bytes]]:
    """Yield the bundle of one run a week."""
    runs = sundays(FIRST_RUN, MONDAYS_SINCE - timedelta(days=1))
    runs += every_week(MONDAYS_SINCE, world.end)
    found: dict[date, dict[str, set[str]]] = {run: {} for run in runs}
    for server in _servers(world):
        position = next((place for place, run in enumerate(runs) if _sees(run, server)), None)
        for run in runs[position : position + server.runs] if position is not None else []:
            if server.tool != ADDED or run >= ADDED_ON:
                found[run].setdefault(_name(server.tool, run), set()).add(server.address)
    chance = world.generator("c2_tracker", "order")
    for run in runs:
        members = {
            f"data/{tool} IPs.txt": _lines(chance, addresses)
            for tool, addresses in found[run].items()
        }
        # a search without a hit gave an empty list in the early days, and none at all later
        if run.year < 2024 and RARE not in found[run]:
            members[f"data/{RARE} IPs.txt"] = b""
        yield run, "zip", pack(members)


def reenacted(past: CountedWorld) -> Iterator[tuple[date, str, bytes]]:
    """Yield the bundle of a run a week, with as many servers never found before as were new.

    Each address is found by one tool, so that it counts once.
    """
    chance = past.generator("c2_tracker", "order")
    # a run on Monday counts for the week before
    for day, numbers in past.lists("c2_servers", forgets=0.2, copied=WEEK):
        members = {}
        for place, tool in enumerate(STAND_INS):
            found = {dotted(one) for one in numbers if one % len(STAND_INS) == place}
            members[f"data/{tool} IPs.txt"] = _lines(chance, found)
        yield day, "zip", pack(members)


def _servers(world: World) -> Iterator[Server]:
    chance = world.generator("c2_tracker")
    events = world.events("c2_servers", first=FIRST_RUN - timedelta(days=70))
    addresses = world.allocation.ipv4_addresses([event.location for event in events], chance)
    shares = np.array(SHARES)
    early = np.where(np.array(TOOLS) == ADDED, 0.0, shares)
    for event, address in zip(events, addresses, strict=True):
        weights = shares if event.day >= ADDED_ON else early
        tool = TOOLS[int(chance.choice(len(TOOLS), p=weights / weights.sum()))]
        if event.number % 150 == 0:
            address = world.allocation.ipv6_address(event.location, event.number)
        yield Server(tool, address, event.day, int(chance.geometric(0.2)))
    # what the new search finds in its first run has been there for long: stock, no events
    stock = world.allocation.ipv4_addresses(["US"] * 30, world.generator("c2_tracker", "stock"))
    for address in stock:
        yield Server(ADDED, address, ADDED_ON, int(chance.geometric(0.2)))
    flood = world.allocation.ipv4_addresses(["BR"] * 150, world.generator("c2_tracker", "flood"))
    for address in flood:
        day = FLOOD_DAYS[0] + timedelta(days=int(chance.integers(0, 90)))
        yield Server(FLOOD, address, day, 1 + (FLOOD_DAYS[1] - day).days // 7)


def _sees(run: date, server: Server) -> bool:
    """Whether a server was up by a run; one on Monday counts for the week before."""
    return server.first <= run if run < MONDAYS_SINCE else server.first < run


def _name(tool: str, run: date) -> str:
    return RENAMED[1] if tool == RENAMED[0] and run >= RENAMED_ON else tool


def _lines(chance: np.random.Generator, addresses: set[str]) -> bytes:
    """Return a list as the search gives it: in no order, a newline after each."""
    ordered = sorted(addresses)
    return "".join(f"{ordered[place]}\n" for place in chance.permutation(len(ordered))).encode()
