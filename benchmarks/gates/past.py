"""What a home has landed of a feed, as copies that can be looked into; and where addresses are."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property, lru_cache
from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING

from .wire import Copy, decode

if TYPE_CHECKING:
    from datetime import date

    from threatcast_feeds.landing import Landed, Landing


class Past:
    """The landed payloads of one feed, oldest first."""

    def __init__(self, landing: Landing, feed: str, until: date | None = None) -> None:
        self.feed = feed
        self._landing = landing
        self.landed: list[Landed] = landing.payloads(feed, until)
        self._read = lru_cache(maxsize=12)(self._decode)

    @property
    def newest_day(self) -> date:
        """The day of the newest payload."""
        return self.landed[-1].day

    def newest(self) -> Copy:
        """Return the newest payload."""
        return self._read(len(self.landed) - 1)

    def by(self, day: date) -> Copy | None:
        """Return the newest payload of a day or before it; None if there is none."""
        place = self._place(day)
        return None if place < 0 else self._read(place)

    def steps_before(self, day: date, steps: int) -> Copy | None:
        """Return the payload so many payloads before that of a day."""
        place = self._place(day) - steps
        return None if place < 0 else self._read(place)

    def content(self, day: date) -> bytes:
        """Return the bytes of the newest payload of a day or before it."""
        return self._landing.read(self.landed[max(self._place(day), 0)])

    def _place(self, day: date) -> int:
        return bisect_right([one.day for one in self.landed], day) - 1

    def _decode(self, place: int) -> Copy:
        landed = self.landed[place]
        return decode(self.feed, landed.ext, self._landing.read(landed))


class Atlas:
    """In which country an IPv4 address is registered, by the newest table of ranges."""

    def __init__(self, ranges: Copy) -> None:
        self._ranges = ranges

    @cached_property
    def _table(self) -> list[tuple[int, int, str]]:
        table = []
        for one in self._ranges.records:
            if ":" in one["start"]:
                continue
            start, end = (int(IPv4Address(one[name])) for name in ("start", "end"))
            table.append((start, end, one["country"]))
        return sorted(table)

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _, _ in self._table]

    def country(self, address: str) -> str:
        """Return a country's code; empty for an address that nobody holds, or of IPv6."""
        try:
            number = int(IPv4Address(address))
        except AddressValueError:
            return ""
        place = bisect_right(self._starts, number) - 1
        if place < 0 or number > self._table[place][1]:
            return ""
        return self._table[place][2]
