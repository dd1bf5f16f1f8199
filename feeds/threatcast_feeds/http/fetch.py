"""A polite visitor: one address, asked for with patience, answered with a whole body or a reason.

Waits between calls, asks only for what has changed, tries again where a second try may help,
follows redirects that stay on the public net, and takes no more than the feed's limits allow.
What a body must look like is decided by the caller.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx
import truststore

from threatcast_feeds.errors import FetchError, NotModified
from threatcast_feeds.http.patience import (
    MOST_WAIT,
    Pace,
    PassingError,
    asked_wait,
    passes,
    retrying,
)
from threatcast_feeds.http.pinning import PinnedClient, Pins, proxy_decides
from threatcast_feeds.http.redirects import public, refusal
from threatcast_feeds.http.transfer import ENCODINGS, BodyError, Bounds, read_body
from threatcast_feeds.http.visitor import KEPT, Surroundings, key_headers, user_agent
from threatcast_feeds.impostors import spoken
from threatcast_feeds.registry import FeedSpec

MOST_REDIRECTS = 5
# a body may take this many times the feed's time-out before it is given up
_SLOWEST = 10
# seconds in which a connection stands, or never will
_CONNECT = 15.0
_UNCONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
_REDIRECTS = (301, 302, 303, 307, 308)
_FOR_GOOD = (301, 308)
_LATER = "Try again later"
_NETWORK = "Check this machine's network (name service, proxy); else try again later"
_CUT_OFF = "it cannot be reached, and neither can the host of any other feed"
_PROXY = "Set HTTPS_PROXY, HTTP_PROXY and ALL_PROXY to http://HOST:PORT, or unset them (no socks)"
_CERTIFICATE = "Check this machine's clock and certificates; do not switch the check off"


@dataclass(frozen=True)
class Answer:
    """A whole body and what the source said about it.

    Attributes
    ----------
    url : str
        The address that was asked for (not the one redirected to).
    content : bytes
        The body, unpacked.
    media_type, etag, last_modified : str
        As said by the source; empty where it says nothing.
    next_url : str
        Where a listing goes on, from its `Link` header; empty at its end.
    moved_to : str
        Where the address has gone for good (301, 308), by its own word; empty if it has not.
    """

    url: str
    content: bytes
    media_type: str = ""
    etag: str = ""
    last_modified: str = ""
    next_url: str = ""
    moved_to: str = ""


class Session:
    """Visits to the addresses of one feed.

    Parameters
    ----------
    spec : FeedSpec
        The feed; its `live` and `limits` say how and how much.
    now : datetime
        Aware time, to understand a `Retry-After` that names a date.
    credentials : mapping of str to str
        Keys by the name of their environment variable.
    around : Surroundings, optional
        Clock, waiting and rewriting of addresses.

    Raises
    ------
    FetchError
        If the feed needs a key that is not there, or the environment names a proxy that cannot
        be used.
    """

    def __init__(
        self,
        spec: FeedSpec,
        *,
        now: datetime,
        credentials: Mapping[str, str] | None = None,
        around: Surroundings | None = None,
    ) -> None:
        self.spec = spec
        self.around = around or Surroundings()
        self._now = now
        self._secrets = key_headers(spec, credentials or {})
        self._pace = Pace(
            spec.live.calls_per_minute, self.around.sleep, self.around.clock, self.around.calls
        )
        own = [*spec.live.urls, spec.live.listing or "", spec.live.member_url or ""]
        self._key_hosts = {urlsplit(url).netloc for url in own if url}
        self._pins = Pins(self.around.resolve)
        self._told_of_proxy = False
        try:
            self._client = PinnedClient(
                self._pins,
                verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                follow_redirects=False,
                timeout=httpx.Timeout(
                    spec.live.timeout_seconds, connect=min(_CONNECT, spec.live.timeout_seconds)
                ),
                headers={"user-agent": user_agent(), "accept-encoding": ENCODINGS},
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            # all else here is our own, so it is what the environment names as proxy
            raise self.refuse("", "the proxy of the environment cannot be used", _PROXY) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: str, *, etag: str = "", last_modified: str = "") -> Answer:
        """Return the body at an address.

        Parameters
        ----------
        url : str
            What to ask for.
        etag, last_modified : str
            Of the body that is already there; the source then answers only with another one.

        Raises
        ------
        NotModified
            If the source has no other body than that one.
        FetchError
            If there is no body to be had, after as many attempts as make sense.
        """
        if self.around.way_out.failures:
            raise self._cut_off(url)
        condition = {"if-none-match": etag, "if-modified-since": last_modified}
        headers = {name: value for name, value in condition.items() if value}
        patiently = retrying(self.around.sleep)
        try:
            return patiently(self._visit, url, headers)
        except PassingError as error:
            tries = patiently.statistics.get("attempt_number", 1)
            problem = f"{error.problem} ({tries} attempts)" if tries > 1 else error.problem
            raise FetchError(
                error.feed, error.place, problem, error.kept, error.cure, retryable=True
            ) from error

    def look(self, url: str, *, whole: bool = True) -> Answer:
        """Return what an address answers to a single call; the body only if it is wanted `whole`.

        Raises
        ------
        FetchError
            If it does not answer, or with no body.
        """
        if self.around.way_out.failures:
            raise self._cut_off(url)
        return self._visit(url, {}, whole=whole)

    def refuse(self, url: str, problem: str, cure: str = "", *, again: bool = False) -> FetchError:
        """Return the error for an address of this feed; no secret gets into it."""
        for secret in self._secrets.values():
            problem = problem.replace(secret, "***")
        kind = PassingError if again else FetchError
        cure = cure or f"See whether the source has moved or changed: {self.spec.homepage}"
        return kind(self.spec.key, public(url), problem, KEPT, cure, retryable=again)

    def _cut_off(self, url: str) -> FetchError:
        error = self.refuse(url, _CUT_OFF, _NETWORK)
        error.unreached = True
        return error

    def _visit(self, url: str, headers: Mapping[str, str], *, whole: bool = True) -> Answer:
        """Ask once, going where the source redirects to."""
        place, moved_to = url, ""
        for _ in range(MOST_REDIRECTS + 1):
            self._pace.keep(place)
            try:
                with closing(self._ask(place, headers)) as response:
                    if response.status_code not in _REDIRECTS:
                        answer = self._answer(
                            url, place, response, conditional=bool(headers), whole=whole
                        )
                        return replace(answer, moved_to=moved_to)
                    place = self._next_place(url, place, response)
                    if response.status_code in _FOR_GOOD:
                        moved_to = moved_to or place
            except BodyError as error:
                raise self.refuse(url, str(error), again=error.again) from error
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                if isinstance(error, _UNCONNECTED):
                    self._pace.forget(place)
                raise self._unreachable(url, error) from error
        raise self.refuse(url, f"it redirects more than {MOST_REDIRECTS} times")

    def _ask(self, place: str, headers: Mapping[str, str]) -> httpx.Response:
        live = self.spec.live
        accept = ", ".join([*live.media_types, "*/*;q=0.5"])
        sent = {"accept": accept, **live.headers, **headers}
        # a key is for the hosts of the feed's definition, not for any that these name
        if urlsplit(place).netloc in self._key_hosts:
            sent |= self._secrets
        target = self.around.rewrite(place) if self.around.rewrite else place
        request = self._client.build_request("GET", target, headers=sent)
        return self._client.send(request, stream=True)

    def onward(self, url: str, place: str, target: str, how: str = "redirects") -> str:
        """Return the whole address of a target that `place` names, if we may go there.

        Raises
        ------
        FetchError
            If it is no web address, or leads from the public net into this one.
        """
        try:
            whole = urljoin(place, target)
        except ValueError as error:
            raise self.refuse(url, f"it {how} to what is not a web address") from error
        rewrite = self.around.rewrite
        # names that a test answers itself are not looked up
        elsewhere = rewrite is not None and rewrite(whole) != whole
        resolve = (lambda _host: ()) if elsewhere else self._pins.resolve
        if problem := refusal(place, whole, resolve):
            raise self.refuse(url, f"it {how} {problem}")
        if not elsewhere and self._client.proxied(whole):
            self._tell_of_proxy(whole)
        return whole

    def _tell_of_proxy(self, url: str) -> None:
        """Say, once a session, who decides what is connected to."""
        if not self._told_of_proxy:
            self._told_of_proxy = True
            self.around.tell(f"{self.spec.key}: {proxy_decides(url)}")

    def _next_place(self, url: str, place: str, response: httpx.Response) -> str:
        location = str(response.headers.get("location", ""))
        if not location:
            raise self.refuse(url, f"it redirects ({response.status_code}) without saying where")
        return self.onward(url, place, location)

    def _answer(
        self, url: str, place: str, response: httpx.Response, *, conditional: bool, whole: bool
    ) -> Answer:
        status = response.status_code
        if status == httpx.codes.NOT_MODIFIED and conditional:
            raise NotModified(f"{self.spec.key}, {public(url)}: nothing new")
        live, clock = self.spec.live, self.around.clock
        bounds = Bounds(self.spec.limits.max_bytes, _SLOWEST * live.timeout_seconds, clock)
        if status != httpx.codes.OK:
            raise self._status_error(url, response, bounds)
        content = read_body(response, bounds) if whole else b""
        headers = response.headers
        onward = str(response.links.get("next", {}).get("url", ""))
        return Answer(
            url,
            content,
            headers.get("content-type", "").partition(";")[0].strip().lower(),
            headers.get("etag", ""),
            headers.get("last-modified", ""),
            self.onward(url, place, onward, "goes on") if onward else "",
        )

    def _status_error(self, url: str, response: httpx.Response, bounds: Bounds) -> FetchError:
        status = response.status_code
        try:
            said = spoken(read_body(response, bounds))
        except (BodyError, httpx.HTTPError, httpx.StreamError):
            said = ""
        name = f"{status} {response.reason_phrase}".strip()
        problem = f"it answers {name}" + (f": {said!r}" if said else "")
        error = self.refuse(url, problem, _cure(self.spec, status), again=passes(status))
        error.status = status
        if isinstance(error, PassingError):
            error.wait = asked_wait(response.headers, self._now)
            if error.wait is not None and error.wait > MOST_WAIT:
                error.problem += f"; it asks to come back in {error.wait:,.0f} seconds"
        return error

    def _unreachable(self, url: str, error: Exception) -> FetchError:
        timeout = self.spec.live.timeout_seconds
        connecting = isinstance(error, httpx.ConnectTimeout)
        limit = f"{min(_CONNECT, timeout) if connecting else timeout:g} seconds"
        said = str(error).strip() or type(error).__name__
        untrusted = "CERTIFICATE_VERIFY_FAILED" in said
        if isinstance(error, _UNCONNECTED) and not untrusted and self.around.way_out.is_shut():
            return self._cut_off(url)
        if isinstance(error, httpx.TimeoutException):
            return self.refuse(url, f"no answer within {limit}", _LATER, again=True)
        if untrusted:
            return self.refuse(url, f"its certificate is not trusted: {said}", _CERTIFICATE)
        if "location header" in said:
            return self.refuse(url, f"it redirects to what is not a web address: {said}")
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
            return self.refuse(url, f"the body is cut: {said}", _LATER, again=True)
        if isinstance(error, httpx.TransportError) and not isinstance(
            error, httpx.UnsupportedProtocol | httpx.LocalProtocolError
        ):
            return self.refuse(url, f"it cannot be reached: {said}", _NETWORK, again=True)
        return self.refuse(url, f"it cannot be asked for: {said}")


def _cure(spec: FeedSpec, status: int) -> str:
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        if spec.live.auth_env:
            return f"Check the key in {spec.live.auth_env}: {spec.homepage}"
        return f"The source refuses this visitor; see its terms and limits: {spec.homepage}"
    if passes(status):
        return _LATER
    return f"See whether the source has moved: {spec.homepage}"
