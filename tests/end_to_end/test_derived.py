"""What is derived may be deleted, emptied or cut at any time: the next night makes it anew.

Nights are short here: a few simulated feeds and plain models (`benchmarks/kills/world.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nights import one_at_a_time

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from benchmarks.kills.command import kill_group, plan  # noqa: E402
from benchmarks.kills.outcome import differences, outcome_of  # noqa: E402
from benchmarks.kills.world import new_home, run, start, write_world  # noqa: E402

ROWS = ("raw/*/*.parquet", "raw/*/*.json")
FORECASTS = ("forecasts/*/*",)
WAREHOUSE = ("warehouse/night/*.duckdb", "warehouse/*.duckdb")
NOTES = ("warehouse/stamps.json", "last_run.json", "landing/*/attempts.json")
OTHERS = (
    *("gates/*/*.json", "gates/data_docs/**/*.html", "quarantine/*/*.json"),
    *("dbt_target/*/*.json", "dbt_target/*/*.msgpack", "dbt_target/*/*.gpickle"),
    *("dagster/dagster.yaml", "dagster/history/*.db", "dagster/history/runs/*.db"),
    *("dagster/schedules/*.db", "mlflow/*.db", "mlflow/artifacts/**/*"),
)
FOLDERS = (
    "raw",
    "quarantine",
    "warehouse",
    "dbt_target",
    "forecasts",
    "gates",
    "mlflow",
    "dagster",
)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return recordings of a few feeds, and a home with one release of them."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    mirror, home, done = (shared / f"small_{name}" for name in ("mirror", "home", "done"))
    with one_at_a_time(shared / "small.lock"):
        if not done.is_file():
            run(new_home(home), write_world(mirror))
            done.write_text("")
    return mirror, home


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def of_kinds(home: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        found = [path for path in home.glob(pattern) if path.is_file()]
        assert found or pattern.startswith("quarantine"), f"{pattern}: a home has no such file"
        yield from found


@pytest.mark.parametrize(
    ("spoil", "patterns"),
    [
        (empty, ROWS + FORECASTS + OTHERS),
        (cut, ROWS + WAREHOUSE + NOTES),
        (cut, FORECASTS + OTHERS),
    ],
    ids=["empty: all but the warehouse", "cut: rows, warehouse, notes", "cut: forecasts, others"],
)
def test_night_after_derived_files_were_spoilt_publishes_the_same(
    small: tuple[Path, Path],
    tmp_path: Path,
    spoil: Callable[[Path], None],
    patterns: tuple[str, ...],
) -> None:
    mirror, kept = small
    home = tmp_path / "home"
    shutil.copytree(kept, home, symlinks=True)
    for path in of_kinds(home, patterns):
        spoil(path)
    run(home, mirror)
    assert differences(outcome_of(home), outcome_of(kept)) == []
    assert json.loads((home / "last_run.json").read_text())["failed_steps"] == []
    assert "concurrency" in (home / "dagster" / "dagster.yaml").read_text()


def wait_for(place: Path, pattern: str) -> None:
    deadline = time.monotonic() + 300
    while not any(place.glob(pattern)):
        assert time.monotonic() < deadline, f"{place / pattern} never came"
        time.sleep(0.002)


def test_home_without_anything_derived_and_nights_killed_at_bad_moments_end_with_the_same(
    small: tuple[Path, Path], tmp_path: Path
) -> None:
    mirror, kept = small
    home = tmp_path / "home"
    shutil.copytree(kept, home, symlinks=True)
    for folder in (*FOLDERS, "releases"):
        shutil.rmtree(home / folder, ignore_errors=True)
    # rows half parsed, tables half built, forecasts half written, a release half written
    for place, pattern in (
        ("raw", "cisa_kev/.*.tmp"),
        ("warehouse/night", "*.wal"),
        ("forecasts", "*.partial"),
        ("releases", ".building-*"),
    ):
        night = start(home, mirror)
        wait_for(home / place, pattern)
        kill_group(night)
        assert night.returncode == -signal.SIGKILL
        night.communicate()
    run(home, mirror)
    assert differences(outcome_of(home), outcome_of(kept)) == []


def test_chain_of_kills_can_be_replayed_and_hits_every_part_of_a_night() -> None:
    chain = plan(60, seed=7)
    assert chain == plan(60, seed=7) != plan(60, seed=8)
    assert {int(kill.share * 60) for kill in chain} == set(range(60))
    assert [kill.number for kill in chain] == list(range(1, 61))


def test_difference_of_a_file_is_found(small: tuple[Path, Path]) -> None:
    wanted: dict[str, Any] = outcome_of(small[1])
    other = wanted | {"file csv/outlook.csv": "0" * 64}
    assert len(differences(other, wanted)) == 1
    assert differences(wanted, wanted) == []
