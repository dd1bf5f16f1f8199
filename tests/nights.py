"""Running whole nights in tests: the command line as a process, and homes that make it short."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

QUICK = "negative_binomial,climatology,flat,comb_two,champion"
"""No Prophet: what a test of the wiring needs."""

PLAIN = "flat,comb_two"
"""What a night needs of which no test asks who won."""


def threatcast(*words: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, without the caller's settings."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
    return subprocess.run(
        [sys.executable, "-m", "threatcast_orchestration.cli", *words, "--home", str(home)],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one test process after the other into the block."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def quick_home(folder: Path, models: str = QUICK) -> Path:
    """Return a new home whose settings make a night short."""
    folder.mkdir(parents=True)
    settings = f'origins = 2\nmodels = "{models}"\n'
    (folder / "threatcast.toml").write_text(settings, encoding="utf-8")
    return folder


def made_once(factory: pytest.TempPathFactory, name: str, *words: str, models: str = QUICK) -> Path:
    """Return a home with one release, made by `threatcast run` with these words.

    The first test process that asks makes it, the others wait. What was printed lies beside it in
    `<name>.done`. Tests read the home, or change a copy.
    """
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home, done = shared / name, shared / f"{name}.done"
    with one_at_a_time(shared / f"{name}.lock"):
        if not done.is_file():
            result = threatcast("run", *words, home=quick_home(home, models))
            assert result.returncode == 0, result.stdout + result.stderr
            done.write_text(result.stdout, encoding="utf-8")
    return home
