"""Recordings as many times as large: lists of addresses and records of attacks, in wire formats.

At 1 the lists have 2,000 addresses each and the records 500; each new copy of a list takes a
twentieth away and adds as many, records only grow. There are ten years of copies, one a month.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address

import numpy as np
from threatcast_feeds.arrivals import Arrival

LISTED, RECORDED = 2_000, 500
VINTAGES = 120
LAST = date(2026, 8, 22)
FEEDS = ("threatfox_ips", "ransomware_live_press")
_NEW = 0.05
_COUNTRIES = ("US", "GB", "DE", "FR", "IT", "BR", "IN", "JP", "CA", "ES")


def arrivals(feed: str, times: int, vintages: int = VINTAGES) -> Iterator[Arrival]:
    """Yield the copies of a feed, the oldest first, each about `times` as large as today's.

    One at a time: what is large is never whole in memory.
    """
    write = {"threatfox_ips": _lists, "ransomware_live_press": _records}[feed]
    for number, (ext, content) in enumerate(write(times, vintages)):
        day = LAST - timedelta(days=30 * (vintages - 1 - number))
        moment = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
        yield Arrival(feed, day, ext, content, moment, "mirror", "", "", "")


def _lists(times: int, vintages: int) -> Iterator[tuple[str, bytes]]:
    listed = LISTED * times
    leave = int(listed * _NEW)
    # every fiftieth address of public networks, in an order of chance that repeats
    numbers = np.random.default_rng(3).permutation(listed + leave * vintages) * 50 + (16 << 24)
    for number in range(vintages):
        shown = np.sort(numbers[number * leave : number * leave + listed])
        yield "txt", "\n".join(str(IPv4Address(int(one))) for one in shown).encode()


def _records(times: int, vintages: int) -> Iterator[tuple[str, bytes]]:
    whole = RECORDED * times
    for number in range(vintages):
        last = LAST - timedelta(days=30 * (vintages - 1 - number))
        count = max(1, whole * (number + 1) // vintages)
        records = []
        for at in range(count):
            day = str(last - timedelta(days=at * 3650 // whole))
            records.append(
                {
                    "victim": f"Simulated body {whole - count + at:07d}",
                    "date": day,
                    "added": f"{day} 12:00:00",
                    "country": _COUNTRIES[at % len(_COUNTRIES)],
                    "summary": "Simulated.",
                    "title": "Simulated attack",
                    "url": f"https://a.example/{at}",
                    "source": "simulated",
                }
            )
        yield "json", json.dumps(records).encode()
