"""The built wheel in an environment of its own: a night without a checkout, in an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from wheel_kit import build_wheel, install_wheel


@pytest.fixture(scope="module")
def programs(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return install_wheel(build_wheel(project, folder / "dist"), folder / "environment")


def run(programs: Path, *words: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [programs / words[0], *words[1:]],
        cwd=cwd,
        env={"PATH": os.defpath, "HOME": str(cwd)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_knows_no_checkout(programs: Path, project: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from threatcast_orchestration.run.keys import roots; "
        "from threatcast_orchestration.run.project import CHECKOUT, WORKSPACE; "
        "assert CHECKOUT is None; assert WORKSPACE.is_file(); print(*roots().values(), sep='\\n')"
    )
    for place in run(programs, "python", "-c", code, cwd=tmp_path).split():
        assert Path(place).is_relative_to(programs.parent)
        assert Path(place).exists()
    version = run(programs, "threatcast", "--version", cwd=tmp_path)
    assert version.split()[1] in (project / "pyproject.toml").read_text(encoding="utf-8")


def test_night_in_an_empty_folder_gives_the_release_of_the_checkout(
    programs: Path, small: tuple[Path, Path], tmp_path: Path
) -> None:
    mirror, home = small
    carried = next(programs.parent.glob("lib/python*/site-packages/threatcast_orchestration"))
    before = sorted((carried / "project").rglob("*"))
    (tmp_path / "data").mkdir()
    shutil.copy(home / "threatcast.toml", tmp_path / "data")
    run(programs, "threatcast", "run", "--quiet", cwd=tmp_path, THREATCAST_MIRROR=str(mirror))
    own, other = (place / "releases" / "current" for place in (tmp_path / "data", home))
    tables = sorted(path.name for path in (other / "csv").glob("*.csv"))
    assert "outlook.csv" in tables
    assert "forecast.csv" in tables
    # these say the commit, which a wheel does not know
    for name in (name for name in tables if name not in ("models.csv", "model_decisions.csv")):
        assert (own / "csv" / name).read_bytes() == (other / "csv" / name).read_bytes(), name
    assert run(programs, "threatcast", "releases", "verify", cwd=tmp_path)
    # an installation may be read-only
    assert sorted((carried / "project").rglob("*")) == before
