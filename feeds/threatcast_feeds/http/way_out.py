"""Whether this machine reaches any source at all: tells a source that is down from a cut network.

Looked at only once an address could not be reached, and once a night: with no way out, every
further attempt would fail the same way, and a night would spend its time on waiting.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from urllib.parse import urlsplit

import httpx
import truststore

PATIENCE = 10.0
"""Seconds that all hosts together are given to answer."""
_NO_WAY = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


class WayOut:
    """The way from this machine to the hosts of all sources.

    Parameters
    ----------
    urls : iterable of str
        Addresses of the sources; each of their hosts is asked once, for its headers only. Without
        any there is nothing to look at, and the way counts as open.
    rewrite : callable, optional
        Turns an address into the one that is really asked.
    """

    def __init__(
        self, urls: Iterable[str] = (), rewrite: Callable[[str], str] | None = None
    ) -> None:
        doors = {
            urlsplit(url).netloc: f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"
            for url in urls
        }
        self._doors = {host: rewrite(door) if rewrite else door for host, door in doors.items()}
        self._lock = Lock()
        self._failures: dict[str, str] | None = None

    @property
    def failures(self) -> Mapping[str, str]:
        """Why each host could not be reached, if the look was had and none could; else empty."""
        return self._failures or {}

    def is_shut(self) -> bool:
        """Whether no host of any source can be reached; looks the first time it is asked."""
        with self._lock:
            if self._failures is None:
                self._failures = self._look()
        return bool(self._failures)

    def _look(self) -> dict[str, str]:
        """Ask all hosts at the same time; returns the reasons if none answers, else nothing."""
        said: SimpleQueue[tuple[str, str]] = SimpleQueue()
        verify = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for host, door in self._doors.items():
            # a name service that does not answer cannot be interrupted: nobody waits for these
            Thread(
                target=lambda h=host, d=door: said.put((h, _knock(d, verify))), daemon=True
            ).start()
        reasons = dict.fromkeys(self._doors, f"no answer within {PATIENCE:g} seconds")
        end = time.monotonic() + PATIENCE
        for _ in self._doors:
            try:
                host, reason = said.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                break
            if not reason:
                return {}
            reasons[host] = reason
        return reasons


def _knock(door: str, verify: ssl.SSLContext) -> str:
    """Return why nobody stands behind an address; empty if somebody does, whatever is said."""
    try:
        httpx.head(door, verify=verify, timeout=PATIENCE)
    except _NO_WAY as error:
        said = str(error).strip() or type(error).__name__
        return "" if "CERTIFICATE_VERIFY_FAILED" in said else said
    except (httpx.HTTPError, httpx.InvalidURL):
        pass
    return ""
