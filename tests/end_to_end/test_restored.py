"""A home that was lost comes back from what `docs/deploy.md` says to keep."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from nights import threatcast

from benchmarks.kills.outcome import differences, outcome_of


def kept_by(project: Path) -> list[str]:
    """Return what the page says to copy, in its order."""
    text = (project / "docs" / "deploy.md").read_text(encoding="utf-8")
    table = text.partition("## Back-up and restore")[2].partition("\n## ")[0]
    return re.findall(r"^\| \d+ \| `([\w.]+)/?` \|", table, flags=re.M)


def test_next_night_of_a_restored_home_gives_the_release_of_one_that_was_never_lost(
    two_nights: Any, project: Path, tmp_path: Path
) -> None:
    restored = tmp_path / "elsewhere" / "restored"
    restored.mkdir(parents=True)
    names = kept_by(project)
    assert len(names) > 8
    for name in names:
        source = two_nights.between / name
        if source.is_dir():
            shutil.copytree(source, restored / name, symlinks=True)
        elif source.is_file():
            shutil.copy2(source, restored / name)
    done = threatcast("run", "--as-of", two_nights.days[1], home=restored)
    assert done.returncode == 0, done.stderr[-3000:]
    found = outcome_of(restored)
    assert found["verified"] == "whole"
    assert len(found["releases"]) == 3  # two nights and `current`
    assert differences(found, outcome_of(two_nights.home)) == []
