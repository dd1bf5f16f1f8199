"""What stays of a run that the command line did not start."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
import pytest
from small_release import make_release, write_warehouse
from threatcast_orchestration.definitions import build_definitions
from threatcast_orchestration.errors import GateBlocked, OrchestrationError
from threatcast_orchestration.launch import judge
from threatcast_orchestration.nightly.jobs import JOB
from threatcast_orchestration.nightly.record import (
    AS_OF_TAG,
    SOURCE_TAG,
    NightEnd,
    blocking,
    is_night,
    record_of,
    standing_release,
)
from threatcast_orchestration.nightly.sensors import build_failure_sensor, build_success_sensor
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.lock import run_lock
from threatcast_orchestration.run.plan import Plan

MakePlan = Callable[..., Plan]


@dg.asset
def release() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"release": "2026-06-14-0123456789ab"})


@dg.asset(deps=[release])
def page() -> None:
    raise OSError("the disk is full")


@contextmanager
def run_of(*assets: dg.AssetsDefinition, tags: dict[str, str] | None = None) -> Iterator[tuple]:
    """Run these as the nightly job and give the instance and how it ended."""
    job = dg.Definitions(
        assets=assets,
        jobs=[dg.define_asset_job(JOB, selection="*")],
        executor=dg.in_process_executor,
    ).resolve_job_def(JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance, job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)


def test_good_night_is_kept_with_its_day_and_release(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.prepare()
    monkeypatch.setenv("THREATCAST_HOME", str(home.root))
    with run_of(release, tags={AS_OF_TAG: "2026-06-14", SOURCE_TAG: "mirror"}) as (instance, ended):
        build_success_sensor()(
            dg.build_run_status_sensor_context(
                sensor_name="keep_record_of_night",
                dagster_instance=instance,
                dagster_run=ended.dagster_run,
                dagster_event=ended.get_run_success_event(),
            )
        )
    kept = json.loads(home.last_run.read_text("utf-8"))
    assert (kept["run_id"], kept["failed_steps"]) == (ended.run_id, [])
    assert (kept["as_of"], kept["source"]) == ("2026-06-14", "mirror")
    assert kept["release"] == "2026-06-14-0123456789ab"


def test_failed_step_is_kept_with_its_cause(home: Home) -> None:
    with run_of(release, page) as (instance, ended):
        record = record_of(instance, ended.dagster_run, home)
    assert record.failed_steps == [
        {"step": "page", "kind": "OSError", "error": "OSError: the disk is full"}
    ]
    assert blocking(record) == []


def test_run_that_found_another_at_work_does_not_replace_its_record(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.prepare()
    home.last_run.write_text("{}", encoding="utf-8")
    monkeypatch.setenv("THREATCAST_HOME", str(home.root))
    job = build_definitions().resolve_job_def(JOB)
    with dg.DagsterInstance.ephemeral() as instance, run_lock(home.lock):
        ended = job.execute_in_process(instance=instance, raise_on_error=False)
        record = record_of(instance, ended.dagster_run, home)
        build_failure_sensor()(
            dg.build_run_status_sensor_context(
                sensor_name="tell_webhook_of_failure",
                dagster_instance=instance,
                dagster_run=ended.dagster_run,
                dagster_event=ended.get_run_failure_event(),
            ).for_run_failure()
        )
    assert [step["kind"] for step in record.failed_steps] == ["LockHeld"]
    assert "Another run" in record.failed_steps[0]["error"]
    assert home.last_run.read_text("utf-8") == "{}"


@pytest.mark.parametrize(
    ("job", "chosen", "night"),
    [
        (JOB, None, True),
        ("__ASSET_JOB", {"release", "page"}, True),
        ("__ASSET_JOB", {"page"}, False),
    ],
)
def test_night_is_the_job_or_whatever_makes_a_release(
    job: str, chosen: set[str] | None, night: bool
) -> None:
    keys = frozenset(map(dg.AssetKey, chosen)) if chosen else None
    run = dg.DagsterRun(job_name=job, run_id="1", asset_selection=keys)
    assert is_night(run, JOB) is night


def test_sentence_about_the_release_says_what_is_on_disk(home: Home) -> None:
    began, built = "2026-06-14T02:00:00+00:00", datetime(2026, 6, 14, 2, 5, tzinfo=UTC)
    assert standing_release(home, began) == "There is no release yet."
    warehouse = home.root / "warehouse.duckdb"
    home.root.mkdir()
    write_warehouse(warehouse)
    name = make_release(warehouse, home.releases, built_at=built).info.release_id
    # what failed after publication does not take the release back
    assert standing_release(home, began) == f"The new release {name} was published and is current."
    # the same content again: published by an earlier run
    assert not make_release(warehouse, home.releases).new
    later = "2026-06-15T02:00:00+00:00"
    assert standing_release(home, later) == f"The last release {name} stays current."
    assert standing_release(home, "") == f"The last release {name} stays current."
    (home.releases / name / "manifest.json").write_text("{", encoding="utf-8")
    assert standing_release(home, began).startswith(f"Current is {name}, which is damaged")


def night_that_failed(home: Home, **step: str) -> NightEnd:
    failed = [{"step": "tracking", "kind": "OSError", "error": "OSError: full"} | step]
    began = "2026-06-14T02:00:00+00:00"
    return NightEnd("0123456789", "2026-06-14", "sample", None, 1.0, [], failed, began)


def test_every_end_of_a_night_says_which_release_is_current(mirror_plan: MakePlan) -> None:
    plan = mirror_plan()
    warehouse = plan.home.root / "warehouse.duckdb"
    write_warehouse(warehouse)
    built = datetime(2026, 6, 14, 2, 5, tzinfo=UTC)
    name = make_release(warehouse, plan.home.releases, built_at=built).info.release_id
    new = f"The new release {name} was published and is current."
    with pytest.raises(OrchestrationError) as failed:
        judge(plan, night_that_failed(plan.home))
    assert failed.value.exit_code == 1
    assert f"tracking: OSError: full. {new} The history keeps the details" in str(failed.value)
    refused = {"kind": "GateBlocked", "error": "The release is refused: a gate is red."}
    with pytest.raises(GateBlocked) as blocked:
        judge(plan, night_that_failed(plan.home, **refused))
    assert str(blocked.value) == f"The release is refused: a gate is red. {new}"
    red = {"asset": "marts/a", "check": "gate", "severity": "ERROR", "description": ""}
    night = night_that_failed(plan.home)
    night.failed_checks = [red]
    night.started = "2026-06-15T02:00:00+00:00"
    with pytest.raises(GateBlocked, match=f"marts/a / gate. The last release {name} stays current"):
        judge(plan, night)
