"""Running whole nights in tests: the command line, and homes that make it short."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import in_process
import pytest
from in_process import Done, own_environment

QUICK = "negative_binomial,climatology,flat,comb_two,champion"
"""No Prophet: what a test of the wiring needs."""

PLAIN = "flat,comb_two"
"""What a night needs of which no test asks who won."""


def threatcast(*words: str, home: Path, **environment: str) -> Done:
    """Run the command line with a home, without the caller's settings."""
    with own_environment(**environment):
        return in_process.threatcast(*words, "--home", home, cwd=home.parent)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one test process after the other into the block."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def quick_home(folder: Path, models: str = QUICK) -> Path:
    """Return a new home whose settings make a night short."""
    folder.mkdir(parents=True)
    # one process: the other core has tests of its own
    settings = f'origins = 2\nmodels = "{models}"\njobs = 1\nlanguages = "en"\n'
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
