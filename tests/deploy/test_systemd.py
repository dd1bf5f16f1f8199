"""The units of `deploy/systemd/`, as systemd itself reads them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = "deploy/systemd"


def verified(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    words = ["systemd-analyze", "verify", "--man=no", *(str(folder / name) for name in names)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def units(project: Path, tmp_path: Path) -> Path:
    """Return a folder with the units, of a Threatcast that is installed where this one is."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs the program systemd-analyze (Debian: systemd)")
    folder = tmp_path / "units"
    folder.mkdir()
    for path in sorted((project / UNITS).iterdir()):
        text = path.read_text(encoding="utf-8").replace("/srv/threatcast", str(project))
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def test_systemd_finds_nothing_wrong_with_any_unit(units):
    names = sorted(path.name for path in units.iterdir())
    assert len(names) == 4
    done = verified(units, *names)
    assert (done.returncode, done.stderr) == (0, "")


def test_unit_with_a_misspelt_setting_or_a_lost_program_would_be_found(units):
    path = units / "threatcast-serve.service"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("NoNewPrivileges=", "NoNewPrivilegs="), encoding="utf-8")
    assert "NoNewPrivilegs" in verified(units, path.name).stderr
    path.write_text(text.replace("bin/threatcast", "bin/treatcast"), encoding="utf-8")
    assert "treatcast is not executable" in verified(units, path.name).stderr


def test_no_service_may_write_beside_its_home_or_gain_rights(project):
    for path in (project / UNITS).glob("*.service"):
        lines = path.read_text(encoding="utf-8").splitlines()
        wanted = {"ProtectSystem=strict", "NoNewPrivileges=true", "CapabilityBoundingSet="}
        assert wanted <= {*lines}, path.name
        assert "User=threatcast" in lines
