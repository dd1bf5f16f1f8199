"""Fixtures that every test folder may use."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from nights import made_once

# a shell that runs the tests in the background has them ignore interrupts, and all they start
signal.signal(signal.SIGINT, signal.default_int_handler)

PROJECT = Path(__file__).resolve().parent.parent


LONGEST = (
    *("test_recordings", "test_live", "test_no_hindsight", "test_derived", "test_eight_faults"),
    *("test_time_and_place", "test_bad_input", "test_runs"),
)
"""Files of whole nights; the first two make the homes that all others share."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run whole nights first, so that no process is left alone with one at the end.

    xdist keeps this order only with `--no-loadscope-reorder`; else it begins with the files that
    have the most tests, and a night is one test.
    """

    def place(item: pytest.Item) -> tuple[bool, int]:
        name = item.path.stem
        rank = LONGEST.index(name) if name in LONGEST else len(LONGEST)
        return "end_to_end" not in item.path.parts, rank

    items.sort(key=place)


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
    """Return a home with one release of the sample."""
    return made_once(tmp_path_factory, "sample_home", "--source", "sample")
