"""Runs that repeat, collide, die half-way or come from the UI."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from nights import quick_home, threatcast
from threatcast_feeds.outcomes import digest_of
from threatcast_orchestration.forecasts import MADE
from threatcast_publishing.catalog import current, list_releases
from threatcast_publishing.verify import verify


def start(home: Path) -> subprocess.Popen[str]:
    """Start a night on the sample in a process group of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
    return subprocess.Popen(
        [sys.executable, "-m", "threatcast_orchestration.cli", "run", "--home", str(home)],
        env=clean,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill_after(night: subprocess.Popen[str], words: str, patience: float = 300) -> list[str]:
    """Kill the whole group once a line with these words is printed; returns what was printed."""
    lines = []
    guard = threading.Timer(patience, night.kill)
    guard.start()
    for line in night.stderr:
        lines.append(line.rstrip())
        if words in line:
            break
    os.killpg(night.pid, signal.SIGKILL)
    night.wait()
    guard.cancel()
    assert any(words in line for line in lines), lines
    return lines


@pytest.fixture
def home(sample_home, tmp_path) -> Path:
    """Return a copy of the home with one release, so that a test may change it."""
    copy = tmp_path / "home"
    shutil.copytree(sample_home, copy, symlinks=True)
    return copy


def test_second_night_with_nothing_new_publishes_nothing_new(home):
    before = current(home / "releases")
    result = threatcast("run", "--json", home=home)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["run"]["release"] == before
    assert len(list_releases(home / "releases")) == 1


def test_home_of_the_sample_refuses_a_mirror_and_says_how_to_go_on(home, tmp_path):
    mirror = tmp_path / "mirror" / "cisa_kev"
    mirror.mkdir(parents=True)
    (mirror / "2026-01-01.json").write_text("{}", encoding="utf-8")
    result = threatcast("run", "--mirror", str(mirror.parent), home=home)
    assert result.returncode == 2
    assert "--home" in result.stderr


def test_killed_night_leaves_the_last_release_and_the_next_night_finishes(home):
    kept = current(home / "releases")
    (home / "warehouse" / "stamps.json").unlink()
    shutil.rmtree(home / "forecasts")
    kill_after(start(home), "dbt_warehouse:")
    assert current(home / "releases") == kept
    assert verify(home / "releases" / kept).ok
    result = threatcast("run", "--json", home=home)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["run"]["release"] == kept


def test_first_night_killed_while_feeds_are_pulled_is_finished_by_the_next(tmp_path, sample_home):
    # a folder's name is data: in a pattern, an address or a template each of these says something
    neighbour = tmp_path / "C# axb 1 k=v $x"
    shutil.copytree(sample_home, neighbour / "home", symlinks=True)
    home = quick_home(tmp_path / "C# a*b [1] k=v $x" / "home")
    # kept by the hash of all that they are made of: found again only if all was pulled
    shutil.copytree(sample_home / "forecasts", home / "forecasts")
    kill_after(start(home), "pull_country_codes:")
    assert current(home / "releases") is None
    result = threatcast("run", "--json", home=home)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["run"]["release"] == current(sample_home / "releases")
    assert sorted(path.name for path in tmp_path.iterdir()) == [home.parent.name, neighbour.name]


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
    assert "forecasts/forecast" in result.stderr
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


def test_run_from_the_ui_does_the_same_as_the_command_line(home):
    kept = current(home / "releases")
    code = (
        "import dagster as dg\n"
        "from threatcast_orchestration.definitions import build_definitions\n"
        "job = build_definitions().resolve_job_def('nightly')\n"
        "with dg.DagsterInstance.get() as instance:\n"
        "    assert job.execute_in_process(instance=instance).success\n"
        "    print(len(instance.get_runs(dg.RunsFilter(job_name='nightly'))))\n"
    )
    environment = os.environ | {
        "THREATCAST_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
    }
    environment.pop("THREATCAST_MIRROR", None)
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.strip().splitlines()[-1] == "2", "both runs stand in one history"
    assert current(home / "releases") == kept
