"""Runs the nightly job in this process, through Dagster's own API and into its history."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.outside import MOST_MESSAGE, shown

from threatcast_orchestration.errors import (
    GateBlocked,
    LeaseLost,
    NothingToPublish,
    OrchestrationError,
)
from threatcast_orchestration.feed_steps.beginning import begin
from threatcast_orchestration.nightly.alerts import send, tell_end
from threatcast_orchestration.nightly.days import FIRST_DAY
from threatcast_orchestration.nightly.jobs import JOB
from threatcast_orchestration.nightly.progress import Progress
from threatcast_orchestration.nightly.record import (
    COMMAND_LINE_TAG,
    NightEnd,
    blocking,
    failed_checks,
    failed_steps,
    standing_release,
    write_last_run,
)
from threatcast_orchestration.nightly.resource import config_of, handed_down
from threatcast_orchestration.nightly.setbacks import setbacks_of
from threatcast_orchestration.run.databases import check_databases
from threatcast_orchestration.run.plan import Plan, make_plan
from threatcast_orchestration.run.settings import clock, quiet_environment
from threatcast_orchestration.run.stores import kept_open, set_damaged_aside
from threatcast_orchestration.run.workers import check_workers
from threatcast_orchestration.sharing.work import check_store, working_in

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home
    from threatcast_orchestration.run.settings import Settings

LOCATION, REPOSITORY = "threatcast", "__repository__"
"""What `workspace.yaml` calls these definitions, and what Dagster does."""
REPOSITORY_TAG = {".dagster/repository": f"{REPOSITORY}@{LOCATION}"}


def run_night(home: Home, settings: Settings, *, quiet: bool = False) -> NightEnd:
    """Run every step from feed to release and return how it ended.

    Raises
    ------
    LockHeld
        If another run works in this home, or on the store that it shares.
    WrongUse
        If the home holds another source, or the workers or the store that the settings name cannot
        be had.
    GateBlocked
        If a check of severity error failed, or a step found a gate before it not green.
    NothingToPublish
        If no feed of observations has given a payload that could be read.
    OrchestrationError
        If a step failed, or a gate crashed. All errors say which release is current.
    """
    return run_plan(make_plan(home, settings), quiet=quiet)


def run_plan(plan: Plan, *, quiet: bool = False) -> NightEnd:
    """Run a night that is planned already; raises what `run_night` raises."""
    home = plan.home
    quiet_environment(home)
    check_workers(plan.settings)
    for _ in check_databases():
        pass  # a history that cannot be written is told before anything is done
    check_store(plan.settings)
    home.prepare()
    home.bind_source(plan.source)
    with working_in(home, lend=True):
        begin(plan, lambda text: None if quiet else _remark(text))
        result = _recorded(plan, quiet=quiet) if plan.as_of >= FIRST_DAY else _before_all(plan)
    write_last_run(home, result)
    judge(plan, result)
    return result


def _remark(text: str) -> None:
    sys.stderr.write(shown(text, MOST_MESSAGE) + "\n")
    sys.stderr.flush()


def _before_all(plan: Plan) -> NightEnd:
    """Return how a night ends whose day lies before the first partition, and before all feeds."""
    error = (
        f"No feed of observations had given a payload that could be read by {plan.as_of}, so there "
        f"is nothing to publish. Nights begin on {FIRST_DAY}: choose a later --as-of."
    )
    return NightEnd(
        run_id="",
        as_of=plan.as_of.isoformat(),
        source=plan.source,
        release=None,
        seconds=0.0,
        started=clock().isoformat(),
        failed_steps=[{"step": "start", "kind": NothingToPublish.__name__, "error": error}],
    )


def _recorded(plan: Plan, *, quiet: bool) -> NightEnd:
    """Run the job; says what to do if its history cannot be written, as on a full disk."""
    from sqlalchemy.exc import SQLAlchemyError

    started = clock()
    try:
        return _execute(plan, started, quiet=quiet)
    except (OSError, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise OrchestrationError(
            f"The run of {plan.as_of} stopped: its history in {plan.home.dagster} cannot be "
            f"written ({reason}). Kept: all that was landed and parsed. "
            f"{standing_release(plan.home, started.isoformat())} Free the disk or make the folder "
            "writable, then run again; it goes on."
        ) from error


def _execute(plan: Plan, started: datetime, *, quiet: bool) -> NightEnd:
    import dagster as dg

    from threatcast_orchestration.definitions import build_definitions
    from threatcast_orchestration.run.dagster_internals import keep_connections, sign_runs

    set_damaged_aside(plan.home.history_stores, "the history of runs")
    with (
        kept_open(plan.home.dagster),
        dg.DagsterInstance.get() as instance,
        _chatter_to(plan.home.dagster / "last_run.log"),
    ):
        job = build_definitions({"night": handed_down(plan)}).resolve_job_def(JOB)
        sign_runs(instance, JOB, LOCATION, REPOSITORY)
        if plan.home.postgres_in:
            keep_connections(instance)
        with Progress(len(job.graph.node_defs), quiet=quiet):
            outcome = job.execute_in_process(
                run_config={
                    "resources": {"night": {"config": config_of(plan)}},
                    # `Progress` prints the warnings; the job's own console would print them again
                    "loggers": {"steps": {}, "console": {"config": {"log_level": "CRITICAL"}}},
                },
                instance=instance,
                partition_key=plan.as_of.isoformat(),
                raise_on_error=False,
                tags={COMMAND_LINE_TAG: "command line"} | REPOSITORY_TAG,
            )
    from threatcast_publishing.catalog import current

    return NightEnd(
        run_id=outcome.run_id,
        as_of=plan.as_of.isoformat(),
        source=plan.source,
        release=current(plan.home.releases) if outcome.success else None,
        seconds=round((clock() - started).total_seconds(), 1),
        started=started.isoformat(),
        failed_checks=failed_checks(outcome.get_asset_check_evaluations()),
        failed_steps=failed_steps(outcome.all_events),
    )


@contextmanager
def _chatter_to(path: Path) -> Iterator[None]:
    """Send what Dagster and dbt print to a file; `Progress` shows what a person needs."""
    builtin = logging.getLogger("dagster.builtin")
    propagate, builtin.propagate = builtin.propagate, False
    try:
        with path.open("w", encoding="utf-8") as sink, redirect_stdout(sink):
            yield
    finally:
        builtin.propagate = propagate


def judge(plan: Plan, result: NightEnd) -> None:
    """Tell the webhook how a night ended, and raise what the exit code needs if it failed."""
    details = {"run_id": result.run_id, "as_of": result.as_of, "source": result.source}
    if not result.failed_steps:
        found = setbacks_of(plan.home.releases, plan.settings.drop_limit)
        tell_end(plan.settings, result.release, found, details)
        return
    error = _error_of(plan, result)
    event = "blocked" if isinstance(error, GateBlocked) else "failure"
    send(plan.settings, event, f"Threatcast: {error}", details)
    raise error


def _error_of(plan: Plan, result: NightEnd) -> OrchestrationError:
    """Return what a night that failed must say, of the class that has its exit code."""
    standing = standing_release(plan.home, result.started)
    look = f"(`threatcast ui`, run {result.run_id[:8]})"
    kinds = {step["kind"]: step["error"] for step in result.failed_steps}
    refused = ", ".join(f"{c['asset']} / {c['check']}" for c in blocking(result))
    if refused:
        return GateBlocked(
            f"A gate blocked the release of {result.as_of}: {refused}. {standing} Look at the "
            f"failed check in the UI {look} or in {plan.home.gates}."
        )
    if GateBlocked.__name__ in kinds:
        return GateBlocked(f"{kinds[GateBlocked.__name__]} {standing}")
    if LeaseLost.__name__ in kinds:
        return LeaseLost(f"{kinds[LeaseLost.__name__]} {standing}")
    if NothingToPublish.__name__ in kinds:
        return NothingToPublish(kinds[NothingToPublish.__name__])
    steps = "; ".join(f"{step['step']}: {step['error']}" for step in result.failed_steps)
    return OrchestrationError(
        f"The run of {result.as_of} failed: {steps.rstrip('.')}. {standing} The history keeps the "
        f"details {look}."
    )
