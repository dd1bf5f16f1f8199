from __future__ import annotations

import gzip
import itertools
import json
import socket
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from feed_server import FeedServer, Patience, Said
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.errors import FetchError, NotModified
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.landing import Landed, Landing
from threatcast_feeds.modes.live import fetch
from threatcast_feeds.registry import FeedSpec, load_feed

NOW = datetime(2026, 8, 22, 2, 0, tzinfo=UTC)
FIRST = "https://feeds.example.org/list.json"
SECOND = "https://copies.example.net/list.json"
GOOD = Said(
    b'{"count": 1, "items": [1]}', etag='"v1"', last_modified="Fri, 21 Aug 2026 17:46:43 GMT"
)
DENIED = b"""<HTML><HEAD>
<TITLE>Access Denied</TITLE>
</HEAD><BODY><H1>Access Denied</H1></BODY></HTML>"""


def feed(
    *, ext: str | list[str] = "json", limits: dict[str, Any] | None = None, **live: Any
) -> FeedSpec:
    return FeedSpec.model_validate(
        {
            "key": "some_feed",
            "title": "Some feed",
            "description": "A feed of these tests.",
            "publisher": "Somebody",
            "homepage": "https://feeds.example.org/about",
            "licence": {"name": "CC0-1.0"},
            "event": "one item",
            "seen": "now",
            "cadence": "daily",
            "fresh_days": 3,
            "silent_weeks": 2,
            "coverage": {"quiet_days": 2},
            "biases": ["none"],
            "extensions": [ext] if isinstance(ext, str) else ext,
            "live": {"urls": [FIRST], "calls_per_minute": 6, "timeout_seconds": 2, **live},
            "limits": limits or {},
            "columns": {"item": {"type": "INTEGER", "meaning": "An item."}},
        }
    )


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def around(feed_server: FeedServer, patience: Patience, told: list[str]) -> Surroundings:
    return Surroundings(
        rewrite=feed_server.rewrite,
        sleep=patience.sleep,
        clock=patience.clock,
        resolve=lambda _host: (),
        tell=told.append,
    )


def landed(tmp_path: Path, arrival: Arrival) -> Landed:
    return Landing(tmp_path).land(arrival)


def test_payload_arrives_with_its_day_and_what_the_source_said(
    feed_server: FeedServer, around: Surroundings, told: list[str]
) -> None:
    feed_server.answer(FIRST, GOOD)
    arrival = fetch(feed(media_types=["application/json"]), now=NOW, around=around)
    assert arrival == Arrival(
        feed="some_feed",
        day=NOW.date(),
        ext="json",
        content=GOOD.body,
        retrieved_at=NOW,
        mode="live",
        url=FIRST,
        etag='"v1"',
        last_modified="Fri, 21 Aug 2026 17:46:43 GMT",
    )
    assert told == []


def test_vintage_day_is_the_utc_day_of_the_visit(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, GOOD)
    late = datetime(2026, 8, 21, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert fetch(feed(), now=late, around=around).day == NOW.date()
    with pytest.raises(ValueError, match="aware"):
        fetch(feed(), now=NOW.replace(tzinfo=None), around=around)


def test_visitor_says_who_it_is(feed_server: FeedServer, around: Surroundings) -> None:
    feed_server.answer(FIRST, GOOD)
    fetch(feed(headers={"x-wish": "small"}), now=NOW, around=around)
    headers = feed_server.asked[0].headers
    assert headers["User-Agent"].startswith("Threatcast/")
    assert headers["X-Wish"] == "small"
    assert headers["Accept-Encoding"] == "gzip"


def test_unchanged_source_is_not_fetched_again(
    feed_server: FeedServer, around: Surroundings, tmp_path: Path
) -> None:
    feed_server.answer(FIRST, GOOD)
    first = landed(tmp_path, fetch(feed(), now=NOW, around=around))
    with pytest.raises(NotModified, match=r"some_feed, https://feeds\.example\.org/list\.json"):
        fetch(feed(), now=NOW + timedelta(days=1), previous=first, around=around)
    asked = feed_server.asked[1].headers
    assert asked["If-None-Match"] == '"v1"'
    assert asked["If-Modified-Since"] == "Fri, 21 Aug 2026 17:46:43 GMT"


def test_last_modified_alone_makes_a_conditional_request(
    feed_server: FeedServer, around: Surroundings, tmp_path: Path
) -> None:
    feed_server.answer(FIRST, Said(b"[1]", last_modified="Fri, 21 Aug 2026 17:46:43 GMT"))
    first = landed(tmp_path, fetch(feed(), now=NOW, around=around))
    with pytest.raises(NotModified):
        fetch(feed(), now=NOW, previous=first, around=around)


def test_changed_source_is_fetched_although_something_is_there(
    feed_server: FeedServer, around: Surroundings, tmp_path: Path
) -> None:
    feed_server.answer(FIRST, GOOD, Said(b"[1, 2]", etag='"v2"'))
    first = landed(tmp_path, fetch(feed(), now=NOW, around=around))
    assert fetch(feed(), now=NOW, previous=first, around=around).content == b"[1, 2]"


@pytest.mark.parametrize("why", ["another address", "recorded", "not conditional"])
def test_condition_holds_only_for_what_came_live_from_this_address(
    feed_server: FeedServer, around: Surroundings, tmp_path: Path, why: str
) -> None:
    feed_server.answer(FIRST, GOOD)
    feed_server.answer(SECOND, GOOD)
    first = fetch(feed(), now=NOW, around=around)
    spec = feed()
    if why == "another address":
        spec = feed(urls=[SECOND])
    elif why == "recorded":
        first = Arrival(**{**vars(first), "mode": "mirror"})
    else:
        spec = feed(conditional=False)
    assert fetch(spec, now=NOW, previous=landed(tmp_path, first), around=around)
    assert "If-None-Match" not in feed_server.asked[-1].headers


def test_304_that_nobody_asked_for_is_an_error(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, Said(status=304))
    with pytest.raises(FetchError, match="it answers 304"):
        fetch(feed(), now=NOW, around=around)


def test_second_address_is_taken_when_the_first_gives_a_page(
    feed_server: FeedServer, around: Surroundings, told: list[str]
) -> None:
    feed_server.answer(FIRST, Said(DENIED, media_type="text/html"))
    feed_server.answer(SECOND, GOOD)
    arrival = fetch(feed(urls=[FIRST, SECOND]), now=NOW, around=around)
    assert arrival.url == SECOND
    assert told == [
        "some_feed, https://feeds.example.org/list.json: the body is a web page titled "
        "'Access Denied', not json. Kept: all payloads landed before. See whether the source has "
        "moved or changed: https://feeds.example.org/about. "
        "Taken instead: https://copies.example.net/list.json"
    ]


def test_when_no_address_is_good_the_error_names_each_with_its_reason(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, Said(DENIED, status=403, media_type="text/html"))
    with pytest.raises(FetchError) as caught:
        fetch(feed(urls=[FIRST, SECOND]), now=NOW, around=around)
    assert str(caught.value) == (
        "some_feed: none of its 2 addresses gives a payload "
        "(https://feeds.example.org/list.json: it answers 403 Forbidden: 'Access Denied'; "
        "https://copies.example.net/list.json: it answers 404 Not Found: 'Not Found'). "
        "Kept: all payloads landed before. "
        "The source refuses this visitor; see its terms and limits: "
        "https://feeds.example.org/about."
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
def test_client_errors_are_not_tried_again(
    feed_server: FeedServer, around: Surroundings, status: int
) -> None:
    feed_server.answer(FIRST, Said(b"no", status=status))
    with pytest.raises(FetchError, match=f"it answers {status}") as caught:
        fetch(feed(), now=NOW, around=around)
    assert not caught.value.retryable
    assert len(feed_server.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_errors_are_tried_again(
    feed_server: FeedServer, around: Surroundings, patience: Patience, status: int
) -> None:
    feed_server.answer(FIRST, Said(status=status), Said(status=status), GOOD)
    assert fetch(feed(calls_per_minute=6000), now=NOW, around=around).content == GOOD.body
    assert len(feed_server.asked) == 3


def test_waits_grow_and_end(
    feed_server: FeedServer, around: Surroundings, patience: Patience
) -> None:
    feed_server.answer(FIRST, Said(b"<html><title>Down</title>", status=503))
    with pytest.raises(
        FetchError, match=r"503 Service Unavailable: 'Down' \(4 attempts\)"
    ) as caught:
        fetch(feed(calls_per_minute=60000), now=NOW, around=around)
    assert caught.value.retryable
    assert len(feed_server.asked) == 4
    assert sum(patience.waits) <= 2 + 4 + 8 + 1


def test_retry_after_in_seconds_is_honoured(
    feed_server: FeedServer, around: Surroundings, patience: Patience
) -> None:
    feed_server.answer(FIRST, Said(status=429, headers={"Retry-After": "61"}), GOOD)
    assert fetch(feed(), now=NOW, around=around)
    assert patience.waits[0] == 61


def test_retry_after_as_a_date_is_read_by_the_clock_of_the_source(
    feed_server: FeedServer, around: Surroundings, patience: Patience
) -> None:
    in_a_while = datetime.now(UTC) + timedelta(seconds=40)  # noqa: TID251 the server's own clock
    when = in_a_while.strftime("%a, %d %b %Y %H:%M:%S GMT")
    feed_server.answer(FIRST, Said(status=503, headers={"Retry-After": when}), GOOD)
    assert fetch(feed(), now=NOW, around=around)
    assert 35 <= patience.waits[0] <= 41


def test_source_that_asks_for_hours_is_left_alone(
    feed_server: FeedServer, around: Surroundings, patience: Patience
) -> None:
    feed_server.answer(FIRST, Said(status=429, headers={"Retry-After": "7200"}))
    with pytest.raises(FetchError, match="it asks to come back in 7,200 seconds") as caught:
        fetch(feed(), now=NOW, around=around)
    assert caught.value.retryable
    assert patience.waits == []
    assert len(feed_server.asked) == 1


def test_calls_keep_their_distance(
    feed_server: FeedServer, around: Surroundings, patience: Patience
) -> None:
    feed_server.answer(FIRST, Said(status=500, headers={"Retry-After": "0"}), GOOD)
    fetch(feed(calls_per_minute=1), now=NOW, around=around)
    assert patience.waits == [0, 60]


def test_slow_answer_is_a_timeout_and_tried_again(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, Said(b"[1]", stall=1.0), GOOD)
    assert fetch(feed(timeout_seconds=0.2), now=NOW, around=around).content == GOOD.body


def test_body_that_trickles_in_for_ever_is_given_up(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, Said(b"[" + b"1," * 400_000 + b"1]"))
    # every look at this clock is a minute later, and 10 time-outs are 20 seconds
    around.clock = itertools.count(step=60).__next__
    with pytest.raises(FetchError, match=r"only [\d,]+ bytes came within 20 seconds") as caught:
        fetch(feed(), now=NOW, around=around)
    assert caught.value.retryable


def test_unreachable_source_is_said_so(around: Surroundings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/list.json"
    with pytest.raises(FetchError, match=r"it cannot be reached: .*\(4 attempts\)") as caught:
        fetch(feed(urls=[closed]), now=NOW, around=around)
    assert caught.value.retryable
    assert "Check this machine's network" in str(caught.value)


def test_call_that_reached_nobody_does_not_count_against_the_pace(
    around: Surroundings, patience: Patience
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/list.json"
    around.rewrite = lambda _: closed
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(feed(calls_per_minute=1), now=NOW, around=around)
    assert patience.seconds < 60, "four attempts at one a minute would take three minutes"


def test_body_shorter_than_announced_is_never_taken(
    feed_server: FeedServer, around: Surroundings
) -> None:
    whole = b'{"items": [1, 2, 3]}'
    feed_server.answer(FIRST, Said(whole, announced=len(whole) + 50))
    with pytest.raises(FetchError, match=r"the body is cut.*4 attempts"):
        fetch(feed(), now=NOW, around=around)


def test_cut_body_is_fetched_again(feed_server: FeedServer, around: Surroundings) -> None:
    feed_server.answer(FIRST, Said(GOOD.body, cut_at=5), GOOD)
    assert fetch(feed(), now=NOW, around=around).content == GOOD.body


def test_packed_body_is_unpacked(feed_server: FeedServer, around: Surroundings) -> None:
    body = json.dumps(list(range(200_000))).encode()
    feed_server.answer(FIRST, Said(body, packed=True))
    assert fetch(feed(), now=NOW, around=around).content == body


def test_packed_body_of_several_streams_is_unpacked_whole(
    feed_server: FeedServer, around: Surroundings
) -> None:
    wire = gzip.compress(b"[1, ") + gzip.compress(b"2]")
    feed_server.answer(FIRST, Said(wire, headers={"Content-Encoding": "gzip"}))
    assert fetch(feed(), now=NOW, around=around).content == b"[1, 2]"


@pytest.mark.parametrize(
    ("wire", "problem"),
    [
        (gzip.compress(b"[1, 2]", mtime=0)[:-6], "the packed body is cut after 20 bytes"),
        (b"\x1f\x8b\x08" + b"\xff" * 40, "the packed body is damaged after 43 bytes"),
    ],
    ids=["cut", "damaged"],
)
def test_broken_packing_is_never_taken(
    feed_server: FeedServer, around: Surroundings, wire: bytes, problem: str
) -> None:
    feed_server.answer(FIRST, Said(wire, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(FetchError, match=problem):
        fetch(feed(), now=NOW, around=around)


def test_packing_that_was_not_asked_for_is_refused(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, Said(b"[1]", headers={"Content-Encoding": "br"}))
    with pytest.raises(FetchError, match="packed as 'br'; only gzip was asked for"):
        fetch(feed(), now=NOW, around=around)


def test_gzip_bomb_stops_at_the_limit(feed_server: FeedServer, around: Surroundings) -> None:
    bomb = gzip.compress(b"[" + b" " * 80_000_000 + b"]")
    assert len(bomb) < 100_000
    feed_server.answer(FIRST, Said(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(FetchError, match="unpacks to more than 1,000,000 bytes"):
        fetch(feed(limits={"max_bytes": 1_000_000}), now=NOW, around=around)
    assert len(feed_server.asked) == 1


@pytest.mark.parametrize("announced", [-1, None])
def test_body_larger_than_the_limit_is_refused(
    feed_server: FeedServer, around: Surroundings, announced: int | None
) -> None:
    feed_server.answer(FIRST, Said(b"[" + b"1," * 600_000 + b"1]", announced=announced))
    with pytest.raises(FetchError, match="1,000,000") as caught:
        fetch(feed(limits={"max_bytes": 1_000_000}), now=NOW, around=around)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("ext", "body", "problem"),
    [
        ("json", b"", "the body is empty (0 bytes)"),
        ("json", b" \n", "the body is empty (2 bytes)"),
        ("txt", b"", "the body is empty (0 bytes)"),
        ("json", DENIED, "the body is a web page titled 'Access Denied', not json"),
        ("csv", b"\xef\xbb\xbf<!DOCTYPE html>", "the body is a web page, not csv"),
        ("txt", DENIED, "the body is a web page titled 'Access Denied', not txt"),
        ("zip", DENIED, "the body is a web page titled 'Access Denied', not zip"),
        ("txt", b'{"message": "gone"}', "the body is a JSON message, not txt: 'gone'"),
        ("json", b"Rate limited", "the body is not a JSON document"),
        ("json", b'{"items": [1, 2', "the JSON is cut: it ends after 15 bytes"),
        ("csv", gzip.compress(b"a,b", mtime=0), "the body is a gzip file, not csv"),
        ("xlsx", b"a,b\n1,2\n", "the body is not a xlsx archive"),
        ("zip", b"PK\x03\x04 and so on", "the zip archive is cut: its index is missing"),
    ],
    ids=[
        "nothing",
        "blanks",
        "nothing for text",
        "page",
        "page with byte order mark",
        "page for text",
        "page for zip",
        "message for text",
        "words for json",
        "cut json",
        "gzip for csv",
        "text for xlsx",
        "cut zip",
    ],
)
def test_body_that_is_not_the_feed_is_refused_with_the_reason(
    feed_server: FeedServer, around: Surroundings, ext: str, body: bytes, problem: str
) -> None:
    feed_server.answer(FIRST, Said(body))
    with pytest.raises(FetchError) as caught:
        fetch(feed(ext=ext), now=NOW, around=around)
    assert problem in str(caught.value)
    assert "Kept: all payloads landed before." in str(caught.value)


def test_other_media_type_is_mentioned_and_taken(
    feed_server: FeedServer, around: Surroundings, told: list[str]
) -> None:
    feed_server.answer(FIRST, Said(b"[1]", media_type="text/plain; charset=utf-8"))
    assert fetch(feed(media_types=["application/json"]), now=NOW, around=around)
    assert told == [
        "some_feed, https://feeds.example.org/list.json: it is served as text/plain, not "
        "application/json; the body looks right and was taken"
    ]


def test_extension_follows_the_bytes_when_a_feed_has_several(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, Said(b"a,b\n1,2\n"))
    assert fetch(feed(ext=["xlsx", "csv"]), now=NOW, around=around).ext == "csv"


def test_missing_key_is_named_before_anything_is_asked(
    feed_server: FeedServer, around: Surroundings
) -> None:
    spec = feed(auth_env="SOME_API_KEY", auth_header="X-API-KEY")
    with pytest.raises(FetchError) as caught:
        fetch(spec, now=NOW, credentials={"OTHER": "x"}, around=around)
    assert str(caught.value) == (
        "some_feed: the source wants a key and SOME_API_KEY is not set. "
        "Kept: all payloads landed before. "
        "Get a key from Somebody (https://feeds.example.org/about) and set SOME_API_KEY."
    )
    assert feed_server.asked == []


def test_key_goes_to_the_feed_and_into_no_message(
    feed_server: FeedServer, around: Surroundings
) -> None:
    spec = feed(auth_env="SOME_API_KEY", auth_header="X-API-KEY")
    feed_server.answer(FIRST, Said(b'{"message": "bad key s3cret"}', status=401))
    with pytest.raises(FetchError) as caught:
        fetch(spec, now=NOW, credentials={"SOME_API_KEY": "s3cret"}, around=around)
    assert feed_server.asked[0].headers["X-API-KEY"] == "s3cret"
    assert "s3cret" not in str(caught.value)
    assert "bad key ***" in str(caught.value)
    assert "Check the key in SOME_API_KEY" in str(caught.value)


def test_key_without_header_name_is_a_bearer_token(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, GOOD)
    fetch(feed(auth_env="TOKEN"), now=NOW, credentials={"TOKEN": "abc"}, around=around)
    assert feed_server.asked[0].headers["Authorization"] == "Bearer abc"


def test_key_does_not_follow_a_redirect_to_another_host(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(FIRST, Said(status=302, headers={"Location": SECOND}))
    feed_server.answer(SECOND, GOOD)
    spec = feed(auth_env="TOKEN", auth_header="X-API-KEY")
    arrival = fetch(spec, now=NOW, credentials={"TOKEN": "abc"}, around=around)
    assert arrival.url == FIRST
    assert "X-API-KEY" not in feed_server.asked[1].headers


def test_secrets_in_an_address_are_not_shown(feed_server: FeedServer, around: Surroundings) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(feed(urls=[f"{FIRST}?page=2&api_key=s3cret"]), now=NOW, around=around)
    assert caught.value.place == f"{FIRST}?page=2&api_key=***"
    assert "s3cret" not in str(caught.value)


def test_recorded_kev_is_served_taken_and_then_unchanged(
    feed_server: FeedServer, around: Surroundings, tmp_path: Path, mirror: Path, told: list[str]
) -> None:
    spec = load_feed("cisa_kev")
    body = gzip.decompress((mirror / "cisa_kev" / "2026-08-22.json.gz").read_bytes())
    feed_server.answer(spec.live.urls[0], Said(body, etag='"kev"', packed=True))
    arrival = fetch(spec, now=NOW, around=around)
    assert arrival.content == body
    assert told == []
    first = landed(tmp_path, arrival)
    with pytest.raises(NotModified):
        fetch(spec, now=NOW + timedelta(days=1), previous=first, around=around)


@pytest.mark.parametrize("status", [200, 403])
def test_recorded_access_denied_page_makes_the_copy_be_taken(
    feed_server: FeedServer, around: Surroundings, extra: Path, told: list[str], status: int
) -> None:
    spec = load_feed("cisa_kev")
    page = (extra / "cisa_kev_odd" / "2024-11-26-access-denied.html").read_bytes()
    feed_server.answer(spec.live.urls[0], Said(page, status=status, media_type="text/html"))
    feed_server.answer(spec.live.urls[1], Said(GOOD.body, media_type="text/plain"))
    assert fetch(spec, now=NOW, around=around).url == spec.live.urls[1]
    assert "'Access Denied'" in told[0]


def test_recorded_truncated_json_is_refused(
    feed_server: FeedServer, around: Surroundings, extra: Path
) -> None:
    packed = (extra / "cisa_kev_odd" / "2025-02-26-truncated.json.gz").read_bytes()
    feed_server.answer(FIRST, Said(gzip.decompress(packed)))
    with pytest.raises(FetchError, match="the JSON is cut: it ends after"):
        fetch(feed(), now=NOW, around=around)
