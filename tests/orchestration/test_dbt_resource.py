"""dbt's command line as a resource: private names of dagster-dbt that must keep their meaning."""

import inspect
import os
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster_dbt import DbtCliResource, dbt_assets
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


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dbt project of two tables and their tests, one of which the second breaks."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "models").mkdir()
    for name, text in {
        "dbt_project.yml": "name: small\nprofile: small\nversion: '1.0.0'\n",
        "profiles.yml": "small:\n  target: it\n  outputs:\n    it: {type: duckdb, threads: 2, "
        f"path: '{folder / 'small.duckdb'}'}}\n",
        "models/good.sql": "{{ config(materialized='table') }} select 1 as number",
        "models/bad.sql": "{{ config(materialized='table') }} "
        "select nullif(number, 1) as number from {{ ref('good') }}",
        "models/tests.yml": "models:\n"
        "  - {name: good, columns: [{name: number, data_tests: [not_null]}]}\n"
        "  - {name: bad, columns: [{name: number, data_tests: [not_null]}]}\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    own(folder).cli(["--quiet", "parse"], target_path=folder / "target").wait()
    return folder


def own(folder: Path) -> LocalDbt:
    return LocalDbt(
        project_dir=str(folder),
        profiles_dir=str(folder),
        dbt_executable=dbt_resource().dbt_executable,
    )


def build_in(folder: Path, select: str) -> dg.ExecuteInProcessResult:
    @dbt_assets(manifest=folder / "target" / "manifest.json", select=select)
    def tables(context: dg.AssetExecutionContext, dbt: LocalDbt) -> Iterator[Any]:
        yield from dbt.here(["build"], context, folder / "target" / select)

    return dg.materialize([tables], resources={"dbt": own(folder)}, raise_on_error=False)


def test_dbt_in_this_process_tells_each_table_and_test_and_lets_go_of_the_file(
    project: Path,
) -> None:
    for _ in range(2):  # a second command finds nothing of the first one
        done = build_in(project, "good")
        assert done.success
        (made,) = done.get_asset_materialization_events()
        assert made.asset_key == dg.AssetKey("good")
        (check,) = done.get_asset_check_evaluations()
        assert (check.check_name, check.passed) == ("not_null_good_number", True)
        with duckdb.connect(str(project / "small.duckdb")) as connection:
            assert connection.execute("SELECT number FROM good").fetchall() == [(1,)]


def test_failed_dbt_test_is_told_and_fails_the_step_with_its_words(project: Path) -> None:
    done = build_in(project, "good bad")
    assert not done.success
    checks = {one.check_name: one.passed for one in done.get_asset_check_evaluations()}
    assert checks == {"not_null_good_number": True, "not_null_bad_number": False}
    (failed,) = (event for event in done.all_events if event.is_step_failure)
    said = str(failed.step_failure_data.error)
    assert "dbt build failed" in said
    assert "not_null_bad_number" in said
    assert (project / "target" / "good bad" / "dbt.log").is_file()
