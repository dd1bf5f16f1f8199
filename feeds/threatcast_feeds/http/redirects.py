"""Where a redirect may lead, and how an address is written into a message.

A feed's publisher decides where its addresses point tomorrow. It may send us to another public
host, but never into the network that this machine stands in.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from threatcast_feeds.outside import MOST_SAMPLE, shown

Resolve = Callable[[str], Sequence[str]]
# what stands for an address inside, or for many machines: 6to4 and Teredo carry one within, the
# others have no host on the public net
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_NO_HOSTS = (
    ipaddress.IPv6Network("2001::/23"),
    ipaddress.IPv6Network("2002::/16"),
    ipaddress.IPv6Network("3fff::/20"),
    ipaddress.IPv4Network("192.88.99.0/24"),
)
_SECRET = re.compile(r"key|token|secret|password|signature|sig$|auth", re.IGNORECASE)


def addresses_of(host: str) -> Sequence[str]:
    """Return the addresses that a host's name stands for; none if it is not known."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        # behind a proxy names need not resolve here; the request itself will tell
        return ()
    return sorted({str(entry[4][0]) for entry in found})


def refusal(start: str, target: str, resolve: Resolve = addresses_of) -> str:
    """Say why a way from `start` to `target` must not be gone; empty if it may.

    Examples
    --------
    >>> refusal("https://feeds.example.org/list", "http://feeds.example.org/list")
    'from https to http, where anyone on the way could alter the feed'
    >>> refusal("http://feeds.example.org/list", "http://169.254.169.254/")
    'from a public host to 169.254.169.254 inside this network'
    """
    try:
        here, there = urlsplit(start), urlsplit(target)
        home, host = here.hostname or "", there.hostname or ""
    except ValueError:
        return "to what is not a web address"
    if there.scheme not in ("http", "https") or not host:
        return f"to {shown(public(target), MOST_SAMPLE)!r}, which is not a web address"
    if here.scheme == "https" and there.scheme == "http":
        return "from https to http, where anyone on the way could alter the feed"
    if _inside(home, lambda _host: ()):
        return ""
    if _inside(host, resolve):
        return f"from a public host to {shown(host)} inside this network"
    return ""


def _inside(host: str, resolve: Resolve) -> bool:
    """Whether a host is this machine or one that only this network can reach."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith((".localhost", ".local", ".internal")):
        return True
    texts = [name] if _address(name) else resolve(name)
    found = [_address(text) for text in texts]
    return any(address is not None and not _is_public(address) for address in found)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one machine of the public net, by its own number.

    IPv6 addresses outside 2000::/3 carry an IPv4 address (mapped, NAT64), reach many machines, or
    none that is public.
    """
    if isinstance(address, ipaddress.IPv6Address) and address not in _PUBLIC_V6:
        return False
    inside = any(address.version == net.version and address in net for net in _NO_HOSTS)
    return address.is_global and not address.is_multicast and not inside


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return _loose_ipv4(text)


def _loose_ipv4(text: str) -> ipaddress.IPv4Address | None:
    """Read the short forms that a resolver takes too, such as `127.1` and `2130706433`."""
    if not re.fullmatch(r"[0-9a-fx.]+", text) or not text[:1].isdigit():
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        return None


def public(url: str) -> str:
    """Return an address as a message may show it: without user, password and keys.

    Examples
    --------
    >>> public("https://me:pw@feeds.example.org/list?page=2&api_key=abc")
    'https://feeds.example.org/list?page=2&api_key=***'
    """
    try:
        parts = urlsplit(url)
        query = [
            (name, "***" if _SECRET.search(name) else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
    except ValueError:
        return "(an address that cannot be read)"
    shown = urlencode(query, safe="*/:,") if any(v == "***" for _, v in query) else parts.query
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, shown, ""))
