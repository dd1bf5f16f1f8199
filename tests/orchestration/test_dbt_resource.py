"""dbt's command line as a resource: private names of dagster-dbt that must keep their meaning."""

from __future__ import annotations

import inspect
import os
import sys
from importlib import metadata
from pathlib import Path

import pytest
from dagster_dbt import DbtCliResource
from threatcast_orchestration.assets.dbt_project import dbt_resource
from threatcast_orchestration.run.dagster_internals import LocalDbt


@pytest.mark.parametrize("name", ["_cli_version", "_initialize_dbt_core_adapter"])
def test_the_replaced_name_is_still_the_one_that_dagster_uses(name: str) -> None:
    source = Path(inspect.getfile(DbtCliResource)).read_text(encoding="utf-8")
    assert name in vars(DbtCliResource)
    assert f"self.{name}" in source


def test_dbt_is_found_beside_this_python_also_without_a_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # `.venv/bin/threatcast` is started without activating anything
    monkeypatch.setenv("PATH", "")
    assert Path(dbt_resource().dbt_executable).parent == Path(sys.executable).parent


def test_version_is_the_installed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(dbt_resource()._cli_version) == metadata.version("dbt-core")


def test_dbt_is_started_once_for_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    program = tmp_path / "dbt"
    program.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    project = dbt_resource()
    dbt = LocalDbt(
        project_dir=project.project_dir,
        profiles_dir=project.profiles_dir,
        dbt_executable=str(program),
    )
    dbt.cli(["--quiet", "parse"], target_path=tmp_path / "target").wait()
    told = calls.read_text(encoding="utf-8").splitlines()
    assert len(told) == 1
    assert "parse" in told[0]
    assert "--version" not in told[0]
