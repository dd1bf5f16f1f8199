"""Internet addresses: what one looks like, and a key by which IPv6 addresses sort."""

from __future__ import annotations

import re
from ipaddress import IPv6Address

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# in the syntax that Python's re, RE2 and DuckDB share
IPV4_PATTERN = rf"{_OCTET}([.]{_OCTET}){{3}}"
IPV4 = re.compile(IPV4_PATTERN)


def is_ipv4(text: str) -> bool:
    """Return whether text is an IPv4 address in dotted form, without leading zeros.

    Examples
    --------
    >>> is_ipv4("192.0.2.17"), is_ipv4("192.0.2.017"), is_ipv4("192.0.2.256")
    (True, False, False)
    """
    return IPV4.fullmatch(text) is not None


def ipv6_key(text: str) -> str | None:
    """Return an IPv6 address as 32 lower-case hexadecimal digits; None if it is not one.

    Keys sort as the addresses do, so a range can be found by comparing texts.

    Examples
    --------
    >>> ipv6_key("2001:db8::5")
    '20010db8000000000000000000000005'
    """
    try:
        # a scope ("%eth0") names an interface of one machine and has no place in a feed
        return None if "%" in text else f"{int(IPv6Address(text)):032x}"
    except ValueError:
        return None
