"""Connects to the address that was checked, and not to what a name says a moment later.

Between the look at where a redirect leads and the connection, whoever owns the name could let it
stand for a machine inside this network. So a name that was checked is looked up once a session,
and its connections go to the addresses found then. The name stays in the certificate's check
and in the header `Host`. Behind a proxy the proxy looks names up, and nothing is pinned.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import httpx

from threatcast_feeds.modes.redirects import Resolve

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

    def _init_transport(self, *_: Any, **__: Any) -> httpx.BaseTransport:
        """Return the transport of all connections that go through no proxy."""
        return _PinnedTransport(self._pins, self._verify)


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
