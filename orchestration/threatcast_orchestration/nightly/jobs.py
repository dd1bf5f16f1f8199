"""The nightly job and its schedule."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

JOB = "nightly"


def build_job() -> UnresolvedAssetJobDefinition:
    """Return the one job: every asset and every check, from feed to release."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        description="Pull the feeds, build the warehouse, forecast, gate and publish a release.",
        executor_def=dg.in_process_executor,
        tags={"dagster/max_retries": "0"},
        # the history keeps the rest: a terminal that shows the UI needs no line an event
        config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
    )


def build_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Return the schedule: every night at 02:00 UTC, on as soon as the daemon runs."""
    return dg.ScheduleDefinition(
        name="nightly_at_two",
        job=job,
        cron_schedule="0 2 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Runs the nightly job at 02:00 UTC with the settings of the home.",
    )
