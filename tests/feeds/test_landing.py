"""The landing: bytes are written once, whole or not at all, and never changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.errors import LandingError
from threatcast_feeds.landing import Landing

MOMENT = datetime(2026, 8, 22, 2, 0, tzinfo=UTC)


def arrive(content: bytes = b"192.0.2.1\n", day: str = "2026-08-22", ext: str = "txt") -> Arrival:
    return Arrival(
        feed="example",
        day=date.fromisoformat(day),
        ext=ext,
        content=content,
        retrieved_at=MOMENT,
        mode="live",
        url="https://example.org/list.txt",
        etag='"abc"',
        last_modified="Sat, 22 Aug 2026 00:00:00 GMT",
    )


def names(landing: Landing) -> list[str]:
    return sorted(path.name for path in (landing.root / "example").iterdir())


def test_landed_bytes_come_back_as_they_came(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    content = bytes(range(256)) * 1000
    landed = landing.land(arrive(content))
    assert landing.read(landed) == content
    assert landing.payloads("example") == [landed]
    assert landed.size == len(content)
    assert landed.sha12 == landed.sha256[:12]
    assert landed.path.name == f"2026-08-22-{landed.sha12}.txt.zst"
    assert (landed.retrieved_at, landed.etag) == (MOMENT, '"abc"')


def test_empty_content_lands_too_for_the_parser_to_judge(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    assert landing.read(landing.land(arrive(b""))) == b""


def test_duckdb_reads_a_landed_file_as_it_is(tmp_path: Path) -> None:
    landed = Landing(tmp_path).land(arrive(b'[{"a": 1}, {"a": 2}]', ext="json"))
    path = Landing(tmp_path).open_path(landed)
    rows = duckdb.sql(f"SELECT sum(a) FROM read_json('{path}', compression = 'zstd')").fetchall()
    assert rows == [(3,)]


def test_same_payload_of_same_day_changes_nothing(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    first = landing.land(arrive())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "example").iterdir()}
    assert landing.land(arrive()) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "example").iterdir()} == before


def test_same_bytes_on_another_day_are_noted_and_not_stored(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    first = landing.land(arrive(day="2026-08-15"))
    again = landing.land(arrive(day="2026-08-22"))
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert again.path == first.path
    assert landing.read(again) == landing.read(first)
    assert [name for name in names(landing) if name.endswith(".zst")] == [first.path.name]
    note = json.loads((tmp_path / "example" / f"2026-08-22-{first.sha12}.meta.json").read_text())
    assert note["stored_as"] == f"2026-08-15-{first.sha12}"


def test_payloads_are_sorted_and_cut_at_a_day(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    for day in ("2026-08-22", "2026-08-08", "2026-08-15"):
        landing.land(arrive(day.encode(), day=day))
    days = [landed.day.isoformat() for landed in landing.payloads("example")]
    assert days == ["2026-08-08", "2026-08-15", "2026-08-22"]
    until = date(2026, 8, 15)
    assert [landed.day for landed in landing.payloads("example", until)][-1] == until
    newest = landing.newest("example")
    assert newest is not None
    assert newest.day == date(2026, 8, 22)
    assert landing.newest("other") is None


def test_two_payloads_of_one_day_are_both_kept_in_the_order_of_arrival(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    late = Arrival("example", date(2026, 8, 22), "txt", b"b", MOMENT.replace(hour=14), "live")
    landing.land(late)
    landing.land(arrive(b"a"))
    assert [landing.read(landed) for landed in landing.payloads("example")] == [b"a", b"b"]


def test_altered_file_is_refused_when_read(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landed = landing.land(arrive(b"192.0.2.1\n"))
    other = landing.land(arrive(b"192.0.2.2\n", day="2026-08-23"))
    landed.path.write_bytes(other.path.read_bytes())
    with pytest.raises(LandingError, match="does not match its hash"):
        landing.read(landed)


def test_cut_file_is_refused_when_read(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landed = landing.land(arrive(os.urandom(100_000)))
    landed.path.write_bytes(landed.path.read_bytes()[:5000])
    with pytest.raises(LandingError, match="cannot be read") as caught:
        landing.read(landed)
    assert "Restore it from a backup" in str(caught.value)


def test_missing_file_is_told(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landed = landing.land(arrive())
    landed.path.unlink()
    with pytest.raises(LandingError, match="the landed file is gone"):
        landing.open_path(landed)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"feed": 1}'])
def test_damaged_note_is_named_and_ends_what_is_known_of_its_feed(
    tmp_path: Path, damage: str
) -> None:
    landing = Landing(tmp_path)
    first = landing.land(arrive())
    later = arrive(content=b"more", day="2026-08-23")
    landing.land(later)
    landing.land(arrive(content=b"last", day="2026-08-24"))
    assert landing.damage("example") is None
    (note,) = (tmp_path / "example").glob(f"{later.day}-*.meta.json")
    note.write_text(damage)
    assert landing.payloads("example") == [first]
    assert note.name in str(landing.damage("example"))
    # the same bytes once more, as a mirror gives them
    landing.land(later)
    assert landing.damage("example") is None
    assert len(landing.payloads("example")) == 3


def test_attempts_are_noted_and_replaced(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    assert landing.attempt("example") is None
    landing.note_attempt("example", attempted_at=MOMENT, ok=False, error="timeout")
    landing.note_attempt("example", attempted_at=MOMENT, ok=True, not_modified=True)
    assert landing.attempt("example") == {
        "attempted_at": "2026-08-22T02:00:00+00:00",
        "ok": True,
        "error": "",
        "not_modified": True,
    }
    assert landing.payloads("example") == []


def test_unwritable_place_keeps_what_was_landed_and_says_the_cure(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landed = landing.land(arrive())
    # a file where a folder must go cannot be written for anybody, root included
    (tmp_path / "other").write_text("in the way")
    arrival = Arrival("other", date(2026, 8, 22), "txt", b"x", MOMENT, "live")
    with pytest.raises(LandingError) as caught:
        landing.land(arrival)
    assert "other" in str(caught.value)
    assert "Kept: all payloads landed before." in str(caught.value)
    assert "Free space on this disk or make the folder writable" in str(caught.value)
    assert landing.read(landed) == b"192.0.2.1\n"


FULL_DISK = """
import resource, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.errors import LandingError
from threatcast_feeds.landing import Landing
import os, pyarrow
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
big = Arrival("example", date(2026, 8, 23), "txt", os.urandom(200_000),
              datetime(2026, 8, 23, tzinfo=UTC), "live")
try:
    Landing(Path(sys.argv[1])).land(big)
except LandingError as error:
    print(error)
"""


def test_disk_that_fills_up_half_way_leaves_no_trace(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landed = landing.land(arrive())
    before = names(landing)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "the payload of 2026-08-23 cannot be written: File too large" in done.stdout
    assert names(landing) == before
    assert landing.payloads("example") == [landed]


KILLED = """
import os, sys
from datetime import UTC, date, datetime
from pathlib import Path
from threatcast_feeds import landing
from threatcast_feeds.arrivals import Arrival
whole = landing.write_durably
def dies(path, content):
    if path.name.endswith(sys.argv[2]):
        path.with_name(f".{path.name}.tmp").write_bytes(content[: len(content) // 2])
        os._exit(9)
    whole(path, content)
landing.write_durably = dies
landing.Landing(Path(sys.argv[1])).land(
    Arrival("example", date(2026, 8, 22), "txt", b"192.0.2.1\\n" * 500,
            datetime(2026, 8, 22, tzinfo=UTC), "live"))
"""


@pytest.mark.parametrize("at", [".zst", ".meta.json"])
def test_run_killed_while_landing_is_finished_by_the_next(tmp_path: Path, at: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), at], check=False)
    assert done.returncode == 9
    landing = Landing(tmp_path)
    assert landing.payloads("example") == []
    landed = landing.land(arrive(b"192.0.2.1\n" * 500))
    assert landing.payloads("example") == [landed]
    assert not landed.is_repeat
    assert landing.read(landed) == b"192.0.2.1\n" * 500
    assert not [name for name in names(landing) if name.endswith(".tmp")]


def at_hour(content: bytes, hour: int, minute: int = 0, second: int = 0) -> Arrival:
    moment = datetime(2026, 8, 22, hour, minute, second, tzinfo=UTC)
    return replace(arrive(content), retrieved_at=moment)


def test_bytes_that_come_back_on_their_day_are_the_newest_again(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    for content, hour in ((b"a", 2), (b"b", 10), (b"a", 14), (b"a", 15)):
        landing.land(at_hour(content, hour))
    held = [(landing.read(one), one.retrieved_at.hour) for one in landing.payloads("example")]
    assert held == [(b"a", 2), (b"b", 10), (b"a", 14)]
    assert len([name for name in names(landing) if name.endswith(".zst")]) == 2


def test_bytes_that_held_until_the_day_was_over_are_noted_again(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landing.land(at_hour(b"a", 14))
    landing.land(at_hour(b"a", 23, 59, 59))
    assert [one.retrieved_at.hour for one in landing.payloads("example")] == [14, 23]
    assert [one.is_repeat for one in landing.payloads("example")] == [False, True]
