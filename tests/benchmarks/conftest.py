"""The benchmarks are scripts, not a package: their folder goes on the path as Python puts it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _scripts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the tests' own module of that name comes back after each test
    monkeypatch.delitem(sys.modules, "nights", raising=False)
    monkeypatch.syspath_prepend(str(project / "benchmarks"))
