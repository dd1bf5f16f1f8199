"""`threatcast status`: what was pulled, what is stale and why, what is published."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from threatcast_feeds.outside import MOST_SAMPLE, shown

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    print_json,
    print_table,
    program,
    reading_home,
    say,
)
from threatcast_orchestration.errors import NothingToPublish
from threatcast_orchestration.feed_steps.acceptances import Acceptance, acceptances
from threatcast_orchestration.nightly.record import FEED_STATE, standing_release
from threatcast_orchestration.nightly.setbacks import setbacks_of
from threatcast_orchestration.run.settings import load_settings

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home

STATES = ("published", "insufficient_evidence", "source_failure", "withheld")
_FEEDS = """
    SELECT feed, state, newest AS newest_vintage, last_event, records, new_records, reason
    FROM feed_health
    LEFT JOIN (SELECT feed, max(vintage_day) AS newest FROM data_vintages GROUP BY feed)
    USING (feed)
    ORDER BY feed
"""
_OUTLOOKS = (
    "SELECT target, "
    + ", ".join(f"count(*) FILTER (state = '{state}') AS {state}" for state in STATES)
    + " FROM outlook GROUP BY target ORDER BY target"
)
_WORLD = """
    SELECT target, sentence FROM outlook
    WHERE location = 'WORLD' AND sentence IS NOT NULL
    ORDER BY state <> 'published', target
"""
_CHANGES = """
    SELECT target, since, until, model_before, model, decided_by, reason FROM model_changes
    QUALIFY row_number() OVER (PARTITION BY target ORDER BY since DESC, until DESC NULLS FIRST) = 1
    ORDER BY target
"""


def status(
    home: HomeOption = None, *, as_json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Say how the last run ended, which feeds live, and what is published."""
    facts = summary(reading_home(home))
    if as_json:
        print_json(facts)
    else:
        write_summary(facts, quiet=quiet)


def summary(home: Home) -> dict[str, Any]:
    """Gather the facts of the current release and of the last run.

    Raises
    ------
    NothingToPublish
        If this home has no current release; says how the last run ended, if there was one.
    """
    from threatcast_publishing.catalog import current, info_of

    name = current(home.releases)
    last = _last_run(home)
    if name is None:
        ending = "" if last is None else f" {_run_line(last)}"
        raise NothingToPublish(
            f"There is no release in {home.root}.{ending} Make one with: threatcast run"
        )
    info = info_of(home.releases / name, current=True)
    return {
        "home": str(home.root),
        "source": home.source,
        "simulated": info.source == "sample",
        "mark": info.mark.closing if info.mark else "",
        "release": name,
        "as_of": info.as_of,
        "last_run": last,
        "standing": standing_release(home, str((last or {}).get("started", ""))),
        "feeds": _rows(home, _FEEDS),
        "outlooks": _rows(home, _OUTLOOKS),
        "setbacks": setbacks_of(home.releases, load_settings(home).drop_limit).lines,
        "world": _rows(home, _WORLD),
        "model_changes": _rows(home, _CHANGES),
        "missing_past": _missing_past(home),
        "accepted": [asdict(one) for one in acceptances(home)],
    }


def _missing_past(home: Home) -> list[str]:
    """Return which feeds of a live home lack their past, and the command that fetches it."""
    if home.source != "live":
        return []
    from threatcast_orchestration.feed_steps.pull import backfill_hint
    from threatcast_orchestration.run.plan import make_plan

    plan = make_plan(home, load_settings(home, {"source": "live"}))
    hints = [backfill_hint(spec, plan) for spec in plan.catalog.values()]
    return [hint for hint in hints if hint]


def _rows(home: Home, sql: str) -> list[dict[str, Any]]:
    from threatcast_publishing.query import run_query

    rows: list[dict[str, Any]] = run_query(home.releases, sql).data.to_pylist()
    return rows


def _last_run(home: Home) -> dict[str, Any] | None:
    """Return the record of the last run; a record that cannot be read is no reason to be silent."""
    try:
        record = json.loads(home.last_run.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def write_summary(facts: dict[str, Any], *, quiet: bool = False) -> None:
    """Print the facts for a person; `quiet` leaves out the feeds that are well and the hints."""
    well = ("fresh", "unchanged", "left_out")
    feeds = [f for f in facts["feeds"] if not quiet or f["state"] not in well]
    columns = ["feed", "state", "newest_vintage", "last_event", "records", "new_records", "reason"]
    if feeds:
        rows = [feed | {"state": feed["state"].replace("_", " ")} for feed in feeds]
        print_table(rows, columns, "Feeds")
    print_table(facts["outlooks"], ["target", *STATES], "Outlooks, by state")
    if not quiet:
        for row in facts["world"]:
            say(f"- {row['sentence']}")
        say("")
    for one in facts["model_changes"]:
        say(_change_line(one))
    for line in (*facts["setbacks"], *facts["missing_past"]):
        say(f"! {line}")
    for one in facts["accepted"]:
        say(f"{one['feed']}: payload {one['payload']} was {Acceptance(**one).words}")
    published = sum(row["published"] for row in facts["outlooks"])
    every = sum(row[state] for row in facts["outlooks"] for state in STATES)
    _write_last_run(facts)
    say(f"Release {facts['release']}: {published:,} outlooks published of {every:,}.")
    if not quiet:
        folder = f"{facts['home']}/releases/current"
        say(f"Page:    {folder}/site/index.html (or: {program()} serve)")
        say(f"Tables:  {folder}/csv, {folder}/parquet, {folder}/threatcast.duckdb")
        say(f"Query:   {program()} query \"SELECT * FROM outlook WHERE location = 'WORLD'\"")
        say(f"History: {program()} ui")
    if facts["mark"]:
        say(facts["mark"])


def _change_line(change: dict[str, Any]) -> str:
    """Return from when on another model speaks for a target, and why."""
    until = f"until {change['until']}" if change["until"] else "on"
    return shown(
        f"{change['target']}: from {change['since']} {until} {change['model']} is published "
        f"instead of {change['model_before']}, decided by {change['decided_by']}: "
        f"{change['reason']}",
        MOST_SAMPLE,
    )


def _write_last_run(facts: dict[str, Any]) -> None:
    last = facts["last_run"]
    if last is None:
        return
    say(_run_line(last, facts["standing"]))
    for check in last.get("failed_checks", []):
        if check["check"] == FEED_STATE:  # the table of feeds says it
            continue
        what = check.get("description") or "see `threatcast ui`"
        say(f"  {check['severity']}: {check['asset']}, {check['check']}: {what}")
    if last.get("release") not in (None, facts["release"]):
        say(f"  Since then the current release was changed from {last['release']}.")


def _run_line(last: dict[str, Any], standing: str = "") -> str:
    """Return how a run ended; of one that failed also which release stands, if one does."""
    head = f"Last run: as of {last.get('as_of')}, source {last.get('source')}"
    failed = last.get("failed_steps") or []
    if failed:
        steps = "; ".join(f"{step['step']}: {step['error']}" for step in failed)
        return f"{head}, FAILED ({steps}). {standing}".rstrip()
    return f"{head}, {last.get('seconds')} seconds, run {str(last.get('run_id'))[:8]}."
