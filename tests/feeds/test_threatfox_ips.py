"""ThreatFox addresses: a plain list of IPv4 addresses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from threatcast_feeds.catalog.threatfox_ips.parse import parse
from threatcast_feeds.errors import ParseError
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.parsing import ParseOutcome, parse_new
from threatcast_feeds.payload import PayloadSource
from threatcast_feeds.registry import load_feed

SPEC = load_feed("threatfox_ips")


def run(content: bytes, folder: Path) -> tuple[ParseOutcome, list[str]]:
    source = PayloadSource.of_bytes(SPEC, content, folder, day=date(2026, 8, 22))
    target = folder / "rows.parquet"
    outcome = parse(source, target)
    rows = duckdb.sql(f"SELECT address, payload FROM '{target}'").fetchall()
    assert {payload for _, payload in rows} == {source.payload}
    assert len(rows) == outcome.rows
    return outcome, [address for address, _ in rows]


def test_list_without_newline_at_its_end_keeps_its_last_line(tmp_path: Path) -> None:
    outcome, rows = run(b"192.0.2.1\n192.0.2.45\n198.51.100.7", tmp_path)
    assert rows == ["192.0.2.1", "192.0.2.45", "198.51.100.7"]
    assert (outcome.rejected, outcome.samples) == (0, [])


@pytest.mark.parametrize(
    "content",
    [
        b"192.0.2.1\r\n192.0.2.2\r\n",
        b"\xef\xbb\xbf192.0.2.1\n192.0.2.2\n",
        b"192.0.2.1\n\n192.0.2.2\n\n\n",
        b" 192.0.2.1\t\n192.0.2.2 ",
    ],
)
def test_line_ends_blanks_and_marks_do_not_matter(content: bytes, tmp_path: Path) -> None:
    outcome, rows = run(content, tmp_path)
    assert rows == ["192.0.2.1", "192.0.2.2"]
    assert outcome.rejected == 0


def test_addresses_that_cannot_be_placed_are_kept_in_raw(tmp_path: Path) -> None:
    unplaceable = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "224.0.0.1", "240.0.0.1"]  # noqa: S104
    outcome, rows = run("\n".join(unplaceable).encode(), tmp_path)
    assert (rows, outcome.rejected) == (unplaceable, 0)


def test_line_that_is_no_address_costs_that_line(tmp_path: Path) -> None:
    lines = ["192.0.2.1", "# comment", "2001:db8::5", "192.0.2.256", "192.0.2.2:443", "192.0.2.2"]
    outcome, rows = run("\n".join(lines).encode(), tmp_path)
    assert rows == ["192.0.2.1", "192.0.2.2"]
    assert outcome.rejected == 4
    assert outcome.samples == [f"line {number} is not an IPv4 address" for number in (2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the payload is empty"),
        (b"<html><head><title>404</title>", "a web page titled '404', not txt"),
        (b"404: Not Found", "none of its 1 lines is an IPv4 address"),
        (b"192.0.2.x\n\xe9\n", "byte 10 is 0xe9"),
        ("192.0.2.1\n".encode("utf-16"), "byte 0 is 0xff"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParseError) as caught:
        run(content, tmp_path)
    assert said in str(caught.value)


def test_all_recorded_lists_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    lines: dict[str, int] = {}
    for arrival in arrivals(SPEC, mirror, None, set()):
        lines[landing.land(arrival).sha12] = arrival.content.count(b"\n") + 1
    outcomes = parse_new(SPEC, landing, tmp_path / "raw")
    assert {outcome.payload: outcome.rows for outcome in outcomes} == lines
    assert sum(outcome.rejected for outcome in outcomes) == 0
    assert {outcome.state for outcome in outcomes} == {"accepted"}
    assert outcomes[-1].rows == 19_863


@pytest.mark.parametrize("line", [b"\xe9", b"192.0.2.2\xff", b"9" * 20_000_000])
def test_line_that_is_no_text_or_endless_costs_that_line(line: bytes, tmp_path: Path) -> None:
    outcome, rows = run(b"192.0.2.1\r\n%s\n\n192.0.2.3" % line, tmp_path)
    assert rows == ["192.0.2.1", "192.0.2.3"]
    assert (outcome.rejected, outcome.samples) == (1, ["line 2 is not an IPv4 address"])
