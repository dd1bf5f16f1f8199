"""The wheel and the lock hold what they should, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile

PACKAGES = {
    "threatcast_feeds",
    "threatcast_forecasting",
    "threatcast_publishing",
    "threatcast_orchestration",
}


def test_wheel_holds_the_four_packages_and_their_data(project, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=project,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == PACKAGES
    assert "threatcast_feeds/catalog/cisa_kev/defs.yaml" in names
    assert not [name for name in names if "__pycache__" in name]


def test_lock_has_hashes_and_names_no_index(project):
    text = (project / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^[a-z0-9][\w.\-\[\]]*==", text, flags=re.MULTILINE)
    assert len(pinned) > 100
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text.replace("https://docs.astral.sh", "")
