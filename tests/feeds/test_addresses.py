"""Addresses read many at a time are those that are read one by one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from threatcast_feeds.readers.addresses import are_ipv4, ipv4_numbers, ipv6_key, is_ipv4

OCTETS = st.sampled_from(["0", "00", "9", "25", "099", "199", "249", "255", "256", "", " 1", "1\n"])
NEARLY_IPV4 = st.lists(OCTETS, min_size=3, max_size=5).map(".".join)
NEARLY_IPV6 = st.lists(
    st.sampled_from(
        ["", "0", "2001", "DB8", "ffff", "12345", "g", "1.2.3.4", "1.2.3.04", "5%eth0"]
    ),
    max_size=9,
).map(":".join)


@settings(deadline=None)
@given(st.lists(NEARLY_IPV4 | st.text()))
def test_many_ipv4_addresses_are_told_as_one_is(texts: list[str]) -> None:
    assert are_ipv4(pa.array(texts, pa.string())).tolist() == [is_ipv4(text) for text in texts]


@settings(deadline=None)
@given(st.lists(st.ip_addresses(v=4)))
def test_numbers_are_those_of_the_standard_library(addresses: list[IPv4Address]) -> None:
    texts = pa.array([str(address) for address in addresses], pa.string())
    assert ipv4_numbers(texts).tolist() == [int(address) for address in addresses]


@settings(deadline=None)
@given(NEARLY_IPV6 | st.ip_addresses(v=6).map(str) | st.text())
@example("::1\0")
@example("\udcff::1")
def test_key_is_that_of_the_standard_library(text: str) -> None:
    try:
        expected = None if "%" in text else f"{int(IPv6Address(text)):032x}"
    except ValueError:
        expected = None
    assert ipv6_key(text) == expected
