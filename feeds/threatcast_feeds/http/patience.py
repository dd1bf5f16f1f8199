"""How often a source is asked, how long we wait for it, and when we give up for now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from threatcast_feeds.errors import FetchError

ATTEMPTS = 4
# a source that asks for more patience than this is left alone until the next run
MOST_WAIT = 120.0
_BACKOFF = wait_random_exponential(multiplier=2, max=60)
_SERVER_ERRORS = 500


class PassingError(FetchError):
    """A failure that may pass; `wait` is what the source asks for, None if it does not say."""

    wait: float | None = None


def retrying(sleep: Callable[[float], None]) -> Retrying:
    """Return the retry policy: passing failures only, waiting longer each time, with jitter."""
    return Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=_pause,
        retry=retry_if_exception(_worth_waiting),
        sleep=sleep,
        reraise=True,
    )


def _worth_waiting(error: BaseException) -> bool:
    return isinstance(error, PassingError) and (error.wait or 0) <= MOST_WAIT


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, PassingError) else None
    return _BACKOFF(state) if asked is None else asked


def passes(status: int) -> bool:
    """Whether an answer of this status may be another one a little later."""
    return status in (408, 425, 429) or status >= _SERVER_ERRORS


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for, None if it does not.

    The header holds seconds or a date; a date is read against the source's own clock.

    Examples
    --------
    >>> asked_wait({"retry-after": "30"}, datetime(2026, 8, 22, tzinfo=UTC))
    30.0
    """
    said = headers.get("retry-after", "").strip()
    if said.isdigit():
        return float(said)
    when = _http_date(said)
    if when is None:
        return None
    return max(0.0, (when - (_http_date(headers.get("date", "")) or now)).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


class HostCalls:
    """When each host is called next at the earliest, whoever of a night's visitors calls it.

    Feeds are fetched side by side, and several are had from the same host.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: dict[str, float] = {}

    def book(self, host: str, pause: float, now: float) -> float:
        """Return the moment of a call, `pause` seconds after the last one that was booked."""
        with self._lock:
            last = self._last.get(host)
            moment = now if last is None else max(now, last + pause)
            self._last[host] = moment
        return moment

    def take_back(self, host: str, moment: float) -> None:
        """Forget a call, unless another one was booked since."""
        with self._lock:
            if self._last.get(host) == moment:
                del self._last[host]


class Pace:
    """Keeps a visitor's calls to a host apart, from its own and from those of others.

    Parameters
    ----------
    calls_per_minute : float
        How many calls a host gets at most.
    sleep, clock : callable
        Wait, and tell the seconds of a clock that never goes back.
    calls : HostCalls, optional
        The calls of all who share a pace; without it a visitor is alone.
    """

    def __init__(
        self,
        calls_per_minute: float,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        calls: HostCalls | None = None,
    ) -> None:
        self._pause = 60 / calls_per_minute
        self._sleep = sleep
        self._clock = clock
        self._calls = calls or HostCalls()
        self._booked: dict[str, float] = {}

    def keep(self, url: str) -> None:
        """Wait until the address' host may be called again."""
        host, now = urlsplit(url).netloc, self._clock()
        moment = self._calls.book(host, self._pause, now)
        self._booked[host] = moment
        if moment > now:
            self._sleep(moment - now)

    def forget(self, url: str) -> None:
        """Take back a call that never reached its host, and so cost it nothing."""
        host = urlsplit(url).netloc
        self._calls.take_back(host, self._booked[host])
