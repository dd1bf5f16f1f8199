"""Running whole nights in tests: the command line as a process, and homes that make it short."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

QUICK = """\
# two origins and no Prophet: what a test of the wiring needs
origins = 2
models = "negative_binomial,climatology,flat,comb_two,champion"
"""


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


def quick_home(folder: Path) -> Path:
    """Return a new home whose settings make a night short."""
    folder.mkdir(parents=True)
    (folder / "threatcast.toml").write_text(QUICK, encoding="utf-8")
    return folder
