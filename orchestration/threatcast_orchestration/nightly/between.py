"""Pulls between nights: a feed at its own cadence, so that a list of now loses nothing.

One job and one schedule for each feed whose `defs.yaml` says `every_hours`. Only lands, parses and
judges: what came is counted by the next night.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import dagster as dg

from threatcast_orchestration.errors import LockHeld
from threatcast_orchestration.nightly.record import PAYLOAD_GATE
from threatcast_orchestration.run.lock import run_lock
from threatcast_orchestration.run.settings import home_path, load_settings

if TYPE_CHECKING:
    from threatcast_feeds.registry import FeedSpec

_MINUTE = 30
"""Past the hour: the night begins on one."""


def pull_between_nights(spec: FeedSpec) -> tuple[Any, dg.ScheduleDefinition]:
    """Return the job that pulls a feed alone, and its schedule.

    The schedule is off unless the setting `between_nights` of the home is on when the definitions
    are loaded; the UI's switch overrules both.
    """
    key, hours = dg.AssetKey(["raw", spec.key]), spec.live.every_hours
    gate = dg.AssetSelection.checks(dg.AssetCheckKey(key, PAYLOAD_GATE))
    job = dg.define_asset_job(
        f"pull_{spec.key}_alone",
        selection=dg.AssetSelection.assets(key).without_checks() | gate,
        description=f"Pull {spec.title} between nights; the next night counts what came.",
        executor_def=dg.in_process_executor,
        tags={"dagster/max_retries": "0"},
    )
    is_on = load_settings(home_path()).between_nights

    @dg.schedule(
        name=f"{spec.key}_every_{hours}_hours",
        job=job,
        cron_schedule=f"{_MINUTE} */{hours} * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING
        if is_on
        else dg.DefaultScheduleStatus.STOPPED,
        description=f"Asks {spec.title} every {hours} hours, if `between_nights` is on. A run that "
        "works in the home at that moment is left alone.",
    )
    def ask(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        home = home_path()
        source = load_settings(home).chosen_source
        if source != "live":
            return dg.SkipReason(f"This home is of the source {source}: nobody is to be asked.")
        try:
            with run_lock(home.lock):
                pass
        except LockHeld:
            return dg.SkipReason("A run works in this home, and may well be asking.")
        day = context.scheduled_execution_time.astimezone(UTC).date()
        return dg.RunRequest(partition_key=day.isoformat())

    return job, ask
