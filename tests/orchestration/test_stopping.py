"""A command that runs until it is told stops with all that it started, however it was started."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from program_start import AS_WITH_AN_AMPERSAND, after

STUBBORN = """
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"])
print(child.pid, flush=True)
time.sleep(60)
"""
CODE = """
import sys
from threatcast_orchestration.run import stopping
stopping.PATIENCE = 1.0
sys.exit(stopping.run_until_told([sys.executable, "-c", sys.argv[1]]))
"""


def start(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        after(AS_WITH_AN_AMPERSAND, [sys.executable, "-c", CODE, program]),
        stdout=subprocess.PIPE,
        text=True,
    )


def has_ended(process: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return True


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_program_that_does_not_end_by_itself_is_killed_with_its_children(
    told: signal.Signals,
) -> None:
    with start(STUBBORN) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(told)
        assert process.wait(timeout=15) == 0
        deadline = time.monotonic() + 5
        while not has_ended(child):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_program_goes_when_its_parent_is_killed() -> None:
    with start("import os, time; print(os.getpid(), flush=True); time.sleep(60)") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
        process.wait()
        deadline = time.monotonic() + 5
        while not has_ended(child):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_program_that_ends_by_itself_gives_its_exit_code() -> None:
    with start("import sys; sys.exit(3)") as process:
        assert process.wait(timeout=15) == 3
