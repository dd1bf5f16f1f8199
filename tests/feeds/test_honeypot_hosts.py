"""ShadowWhisperer's honeypots: a table of addresses and days."""

from __future__ import annotations

from pathlib import Path

import pytest
from payload_reading import read_payload, read_recordings
from threatcast_feeds.errors import ParseError
from threatcast_feeds.registry import load_feed

SPEC = load_feed("honeypot_hosts")
HEAD = b"ip,category,detail,note,tags,first_seen,last_seen\r\n"


def test_row_is_read_as_written_and_notes_are_not(tmp_path: Path) -> None:
    line = b"192.0.2.10,botnet node,cryptominer,outlaw,[worm|crypto],2026-07-29,2026-08-01\r\n"
    _, rows = read_payload(SPEC, HEAD + line, tmp_path)
    assert rows == [
        {
            "ip": "192.0.2.10",
            "ipv6_key": None,
            "category": "botnet node",
            "detail": "cryptominer",
            "first_seen": "2026-07-29",
            "last_seen": "2026-08-01",
        }
    ]


def test_row_without_an_address_costs_itself(tmp_path: Path) -> None:
    lines = b"host,recon,,,,2026-08-01,2026-08-01\r\n2001:db8::5,recon,,,,2026-08-01,2026-08-01\r\n"
    outcome, rows = read_payload(SPEC, HEAD + lines, tmp_path)
    assert [row["ip"] for row in rows] == ["2001:db8::5"]
    assert (outcome.rejected, outcome.samples) == (1, ["record 1: ip is not an address"])


def test_table_without_the_day_of_first_sight_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="column first_seen is gone"):
        read_payload(SPEC, HEAD.replace(b"first_seen", b"first") + b"192.0.2.1,,,,,,\r\n", tmp_path)


def test_both_recorded_tables_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    outcomes = list(read_recordings(SPEC, mirror, tmp_path).values())
    assert [outcome.rejected for outcome in outcomes] == [0, 0]
    assert outcomes[-1].rows == 21_506
