from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from feed_server import FeedServer, Patience, Said
from threatcast_feeds.errors import FetchError, NotModified
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.live import fetch
from threatcast_feeds.registry import FeedSpec, load_feed

NOW = datetime(2026, 8, 22, 2, 0, tzinfo=UTC)
URL = "https://api.example.org/victims?order=discovered"


def feed(max_bytes: int = 1_000_000, **paging: Any) -> FeedSpec:
    facts = load_feed("cisa_kev").model_dump()
    facts["key"] = "some_feed"
    facts["limits"]["max_bytes"] = max_bytes
    facts["live"] |= {
        "method": "paged",
        "urls": [URL],
        "paging": {"items": "victims", "size": 2, **paging},
    }
    return FeedSpec.model_validate(facts)


@pytest.fixture
def around(feed_server: FeedServer, patience: Patience) -> Surroundings:
    return Surroundings(rewrite=feed_server.rewrite, sleep=patience.sleep, clock=patience.clock)


def page(server: FeedServer, number: int, items: list[int], **other: Any) -> None:
    body = json.dumps({"client": "x", **other, "victims": items}).encode()
    server.answer(f"{URL}&page={number}", Said(body, etag=f'"{number}"'))


def test_pages_become_one_document_in_the_form_of_the_first(
    feed_server: FeedServer, around: Surroundings
) -> None:
    for number, items in enumerate([[1, 2], [3, 4], [5]], start=1):
        page(feed_server, number, items)
    arrival = fetch(feed(), now=NOW, around=around)
    assert json.loads(arrival.content) == {"client": "x", "victims": [1, 2, 3, 4, 5]}
    assert (arrival.url, arrival.etag) == (URL, '"1"')
    assert feed_server.paths()[1] == "/api.example.org/victims?order=discovered&page=2"


def test_pages_that_are_lists_become_one_list(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer(f"{URL}&page=0&per_page=2", Said(b'[{"name": "\xc3\xa9"}, 2]'))
    feed_server.answer(f"{URL}&page=1&per_page=2", Said(b"[]"))
    spec = feed(items="", first=0, size_parameter="per_page")
    assert fetch(spec, now=NOW, around=around).content == '[{"name":"é"},2]'.encode()


def test_half_a_character_and_bytes_that_are_no_text_are_left_to_the_parser(
    feed_server: FeedServer, around: Surroundings
) -> None:
    body = b'{"client": "x", "victims": [{"a": "\\ud83d"}, {"a": "\xe9"}]}'
    feed_server.answer(f"{URL}&page=1", Said(body))
    feed_server.answer(f"{URL}&page=2", Said(b'{"victims": []}'))
    content = fetch(feed(), now=NOW, around=around).content
    assert content == b'{"client":"x","victims":[{"a":"\\ud83d"},{"a":"\\udce9"}]}'


def test_last_page_is_believed_even_when_pages_are_not_full(
    feed_server: FeedServer, around: Surroundings
) -> None:
    page(feed_server, 1, [1], pages=2)
    page(feed_server, 2, [2, 3], pages=2)
    arrival = fetch(feed(last="pages"), now=NOW, around=around)
    assert json.loads(arrival.content)["victims"] == [1, 2, 3]
    assert len(feed_server.asked) == 2


def test_link_header_leads_on_and_ends_the_book(
    feed_server: FeedServer, around: Surroundings
) -> None:
    onward = {"Link": '</victims?cursor=abc>; rel="next"'}
    feed_server.answer(f"{URL}&page=1", Said(b'{"victims": [1]}', headers=onward))
    feed_server.answer("https://api.example.org/victims?cursor=abc", Said(b'{"victims": [2, 3]}'))
    arrival = fetch(feed(), now=NOW, around=around)
    assert json.loads(arrival.content)["victims"] == [1, 2, 3]
    assert len(feed_server.asked) == 2


def test_unchanged_first_page_spares_the_others(
    feed_server: FeedServer, around: Surroundings, tmp_path: Path
) -> None:
    page(feed_server, 1, [1, 2])
    page(feed_server, 2, [3])
    first = Landing(tmp_path).land(fetch(feed(), now=NOW, around=around))
    with pytest.raises(NotModified):
        fetch(feed(), now=NOW, previous=first, around=around)
    assert len(feed_server.asked) == 3


def test_pages_are_asked_for_politely(
    feed_server: FeedServer, around: Surroundings, patience: Patience
) -> None:
    page(feed_server, 1, [1, 2])
    page(feed_server, 2, [3])
    fetch(feed(), now=NOW, around=around)
    assert patience.waits == [10]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"results": []}', "the page holds no list 'victims'"),
        (b"[1]", "the page holds no list 'victims'"),
        (b'{"victims": [1, 2}', "the page is not JSON"),
        (b'{"victims": [1', "the JSON is cut"),
        (b"<html><title>Busy</title></html>", "a web page titled 'Busy'"),
    ],
    ids=["other key", "other form", "odd", "cut", "page"],
)
def test_bad_page_costs_the_whole_document(
    feed_server: FeedServer, around: Surroundings, body: bytes, problem: str
) -> None:
    page(feed_server, 1, [1, 2])
    feed_server.answer(f"{URL}&page=2", Said(body))
    with pytest.raises(FetchError, match=problem):
        fetch(feed(), now=NOW, around=around)


def test_source_that_does_not_know_the_parameter_is_found_out(
    feed_server: FeedServer, around: Surroundings
) -> None:
    feed_server.answer("https://api.example.org/victims", Said(b'{"victims": [1, 2]}'))
    with pytest.raises(FetchError, match="it gives the same page again"):
        fetch(feed(), now=NOW, around=around)


def test_pages_and_bytes_have_a_limit(feed_server: FeedServer, around: Surroundings) -> None:
    for number in range(1, 5):
        page(feed_server, number, [number, number])
    with pytest.raises(FetchError, match="it has more than 3 pages"):
        fetch(feed(max_pages=3), now=NOW, around=around)
    with pytest.raises(FetchError, match="its pages hold more than 80 bytes"):
        fetch(feed(max_bytes=80), now=NOW, around=around)
