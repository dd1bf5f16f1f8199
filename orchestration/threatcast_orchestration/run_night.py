"""Runs the nightly job in this process, through Dagster's own API and into its history."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_orchestration.alerts import send, tell_end
from threatcast_orchestration.errors import GateBlocked, NothingToPublish, OrchestrationError
from threatcast_orchestration.jobs import JOB
from threatcast_orchestration.lock import run_lock
from threatcast_orchestration.night import Plan, make_plan
from threatcast_orchestration.progress import Progress
from threatcast_orchestration.run_record import (
    COMMAND_LINE_TAG,
    NightResult,
    blocking,
    failed_checks,
    failed_steps,
    write_last_run,
)
from threatcast_orchestration.setbacks import setbacks_of
from threatcast_orchestration.settings import clock, quiet_environment
from threatcast_orchestration.stores import set_damaged_aside

if TYPE_CHECKING:
    import dagster as dg

    from threatcast_orchestration.home import Home
    from threatcast_orchestration.settings import Settings

LOCATION, REPOSITORY = "threatcast", "__repository__"
"""What `workspace.yaml` calls these definitions, and what Dagster does."""
REPOSITORY_TAG = {".dagster/repository": f"{REPOSITORY}@{LOCATION}"}


def run_night(home: Home, settings: Settings, *, quiet: bool = False) -> NightResult:
    """Run every step from feed to release and return how it ended.

    Raises
    ------
    LockHeld
        If another run works in this home.
    GateBlocked
        If a check of severity error failed; the last release stays current.
    NothingToPublish
        If no feed of observations has given a payload that could be read.
    OrchestrationError
        If a step failed; the last release stays current.
    """
    quiet_environment(home)
    plan = make_plan(home, settings)
    home.prepare()
    home.bind_source(plan.source)
    with run_lock(home.lock):
        result = _recorded(plan, quiet=quiet)
    write_last_run(home, result)
    _judge(plan, result)
    return result


def _recorded(plan: Plan, *, quiet: bool) -> NightResult:
    """Run the job; says what to do if its history cannot be written, as on a full disk."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return _execute(plan, quiet=quiet)
    except (OSError, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise OrchestrationError(
            f"The run of {plan.as_of} stopped: its history in {plan.home.dagster} cannot be "
            f"written ({reason}). Kept: all that was landed and parsed, and the last release. Free "
            "the disk or make the folder writable, then run again; it goes on."
        ) from error


def _execute(plan: Plan, *, quiet: bool) -> NightResult:
    import dagster as dg

    from threatcast_orchestration.definitions import build_definitions

    started = clock()
    set_damaged_aside(plan.home.history_stores, "the history of runs")
    with dg.DagsterInstance.get() as instance, _chatter_to(plan.home.dagster / "last_run.log"):
        job = build_definitions().resolve_job_def(JOB)
        _sign_runs(instance)
        # without the home's place: a run that is started again from the history of a home that
        # was moved must not work in the old one
        config = {
            "source": plan.source,
            "mirror": str(plan.mirror or ""),
            "as_of": plan.as_of.isoformat(),
            "correction": plan.settings.correction,
        }
        with Progress(len(job.graph.node_defs), quiet=quiet):
            outcome = job.execute_in_process(
                run_config={
                    "resources": {"night": {"config": config}},
                    # `Progress` prints the warnings; the job's own console would print them again
                    "loggers": {"steps": {}, "console": {"config": {"log_level": "CRITICAL"}}},
                },
                instance=instance,
                raise_on_error=False,
                tags={COMMAND_LINE_TAG: "command line"} | REPOSITORY_TAG,
            )
    from threatcast_publishing.catalog import current

    return NightResult(
        run_id=outcome.run_id,
        as_of=plan.as_of.isoformat(),
        source=plan.source,
        release=current(plan.home.releases) if outcome.success else None,
        seconds=round((clock() - started).total_seconds(), 1),
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


def _sign_runs(instance: dg.DagsterInstance) -> None:
    """Say of runs made here which definitions they belong to.

    Without it the UI leaves them out of its timeline and cannot run them again.
    """
    from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

    place = RegisteredCodeLocationOrigin(LOCATION)
    origin = RemoteRepositoryOrigin(place, REPOSITORY).get_job_origin(JOB)
    # `execute_in_process` does not hand it on
    instance.create_run_for_job = partial(  # type: ignore[method-assign]
        instance.create_run_for_job, remote_job_origin=origin
    )


def _judge(plan: Plan, result: NightResult) -> None:
    """Tell the webhook, and raise what the exit code needs."""
    details = {"run_id": result.run_id, "as_of": result.as_of, "source": result.source}
    if not result.failed_steps:
        found = setbacks_of(plan.home.releases, plan.settings.drop_limit)
        tell_end(plan.settings, result.release, found, details)
        return
    refused = blocking(result)
    steps = "; ".join(f"{f['step']}: {f['error']}" for f in result.failed_steps)
    if refused:
        names = ", ".join(f"{c['asset']} / {c['check']}" for c in refused)
        text = (
            f"A gate blocked the release of {result.as_of}: {names}. The last release stays "
            "current. Look at the failed check in the UI (`make ui`, run "
            f"{result.run_id[:8]}) or in {plan.home.gates}."
        )
        send(plan.settings, "blocked", f"Threatcast: {text}", details)
        raise GateBlocked(text)
    empty = [f for f in result.failed_steps if f["kind"] == NothingToPublish.__name__]
    if empty:
        send(plan.settings, "failure", f"Threatcast: {empty[0]['error']}", details)
        raise NothingToPublish(empty[0]["error"])
    text = (
        f"The run of {result.as_of} failed: {steps}. The last release stays current. "
        f"The history keeps the details (`make ui`, run {result.run_id[:8]})."
    )
    send(plan.settings, "failure", f"Threatcast: {text}", details)
    raise OrchestrationError(text)
