"""The wheel and the lock hold what they should, and nothing else."""

from __future__ import annotations

import re
import zipfile

from wheel_kit import build_wheel

PACKAGES = {
    "threatcast_feeds",
    "threatcast_forecasting",
    "threatcast_publishing",
    "threatcast_orchestration",
}


def test_wheel_holds_the_four_packages_and_their_data(project, tmp_path):
    wheel = build_wheel(project, tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == PACKAGES
    assert "threatcast_feeds/catalog/cisa_kev/defs.yaml" in names
    assert "threatcast_feeds/history/history.parquet" in names
    carried = {name for name in names if name.startswith("threatcast_orchestration/project/")}
    parts = ("data_tests", "macros", "models", "seeds", "dbt_project.yml", "profiles.yml")
    wanted = {"requirements.lock", "workspace.yaml"} | {
        path.relative_to(project).as_posix()
        for part in parts
        for path in [project / "dbt_project" / part, *(project / "dbt_project" / part).rglob("*")]
        if path.is_file()
    }
    assert carried == {f"threatcast_orchestration/project/{name}" for name in wanted}
    assert not [name for name in names if "__pycache__" in name]


def test_lock_has_hashes_and_names_no_index(project):
    text = (project / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^[a-z0-9][\w.\-\[\]]*==", text, flags=re.MULTILINE)
    assert len(pinned) > 100
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text.replace("https://docs.astral.sh", "")
