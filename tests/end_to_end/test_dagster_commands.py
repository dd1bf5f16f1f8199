"""Dagster's own commands at the project's root, as its users type them.

In a shell with nothing but the environment on its path; none of them needs a flag of ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from threatcast_feeds.landing import Landing
from threatcast_feeds.registry import generator_of, load_catalog, load_feed
from threatcast_feeds.simulation import simulate

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent


def typed(line: str, project: Path, home: Path, **more: str) -> str:
    """Run a line at the project's root and return what it printed; it must end well."""
    environment = {
        "PATH": f"{BIN}{os.pathsep}/usr/bin:/bin",
        "VIRTUAL_ENV": str(BIN.parent),
        "HOME": str(home),
        "COLUMNS": "200",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "THREATCAST_HOME": str(home / "data"),
    }
    done = subprocess.run(
        line.split(),
        cwd=project,
        env=environment | more,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_dg_lists_all_definitions(project: Path, tmp_path: Path) -> None:
    told = typed("dg list defs --json", project, tmp_path)
    for word in ("raw/cisa_kev", '"release"', "nightly_at_two", "tell_webhook_of_failure"):
        assert word in told


def test_dg_checks_every_definition_and_every_feeds_yaml(project: Path, tmp_path: Path) -> None:
    told = typed("dg check defs", project, tmp_path)
    assert "All component YAML validated successfully." in told
    assert "All definitions loaded successfully." in told


def test_dagster_validates_the_definitions_of_the_workspace(project: Path, tmp_path: Path) -> None:
    assert "threatcast" in typed("dagster definitions validate", project, tmp_path)


def test_dg_launches_one_asset_of_one_day(project: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "cisa_kev").mkdir(parents=True)
    day, ext, content = [*generator_of(load_feed("cisa_kev")).payloads(simulate())][-1]
    (mirror / "cisa_kev" / f"{day}.{ext}").write_bytes(content)
    line = f"dg launch --assets raw/cisa_kev --partition {day}"
    told = typed(line, project, tmp_path, THREATCAST_MIRROR=str(mirror))
    assert "RUN_SUCCESS" in told
    landing = Landing(tmp_path / "data" / "landing")
    landed = {feed for feed in load_catalog() if landing.payloads(feed)}
    assert landed == {"cisa_kev"}
