"""Pages of other programs as `threatcast mlflow` and `threatcast dbt-docs` open them, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from opened_ui import free_port

PATIENCE = 120


@contextmanager
def opened_page(command: str, home: Path, **variables: str) -> Iterator[str]:
    """Open a page and yield its address; it must end, and well, when it is told to."""
    port, printed = free_port(), home.with_suffix(".output")
    words = [sys.executable, "-m", "threatcast_orchestration.cli", command]
    clean = {key: value for key, value in os.environ.items() if key != "THREATCAST_HOME"}
    with printed.open("w", encoding="utf-8") as sink:
        program = subprocess.Popen(
            [*words, "--home", str(home), "--port", str(port)],
            env=clean | variables,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(program, address, printed)
        assert address in printed.read_text("utf-8")
        yield address
        program.terminate()
        assert program.wait(timeout=PATIENCE) == 0
        with pytest.raises(OSError, match="refused"):
            urlopen(address, timeout=5)
    finally:
        program.kill()
        program.wait()


def _wait(program: Any, address: str, printed: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and program.poll() is None:
        try:
            with urlopen(address, timeout=5):  # noqa: S310 the loopback
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the page did not come up: {printed.read_text('utf-8')}")
