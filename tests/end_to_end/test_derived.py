"""What is derived may be deleted, emptied or cut at any time: the next night makes it anew.

Nights are short here: a few simulated feeds and plain models (`benchmarks/kills/world.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nights import threatcast
from threatcast_publishing.catalog import current
from threatcast_publishing.verify import verify

from benchmarks.kills.command import kill_group, plan
from benchmarks.kills.outcome import differences, outcome_of
from benchmarks.kills.world import start

ROWS = ("raw/*/*.parquet", "raw/*/*.json")
FORECASTS = ("forecasts/*/*", "forecasts/*.sqlite")
WAREHOUSE = ("warehouse/night/*.duckdb", "warehouse/*.duckdb")
NOTES = ("warehouse/stamps.json", "last_run.json", "landing/*/attempts.json")
OTHERS = (
    *("gates/*/*.json", "gates/data_docs/**/*.html", "quarantine/*/*.json"),
    *("dbt_target/*/*.json", "dbt_target/*/*.gpickle"),
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
    "landing",
    "releases",
)


def finish(home: Path, mirror: Path | None = None) -> None:
    """Run a night to its end."""
    given = ("--mirror", str(mirror)) if mirror else ()
    done = threatcast("run", *given, home=home)
    assert done.returncode == 0, done.stderr[-3000:]


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
        (cut, ROWS + WAREHOUSE + NOTES + FORECASTS + OTHERS),
    ],
    ids=["empty: all but the warehouse", "cut: all"],
)
def test_night_after_derived_files_were_spoilt_publishes_the_same(
    small: tuple[Path, Path],
    small_home: Path,
    spoil: Callable[[Path], None],
    patterns: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept, home = small[1], small_home
    for path in of_kinds(home, patterns):
        spoil(path)
    finish(home)
    said = "made anew from what was landed" in caplog.text
    assert said == (WAREHOUSE[0] in patterns)
    assert differences(outcome_of(home), outcome_of(kept)) == []
    assert json.loads((home / "last_run.json").read_text())["failed_steps"] == []
    assert "concurrency" in (home / "dagster" / "dagster.yaml").read_text()


def wait_for(place: Path, pattern: str) -> None:
    deadline = time.monotonic() + 300
    while not any(place.glob(pattern)):
        assert time.monotonic() < deadline, f"{place / pattern} never came"
        time.sleep(0.002)


def killed(home: Path, mirror: Path, place: str, pattern: str) -> None:
    """Start a night and kill it with all that it started, once a file of a kind is there."""
    night = start(home, mirror)
    wait_for(home / place, pattern)
    kill_group(night)
    assert night.returncode == -signal.SIGKILL
    night.communicate()


def test_nights_killed_at_bad_moments_leave_the_last_release_and_end_with_the_same(
    small: tuple[Path, Path], tmp_path: Path
) -> None:
    # a folder's name is data: in a pattern, an address or a template each of these says something
    neighbour, odd = tmp_path / "C# axb 1 k=v $x", tmp_path / "C# a*b [1] k=v $x"
    for folder in (neighbour, odd):
        for path, name in zip(small, ("mirror", "home"), strict=True):
            shutil.copytree(path, folder / name, symlinks=True)
    mirror, home, kept = odd / "mirror", odd / "home", outcome_of(small[1])

    (home / "warehouse" / "stamps.json").unlink()
    shutil.rmtree(home / "forecasts")
    killed(home, mirror, "warehouse/night", "*.wal")
    assert current(home / "releases") == kept["release"]
    assert verify(home / "releases" / kept["release"]).ok

    for folder in FOLDERS:
        shutil.rmtree(home / folder, ignore_errors=True)
    # rows half parsed, tables half built, forecasts half written, a release half written
    killed(home, mirror, "raw", "cisa_kev/.*.tmp")
    killed(home, mirror, "warehouse/night", "*.wal")
    killed(home, mirror, "forecasts", "*.partial")
    killed(home, mirror, "releases", ".building-*")
    assert current(home / "releases") is None
    finish(home, mirror)
    assert differences(outcome_of(home), kept) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [odd.name, neighbour.name]


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
