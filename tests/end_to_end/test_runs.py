"""Runs that repeat, collide or come from the UI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from nights import threatcast
from threatcast_feeds.outcomes import digest_of
from threatcast_orchestration.forecasts.kept import MADE
from threatcast_publishing.catalog import current, list_releases
from threatcast_publishing.verify import verify


@pytest.fixture
def home(small_home: Path) -> Path:
    """Return a copy of the home with one release, so that a test may change it."""
    return small_home


def test_second_night_with_nothing_new_publishes_nothing_new(home):
    before = current(home / "releases")
    result = threatcast("run", "--json", home=home)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["run"]["release"] == before
    assert len(list_releases(home / "releases")) == 1


def test_home_of_a_mirror_refuses_the_sample_and_says_how_to_go_on(home):
    result = threatcast("run", "--source", "sample", home=home)
    assert result.returncode == 2
    assert "--home" in result.stderr


def test_gate_that_fails_blocks_the_release_and_the_last_one_stays(home):
    kept = current(home / "releases")
    (forecasts,) = (home / "forecasts").glob("*/forecast.parquet")
    spoilt = forecasts.with_suffix(".new")
    duckdb.execute(
        f"COPY (SELECT * REPLACE (-1 AS value) FROM read_parquet('{forecasts}')) "
        f"TO '{spoilt}' (FORMAT parquet)"
    )
    spoilt.replace(forecasts)
    # as if they had been made like this: else they count as damaged and are made anew
    made = forecasts.with_name(MADE)
    hashes = json.loads(made.read_text()) | {forecasts.name: digest_of(forecasts)}
    made.write_text(json.dumps(hashes))
    result = threatcast("run", home=home)
    assert result.returncode == 3
    assert "A gate blocked the release" in result.stderr
    assert "forecasts/night_forecast" in result.stderr
    assert current(home / "releases") == kept
    assert verify(home / "releases" / kept).ok
    failed = json.loads((home / "gates" / "2026-06-14" / "forecasts.forecast.json").read_text())
    (rule,) = [
        rule
        for rule in failed["expectations"]
        if not rule["success"] and rule["kwargs"]["column"] == "is_non_negative"
    ]
    assert rule["severity"] == "critical"
    assert rule["unexpected_count"] > 0
    assert rule["sample"][0].keys() >= {"target", "location", "model"}


def test_second_run_at_once_says_so_and_leaves(home):
    with (home / "run.lock").open("a") as handle:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
        result = threatcast("run", home=home)
    assert result.returncode == 75
    assert "Another run" in result.stderr


def launch_partition(home: Path, day: str) -> str:
    """Launch a night as the UI does, without config; returns what it printed: its runs so far."""
    code = (
        "import sys\n"
        "import dagster as dg\n"
        "from threatcast_orchestration.definitions import build_definitions\n"
        "job = build_definitions().resolve_job_def('nightly')\n"
        "with dg.DagsterInstance.get() as instance:\n"
        "    assert job.execute_in_process(instance=instance, partition_key=sys.argv[1]).success\n"
        "    print(len(instance.get_runs(dg.RunsFilter(job_name='nightly'))))\n"
    )
    environment = os.environ | {
        "THREATCAST_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
    }
    environment.pop("THREATCAST_MIRROR", None)
    result = subprocess.run(
        [sys.executable, "-c", code, day],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout.strip().splitlines()[-1]


def test_run_from_the_ui_does_the_same_as_the_command_line(home):
    kept = current(home / "releases")
    assert launch_partition(home, "2026-06-14") == "2", "both runs stand in one history"
    assert current(home / "releases") == kept


def test_partition_of_a_past_day_gives_the_release_that_the_command_line_gives(home, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(home, other, symlinks=True)
    launch_partition(home, "2026-06-07")
    result = threatcast("run", "--as-of", "2026-06-07", home=other)
    assert result.returncode == 0, result.stderr
    made = current(home / "releases")
    assert made.startswith("2026-06-07-")
    # its name holds the hash of all its bytes
    assert made == current(other / "releases")
    assert verify(home / "releases" / made).ok
