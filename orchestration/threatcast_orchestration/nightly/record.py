"""How a run ended, as Dagster's events tell it: the same record whoever started the run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from threatcast_feeds.durable import write_durably
from threatcast_feeds.outside import shown

from threatcast_orchestration.errors import LockHeld

if TYPE_CHECKING:
    import dagster as dg

    from threatcast_orchestration.run.home import Home
    from threatcast_orchestration.run.plan import Plan

AS_OF_TAG = "threatcast/as_of"
SOURCE_TAG = "threatcast/source"
COMMAND_LINE_TAG = "threatcast/started_by"
RELEASE = "release"
"""The asset whose making makes a run a night."""
MOST_TEXT = 4_000
"""Characters kept of an error, which may quote what a source or a library wrote."""
PAYLOAD_GATE, FEED_STATE = "payload_gate", "feed_state"
OF_FEEDS = (PAYLOAD_GATE, FEED_STATE)
"""Checks of a feed, which keep no release from going out."""
_OWN = "threatcast_"


@dataclass
class NightEnd:
    """How a night ended."""

    run_id: str
    as_of: str
    source: str
    release: str | None
    seconds: float
    failed_checks: list[dict[str, Any]] = field(default_factory=list)
    failed_steps: list[dict[str, str]] = field(default_factory=list)
    started: str = ""


def standing_release(home: Home, started: str) -> str:
    """Return the sentence about the release that is current now, as the disk has it.

    Parameters
    ----------
    started
        When the run began, in ISO format; a release built since then is its own. Empty if nobody
        knows.
    """
    from threatcast_publishing.catalog import current
    from threatcast_publishing.errors import DamagedReleaseError
    from threatcast_publishing.manifest import read_manifest

    name = current(home.releases)
    if name is None:
        return "There is no release yet."
    try:
        built = read_manifest(home.releases / name).built_at
    except DamagedReleaseError:
        return f"Current is {name}, which is damaged: see `threatcast releases verify {name}`."
    if started and built >= datetime.fromisoformat(started):
        return f"The new release {name} was published and is current."
    return f"The last release {name} stays current."


def night_tags(plan: Plan) -> dict[str, str]:
    """Return what the list of runs shows of a night: its day and its source."""
    return {AS_OF_TAG: plan.as_of.isoformat(), SOURCE_TAG: plan.source}


def failed_checks(evaluations: Iterable[dg.AssetCheckEvaluation]) -> list[dict[str, Any]]:
    """Return the checks that did not pass: asset, check, severity, description."""
    return [
        {
            "asset": evaluation.asset_key.to_user_string(),
            "check": evaluation.check_name,
            "severity": evaluation.severity.value,
            "description": evaluation.description or "",
        }
        for evaluation in evaluations
        if not evaluation.passed
    ]


def failed_steps(events: Iterable[dg.DagsterEvent]) -> list[dict[str, str]]:
    """Return the steps that failed: step, kind and text of the error."""
    return [
        {"step": str(event.step_key)} | _told(event.step_failure_data.error)
        for event in events
        if event.is_step_failure and event.step_failure_data.error is not None
    ]


def _told(error: Any) -> dict[str, str]:
    """Return the first error of a chain that was written for people, else its deepest cause."""
    while error.cause is not None and not error.message.startswith(_OWN):
        error = error.cause
    text = error.message.strip()
    if text.startswith(_OWN):
        text = text.partition(": ")[2]
    return {"kind": error.cls_name or "", "error": shown(text, MOST_TEXT, "\n")}


def is_night(run: dg.DagsterRun, job: str) -> bool:
    """Whether a run was to make a release: the job itself, or all assets chosen in the UI."""
    chosen = run.asset_selection or ()
    return run.job_name == job or any(key.path == [RELEASE] for key in chosen)


def record_of(instance: dg.DagsterInstance, run: dg.DagsterRun, home: Home) -> NightEnd:
    """Return how a run of the instance's history ended."""
    import dagster as dg

    wanted = {
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.RUN_FAILURE,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        dg.DagsterEventType.ASSET_MATERIALIZATION,
    }
    events = [
        entry.dagster_event
        for entry in instance.all_logs(run.run_id, of_type=wanted)
        if entry.dagster_event is not None
    ]
    stats = instance.get_run_stats(run.run_id)
    return NightEnd(
        run_id=run.run_id,
        as_of=run.tags.get(AS_OF_TAG, "an unknown day"),
        source=run.tags.get(SOURCE_TAG) or home.source or "unknown",
        release=next(filter(None, map(_release, events)), None),
        seconds=round((stats.end_time or 0) - (stats.start_time or 0), 1),
        started=datetime.fromtimestamp(stats.start_time, UTC).isoformat()
        if stats.start_time
        else "",
        failed_checks=failed_checks(
            event.asset_check_evaluation_data
            for event in events
            if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ),
        failed_steps=failed_steps(events) or _failure_of_the_run(events),
    )


def _release(event: dg.DagsterEvent) -> str | None:
    """Return the id of the release that an event tells of."""
    if not event.is_step_materialization or event.asset_key is None:
        return None
    made = event.step_materialization_data.materialization
    return str(made.metadata["release"].value) if event.asset_key.path == [RELEASE] else None


def _failure_of_the_run(events: Iterable[dg.DagsterEvent]) -> list[dict[str, str]]:
    """Return why a run failed outside its steps, as when its process died."""
    return [
        {"step": "the run itself", "kind": "", "error": event.message or "no reason was kept"}
        | (_told(event.job_failure_data.error) if event.job_failure_data.error else {})
        for event in events
        if event.is_failure and not event.is_step_failure
    ]


def left_at_once(result: NightEnd) -> bool:
    """Whether a run only found another one at work: that one's record counts."""
    return any(step["kind"] == LockHeld.__name__ for step in result.failed_steps)


def write_last_run(home: Home, result: NightEnd) -> None:
    """Keep how the last run ended, for `threatcast status`."""
    write_durably(home.last_run, f"{json.dumps(vars(result), indent=1)}\n".encode())


def blocking(result: NightEnd) -> list[dict[str, Any]]:
    """Return the failed checks that kept a release from going out.

    Those of a feed are not among them: one sets a payload aside, one tells of the feed, and the
    night goes on.
    """
    if not result.failed_steps:
        return []
    return [
        check
        for check in result.failed_checks
        if check["severity"] == "ERROR" and check["check"] not in OF_FEEDS
    ]
