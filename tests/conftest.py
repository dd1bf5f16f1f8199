"""Fixtures that every test folder may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


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
