"""What the end-to-end tests share: a night of the recordings, and one of a small world."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from nights import PLAIN, made_once, one_at_a_time, threatcast

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.kills.world import new_home, write_world


@pytest.fixture(scope="session")
def recorded_home(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one release of the newest recordings."""
    words = ("--mirror", str(mirror))
    return made_once(tmp_path_factory, "recorded_home", *words, models=PLAIN)


def small_settings(home: Path, mirror: Path) -> None:
    """Have the settings of a home name its recordings."""
    with (home / "threatcast.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"mirror = {json.dumps(str(mirror))}\n")


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all test processes share."""
    here = factory.getbasetemp()
    return here.parent if "PYTEST_XDIST_WORKER" in os.environ else here


@pytest.fixture(scope="session")
def small_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return recordings of a few simulated feeds."""
    shared = shared_folder(tmp_path_factory)
    with one_at_a_time(shared / "small_mirror.lock"):
        if not (shared / "small_mirror.done").is_file():
            write_world(shared / "small_mirror")
            (shared / "small_mirror.done").write_text("")
    return shared / "small_mirror"


@pytest.fixture(scope="session")
def small(small_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return recordings of a few simulated feeds, and a home with one release of them.

    Its settings name the recordings. For tests of which none asks what is published.
    """
    shared = shared_folder(tmp_path_factory)
    home, done = shared / "small_home", shared / "small_done"
    with one_at_a_time(shared / "small.lock"):
        if not done.is_file():
            small_settings(new_home(home), small_mirror)
            night = threatcast("run", home=home)
            assert night.returncode == 0, night.stderr
            done.write_text("")
    return small_mirror, home


@pytest.fixture
def small_home(small: tuple[Path, Path], tmp_path: Path) -> Path:
    """Return a copy of the home of a small world, so that a test may change it."""
    copy = tmp_path / "home"
    shutil.copytree(small[1], copy, symlinks=True)
    return copy


@dataclass(frozen=True)
class TwoNights:
    """Two nights of a small world: their days, the home after the second, and after the first."""

    days: tuple[str, str]
    home: Path
    between: Path


@pytest.fixture(scope="session")
def two_nights(small_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> TwoNights:
    """Return two nights of the small world, made once. Tests read them, or change a copy."""
    shared = shared_folder(tmp_path_factory)
    home, between = shared / "two_nights", shared / "two_nights_between"
    newest = max(date.fromisoformat(path.name[:10]) for path in small_mirror.glob("*/2*-*-*.*"))
    days = (newest - timedelta(weeks=1)).isoformat(), newest.isoformat()
    with one_at_a_time(shared / "two_nights.lock"):
        if not (shared / "two_nights.done").is_file():
            small_settings(new_home(home), small_mirror)
            for day in days:
                night = threatcast("run", "--as-of", day, home=home)
                assert night.returncode == 0, night.stderr[-3000:]
                if not between.is_dir():
                    shutil.copytree(home, between, symlinks=True)
            (shared / "two_nights.done").write_text("")
    return TwoNights(days, home, between)
