from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from feed_server import FeedServer, Patience, Said
from threatcast_feeds.errors import FetchError
from threatcast_feeds.http.fetch import MOST_REDIRECTS, Session
from threatcast_feeds.http.redirects import public, refusal
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.registry import FeedSpec, load_feed

NOW = datetime(2026, 8, 22, 2, 0, tzinfo=UTC)
START = "https://openphish.com/feed.txt"
COPY = "https://raw.githubusercontent.com/openphish/public_feed/main/feed.txt"
PUBLIC = {"feeds.example.org": ["93.184.215.14"], "sly.example.org": ["93.184.215.14", "10.0.0.8"]}


@pytest.fixture
def spec() -> FeedSpec:
    return load_feed("openphish")


@pytest.fixture
def session(spec: FeedSpec, feed_server: FeedServer, patience: Patience) -> Iterator[Session]:
    around = Surroundings(rewrite=feed_server.rewrite, sleep=patience.sleep, clock=patience.clock)
    with Session(spec, now=NOW, around=around) as session:
        yield session


def moved(to: str, status: int = 302) -> Said:
    return Said(status=status, headers={"Location": to})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_public_host_is_followed(
    feed_server: FeedServer, session: Session, status: int
) -> None:
    feed_server.answer(START, moved(COPY, status))
    feed_server.answer(COPY, Said(b"http://example.net/a\n", media_type="text/plain"))
    answer = session.get(START)
    assert (answer.url, answer.content) == (START, b"http://example.net/a\n")
    assert feed_server.paths() == [
        "/openphish.com/feed.txt",
        "/raw.githubusercontent.com/openphish/public_feed/main/feed.txt",
    ]


def test_relative_redirect_stays_on_its_host(feed_server: FeedServer, session: Session) -> None:
    feed_server.answer(START, moved("other.txt"))
    feed_server.answer("https://openphish.com/other.txt", Said(b"x"))
    assert session.get(START).content == b"x"


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fe80::1]",
        "0.0.0.0",  # noqa: S104 an address like any other here
        "localhost",
        "2130706433",
        "127.1",
        "metadata.google.internal",
        "[2002:7f00:1::]",
        "[2002:808:808::1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b::8.8.8.8]",
        "[64:ff9b:1::10.0.0.1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[::ffff:8.8.8.8]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[fec0::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[ff0e::1]",
        "224.0.0.1",
        "239.255.255.250",
        "192.88.99.1",
        "255.255.255.255",
        "100.64.0.1",
    ],
)
def test_redirect_into_this_network_is_not_followed(
    feed_server: FeedServer, session: Session, inside: str
) -> None:
    feed_server.answer(START, moved(f"https://{inside}/latest/meta-data"))
    with pytest.raises(FetchError, match=r"redirects from a public host to .* inside this network"):
        session.get(START)
    assert len(feed_server.asked) == 1


def test_name_that_stands_for_an_address_inside_is_not_followed() -> None:
    def resolve(host: str) -> list[str]:
        return PUBLIC[host]

    start = "https://openphish.com/feed.txt"
    assert refusal(start, "https://feeds.example.org/x", resolve) == ""
    assert "inside this network" in refusal(start, "https://sly.example.org/x", resolve)


def test_redirect_on_the_loopback_is_followed_from_the_loopback(
    feed_server: FeedServer, spec: FeedSpec
) -> None:
    start, there = f"{feed_server.base}/a", f"{feed_server.base}/b"
    feed_server.answer(start, moved(there))
    feed_server.answer(there, Said(b"x"))
    with Session(spec, now=NOW, around=Surroundings(sleep=lambda _: None)) as session:
        assert session.get(start).content == b"x"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/x"])
def test_redirect_that_is_no_web_address_is_not_followed(
    feed_server: FeedServer, session: Session, target: str
) -> None:
    feed_server.answer(START, moved(target))
    with pytest.raises(FetchError, match="which is not a web address"):
        session.get(START)


@pytest.mark.parametrize("target", ["data:,x", "https://[broken/", "https://ex\x01ample.org/"])
def test_redirect_that_is_no_address_at_all_is_not_tried_again(
    feed_server: FeedServer, session: Session, target: str
) -> None:
    feed_server.answer(START, moved(target))
    with pytest.raises(FetchError) as caught:
        session.get(START)
    assert not caught.value.retryable
    assert len(feed_server.asked) == 1


def test_redirect_away_from_https_is_not_followed(
    feed_server: FeedServer, session: Session
) -> None:
    feed_server.answer(START, moved("http://openphish.com/feed.txt"))
    with pytest.raises(FetchError, match="from https to http"):
        session.get(START)


def test_endless_redirects_end(feed_server: FeedServer, session: Session) -> None:
    feed_server.answer(START, moved(START))
    with pytest.raises(FetchError, match=f"redirects more than {MOST_REDIRECTS} times"):
        session.get(START)
    assert len(feed_server.asked) == MOST_REDIRECTS + 1


def test_redirect_without_a_place_is_an_error(feed_server: FeedServer, session: Session) -> None:
    feed_server.answer(START, Said(status=302))
    with pytest.raises(FetchError, match="without saying where"):
        session.get(START)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a%20b?x=1", "https://example.org/a%20b?x=1"),
        ("https://u:p@example.org/#f", "https://example.org/"),
        ("https://example.org/?Auth-Key=k&n=2", "https://example.org/?Auth-Key=***&n=2"),
        ("https://[broken/?token=k", "(an address that cannot be read)"),
    ],
)
def test_shown_address_holds_no_secret(url: str, shown: str) -> None:
    assert public(url) == shown
