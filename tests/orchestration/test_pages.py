"""Pages of other programs: what `threatcast mlflow` and `threatcast dbt-docs` open, and how."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from in_process import threatcast
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.tracking import newest_page, track_night
from tracking_kit import one_target

PATIENCE = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def opened(command: str, home: Path) -> Iterator[str]:
    """Open a page and yield its address; it must end, and well, when it is told to."""
    port, printed = free_port(), home.with_suffix(".output")
    words = [sys.executable, "-m", "threatcast_orchestration.cli", command]
    with printed.open("w", encoding="utf-8") as sink:
        program = subprocess.Popen(
            [*words, "--home", str(home), "--port", str(port)],
            env={key: value for key, value in os.environ.items() if key != "THREATCAST_HOME"},
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


@pytest.mark.slow
@pytest.mark.browser
def test_mlflow_opens_at_the_newest_night(tmp_path: Path) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs a browser: no chromium on the PATH (Debian: apt-get install chromium)")
    from playwright.sync_api import expect, sync_playwright

    home = Home(tmp_path / "home")
    home.prepare()
    track_night(home, one_target())
    with opened("mlflow", home.root) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{address}{newest_page(home)}")
        night = f"nightly {one_target().as_of}"
        expect(page.get_by_role("heading", name=night)).to_be_visible(timeout=PATIENCE * 1000)
        # the list above it is one of runs, not of conversations with a language model
        page.get_by_role("link", name="Runs").first.click()
        expect(page.get_by_role("link", name=night)).to_be_visible(timeout=PATIENCE * 1000)
        browser.close()


def test_mlflow_of_a_home_without_a_night_says_what_to_do(tmp_path: Path) -> None:
    result = threatcast("mlflow", "--home", str(tmp_path / "home"), cwd=tmp_path)
    assert result.returncode == 4
    assert "threatcast run" in result.stderr


@pytest.mark.slow
def test_dbt_docs_tell_of_every_table_before_the_first_night(tmp_path: Path) -> None:
    with opened("dbt-docs", tmp_path / "home") as address:
        with urlopen(f"{address}/manifest.json", timeout=PATIENCE) as answer:  # noqa: S310
            nodes = json.load(answer)["nodes"]
        assert nodes["model.threatcast.outlook"]["description"]
        with urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310
            assert b"dbt Docs" in answer.read()
    assert [*(tmp_path / "home").rglob("*.duckdb")] == []
