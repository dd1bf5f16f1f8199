"""C2-Tracker: a bundle of lists, one a tool."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pytest
from threatcast_feeds.catalog.c2_tracker.parse import parse, tool_of
from threatcast_feeds.errors import FeedError, ParseError, UnpackError
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.parsing import ParseOutcome, parse_new
from threatcast_feeds.payload import PayloadSource
from threatcast_feeds.registry import load_feed

SPEC = load_feed("c2_tracker")
Row = tuple[str, str, str | None]


def bundle(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def run(members: dict[str, str | bytes] | bytes, folder: Path) -> tuple[ParseOutcome, list[Row]]:
    content = members if isinstance(members, bytes) else bundle(members)
    source = PayloadSource.of_bytes(SPEC, content, folder, day=date(2026, 3, 16))
    target = folder / "rows.parquet"
    outcome = parse(source, target)
    rows = duckdb.sql(f"SELECT tool, address, ipv6_key FROM '{target}'").fetchall()
    assert len(rows) == outcome.rows
    return outcome, rows


def test_every_line_is_one_hit_of_its_tool(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "data/Sliver C2 IPs.txt": "192.0.2.17\n192.0.2.203\n2001:DB8::5\n",
        "data/Hak5 Cloud C2 IPs.txt": "192.0.2.17\n",
    }
    outcome, rows = run(members, tmp_path)
    assert rows == [
        ("Hak5 Cloud C2", "192.0.2.17", None),
        ("Sliver C2", "192.0.2.17", None),
        ("Sliver C2", "192.0.2.203", None),
        ("Sliver C2", "2001:DB8::5", "20010db8000000000000000000000005"),
    ]
    assert outcome.rejected == 0


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        (
            "data/Browser Exploitation Framework (BeEF) IPs.txt",
            "Browser Exploitation Framework (BeEF)",
        ),
        ("data/7777 Botnet IPs.txt", "7777 Botnet"),
        ("Sliver IPs.txt", "Sliver"),
        ("data/IPs.txt", "IPs"),
        ("data/all.txt", None),
        ("all.txt", None),
        ("backup/Sliver IPs.txt", None),
        ("data/backup/Sliver IPs.txt", None),
        ("C2-Tracker-main/requirements.txt", None),
        ("data/README.md", None),
        ("C2-Tracker-main/data/Sliver C2 IPs.txt", "Sliver C2"),
    ],
)
def test_tool_is_the_members_name(name: str, tool: str | None) -> None:
    assert tool_of(name) == tool


def test_names_that_differ_only_in_case_are_two_tools(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "data/BlackNET Botnet IPs.txt": "192.0.2.1\n",
        "data/BlackNet Botnet IPs.txt": "192.0.2.2\n",
    }
    rows = run(members, tmp_path)[1]
    assert {(tool, address) for tool, address, _ in rows} == {
        ("BlackNET Botnet", "192.0.2.1"),
        ("BlackNet Botnet", "192.0.2.2"),
    }


def test_empty_list_is_zero_hits(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {"data/A IPs.txt": "", "data/B IPs.txt": "192.0.2.1\n"}
    outcome, rows = run(members, tmp_path)
    assert (outcome.rows, outcome.rejected, rows[0][0]) == (1, 0, "B")


def test_run_in_which_nothing_was_found_is_a_run(tmp_path: Path) -> None:
    assert run({"data/A IPs.txt": ""}, tmp_path)[0] == ParseOutcome(0)


def test_union_of_all_lists_and_stale_copies_are_left_out(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "data/A IPs.txt": "192.0.2.1\n",
        "data/all.txt": "192.0.2.1\n",
        "backup/A IPs.txt": "192.0.2.9\n",
    }
    assert [row[:2] for row in run(members, tmp_path)[1]] == [("A", "192.0.2.1")]


def test_line_that_is_no_address_costs_that_line_and_is_told_with_its_member(
    tmp_path: Path,
) -> None:
    members: dict[str, str | bytes] = {
        "data/A IPs.txt": "192.0.2.1\n192.0.2.1:443\n\n192.0.2.300\nexample.org\nfe80::1%eth0\n",
    }
    outcome, rows = run(members, tmp_path)
    assert len(rows) == 1
    assert outcome.rejected == 4
    assert outcome.samples == [
        f"data/A IPs.txt, line {line} is not an address" for line in (2, 4, 5, 6)
    ]


def test_bundle_of_pages_in_place_of_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="none of its 2 lines is an address"):
        run({"data/A IPs.txt": "<html>\n404: Not Found\n"}, tmp_path)


def test_bundle_without_any_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="the bundle holds no list of a tool"):
        run({"README.md": "hello"}, tmp_path)


def test_line_that_is_no_text_costs_that_line(tmp_path: Path) -> None:
    outcome, rows = run({"data/A IPs.txt": b"192.0.2.1\n\xe9\n192.0.2.2\n"}, tmp_path)
    assert len(rows) == 2
    assert outcome.samples == ["data/A IPs.txt, line 2 is not an address"]


def test_member_without_a_name_costs_itself(tmp_path: Path) -> None:
    outcome, rows = run({"": b"192.0.2.9\n", "data/A IPs.txt": b"192.0.2.1\n"}, tmp_path)
    assert [row[:2] for row in rows] == [("A", "192.0.2.1")]
    assert (outcome.rejected, outcome.samples) == (1, ["member 1 has no name"])


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", ParseError, "the payload is empty"),
        (b"<html><title>Rate limit</title>", ParseError, "a web page titled 'Rate limit', not zip"),
        (b"192.0.2.1\n", UnpackError, "the archive is cut or damaged"),
        (bundle({"../A IPs.txt": "192.0.2.1"}), UnpackError, "points outside the archive"),
        (bundle({"data/A IPs.txt": b"1" * 9_000_000}), UnpackError, "unpacks to more than"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, kind: type[FeedError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(kind) as caught:
        run(content, tmp_path)
    assert said in str(caught.value)


def test_all_recorded_runs_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    lines: dict[str, int] = {}
    for arrival in arrivals(SPEC, mirror, None, set()):
        landed = landing.land(arrival)
        with zipfile.ZipFile(io.BytesIO(arrival.content)) as archive:
            members = [archive.read(name) for name in archive.namelist()]
        lines[landed.sha12] = sum(len(member.split()) for member in members)
    outcomes = parse_new(SPEC, landing, tmp_path / "raw")
    assert {outcome.state for outcome in outcomes} == {"accepted"}
    assert {outcome.payload: outcome.rows for outcome in outcomes} == lines
    assert sum(outcome.rejected for outcome in outcomes) == 0
    raw = f"read_parquet('{tmp_path}/raw/c2_tracker/*.parquet')"
    last = landing.payloads("c2_tracker")[-1].sha12
    found = duckdb.sql(
        f"SELECT count(DISTINCT address), count(*) - count(DISTINCT address) FROM {raw} "
        f"WHERE payload = '{last}'"
    ).fetchone()
    assert found == (2347, 11)
    both = duckdb.sql(
        f"SELECT count(DISTINCT payload) FROM {raw} WHERE tool = 'BlackNET Botnet' AND payload IN "
        f"(SELECT payload FROM {raw} WHERE tool = 'BlackNet Botnet')"
    ).fetchone()
    assert both == (10,)
    keys = duckdb.sql(
        f"SELECT count_if((ipv6_key IS NOT NULL) <> contains(address, ':')) FROM {raw}"
    )
    assert keys.fetchone() == (0,)
