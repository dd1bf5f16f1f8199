"""What sources and recordings do wrong: each fault costs itself, and is told with its cure.

The whole list is in docs/bad-input.md.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from nights import threatcast
from program_start import after
from threatcast_feeds.outcomes import read_outcome
from threatcast_feeds.registry import generator_of, load_feed
from threatcast_feeds.simulation import simulate
from threatcast_orchestration.feed_steps.pull import PullReport, pull
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan, make_plan
from threatcast_orchestration.run.settings import load_settings

Change = Callable[[Path], object]
FEEDS = ("cisa_kev", "c2_tracker", "threatfox_ips", "eurepoc", "xposedornot_breaches")
PAGE = b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>You don't have permission</BODY>"


@pytest.fixture(scope="module")
def recorded() -> dict[str, dict[str, bytes]]:
    """Return the last two recordings of a few simulated feeds, by feed and name."""
    world = simulate()
    return {
        feed: {
            f"{day}.{ext}": content
            for day, ext, content in list(generator_of(load_feed(feed)).payloads(world))[-2:]
        }
        for feed in FEEDS
    }


@pytest.fixture
def mirror(tmp_path: Path, recorded: dict[str, dict[str, bytes]]) -> Path:
    folder = tmp_path / "mirror"
    for feed, files in recorded.items():
        (folder / feed).mkdir(parents=True)
        for name, content in files.items():
            (folder / feed / name).write_bytes(content)
    return folder


def plan_for(mirror: Path, home: Home) -> Plan:
    plan = make_plan(home, load_settings(home, {"source": "mirror", "mirror": str(mirror)}))
    home.bind_source(plan.source)
    return plan


def newest_of(mirror: Path, feed: str) -> Path:
    return max((mirror / feed).iterdir())


def accepted(plan: Plan, feed: str) -> dict[str, int]:
    """Return the rows of each accepted payload by its day."""
    found = {}
    for landed in plan.landing.payloads(feed):
        outcome = read_outcome(plan.home.raw / feed, landed.sha12)
        if outcome is not None and outcome.state == "accepted":
            found[str(landed.day)] = outcome.rows
    return found


def told(report: PullReport) -> str:
    return " ".join([report.error, *report.messages])


def writes(content: bytes) -> Change:
    return lambda path: path.write_bytes(content)


def replaces(old: bytes, new: bytes, times: int = -1) -> Change:
    def change(path: Path) -> None:
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, times))

    return change


def cuts(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cuts_packed(path: Path) -> None:
    packed = gzip.compress(path.read_bytes(), mtime=0)
    path.with_name(f"{path.name}.gz").write_bytes(packed[: len(packed) // 2])
    path.unlink()


def cuts_archive(path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        archive.add(path, path.name)
    path.unlink()
    (path.parent / "vintages.tar.xz").write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])


def encodes(charset: str) -> Change:
    def change(path: Path) -> None:
        text = path.read_text(encoding="utf-8-sig").replace("a", "\xe9", 1)
        path.write_bytes(text.encode(charset))

    return change


def adds_member(name: str, content: bytes) -> Change:
    def change(path: Path) -> None:
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)

    return change


FAULTS: dict[str, tuple[str, Change, str]] = {
    "page for JSON": ("cisa_kev", writes(PAGE), "a web page titled 'Access Denied', not json"),
    "page for zip": ("c2_tracker", writes(PAGE), "a web page titled 'Access Denied', not zip"),
    "page for text": ("threatfox_ips", writes(PAGE), "a web page titled 'Access Denied', not txt"),
    "page for CSV": ("eurepoc", writes(PAGE), "a web page titled 'Access Denied', not csv"),
    "empty body": ("cisa_kev", writes(b""), "the payload is empty"),
    "cut JSON": ("cisa_kev", cuts, "the JSON is cut or damaged at byte"),
    "cut CSV": ("eurepoc", cuts, "the CSV is cut"),
    "cut zip": ("c2_tracker", cuts, "the archive is cut or damaged"),
    "cut gzip": ("cisa_kev", cuts_packed, "the file is cut or damaged"),
    "cut tar": ("cisa_kev", cuts_archive, "the file is cut or damaged"),
    "Latin-1": ("cisa_kev", encodes("latin-1"), "the text is not UTF-8: byte"),
    "UTF-16": ("cisa_kev", encodes("utf-16"), "the text is not UTF-8: byte 0 is 0xff"),
    "missing key": (
        "cisa_kev",
        replaces(b'"dateAdded"', b'"date_added"'),
        "column dateAdded is gone; there are cveID",
    ),
    "missing column": (
        "eurepoc",
        replaces(b"start_date", b"begin", 1),
        "column start_date is gone; there are ID",
    ),
    "member climbs out": (
        "c2_tracker",
        adds_member("../../etc/passwd", b"192.0.2.1\n"),
        "member '../../etc/passwd' points outside the archive",
    ),
    "zip bomb": (
        "c2_tracker",
        adds_member("data/bomb IPs.txt", b"0" * 30_000_000),
        "'data/bomb IPs.txt' unpacks to more than",
    ),
    "hundred times larger": (
        "threatfox_ips",
        lambda path: path.write_bytes(path.read_bytes() * 100),
        "times the last accepted payloads",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_payload_names_feed_place_and_cure_and_costs_itself_only(
    fault: str, mirror: Path, home: Home
) -> None:
    feed, change, words = FAULTS[fault]
    path = newest_of(mirror, feed)
    day = path.name[:10]
    change(path)
    plan = plan_for(mirror, home)
    report = pull(load_feed(feed), plan)
    said = told(report)
    assert words in said
    assert said.strip().startswith(f"{feed}, ")
    assert day in said or "vintages.tar.xz" in said
    assert "Kept: " in said
    assert said.rstrip(". ").rpartition("Kept: ")[2].count(". ") >= 1, "a cure follows"
    kept = accepted(plan, feed)
    assert len(kept) == 1
    assert day not in kept
    assert min(kept.values()) > 0
    other = next(name for name in FEEDS if name != feed)
    assert pull(load_feed(other), plan).error == ""
    assert len(accepted(plan, other)) == 2


HARMLESS: dict[str, tuple[str, Change, str]] = {
    "new column": ("cisa_kev", replaces(b'"cveID"', b'"epss": 1, "cveID"'), "new column: epss"),
    "bare NaN": ("xposedornot_breaches", replaces(b'"industry":"', b'"more":NaN,"industry":"'), ""),
    "IPv6 address": (
        "threatfox_ips",
        lambda path: path.write_bytes(path.read_bytes() + b"2001:db8::1\n"),
        "is not an IPv4 address",
    ),
    "names that differ in case": (
        "c2_tracker",
        lambda path: [
            adds_member(f"data/{name} IPs.txt", b"192.0.2.1\n")(path) for name in ("tool", "Tool")
        ],
        "",
    ),
    "record twice": ("threatfox_ips", lambda path: path.write_bytes(path.read_bytes() * 2), ""),
}


@pytest.mark.parametrize("fault", HARMLESS)
def test_odd_records_leave_their_payload_in_use(fault: str, mirror: Path, home: Home) -> None:
    feed, change, words = HARMLESS[fault]
    change(newest_of(mirror, feed))
    plan = plan_for(mirror, home)
    report = pull(load_feed(feed), plan)
    assert words in told(report)
    assert (report.error, report.quarantined) == ("", 0)
    assert len(accepted(plan, feed)) == 2


# no file can grow beyond 600,000 bytes, as on a disk that has no more room
NO_MORE_ROOM = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))"


def test_full_disk_is_named_before_any_work_and_keeps_all(mirror: Path, home: Home) -> None:
    words = [sys.executable, "-m", "threatcast_orchestration.cli", "feeds", "fetch", "cisa_kev"]
    words += ["--mirror", str(mirror), "--home", str(home.root)]
    assert subprocess.run(words, check=False, capture_output=True).returncode == 0
    before = accepted(plan_for(mirror, home), "cisa_kev")
    (home.root / "source.json").unlink()
    full = after(NO_MORE_ROOM, words)
    done = subprocess.run(full, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"The home {home.root} cannot be written (File too large)" in done.stderr
    assert "Free the disk" in done.stderr
    assert accepted(plan_for(mirror, home), "cisa_kev") == before


def test_history_that_cannot_be_written_stops_the_night_with_the_cure(
    mirror: Path, home: Home
) -> None:
    home.prepare()
    (home.dagster / "history").write_bytes(b"")
    done = threatcast("run", "--mirror", str(mirror), home=home.root)
    assert done.returncode == 1
    assert f"its history in {home.dagster} cannot be written" in done.stderr
    assert "Free the disk" in done.stderr
    assert "Traceback" not in done.stderr


def test_lock_is_held_on_a_full_disk(home: Home) -> None:
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from threatcast_orchestration.run.lock import run_lock\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "with run_lock(Path(sys.argv[1])):\n"
        "    sys.stdout.write('held')\n"
    )
    home.root.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, str(home.lock)], check=True, capture_output=True, text=True
    )
    assert done.stdout == "held"


WRONG_USE: dict[str, tuple[tuple[str, ...], str]] = {
    "as-of is no day": (
        ("--as-of", "tomorrow"),
        "'tomorrow': it is not a day; write it as YYYY-MM-DD",
    ),
    "as-of is impossible": (("--as-of", "2026-02-31"), "'2026-02-31': it is not a day"),
    "as-of is in the future": (("--as-of", "2999-01-01"), "lies in the future"),
    "mirror is a file": (("--mirror", "{tmp}/file"), "file is not a folder"),
    "mirror is gone": (("--mirror", "{tmp}/gone"), "gone is not a folder, nothing is there"),
    "mirror is empty": (("--mirror", "{tmp}/empty"), "empty holds no payload"),
    "mirror is one feed": (("--mirror", "{mirror}/cisa_kev"), "a folder for each feed"),
}


@pytest.mark.parametrize("case", WRONG_USE)
def test_wrong_use_is_told_before_a_home_is_made(case: str, mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"")
    flags, words = WRONG_USE[case]
    given = [flag.format(tmp=tmp_path, mirror=mirror) for flag in flags]
    done = threatcast("run", *given, home=tmp_path / "new", THREATCAST_MIRROR=str(mirror))
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "new").exists()


def test_variable_that_names_a_missing_mirror_is_named(tmp_path: Path) -> None:
    done = threatcast("run", home=tmp_path / "new", THREATCAST_MIRROR="/no/such/folder")
    assert done.returncode == 2
    assert "/no/such/folder is not a folder" in done.stderr
    assert "from: THREATCAST_MIRROR" in done.stderr


def test_file_named_by_an_impossible_day_is_told_and_costs_nothing(
    mirror: Path, home: Home
) -> None:
    (mirror / "cisa_kev" / "2026-02-31.json").write_bytes(b"{}")
    report = pull(load_feed("cisa_kev"), plan_for(mirror, home))
    assert report.error == ""
    assert "2026-02-31.json: is not a vintage" in report.messages[0]


def test_damaged_notes_of_earlier_runs_are_made_anew(mirror: Path, home: Home) -> None:
    from threatcast_orchestration.warehouse.stamps import finish, read_stamps

    plan = plan_for(mirror, home)
    pull(load_feed("cisa_kev"), plan)
    for path in (home.stamps, home.last_run, home.landing / "cisa_kev" / "attempts.json"):
        path.write_text('{"cut', encoding="utf-8")
    assert read_stamps(home) == {}
    finish(home, "raw", "x")
    assert read_stamps(home) == {"raw": "x"}
    assert plan.landing.attempt("cisa_kev") is None
    assert pull(load_feed("cisa_kev"), plan).error == ""


@pytest.mark.parametrize("damage", ["garbage", "cut"])
def test_damaged_warehouse_is_moved_away_and_made_anew(
    damage: str, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    from threatcast_orchestration.warehouse.raw import connect
    from threatcast_orchestration.warehouse.stamps import finish, read_stamps

    with connect(home) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT * FROM range(300000)")
    finish(home, "raw", "x")
    whole = home.warehouse.read_bytes()
    home.warehouse.write_bytes(b"garbage" * 999 if damage == "garbage" else whole[:9000])
    with connect(home) as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)
    assert read_stamps(home) == {}, "no stage counts as built"
    assert (home.warehouse.parent / "threatcast.duckdb.damaged").is_file()
    assert "is damaged" in caplog.text
    assert "nothing is lost" in caplog.text
