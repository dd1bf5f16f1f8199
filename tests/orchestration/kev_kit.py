"""What the tests of one feed's night share: the small mirror's list of vulnerabilities."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
from threatcast_feeds.registry import load_feed
from threatcast_orchestration.feed_steps.pull import PullReport, pull
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.warehouse.raw import write_raw

KEV = load_feed("cisa_kev")
NEWEST, BEFORE = date(2026, 6, 14), date(2026, 6, 7)


def kev_file(mirror: Path, day: date = NEWEST) -> Path:
    return mirror / "cisa_kev" / f"{day}.json"


def shorten(path: Path, keep: int) -> None:
    """Leave the first records only, as a source does that was cut in the middle of its work."""
    document = json.loads(path.read_text(encoding="utf-8"))
    document["vulnerabilities"] = document["vulnerabilities"][:keep]
    document["count"] = keep
    path.write_text(json.dumps(document), encoding="utf-8")


def rows_of(plan: Plan, feed: str) -> list[tuple[date, int]]:
    """Return the rows by vintage day that the night can see of a feed."""
    with duckdb.connect() as connection:
        write_raw(
            connection,
            plan.home,
            {feed: plan.catalog[feed]},
            plan.landing,
            as_of=plan.as_of,
            source=plan.source,
        )
        return connection.execute(
            f"SELECT vintage_day, count(*) FROM raw.{feed} GROUP BY ALL ORDER BY ALL"
        ).fetchall()


def pulled(plan: Plan, *feeds: str) -> dict[str, PullReport]:
    return {feed: pull(load_feed(feed), plan) for feed in feeds}
