"""Who visits a source: how we introduce ourselves, which key we carry, whose clock we use."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from threatcast_feeds.errors import FetchError
from threatcast_feeds.http.patience import HostCalls
from threatcast_feeds.http.redirects import Resolve, addresses_of
from threatcast_feeds.http.way_out import WayOut
from threatcast_feeds.registry import FeedSpec

KEPT = "all payloads landed before"
Rewrite = Callable[[str], str]
logger = logging.getLogger(__name__)


@dataclass
class Surroundings:
    """What a visitor needs of the world; tests put their own clock and addresses here.

    Attributes
    ----------
    rewrite : callable, optional
        Turns an address into the one that is really asked; a test's loopback server uses it.
    sleep, clock : callable
        Wait, and tell the seconds of a clock that never goes back.
    resolve : callable
        Gives the addresses of a host, to judge where a redirect leads.
    tell : callable
        Told in a sentence what went otherwise than planned and cost nothing.
    way_out : WayOut
        What is known of the way to all sources; where none can be reached nothing is tried again.
    calls : HostCalls
        The calls of all visitors who keep one pace.
    """

    rewrite: Rewrite | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    resolve: Resolve = addresses_of
    tell: Callable[[str], None] = logger.warning
    way_out: WayOut = field(default_factory=WayOut)
    calls: HostCalls = field(default_factory=HostCalls)


def user_agent() -> str:
    """Return how we introduce ourselves to every source."""
    try:
        ours = version("threatcast")
    except PackageNotFoundError:
        ours = "0"
    return f"Threatcast/{ours} (weekly forecasts of public threat counts; a few calls a night)"


def key_headers(spec: FeedSpec, credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that carry the feed's key; raises FetchError if it is missing."""
    variable = spec.live.auth_env
    if not variable:
        return {}
    key = credentials.get(variable, "").strip()
    if not key:
        raise FetchError(
            spec.key,
            "",
            f"the source wants a key and {variable} is not set",
            kept=KEPT,
            cure=f"Get a key from {spec.publisher} ({spec.homepage}) and set {variable}",
        )
    if spec.live.auth_header:
        return {spec.live.auth_header: key}
    return {"authorization": f"Bearer {key}"}
