"""What the end-to-end tests share: a night of the recordings."""

from __future__ import annotations

from pathlib import Path

import pytest
from nights import PLAIN, made_once


@pytest.fixture(scope="session")
def recorded_home(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one release of the newest recordings."""
    words = ("--mirror", str(mirror))
    return made_once(tmp_path_factory, "recorded_home", *words, models=PLAIN)
