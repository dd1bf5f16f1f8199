"""The simulated allocation of internet addresses to countries.

The sample's addresses have to be placeable, so they cannot be those that are reserved for
documentation. IPv4 blocks are cut from networks that were given to one military holder long ago
and serve no public host; IPv6 addresses are of the documentation prefix. In the simulated
`ip_country` they belong to countries by lot, so nothing can be read from an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from ipaddress import IPv4Address, IPv6Address

import numpy as np

from threatcast_feeds.simulation.patterns import COUNTRIES

_NETWORKS = (6, 7, 11, 21, 22, 26, 28, 29, 30, 33, 55)
_BLOCK = 1 << 16
_DOCUMENTATION = int(IPv6Address("2001:db8::"))
_BLOCK_6 = 1 << 80
_BLOCKS_A_COUNTRY = 6


@dataclass(frozen=True)
class Range:
    """Addresses of one country, bounds included."""

    start: int
    end: int
    country: str


# one more network of that holder, which no country is given here
_NOBODYS = Range(214 << 24, (215 << 24) - 1, "")


@dataclass(frozen=True)
class Allocation:
    """Ranges of both families in ascending order; they do not overlap."""

    ipv4: tuple[Range, ...]
    ipv6: tuple[Range, ...]

    @classmethod
    def draw(cls, chance: np.random.Generator) -> Allocation:
        """Give each country some blocks of several sizes."""
        blocks = chance.permutation(len(_NETWORKS) * 256)[: len(COUNTRIES) * _BLOCKS_A_COUNTRY]
        ipv4 = []
        for place, block in enumerate(blocks):
            network, second = divmod(int(block), 256)
            start = (_NETWORKS[network] << 24) + second * _BLOCK
            # the rest of a smaller block belongs to nobody
            size = _BLOCK >> int(chance.integers(0, 5))
            ipv4.append(Range(start, start + size - 1, COUNTRIES[place % len(COUNTRIES)]))
        order = chance.permutation(len(COUNTRIES))
        ipv6 = [
            Range(start, start + _BLOCK_6 - 1, COUNTRIES[country])
            for place, country in enumerate(order)
            for start in [_DOCUMENTATION + place * _BLOCK_6]
        ]
        return cls(tuple(sorted(ipv4, key=lambda one: one.start)), tuple(ipv6))

    @classmethod
    def even(cls, countries: Iterable[str]) -> Allocation:
        """Give each country a block of every network, enough for all that it ever needs."""
        codes = list(countries)
        ipv4 = (
            Range(start, start + _BLOCK - 1, code)
            for network in _NETWORKS
            for place, code in enumerate(codes)
            for start in [(network << 24) + place * _BLOCK]
        )
        ipv6 = (
            Range(start, start + _BLOCK_6 - 1, code)
            for place, code in enumerate(codes)
            for start in [_DOCUMENTATION + place * _BLOCK_6]
        )
        return cls(tuple(ipv4), tuple(ipv6))

    def numbers_of(self, country: str) -> Iterator[int]:
        """Yield the IPv4 addresses of a country, or of nobody if it has none; each once.

        As numbers, and by turns of all its blocks, as the real ones lie in many networks.
        """
        blocks = self._ranges_of.get(country, [_NOBODYS])
        for offset in range(1, _BLOCK - 1):
            yield from (one.start + offset for one in blocks if one.start + offset < one.end)

    @cached_property
    def _ranges_of(self) -> dict[str, list[Range]]:
        ranges: dict[str, list[Range]] = {}
        for one in self.ipv4:
            ranges.setdefault(one.country, []).append(one)
        return ranges

    def ipv4_addresses(self, countries: Iterable[str], chance: np.random.Generator) -> list[str]:
        """Return an address of each country asked for; none is given twice in one call."""
        given: set[int] = set()
        addresses = []
        for country in countries:
            ranges = self._ranges_of[country]
            while True:
                one = ranges[int(chance.integers(len(ranges)))]
                address = int(chance.integers(one.start + 1, one.end))
                if address not in given:
                    break
            given.add(address)
            addresses.append(str(IPv4Address(address)))
        return addresses

    def ipv6_address(self, country: str, number: int) -> str:
        """Return the IPv6 address of that number in a country's block."""
        start = next(one.start for one in self.ipv6 if one.country == country)
        return str(IPv6Address(start + 1 + number))


@cache
def dotted(number: int) -> str:
    """Return an IPv4 address as it is written.

    Examples
    --------
    >>> dotted((192 << 24) + 258)
    '192.0.1.2'
    """
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
