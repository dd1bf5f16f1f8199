"""TweetFeed: posts in CSV without a header."""

from __future__ import annotations

from pathlib import Path

import pytest
from payload_reading import read_payload, read_recordings
from threatcast_feeds.errors import ParseError
from threatcast_feeds.registry import load_feed

SPEC = load_feed("tweetfeed")
POST = b"2026-08-21 00:11:04,r17,domain,login.example.org,#phishing,"


def values(content: bytes, folder: Path) -> list[str]:
    return [row["value"] for row in read_payload(SPEC, content, folder)[1]]


def test_line_ends_of_either_kind_may_be_mixed(tmp_path: Path) -> None:
    content = POST + b"\r\n" + POST.replace(b"login", b"a") + b"\n" + POST.replace(b"login", b"b")
    assert values(content, tmp_path) == ["login.example.org", "a.example.org", "b.example.org"]


def test_value_between_quotes_may_hold_a_comma(tmp_path: Path) -> None:
    line = b'2026-08-21 00:11:04,r17,url,"https://login.example.org/a,b",#phishing #scam,\n'
    assert values(line + POST + b"\n", tmp_path) == [
        "login.example.org",
        "https://login.example.org/a,b",
    ]


def test_address_of_the_second_family_has_its_key_and_a_time_of_day_has_none(
    tmp_path: Path,
) -> None:
    lines = b"2026-08-21 00:11:04,r1,ip,2001:db8::5,,\n2026-08-21 00:11:04,r1,ip,07:01:24,,\n"
    _, rows = read_payload(SPEC, lines, tmp_path)
    assert [row["ipv6_key"] for row in rows] == ["20010db8000000000000000000000005", None]


def test_post_that_names_nothing_costs_itself(tmp_path: Path) -> None:
    outcome, rows = read_payload(SPEC, POST + b"\n2021-10-05 08:00:00,,,,,\n", tmp_path)
    assert len(rows) == 1
    assert (outcome.rejected, outcome.samples) == (1, ["record 2 is no post"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"404: Not Found", "it holds no post"),
        (POST + b"\n2026-08-21 00:11:04,r17,dom", "the CSV is cut"),
    ],
)
def test_what_is_cut_or_not_the_feed_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=said):
        read_payload(SPEC, content, tmp_path)


def test_all_recorded_posts_are_read_but_for_two_empty_ones(mirror: Path, tmp_path: Path) -> None:
    outcomes = list(read_recordings(SPEC, mirror, tmp_path).values())
    assert sum(outcome.rows for outcome in outcomes) == 736_480
    assert sum(outcome.rejected for outcome in outcomes) == 2
