"""Sefinek's list: addresses of both families, and now and then lines of another file."""

from __future__ import annotations

from pathlib import Path

import pytest
from payload_reading import read_payload, read_recordings
from threatcast_feeds.errors import ParseError
from threatcast_feeds.registry import load_feed

SPEC = load_feed("sefinek_ips")
ROW = b'2025-04-18,2025-04-18,1,192.0.2.9,/login,"Mozilla/5.0 (X)",block,PL'


def addresses(content: bytes, folder: Path) -> list[str]:
    return [row["address"] for row in read_payload(SPEC, content, folder)[1]]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_ends_and_the_lack_of_a_last_one_do_not_matter(end: bytes, tmp_path: Path) -> None:
    content = end.join([b"192.0.2.7", b"2001:db8::7", b"203.0.113.9"])
    assert addresses(content, tmp_path) == ["192.0.2.7", "2001:db8::7", "203.0.113.9"]


def test_address_of_the_second_family_has_its_key(tmp_path: Path) -> None:
    _, rows = read_payload(SPEC, b"192.0.2.7\n2001:db8::7\n", tmp_path)
    assert [row["ipv6_key"] for row in rows] == [None, "20010db8000000000000000000000007"]


def test_rows_of_the_other_file_are_left_out_and_counted(tmp_path: Path) -> None:
    outcome, rows = read_payload(SPEC, b"192.0.2.7\n" + ROW + b"\n610.3.7.1\n192.0.2.8", tmp_path)
    assert [row["address"] for row in rows] == ["192.0.2.7", "192.0.2.8"]
    assert (outcome.rejected, outcome.samples[0]) == (2, "line 2 is not an address")


def test_address_that_stands_twice_stays_so_in_raw(tmp_path: Path) -> None:
    assert addresses(b"192.0.2.7\n192.0.2.7\n", tmp_path) == ["192.0.2.7", "192.0.2.7"]


def test_list_without_any_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="none of its 1 lines is an address"):
        read_payload(SPEC, b"404: Not Found", tmp_path)


def test_all_recorded_lists_are_read_but_for_what_is_no_address(
    mirror: Path, tmp_path: Path
) -> None:
    outcomes = list(read_recordings(SPEC, mirror, tmp_path).values())
    assert len(outcomes) == 92
    assert {outcome.state for outcome in outcomes} == {"accepted"}
    assert max(outcome.rejected for outcome in outcomes) == 107
    assert outcomes[-1].rows == 219_227
