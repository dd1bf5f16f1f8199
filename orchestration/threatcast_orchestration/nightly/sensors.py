"""The sensors: runs that the command line did not start leave the same record and messages."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from threatcast_orchestration.errors import LockHeld
from threatcast_orchestration.nightly.alerts import send, tell_end
from threatcast_orchestration.nightly.dead_runs import close_dead_runs
from threatcast_orchestration.nightly.jobs import JOB
from threatcast_orchestration.nightly.record import (
    COMMAND_LINE_TAG,
    blocking,
    is_night,
    left_at_once,
    record_of,
    standing_release,
    write_last_run,
)
from threatcast_orchestration.nightly.setbacks import setbacks_of
from threatcast_orchestration.run.lock import run_lock
from threatcast_orchestration.run.settings import clock, home_path, load_settings

PAUSE = 60
"""Seconds between two looks."""
GRACE = timedelta(minutes=3)
"""For a run to begin: from when it is launched until it holds the home's lock."""


def build_sensors() -> list[dg.SensorDefinition]:
    """Return the sensor for failed runs and the one for nights that went well."""
    return [build_failure_sensor(), build_success_sensor(), build_dead_run_sensor()]


def build_dead_run_sensor() -> dg.SensorDefinition:
    """Return a sensor that closes runs whose process died, for which the queue would wait."""

    @dg.sensor(
        name="close_dead_runs",
        minimum_interval_seconds=PAUSE,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs as failed that look busy while none works in the home: their "
        "process was killed, and the queue, which runs one at a time, would wait for ever.",
    )
    def close_dead(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            with run_lock(home_path().lock):
                closed = close_dead_runs(context.instance, quiet_since=clock() - GRACE)
        except LockHeld:
            return dg.SkipReason("A run works in this home.")
        return dg.SkipReason(f"{len(closed)} dead runs closed: {', '.join(closed) or 'none'}.")

    return close_dead


def build_failure_sensor() -> dg.SensorDefinition:
    """Return a sensor that posts each failed run to the configured webhook."""

    @dg.run_failure_sensor(
        name="tell_webhook_of_failure",
        minimum_interval_seconds=PAUSE,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts a failed run to `webhook_url` (threatcast.toml or "
        "THREATCAST_WEBHOOK_URL), if one is set, and keeps how the night ended for "
        "`threatcast status`. Runs of the command line have done both themselves.",
    )
    def tell_webhook_of_failure(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        if run.tags.get(COMMAND_LINE_TAG) == "command line":
            return
        home, event, standing = home_path(), "failure", ""
        if is_night(run, JOB):
            record = record_of(context.instance, run, home)
            if not left_at_once(record):
                write_last_run(home, record)
            event = "blocked" if blocking(record) else "failure"
            standing = f" {standing_release(home, record.started)}"
        send(
            load_settings(home),
            event,
            f"Threatcast: run {run.run_id} failed: {context.failure_event.message}{standing}",
            {"run_id": run.run_id, "job": run.job_name},
        )

    return tell_webhook_of_failure


def build_success_sensor() -> dg.SensorDefinition:
    """Return a sensor that keeps how a night ended, and posts what went wrong in it."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="keep_record_of_night",
        minimum_interval_seconds=PAUSE,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Keeps how a scheduled night ended for `threatcast status`, and posts to "
        "`webhook_url` which feeds failed and which targets lost outlooks; with `webhook_on` "
        '"all" also that all is well.',
    )
    def keep_record_of_night(context: dg.RunStatusSensorContext) -> None:
        run = context.dagster_run
        if run.tags.get(COMMAND_LINE_TAG) == "command line" or not is_night(run, JOB):
            return
        home = home_path()
        record = record_of(context.instance, run, home)
        write_last_run(home, record)
        details = {"run_id": run.run_id, "as_of": record.as_of, "source": record.source}
        settings = load_settings(home)
        found = setbacks_of(home.releases, settings.drop_limit)
        tell_end(settings, record.release, found, details)

    return keep_record_of_night
