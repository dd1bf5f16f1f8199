"""OpenPhish: a window of URLs, newest first."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from threatcast_feeds.catalog.openphish.parse import parse
from threatcast_feeds.errors import ParseError
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.parsing import ParseOutcome, parse_new
from threatcast_feeds.payload import PayloadSource
from threatcast_feeds.registry import load_feed

SPEC = load_feed("openphish")


def run(content: bytes, folder: Path) -> tuple[ParseOutcome, list[tuple[int, str]]]:
    source = PayloadSource.of_bytes(SPEC, content, folder, day=date(2026, 8, 22))
    target = folder / "rows.parquet"
    outcome = parse(source, target)
    rows = duckdb.sql(f"SELECT position, url FROM '{target}'").fetchall()
    assert len(rows) == outcome.rows
    return outcome, rows


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example.org/a",
        "http://example.net/wp-content/x.php?a=1,2&b='c'",
        "https://www.bank.example%2f@host.example/x",
        "https://under_score.example.org/",
        "http://example.org:8080/",
        "HTTPS://EXAMPLE.ORG/#user",
        'https://example.org/?q="quoted"',
        "https://example.org/" + "a" * 4034,
        "https://xn--bcher-kva.example/",
        "https://example.org/withheld-0123456789ab",
    ],
)
def test_url_is_kept_as_it_is(url: str, tmp_path: Path) -> None:
    assert run(f"{url}\n".encode(), tmp_path)[1] == [(1, url)]


def test_position_is_the_line_newest_first(tmp_path: Path) -> None:
    _, rows = run(b"https://c.example/\nhttps://b.example/\nhttps://a.example/\n", tmp_path)
    assert rows == [(1, "https://c.example/"), (2, "https://b.example/"), (3, "https://a.example/")]


def test_line_that_is_no_url_costs_that_line_and_is_told_without_its_text(tmp_path: Path) -> None:
    lines = [b"https://a.example/", b"ftp://someone@example.org/", b"", b"https://", b"http://b.ex"]
    outcome, rows = run(b"\n".join(lines), tmp_path)
    assert rows == [(1, "https://a.example/"), (5, "http://b.ex")]
    assert outcome.rejected == 2
    assert outcome.samples == [
        "line 2 is not an http or https URL",
        "line 4 is not an http or https URL",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the payload is empty"),
        (b"<!doctype HTML><title>Moved &amp; gone</title>", "a web page titled 'Moved & gone'"),
        (b"Not Found\n", "none of its 1 lines is an http or https URL"),
        (b"https://a.example/\xff\n", "byte 18 is 0xff"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParseError) as caught:
        run(content, tmp_path)
    assert said in str(caught.value)


def test_all_recorded_windows_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    for arrival in arrivals(SPEC, mirror, None, set()):
        landing.land(arrival)
    outcomes = parse_new(SPEC, landing, tmp_path / "raw")
    assert {outcome.state for outcome in outcomes} == {"accepted"}
    # 35,200 lines at the source, two dropped from the recordings
    assert sum(outcome.rows for outcome in outcomes) == 35_198
    assert sum(outcome.rejected for outcome in outcomes) == 0
    assert max(outcome.rows for outcome in outcomes) == 500
    assert outcomes[-1].rows == 300
