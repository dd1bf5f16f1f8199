"""Runs that were killed: marked as failed, and their places in the pools given back.

Whoever holds the home's lock knows that no other run lives. Without this a killed run would look
busy for ever, and the next one would wait for the slot of the warehouse that it still holds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg


def close_dead_runs(
    instance: dg.DagsterInstance, own_run_id: str = "", quiet_since: datetime | None = None
) -> list[str]:
    """Close all runs of this home that are not over, but for one's own; returns their ids.

    Parameters
    ----------
    quiet_since
        Leave those alone of which anything was noted later (UTC): they may be about to begin.
    """
    import dagster as dg

    alive = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
    dead = [
        record.dagster_run
        for record in instance.get_run_records(dg.RunsFilter(statuses=alive))
        if record.dagster_run.run_id != own_run_id
        and (quiet_since is None or record.update_timestamp.replace(tzinfo=UTC) <= quiet_since)
    ]
    for run in dead:
        instance.report_run_failed(
            run, "The process of this run ended before its last step; the next run goes on."
        )
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]
