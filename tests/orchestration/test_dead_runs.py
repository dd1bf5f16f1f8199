"""A killed run holds nothing back from the next one."""

from __future__ import annotations

import fcntl
from datetime import timedelta

import dagster as dg
from threatcast_orchestration.nightly import sensors
from threatcast_orchestration.nightly.dead_runs import close_dead_runs
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.raw import POOL


def test_killed_run_is_closed_and_gives_its_slot_of_the_warehouse_back(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    home.prepare()
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))

    @dg.job
    def nightly() -> None:
        """Stand for a night; its steps do not matter here."""

    with dg.DagsterInstance.get() as instance:
        killed = instance.create_run_for_job(nightly, status=dg.DagsterRunStatus.STARTED)
        own = instance.create_run_for_job(nightly, status=dg.DagsterRunStatus.STARTED)
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default(POOL)
        claimed = storage.claim_concurrency_slot(POOL, killed.run_id, "dbt_warehouse")
        assert claimed.is_claimed
        assert not storage.claim_concurrency_slot(POOL, own.run_id, "open_warehouse").is_claimed

        assert close_dead_runs(instance, own.run_id) == [killed.run_id]

        assert storage.claim_concurrency_slot(POOL, own.run_id, "open_warehouse").is_claimed
        assert instance.get_run_by_id(killed.run_id).status == dg.DagsterRunStatus.FAILURE
        assert instance.get_run_by_id(own.run_id).status == dg.DagsterRunStatus.STARTED


def test_queue_does_not_wait_for_a_run_that_died(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    home.prepare()
    monkeypatch.setenv("THREATCAST_HOME", str(home.root))
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))

    @dg.job
    def nightly() -> None:
        """Stand for a night; its steps do not matter here."""

    sensor = sensors.build_dead_run_sensor()
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(nightly, status=dg.DagsterRunStatus.STARTED)

        def look() -> dg.DagsterRunStatus:
            sensor(dg.build_sensor_context(instance=instance))
            return instance.get_run_by_id(run.run_id).status

        assert look() == dg.DagsterRunStatus.STARTED, "it may be about to take the lock"
        monkeypatch.setattr(sensors, "GRACE", timedelta(0))
        with home.lock.open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert look() == dg.DagsterRunStatus.STARTED, "somebody works in the home"
        assert look() == dg.DagsterRunStatus.FAILURE
