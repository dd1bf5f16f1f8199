"""A home made by an earlier version goes on with this one, and loses nothing that it published."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from nights import threatcast
from threatcast_publishing.query import run_query

from benchmarks.kills.outcome import outcome_of

BEFORE = "f58f83ca377bd3c588de86c39f84cbd62b0af212"
"""The version before: contract 1.7, without outcomes of warnings and without resting releases.

Raise it with each release of the code."""
PACKAGES = ("feeds", "forecasting", "publishing", "orchestration")
SETTINGS = 'origins = 2\nmodels = "flat,comb_two,champion"\njobs = 1\n'
KEPT = ("archive", "landing", "models", "warnings")
"""What no later night may change or lose."""


@dataclass(frozen=True)
class Upgraded:
    """A home after a night of the version before, a copy of it, and a night of this version."""

    home: Path
    before: Path
    days: tuple[str, str]


def version_before(project: Path, folder: Path) -> Path:
    """Return the source of the version before, from the project's own history."""
    words = ["git", "-C", str(project), "archive", BEFORE]
    found = subprocess.run(words, check=False, capture_output=True)
    if found.returncode:
        pytest.skip(f"needs the project's history, which has {BEFORE[:7]}: git fetch --unshallow")
    with tarfile.open(fileobj=BytesIO(found.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def night_of(source: Path, home: Path, day: str) -> None:
    """Run a night by the code of another folder, in a process of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
    path = os.pathsep.join(str(source / package) for package in PACKAGES)
    words = ("-m", "threatcast_orchestration.cli", "run", "--as-of", day, "--home", str(home))
    done = subprocess.run(
        [sys.executable, *words],
        cwd=source,
        env=clean | {"PYTHONPATH": path, "THREATCAST_BULLETIN": "false"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def upgraded(
    project: Path, small_mirror: Path, tmp_path_factory: pytest.TempPathFactory
) -> Upgraded:
    folder = tmp_path_factory.mktemp("upgrade")
    source = version_before(project, folder / "source")
    home = folder / "home"
    home.mkdir()
    text = f"{SETTINGS}mirror = {json.dumps(str(small_mirror))}\n"
    (home / "threatcast.toml").write_text(text, encoding="utf-8")
    newest = date.fromisoformat(max(path.name[:10] for path in small_mirror.glob("*/2*-*-*.*")))
    days = ((newest - timedelta(weeks=1)).isoformat(), newest.isoformat())
    night_of(source, home, days[0])
    shutil.copytree(home, folder / "before", symlinks=True)
    with (home / "threatcast.toml").open("a", encoding="utf-8") as settings:
        settings.write('languages = "en"\n')  # unknown to the version before
    done = threatcast("run", "--as-of", days[1], home=home)
    assert done.returncode == 0, done.stderr[-3000:]
    return Upgraded(home, folder / "before", days)


def count(upgraded: Upgraded, rows: str, release: str | None = None) -> int:
    found = run_query(upgraded.home / "releases", f"SELECT count(*) AS n FROM {rows}", release)
    return int(found.data.to_pylist()[0]["n"])


def contract_of(release: Path) -> str:
    return str(json.loads((release / "manifest.json").read_text("utf-8"))["contract_version"])


def test_release_of_the_version_before_stays_whole_and_readable_beside_the_new_one(
    upgraded: Upgraded,
) -> None:
    old = (upgraded.before / "releases" / "current").resolve().name
    new = (upgraded.home / "releases" / "current").resolve().name
    assert old != new
    assert contract_of(upgraded.home / "releases" / old) == "1.7"
    assert contract_of(upgraded.home / "releases" / new) != "1.7"
    assert outcome_of(upgraded.home)["verified"] == "whole"
    for name in (old, new):
        checked = threatcast("releases", "verify", name, home=upgraded.home)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert count(upgraded, "outlook", name) > 0
    difference = threatcast("releases", "diff", old, new, home=upgraded.home)
    assert difference.returncode == 0, difference.stderr


@pytest.mark.parametrize("folder", KEPT)
def test_what_is_kept_for_good_is_as_the_version_before_left_it(
    upgraded: Upgraded, folder: str
) -> None:
    """Files may be added, and lines to a record; none is changed."""
    old, new = upgraded.before / folder, upgraded.home / folder
    names = [path.relative_to(old) for path in old.rglob("*") if path.is_file()]
    names = [name for name in names if name.name not in ("attempts.json", "record.lock")]
    assert names or folder == "warnings"
    for name in names:
        begin, now = (old / name).read_bytes(), (new / name).read_bytes()
        assert now == begin or (name.suffix == ".jsonl" and now.startswith(begin)), name


def test_what_the_version_before_published_has_its_live_scores_and_its_history(
    upgraded: Upgraded,
) -> None:
    assert count(upgraded, "scores WHERE kind = 'live'") > 0
    old = (upgraded.before / "releases" / "current").resolve().name
    assert count(upgraded, f"outlook_history WHERE release_id = '{old}'") > 0


def test_mlflow_and_dagster_know_both_nights(upgraded: Upgraded) -> None:
    lines = (upgraded.home / "mlflow" / "nights.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["as_of"] for line in lines] == list(upgraded.days)
    told = threatcast("doctor", "--json", home=upgraded.home)
    assert told.returncode == 0, told.stdout


def test_rollback_leads_back_to_the_version_before(upgraded: Upgraded, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(upgraded.home, home, symlinks=True)
    old = (upgraded.before / "releases" / "current").resolve().name
    done = threatcast("releases", "rollback", old, home=home)
    assert done.returncode == 0, done.stderr
    assert (home / "releases" / "current").resolve().name == old
