"""A source that is down is asked again; a machine without a network gives up at once."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from feed_server import FeedServer, Patience
from threatcast_feeds.errors import FetchError
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.http.way_out import WayOut
from threatcast_feeds.modes.live import fetch
from threatcast_feeds.registry import load_feed

NOW = datetime(2026, 8, 22, 2, 0, tzinfo=UTC)
DOWN = load_feed("cisa_kev")
OTHER = "https://feeds.example.org/list.json"


@pytest.fixture
def nobody() -> Iterator[str]:
    """Return an address of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def around(patience: Patience, nobody: str, server: FeedServer | None = None) -> Surroundings:
    """Let the feed's own hosts be down; every other is the server's, if there is one."""
    own = ("cisa.gov", "githubusercontent.com")

    def rewrite(url: str) -> str:
        is_down = server is None or any(name in url for name in own)
        return f"{nobody}/" if is_down else server.rewrite(url)

    return Surroundings(
        rewrite=rewrite,
        sleep=patience.sleep,
        clock=patience.clock,
        resolve=lambda _host: (),
        way_out=WayOut([*DOWN.live.urls, OTHER], rewrite),
    )


def test_source_that_is_down_while_another_answers_is_asked_again(
    patience: Patience, nobody: str, feed_server: FeedServer
) -> None:
    here = around(patience, nobody, feed_server)
    with pytest.raises(FetchError, match=r"it cannot be reached: .*\(4 attempts\)") as caught:
        fetch(DOWN, now=NOW, around=here)
    assert caught.value.retryable
    assert len(patience.waits) >= 2 * 3, "both of its addresses are waited for"
    assert not here.way_out.failures


def test_without_a_network_nothing_is_asked_twice_or_waited_for(
    patience: Patience, nobody: str
) -> None:
    here = around(patience, nobody)
    with pytest.raises(FetchError, match="neither can the host of any other feed") as caught:
        fetch(DOWN, now=NOW, around=here)
    assert not caught.value.retryable
    assert patience.waits == []
    assert set(here.way_out.failures) == {
        "www.cisa.gov", "raw.githubusercontent.com", "feeds.example.org"
    }  # fmt: skip


def test_host_that_never_answers_costs_no_more_than_its_time(
    feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threatcast_feeds.http.way_out.PATIENCE", 0.3)
    with socket.socket() as silent:
        # the connection stands in the queue of a socket that nobody takes it from
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        door = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        fill = [socket.create_connection(silent.getsockname()) for _ in range(1)]
        begun = time.monotonic()
        assert not WayOut([OTHER, door], feed_server.rewrite).is_shut()
        assert time.monotonic() - begun < 5
        for one in fill:
            one.close()


def test_way_out_is_looked_at_once(nobody: str, feed_server: FeedServer) -> None:
    asked: list[str] = []
    way = WayOut([OTHER], feed_server.rewrite)
    assert not way.is_shut()
    assert not way.is_shut()
    asked = feed_server.paths()
    assert len(asked) <= 1, asked
    assert WayOut([OTHER], lambda _: nobody).is_shut()
    assert not WayOut().is_shut()
