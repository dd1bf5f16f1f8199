"""The nightly job and its schedule."""

from __future__ import annotations

from typing import Any

import dagster as dg

JOB = "nightly"


def build_job() -> Any:
    """Return the one job: every asset and every check, from feed to release.

    Its partitions are those of its assets, so that each day is a night that can be launched.
    """
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        description="Pull the feeds, build the warehouse, forecast, gate and publish a release. "
        "A partition is the night of that as-of day; the newest is today.",
        executor_def=dg.in_process_executor,
        tags={"dagster/max_retries": "0"},
        # the history keeps the rest: a terminal that shows the UI needs no line an event
        config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
    )


def build_schedule(job: Any) -> Any:
    """Return the schedule: the night of today at 02:00 UTC, on as soon as the daemon runs."""
    return dg.build_schedule_from_partitioned_job(
        job,
        name="nightly_at_two",
        hour_of_day=2,
        minute_of_hour=0,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Runs the night of today at 02:00 UTC with the settings of the home.",
    )
