"""What the end-to-end tests share: where payloads come from on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Recordings:
    """A mirror to run on, and a past day of it on which several feeds live."""

    folder: Path
    past_day: date
    real: bool


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """Return the recorded feeds if THREATCAST_MIRROR names them, else simulated ones."""
    named = os.environ.get("THREATCAST_MIRROR", "")
    if named and Path(named).is_dir():
        return Recordings(Path(named).resolve(), date(2025, 11, 2), real=True)
    from threatcast_feeds.modes.sample import write_mirror

    folder = tmp_path_factory.mktemp("simulated") / "mirror"
    write_mirror(folder)
    return Recordings(folder, date(2025, 11, 2), real=False)
