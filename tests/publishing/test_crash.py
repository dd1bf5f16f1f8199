"""Killed at any step, a home keeps its last good release, and the next run mends the rest."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from threatcast_publishing.catalog import current, list_releases
from threatcast_publishing.formats import discover
from threatcast_publishing.verify import verify

# kills itself with no chance to tidy up, at the nth of the steps that the audit hook can see:
# formats, writing the manifest, and every rename and link that makes a release visible
CHILD = """
import os, sys
from datetime import date, datetime, UTC
from pathlib import Path
from threatcast_publishing.release import build, publish

warehouse, releases, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
steps = []

def step(name):
    steps.append(name)
    if len(steps) == last:
        print(name, flush=True)
        os._exit(9)

def hook(event, args):
    if event in ("os.rename", "os.symlink") and str(releases) in str(args[1]):
        step(event)
    elif event == "open" and str(args[0]).endswith("manifest.json") and "w" in str(args[1]):
        step("manifest")

sys.addaudithook(hook)
publish(build(warehouse, releases, as_of=date(2026, 6, 15), source="mirror", settings={},
              commit="1" * 40, built_at=datetime(2026, 6, 16, tzinfo=UTC), progress=step))
print("done", len(steps))
"""
FORMATS = [output.name for output in discover()]
STEPS = [*FORMATS, "manifest", "os.rename", "os.symlink", "os.rename"]


def run(warehouse: Path, releases: Path, last: int) -> tuple[int, str]:
    """Run a whole publication in a process that dies at step `last`."""
    result = subprocess.run(
        [sys.executable, "-c", CHILD, str(warehouse), str(releases), str(last)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in (0, 9), result.stderr
    return result.returncode, result.stdout.strip()


@pytest.mark.parametrize(
    "last",
    # the formats behave alike: the first and the last of them are enough
    [1, *range(len(FORMATS), len(STEPS) + 1)],
)
def test_last_good_release_survives_a_kill(warehouse, published, tmp_path, last):
    releases = tmp_path / "releases"
    good = published(releases)

    assert run(warehouse, releases, last) == (9, STEPS[last - 1])

    assert current(releases) == good.release_id
    assert verify(releases / "current").ok
    for info in list_releases(releases):  # what is visible is whole, also if it is not current
        assert verify(info.folder).ok


def test_next_run_after_a_kill_finishes_the_work(warehouse, published, tmp_path):
    releases = tmp_path / "releases"
    good = published(releases)
    run(warehouse, releases, len(FORMATS) + 1)  # nothing visible yet
    run(warehouse, releases, len(STEPS))  # visible, not yet current

    assert run(warehouse, releases, 0) == (0, f"done {len(STEPS) - 1}")  # only the switch is left

    now = current(releases)
    assert now != good.release_id
    assert now is not None
    assert now.startswith((good.as_of + timedelta(days=1)).isoformat())
    assert len(list_releases(releases)) == 2
    assert [path.name for path in releases.iterdir() if path.name.startswith(".")] == []
