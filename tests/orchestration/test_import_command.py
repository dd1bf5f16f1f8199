"""`threatcast history import`: what is taken as a home's past, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from feed_server import FeedServer, Said
from nights import threatcast
from small_release import make_release, write_warehouse
from threatcast_feeds.history import SHIPPED, read_history, write_history
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.imported import imports_of, keep_import
from threatcast_orchestration.warehouse.raw import fingerprint, write_raw
from threatcast_publishing.release import Published


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_warehouse(tmp_path_factory.mktemp("small") / "warehouse.duckdb")


@pytest.fixture
def release(warehouse: Path, tmp_path: Path) -> Published:
    return make_release(warehouse, tmp_path / "theirs" / "releases", source="mirror")


@pytest.fixture
def ours(tmp_path: Path) -> Home:
    home = Home(tmp_path / "ours")
    home.bind_source("live")
    return home


def files_below(home: Home) -> set[str]:
    return {path.name for path in home.root.rglob("*") if path.is_file()}


def test_shipped_history_is_imported_once(ours: Home) -> None:
    first, again = (threatcast("history", "import", home=ours.root) for _ in range(2))
    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    assert "imported. The next run counts it" in first.stdout
    assert "was imported already. Nothing was changed." in again.stdout
    (kept,) = imports_of(ours)
    assert kept.counts.equals(read_history(SHIPPED).counts)


def test_dry_run_says_the_same_and_keeps_nothing(ours: Home) -> None:
    before = files_below(ours)
    done = threatcast("history", "import", "--dry-run", "--json", home=ours.root)
    facts = json.loads(done.stdout)
    assert facts["is_new"] is None
    (hosts,) = [row for row in facts["targets"] if row["target"] == "malware_hosts"]
    assert (hosts["weeks"] > 150, hosts["own_since"], hosts["is_known"]) == (True, None, True)
    assert files_below(ours) == before


@pytest.mark.parametrize("form", ["folder", "file", "address", "address_of_file"])
def test_release_and_file_give_the_same_counts_from_wherever(
    release: Published, ours: Home, tmp_path: Path, form: str
) -> None:
    folder, file = release.info.folder, tmp_path / "history.parquet"
    name = release.info.release_id
    threatcast("history", "write", name, "--out", str(file), home=tmp_path / "theirs")
    with FeedServer() as server:
        serve(server, folder, file)
        source = {
            "folder": str(folder),
            "file": str(file),
            "address": f"{server.base}/r/{name}/",
            "address_of_file": f"{server.base}/r/history.parquet",
        }[form]
        done = threatcast("history", "import", source, home=ours.root)
    assert done.returncode == 0, done.stderr
    (kept,) = imports_of(ours)
    assert kept.release_id == name
    assert kept.counts.equals(read_history(file).counts)


def serve(server: FeedServer, folder: Path, file: Path) -> None:
    """Serve a release and a history's file as a web server would."""
    for path in (p for p in folder.rglob("*") if p.is_file()):
        url = f"{server.base}/r/{folder.name}/{path.relative_to(folder).as_posix()}"
        server.answer(url, Said(path.read_bytes()))
    server.answer(f"{server.base}/r/{file.name}", Said(file.read_bytes()))


def test_served_release_that_is_not_as_its_manifest_says_is_refused(
    release: Published, ours: Home, tmp_path: Path
) -> None:
    folder = release.info.folder
    with FeedServer() as server:
        serve(server, folder, folder / "manifest.json")
        table = "parquet/activity_weekly.parquet"
        other = (folder / "parquet" / "targets.parquet").read_bytes()
        server.answer(f"{server.base}/r/{folder.name}/{table}", Said(other))
        changed = threatcast("history", "import", f"{server.base}/r/{folder.name}", home=ours.root)
        serve(server, folder, folder / "manifest.json")
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        manifest["as_of"] = "2020-01-01"
        url = f"{server.base}/r/{folder.name}/manifest.json"
        server.answer(url, Said(json.dumps(manifest).encode()))
        forged = threatcast("history", "import", f"{server.base}/r/{folder.name}", home=ours.root)
        gone = threatcast("history", "import", f"{server.base}/r/nothing", home=ours.root)
    assert (changed.returncode, forged.returncode, gone.returncode) == (1, 1, 1)
    assert table in changed.stderr
    assert "manifest.json is not what the manifest says" in forged.stderr
    assert "it answers 404" in gone.stderr
    assert imports_of(ours) == []


def test_damaged_release_on_disk_is_refused(release: Published, ours: Home) -> None:
    path = release.info.folder / "csv" / "targets.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    done = threatcast("history", "import", str(release.info.folder), home=ours.root)
    assert done.returncode == 1
    assert "csv/targets.csv" in done.stderr


def test_simulated_counts_are_nobodys_past(warehouse: Path, ours: Home, tmp_path: Path) -> None:
    made = make_release(warehouse, tmp_path / "theirs" / "releases", source="sample")
    done = threatcast("history", "import", str(made.info.folder), home=ours.root)
    assert done.returncode == 2
    assert "not counted of the feeds" in done.stderr


def test_home_of_the_sample_takes_no_real_counts(tmp_path: Path) -> None:
    home = Home(tmp_path / "sample")
    home.bind_source("sample")
    done = threatcast("history", "import", home=home.root)
    assert done.returncode == 2
    assert "has its whole past with it" in " ".join(done.stderr.split())


def test_name_that_leads_out_of_the_home_is_refused(ours: Home, tmp_path: Path) -> None:
    path = tmp_path / "history.parquet"
    write_history(path, replace(read_history(SHIPPED), release_id="../../2026-08-22-bc15ded827cf"))
    done = threatcast("history", "import", str(path), home=ours.root)
    assert done.returncode == 2
    assert "names no release of real counts" in done.stderr
    assert "2026-08-22-bc15ded827cf.parquet" not in {p.name for p in tmp_path.rglob("*")}


@pytest.fixture
def raw_of(ours: Home) -> Callable[[date], duckdb.DuckDBPyConnection]:
    """Return the schema `raw` of the home on an as-of day."""
    from threatcast_feeds.landing import Landing

    def write(as_of: date) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        landing = Landing(ours.landing)
        write_raw(connection, ours, {}, landing, as_of=as_of, source="live")
        return connection

    return write


def test_newest_history_of_a_target_counts_once_its_day_is_known(ours: Home, raw_of) -> None:
    shipped = read_history(SHIPPED)
    later = replace(
        shipped,
        as_of=shipped.as_of + timedelta(days=7),
        release_id="2026-08-29-0123456789ab",
        counts=shipped.counts.filter(duckdb_is(shipped, "malware_hosts")),
    )
    keep_import(ours, later)
    keep_import(ours, shipped)

    def counted_by(as_of: date) -> dict[str, str]:
        rows = raw_of(as_of).execute("SELECT DISTINCT target, counted_by FROM raw.imported_counts")
        return dict(rows.fetchall())

    assert counted_by(shipped.as_of - timedelta(days=1)) == {}
    first = f"imported from {shipped.release_id}, as of {shipped.as_of}"
    assert set(counted_by(shipped.as_of).values()) == {first}
    then = counted_by(later.as_of)
    assert then.pop("malware_hosts") == "imported from 2026-08-29-0123456789ab, as of 2026-08-29"
    assert set(then.values()) == {first}
    assert len(then) > 5


def duckdb_is(history, target: str):
    """Return which rows of a history are of a target."""
    import pyarrow.compute as pc

    return pc.equal(history.counts["target"], target)


def test_import_changes_what_the_stages_are_made_of(ours: Home, raw_of) -> None:
    before = fingerprint(raw_of(date(2026, 11, 29)))
    assert fingerprint(raw_of(date(2026, 11, 29))) == before
    keep_import(ours, read_history(SHIPPED))
    assert fingerprint(raw_of(date(2026, 11, 29))) != before
