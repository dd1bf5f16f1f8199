"""`threatcast history write` on small releases."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from nights import threatcast
from small_release import AS_OF, REFERENCE_WEEK, make_release, write_warehouse
from threatcast_feeds.history import read_history
from threatcast_publishing.release import Published


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_warehouse(tmp_path_factory.mktemp("small") / "warehouse.duckdb")


@pytest.fixture
def release(warehouse: Path, tmp_path: Path) -> Published:
    return make_release(warehouse, tmp_path / "home" / "releases", source="mirror")


def test_the_history_of_a_release_is_its_counts_without_what_the_world_implies(
    release: Published, tmp_path: Path
) -> None:
    out = tmp_path / "history.parquet"
    home = tmp_path / "home"
    done = threatcast("history", "write", release.info.release_id, "--out", str(out), home=home)
    assert done.returncode == 0, done.stderr
    history = read_history(out)
    assert (history.as_of, history.release_id) == (AS_OF, release.info.release_id)
    assert history.feeds["ransomware_live"].targets == ("ransomware_claims",)
    assert "openphish" not in history.feeds
    counts = {tuple(row.values())[:3]: row for row in history.counts.to_pylist()}
    published = duckdb.sql(
        f"""
        SELECT target, location, week, CAST(value AS INTEGER), observation
        FROM '{release.info.folder}/parquet/activity_weekly.parquet'
        WHERE location NOT LIKE 'M49-%'
        """
    ).fetchall()
    worlds = {
        (target, week): word for target, place, week, _, word in published if place == "WORLD"
    }
    for target, location, week, value, observation in published:
        row = counts.pop((target, location, week), None)
        if row is None:
            assert location != "WORLD"
            assert observation == worlds[target, week]
            assert value == (None if observation == "missing" else 0)
        else:
            assert (row["value"], row["observation"]) == (value, observation)
    assert counts == {}
    assert max(history.counts["week"].to_pylist()) == REFERENCE_WEEK


def test_machines_are_told_what_was_written(release: Published, tmp_path: Path) -> None:
    out = tmp_path / "history.parquet"
    words = ("history", "write", release.info.release_id, "--out", str(out), "--json")
    facts = json.loads(threatcast(*words, home=tmp_path / "home").stdout)
    assert facts["bytes"] == out.stat().st_size
    assert facts["rows"] == read_history(out).counts.num_rows


@pytest.mark.parametrize("source", ["sample", "starter"])
def test_counts_that_no_feed_gave_are_nobodys_past(
    warehouse: Path, tmp_path: Path, source: str
) -> None:
    made = make_release(warehouse, tmp_path / "home" / "releases", source=source)
    out = tmp_path / "history.parquet"
    words = ("history", "write", made.info.release_id, "--out", str(out))
    done = threatcast(*words, home=tmp_path / "home")
    assert (done.returncode, out.exists()) == (2, False)
    assert "not counted of the feeds" in done.stderr


def test_a_damaged_release_is_no_source(release: Published, tmp_path: Path) -> None:
    path = release.info.folder / "csv" / "targets.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    out = tmp_path / "history.parquet"
    words = ("history", "write", release.info.release_id, "--out", str(out))
    done = threatcast(*words, home=tmp_path / "home")
    assert (done.returncode, out.exists()) == (1, False)
    assert "csv/targets.csv" in done.stderr
