"""Behind a proxy: what leads inside is never asked of it, and who decides the rest is said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from threatcast_feeds.errors import FetchError
from threatcast_feeds.http.fetch import Session
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.registry import load_feed

NOW = datetime(2026, 8, 22, 2, 0, tzinfo=UTC)
START = "http://feeds.example.org/list"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
PUBLIC, INSIDE = "93.184.216.34", "10.1.2.3"


class Proxy:
    """A proxy on the loopback that answers itself, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.leads: dict[str, str] = {}
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"of": self})
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    of: Proxy

    def do_GET(self) -> None:
        self.of.asked.append(self.path)
        onward = self.of.leads.get(self.path)
        self.send_response(302 if onward else 200)
        if onward:
            self.send_header("Location", onward)
        self.send_header("Content-Length", "0" if onward else "1")
        self.end_headers()
        self.wfile.write(b"" if onward else b"x")

    def do_CONNECT(self) -> None:
        self.of.asked.append(self.path)
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Stay quiet: tests look at `asked`."""


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    made = Proxy()
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("ALL_PROXY", made.url)
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def session(told: list[str], **names: list[str]) -> Session:
    known = {name.replace("_", "."): found for name, found in names.items()}
    around = Surroundings(
        sleep=lambda _: None, resolve=lambda host: known.get(host, []), tell=told.append
    )
    return Session(load_feed("openphish"), now=NOW, around=around)


@pytest.mark.parametrize(
    "target",
    ["http://10.1.2.3/", "http://127.1/", "http://[64:ff9b::a01:203]/", "http://turned.example/"],
)
def test_redirect_inside_is_not_asked_of_a_proxy(proxy: Proxy, target: str) -> None:
    proxy.leads = {START: target}
    with (
        session([], turned_example=[PUBLIC, INSIDE]) as visit,
        pytest.raises(FetchError, match="inside this network"),
    ):
        visit.get(START)
    assert proxy.asked == [START]


def test_proxy_gets_the_name_and_that_it_decides_is_said_once(proxy: Proxy) -> None:
    first, second = "http://a.example/list?token=s3cret", "http://b.example/list"
    proxy.leads = {START: first, first: second}
    told: list[str] = []
    with session(told, a_example=[PUBLIC], b_example=[PUBLIC]) as visit:
        assert visit.get(START).content == b"x"
        assert visit.get(START).content == b"x"
    assert proxy.asked == [START, first, second] * 2
    assert len(told) == 1
    assert "openphish: the way to http://a.example/list?token=*** goes through the proxy" in told[0]


def test_name_that_only_the_proxy_knows_is_left_to_it(proxy: Proxy) -> None:
    onward = "http://only.there.example/list"
    proxy.leads = {START: onward}
    told: list[str] = []
    with session(told) as visit:
        assert visit.get(START).content == b"x"
    assert proxy.asked == [START, onward]
    assert len(told) == 1


def test_tls_behind_a_proxy_asks_it_for_the_name(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALL_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    told: list[str] = []
    with session(told, a_example=[PUBLIC]) as visit:
        onward = visit.onward("https://x.example/", "https://x.example/", "https://a.example/list")
        with pytest.raises(FetchError):
            visit.get(onward)
    assert set(proxy.asked) == {"a.example:443"}
    assert len(told) == 1


def test_name_that_no_proxy_is_for_is_pinned_and_nothing_is_told(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "a.example")
    connected: list[str] = []

    def refuse(self: object, host: str, *_: object) -> None:
        connected.append(host)
        raise OSError(host)

    told: list[str] = []
    with session(told, a_example=[PUBLIC]) as visit:
        onward = visit.onward(START, START, "http://a.example/list")
        monkeypatch.setattr("httpcore.SyncBackend.connect_tcp", refuse)
        with pytest.raises(OSError, match=PUBLIC):
            visit.get(onward)
    assert connected == [PUBLIC]
    assert (proxy.asked, told) == ([], [])


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1080", "gopher://127.0.0.1", "http://[::"])
def test_proxy_that_cannot_be_used_is_an_error_of_the_feed(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(FetchError, match="the proxy of the environment cannot be used") as caught:
        session([])
    assert "http://HOST:PORT" in str(caught.value)
