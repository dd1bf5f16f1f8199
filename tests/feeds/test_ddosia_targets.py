"""DDoSia's target lists: a bundle of small lists, their time in their names."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from payload_reading import Rows, ask, bundle, read_payload, read_recordings
from threatcast_feeds.catalog.ddosia_targets.parse import time_of
from threatcast_feeds.errors import FeedError, ParseError, UnpackError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.registry import load_feed

SPEC = load_feed("ddosia_targets")
TITLE = "DDoSia-target-list-full.json"
NAME = f"2025-11-05_07-05-09_{TITLE}"


def target(host: Any = "www.example.de", **changes: Any) -> dict[str, Any]:
    return {
        "target_id": "660d",
        "request_id": "",
        "host": host,
        "ip": "192.0.2.1",
        "type": "http",
        "method": "GET",
        "port": 443,
        "use_ssl": True,
        "path": "/secret",
        "body": None,
        "headers": None,
    } | changes


def orders(*targets: Any) -> str:
    return json.dumps({"targets": list(targets), "randoms": [{"name": "x"}]}, indent=2)


def read(members: dict[str, str | bytes], folder: Path) -> tuple[ParseOutcome, Rows]:
    return read_payload(SPEC, bundle(members), folder)


def hosts(rows: Rows) -> list[Any]:
    return [row["host"] for row in rows]


def test_target_gives_list_time_host_kind_and_port_and_nothing_else(tmp_path: Path) -> None:
    outcome, rows = read({NAME: orders(target(), target("b.example.pl", type="tcp"))}, tmp_path)
    assert outcome == ParseOutcome(2)
    moment = datetime.fromisoformat("2025-11-05T07:05:09")
    assert [tuple(row.values()) for row in rows] == [
        (NAME, moment, "www.example.de", "http", 443),
        (NAME, moment, "b.example.pl", "tcp", 443),
    ]
    assert "/secret" not in (tmp_path / "rows.parquet").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        (f"05-06-2023_20-15-12_{TITLE}", "2023-06-05T20:15:12"),
        (f"2023-06-05_20-15-12_{TITLE}", "2023-06-05T20:15:12"),
        (f"31-12-2023_00-00-00_{TITLE}", "2023-12-31T00:00:00"),
    ],
)
def test_time_is_the_names_whatever_the_order_of_the_day(name: str, moment: str) -> None:
    assert time_of(name) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "name",
    [
        "2024-11-18_07-05-12.json",
        f"2024-13-18_07-05-12_{TITLE}",
        f"2024-11-18_{TITLE}",
        "README.md",
        f"2024-11-18_07-05-12_{TITLE}.bak",
        f"2024-11-18_24-05-12_{TITLE}",
    ],
)
def test_file_of_another_name_is_no_list_and_is_said(name: str, tmp_path: Path) -> None:
    outcome, rows = read({NAME: orders(target()), name: orders(target("other.de"))}, tmp_path)
    assert hosts(rows) == ["www.example.de"]
    assert outcome.message == "left out 1 files that are no lists"


def test_folder_of_the_member_does_not_matter(tmp_path: Path) -> None:
    rows = read({f"data/processed/{NAME}": orders(target())}, tmp_path)[1]
    assert rows[0]["list_name"] == NAME


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("a.example.de/a.example.de", "a.example.de"),
        ("a.example.de/b.example.de", "a.example.de"),
        ("192.0.2.1", "192.0.2.1"),
        (" WWW.Example.DE ", "www.example.de"),
    ],
)
def test_host_is_what_stands_before_the_slash(written: str, host: str, tmp_path: Path) -> None:
    assert hosts(read({NAME: orders(target(written))}, tmp_path)[1]) == [host]


@pytest.mark.parametrize("nothing", ['{"targets": null, "randoms": null}', '{"targets": []}'])
def test_list_without_targets_shows_that_the_feed_was_watched(nothing: str, tmp_path: Path) -> None:
    outcome, rows = read({NAME: nothing}, tmp_path)
    assert outcome == ParseOutcome(1)
    assert [(row["list_name"], row["host"], row["port"]) for row in rows] == [(NAME, None, None)]
    assert rows[0]["list_time"] == datetime.fromisoformat("2025-11-05T07:05:09")


def test_order_of_the_keys_does_not_matter(tmp_path: Path) -> None:
    turned = json.dumps({"randoms": [], "targets": [target()]})
    assert hosts(read({NAME: turned}, tmp_path)[1]) == ["www.example.de"]


@pytest.mark.parametrize(
    ("port", "expected"),
    [(80, 80), ("8080", 8080), (None, None), (70_000, None), (-1, None), (True, None), ("x", None)],
)
def test_port_that_is_none_is_null(port: Any, expected: int | None, tmp_path: Path) -> None:
    assert read({NAME: orders(target(port=port))}, tmp_path)[1][0]["port"] == expected


@pytest.mark.parametrize("strange", [None, 7, "text", {}, target(""), target(None), target("/x")])
def test_target_without_host_costs_itself(strange: Any, tmp_path: Path) -> None:
    outcome, rows = read({NAME: orders(target(), strange)}, tmp_path)
    assert (len(rows), outcome.rejected) == (1, 1)
    assert outcome.samples == [f"{NAME}, target 2 has no host"]


def test_list_of_rubbish_is_not_an_empty_list(tmp_path: Path) -> None:
    other = f"2025-11-05_08-05-09_{TITLE}"
    rows = read({NAME: orders({}), other: orders(target())}, tmp_path)[1]
    assert hosts(rows) == ["www.example.de"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (orders(target())[:-20], "not JSON, or cut"),
        ("", "not JSON, or cut"),
        ("<html>404</html>", "not JSON, or cut"),
        ('{"randoms": []}', "it has no `targets`"),
        ("[]", "it has no `targets`"),
        ('{"targets": 5}', "its `targets` are no list"),
    ],
)
def test_bad_list_costs_itself_and_is_named(
    content: str | bytes, said: str, tmp_path: Path
) -> None:
    good = f"2025-11-05_08-05-09_{TITLE}"
    outcome, rows = read({NAME: content, good: orders(target())}, tmp_path)
    assert ([row["list_name"] for row in rows], outcome.rejected) == ([good], 1)
    assert outcome.samples == [f"{NAME}: {said}"]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ('{"host": "b\\ud83d.example.de"}', ": host holds what cannot be kept"),
        ('{"host": "b.example.de", "type": "\\udfff"}', ": type holds what cannot be kept"),
        (b'{"host": "b\xe9.example.de"}', ": it is not UTF-8: byte 98 is 0xe9"),
        ('{"host": "b.de", "x": ' + "[" * 10_000 + "]" * 10_000 + "}", ": it is nested too deep"),
        ('{"host": b}', ": it is not JSON: byte 86 is 0x7b (Expecting value)"),
    ],
    ids=["half a host", "half a kind", "bytes", "deep", "no JSON"],
)
def test_target_that_cannot_be_read_costs_itself(
    order: str | bytes, said: str, tmp_path: Path
) -> None:
    order = order if isinstance(order, bytes) else order.encode()
    good = json.dumps(target("a.de")).encode()
    content = b'{"targets": [%s, %s, %s]}' % (good, order, good)
    outcome, rows = read({NAME: content}, tmp_path)
    assert (hosts(rows), outcome.rejected) == (["a.de", "a.de"], 1)
    at = content.index(order)
    said = said.replace("byte 98", f"byte {at + 11}").replace("byte 86", f"byte {at}")
    assert outcome.samples == [f"{NAME}, target 2{said}"]


@pytest.mark.parametrize("port", ["9" * 5000, "\u00b2", "\ud83d", 10**30, 1e400, [80]])
def test_port_that_is_no_number_at_all_is_null(port: Any, tmp_path: Path) -> None:
    assert read({NAME: orders(target(port=port))}, tmp_path)[1][0]["port"] is None


@pytest.mark.parametrize("name", ["", ".", "./"])
def test_member_without_a_name_costs_itself(name: str, tmp_path: Path) -> None:
    outcome, rows = read({name: "x", NAME: orders(target())}, tmp_path)
    assert (len(rows), outcome.rejected) == (1, 1)
    assert outcome.samples == ["member 1 has no name"]


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", ParseError, "the payload is empty"),
        (b"<html><title>Rate limit</title>", ParseError, "a web page titled 'Rate limit', not zip"),
        (b'{"targets": []}', UnpackError, "the archive is cut or damaged"),
        (bundle({"README.md": "x"}), ParseError, "holds no list named <date>_<time>_<title>.json"),
        (bundle({NAME: "x"}), ParseError, "none of its 1 lists can be read"),
        (bundle({NAME: orders(target())})[:90], UnpackError, "the archive is cut or damaged"),
        (bundle({f"../{NAME}": "{}"}), UnpackError, "points outside the archive"),
        (bundle({NAME: b" " * 9_000_000}), UnpackError, "unpacks to more than"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, kind: type[FeedError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(kind) as caught:
        read_payload(SPEC, content, tmp_path)
    assert said in str(caught.value)


def test_all_recorded_weeks_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    outcomes = read_recordings(SPEC, mirror, tmp_path)
    assert len(outcomes) == 123
    assert {(one.state, one.rejected, one.message) for one in outcomes.values()} == {
        ("accepted", 0, "")
    }
    facts = ask(
        tmp_path,
        SPEC,
        "SELECT count(DISTINCT list_name), count(host), count(*) - count(host), "
        "count(DISTINCT host), count_if(host LIKE '%/%'), "
        "count(DISTINCT list_name) FILTER (list_name[3:3] = '-'), "
        "count(DISTINCT host) FILTER (host LIKE '192.0.2.%') FROM raw",
    )
    # 6,533 as written; 665 of these are written twice with a slash between
    assert facts == (3054, 241_552, 15, 6189, 0, 19, 3)
    span = ask(tmp_path, SPEC, "SELECT min(list_time), max(list_time)::DATE FROM raw")
    assert span == (datetime.fromisoformat("2023-06-05T20:15:12"), date(2025, 11, 5))
    kinds = ask(tmp_path, SPEC, "SELECT list(DISTINCT type) FROM raw WHERE host <> ''")[0]
    assert set(kinds) == {"http", "http2", "http3", "nginx_loris", "tcp", "udp"}
    gap = "SELECT count(*) FROM raw WHERE list_time BETWEEN '2025-06-02' AND '2025-06-30'"
    assert ask(tmp_path, SPEC, gap) == (0,)
