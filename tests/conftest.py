"""Fixtures that every test folder may use."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from nights import one_at_a_time, quick_home, threatcast

# a shell that runs the tests in the background has them ignore interrupts, and all they start
signal.signal(signal.SIGINT, signal.default_int_handler)

PROJECT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run whole nights first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)


def _recordings() -> Path:
    """Return the folder of recorded feeds, or skip the test and say what it needs."""
    folder = os.environ.get("THREATCAST_MIRROR", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the recordings: set THREATCAST_MIRROR to the folder that holds them")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def mirror() -> Path:
    return _recordings()


@pytest.fixture(scope="session")
def extra() -> Path:
    folder = _recordings().parent / "extra"
    if not folder.is_dir():
        pytest.skip("needs the odd older formats: a folder `extra` beside THREATCAST_MIRROR")
    return folder


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one release of the sample; made once for all test processes.

    Tests read it and leave it as it is.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home = shared / "sample_home"
    with one_at_a_time(shared / "sample_home.lock"):
        if not (shared / "sample_home.done").is_file():
            result = threatcast("run", "--source", "sample", home=quick_home(home))
            assert result.returncode == 0, result.stdout + result.stderr
            (shared / "sample_home.done").write_text(result.stdout, encoding="utf-8")
    return home
