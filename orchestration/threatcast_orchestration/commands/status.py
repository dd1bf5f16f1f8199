"""`threatcast status`: what was pulled, what is stale and why, what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    print_json,
    print_table,
    say,
)
from threatcast_orchestration.errors import NothingToPublish
from threatcast_orchestration.settings import home_path

if TYPE_CHECKING:
    from threatcast_orchestration.home import Home


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say how the last run ended, which feeds live, and what is published."""
    place = home_path(home)
    facts = summary(place)
    if as_json:
        print_json(facts)
    else:
        write_summary(facts)


def summary(home: Home) -> dict[str, Any]:
    """Gather the facts of the current release and of the last run.

    Raises
    ------
    NothingToPublish
        If this home has no release yet.
    """
    import json

    from threatcast_publishing.query import read_rows
    from threatcast_publishing.store import current_release

    release = current_release(home.releases)
    if release is None:
        raise NothingToPublish(f"There is no release in {home.root}. Make one with: threatcast run")
    last = json.loads(home.last_run.read_text("utf-8")) if home.last_run.is_file() else None
    return {
        "home": str(home.root),
        "source": home.source,
        "simulated": home.source == "sample",
        "release": release,
        "last_run": last,
        "feeds": read_rows(
            home.releases,
            "SELECT feed, state, last_event, records, reason FROM feed_health ORDER BY feed",
        ),
        "outlooks": read_rows(
            home.releases,
            "SELECT target, count(*) FILTER (state = 'published') AS published, "
            "count(*) FILTER (state = 'insufficient_evidence') AS insufficient_evidence, "
            "count(*) FILTER (state = 'source_failure') AS source_failure, "
            "count(*) FILTER (state = 'withheld') AS withheld "
            "FROM outlook GROUP BY target ORDER BY target",
        ),
        "world": read_rows(
            home.releases,
            "SELECT sentence FROM outlook WHERE location = 'WORLD' ORDER BY target",
        ),
    }


def write_summary(facts: dict[str, Any]) -> None:
    """Print the facts for a person."""
    print_table(facts["feeds"], ["feed", "state", "last_event", "records", "reason"], "Feeds")
    columns = ["target", "published", "insufficient_evidence", "source_failure", "withheld"]
    print_table(facts["outlooks"], columns, "Outlooks, by state")
    for row in facts["world"]:
        say(f"- {row['sentence']}")
    published = sum(row["published"] for row in facts["outlooks"])
    every = sum(sum(row[c] for c in columns[1:]) for row in facts["outlooks"])
    folder = f"{facts['home']}/releases/current"
    say("")
    say(f"Release {facts['release']}: {published} outlooks published of {every}.")
    say(f"Page:    {folder}/site/index.html (or: threatcast serve)")
    say(f"Tables:  {folder}/csv, {folder}/parquet, {folder}/threatcast.duckdb")
    say("Query:   threatcast query \"SELECT * FROM outlook WHERE location = 'WORLD'\"")
    say("History: make ui")
