"""What the end-to-end tests share: a night of the recordings, and one of a small world."""

from __future__ import annotations

import json
import os
import shutil
import sys
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


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return recordings of a few simulated feeds, and a home with one release of them.

    Its settings name the recordings. For tests of which none asks what is published.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    mirror, home, done = (shared / f"small_{name}" for name in ("mirror", "home", "done"))
    with one_at_a_time(shared / "small.lock"):
        if not done.is_file():
            write_world(mirror)
            new_home(home)
            with (home / "threatcast.toml").open("a", encoding="utf-8") as settings:
                settings.write(f"mirror = {json.dumps(str(mirror))}\n")
            night = threatcast("run", home=home)
            assert night.returncode == 0, night.stderr
            done.write_text("")
    return mirror, home


@pytest.fixture
def small_home(small: tuple[Path, Path], tmp_path: Path) -> Path:
    """Return a copy of the home of a small world, so that a test may change it."""
    copy = tmp_path / "home"
    shutil.copytree(small[1], copy, symlinks=True)
    return copy
