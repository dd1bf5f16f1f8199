"""The UI as `threatcast ui` opens it, for tests that ask it or drive a browser to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from program_start import AS_WITH_AN_AMPERSAND, after

PATIENCE = 180
STOPS_WITHIN = 15
COMMAND = (sys.executable, "-m", "threatcast_orchestration.cli")


@dataclass(frozen=True)
class Opened:
    """A UI that answers."""

    home: Path
    port: int
    pages: int
    process: subprocess.Popen[str]
    output: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        request = Request(  # noqa: S310 the loopback
            f"{self.address}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            told = json.load(answer)
        assert "errors" not in told, told
        return told["data"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(ui: Opened) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if ui.process.poll() is not None:
            break
        try:
            with urlopen(f"{ui.address}/server_info", timeout=2):  # noqa: S310 the loopback
                return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the UI did not come up: {ui.output.read_text('utf-8')}")


def open_ui(home: Path, **variables: str) -> Opened:
    """Open the UI as a script does with `&`: what it starts then ignores interrupts."""
    port, pages, output = free_port(), free_port(), home.with_suffix(".output")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
    with output.open("w", encoding="utf-8") as sink:
        process = subprocess.Popen(
            after(
                AS_WITH_AN_AMPERSAND,
                [*COMMAND, "ui", "--home", str(home), "--port", str(port)],
            ),
            env=clean | variables | {"THREATCAST_GATES_URL": f"http://127.0.0.1:{pages}"},
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    return Opened(home, port, pages, process, output)


def started_by(process: int) -> set[int]:
    """Return a process and all that descend from it."""
    found, waiting = set(), [process]
    while waiting:
        one = waiting.pop()
        found.add(one)
        with suppress(FileNotFoundError):
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return found


def stop(ui: Opened, with_signal: signal.Signals) -> None:
    """Tell the one process that a script knows of to stop, and wait for all others as well."""
    family, deadline = started_by(ui.process.pid), time.monotonic() + STOPS_WITHIN
    assert len(family) > 3
    ui.process.send_signal(with_signal)
    assert ui.process.wait(timeout=STOPS_WITHIN) == 0
    while alive := [one for one in family if Path(f"/proc/{one}").exists()]:
        assert time.monotonic() < deadline, f"processes of the UI live on: {alive}"
        time.sleep(0.1)
    with pytest.raises(URLError):
        urlopen(f"{ui.address}/server_info", timeout=2)  # noqa: S310 the loopback


@contextmanager
def answering_ui(home: Path, folder: Path, **variables: str) -> Iterator[Opened]:
    """Open the UI on a copy of a home in a folder until the block ends."""
    copy = folder / "home"
    shutil.copytree(home, copy, symlinks=True)
    opened = open_ui(copy, **variables)
    try:
        wait_until_it_answers(opened)
        yield opened
    finally:
        opened.process.terminate()
        opened.process.wait()
