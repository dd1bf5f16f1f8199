"""Private names of Dagster that must keep their meaning; dbt's are in `test_dbt_resource.py`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from threatcast_orchestration.nightly.run_history import files_of, remove_run
from threatcast_orchestration.run.dagster_internals import one_engine_a_file, sign_runs
from threatcast_orchestration.run.home import Home


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="thing")])
def thing() -> dg.MaterializeResult:
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


def night(home: Home) -> tuple[dg.DagsterInstance, str]:
    """Run a job with a check in a home's own instance; returns it and the run's id."""
    home.prepare()
    instance = dg.DagsterInstance.from_config(str(home.dagster))
    definitions = dg.Definitions(assets=[thing], jobs=[dg.define_asset_job("job", "*")])
    sign_runs(instance, "job", "a place", "a repository")
    with one_engine_a_file():
        outcome = definitions.resolve_job_def("job").execute_in_process(
            instance=instance, tags={"of": "a test"}
        )
    return instance, outcome.run_id


def rows_of(home: Home, run_id: str) -> list[int]:
    """Return how many rows each table of a run holds, by the names of Dagster's own storage."""
    found = []
    for store, table in (
        ("runs/index.db", "asset_check_executions"),
        ("runs.db", "run_tags"),
        ("runs.db", "runs"),
    ):
        with closing(sqlite3.connect(home.dagster / "history" / store)) as connection:
            sql = f"SELECT count(*) FROM {table} WHERE run_id = ?"
            found += connection.execute(sql, [run_id]).fetchone()
    return found


def test_run_says_which_definitions_it_belongs_to(tmp_path: Path) -> None:
    instance, run_id = night(Home(tmp_path / "home"))
    with instance:
        origin = instance.get_run_by_id(run_id).remote_job_origin
    assert (origin.job_name, origin.location_name) == ("job", "a place")
    assert origin.repository_origin.repository_name == "a repository"


def test_run_that_is_removed_leaves_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    instance, run_id = night(home)
    with instance:
        before = rows_of(home, run_id)
        assert all(before), before
        assert files_of(home, run_id)
        remove_run(instance, home, run_id)
    assert rows_of(home, run_id) == [0, 0, 0]
    assert files_of(home, run_id) == []


def test_dagster_makes_its_own_engines_again_afterwards() -> None:
    before = sqlite_event_log.create_engine
    with one_engine_a_file():
        address = "sqlite://"
        assert sqlite_event_log.create_engine(address) is sqlite_event_log.create_engine(address)
    assert sqlite_event_log.create_engine is before
