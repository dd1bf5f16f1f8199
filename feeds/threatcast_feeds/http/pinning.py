"""Connects to the address that was checked, and not to what a name says a moment later.

Between the look at where a redirect leads and the connection, whoever owns the name could let it
stand for a machine inside this network. So a name that was checked is looked up once a session,
and its connections go to the addresses found then. The name stays in the certificate's check
and in the header `Host`.

Behind a proxy (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`) the proxy gets the name and looks it up
itself, for a proxy that lets names through refuses bare addresses. The look before it stays: what
leads inside by its number, or by what its name stands for here, is never asked of the proxy. What
the proxy connects to is the proxy's to decide, and the session says so.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import httpx

from threatcast_feeds.http.redirects import Resolve, public

_Options = Iterable[tuple[Any, ...]]


class Pins:
    """The addresses of the names that were looked up, each once."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._found: dict[str, tuple[str, ...]] = {}

    def resolve(self, host: str) -> Sequence[str]:
        """Return a name's addresses as they were when it was first asked for."""
        name = _as_sent(host)
        if name not in self._found:
            self._found[name] = tuple(self._resolve(host))
        return self._found[name]

    def of(self, host: str) -> Sequence[str] | None:
        """Return the addresses to connect to; None for a name that was never looked up."""
        return self._found.get(_as_sent(host))


def _as_sent(host: str) -> str:
    """Return a host as it goes over the wire: in lower case, other scripts encoded."""
    try:
        return httpx.URL(scheme="http", host=host.lower()).raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError):
        return host.lower()


class PinnedClient(httpx.Client):
    """A client whose direct connections go to pinned addresses; takes what its base takes."""

    def __init__(self, pins: Pins, verify: ssl.SSLContext, **options: Any) -> None:
        self._pins = pins
        self._verify = verify
        super().__init__(verify=verify, **options)

    def proxied(self, url: str) -> bool:
        """Whether a proxy connects to this address, and so looks its name up."""
        return self._transport_for_url(httpx.URL(url)) is not self._transport

    def _init_transport(self, *_: Any, **__: Any) -> httpx.BaseTransport:
        """Return the transport of all connections that go through no proxy."""
        return _PinnedTransport(self._pins, self._verify)


def proxy_decides(url: str) -> str:
    """Say what a proxy on the way to an address means."""
    return (
        f"the way to {public(url)} goes through the proxy of the environment, which looks the name "
        "up itself; that it leads to no address inside was checked here, but what the proxy "
        "connects to is the proxy's to decide"
    )


class _PinnedTransport(httpx.HTTPTransport):
    def __init__(self, pins: Pins, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify)
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify, network_backend=_PinnedNetwork(pins)
        )


class _PinnedNetwork(httpcore.NetworkBackend):
    def __init__(self, pins: Pins) -> None:
        self._pins = pins
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _Options | None = None,
    ) -> httpcore.NetworkStream:
        pinned = self._pins.of(host)
        targets = [host] if pinned is None else pinned
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for target in targets:
            try:
                return self._network.connect_tcp(
                    target, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure
