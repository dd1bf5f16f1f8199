"""`threatcast history`: the weekly counts of a release as a file that may be handed on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    print_json,
    reading_home,
    say,
)
from threatcast_orchestration.errors import OrchestrationError, WrongUse

if TYPE_CHECKING:
    from threatcast_feeds.history import FeedPast, History
    from threatcast_publishing.manifest import Manifest

app = typer.Typer(no_args_is_help=True, help="Write weekly counts as a file.")

# what the row of the world says of a week holds for all places without a row of their own
_COUNTS = """
    SELECT counts.target, counts.location, counts.week,
        CAST(counts.value AS INTEGER) AS value, counts.observation
    FROM activity_weekly AS counts
    INNER JOIN locations USING (location)
    INNER JOIN activity_weekly AS worlds
        ON counts.target = worlds.target AND counts.week = worlds.week
        AND worlds.location = 'WORLD'
    WHERE counts.location = 'WORLD'
        OR (
            locations.location_level IN ('country', 'unlocated')
            AND (coalesce(counts.value, 0) <> 0 OR counts.observation <> worlds.observation)
        )
"""
_FEEDS = """
    SELECT health.feed, health.publisher, health.licence, health.url,
        copies.last_copy, health.last_event, counted.targets
    FROM feed_health AS health
    INNER JOIN (
        SELECT feed, list(target ORDER BY target) AS targets FROM targets
        WHERE target IN (SELECT target FROM activity_weekly) GROUP BY feed
    ) AS counted USING (feed)
    INNER JOIN (
        SELECT feed, max(vintage_day) AS last_copy FROM data_vintages GROUP BY feed
    ) AS copies USING (feed)
"""


@app.command("write")
def write(
    release: Annotated[str, typer.Argument(help="Release, or how its name begins.")],
    out: Annotated[
        Path, typer.Option("--out", help="File to write; one that is there is replaced.")
    ] = Path("history.parquet"),
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the weekly counts of a release as one small file: facts, no records."""
    from threatcast_feeds.history import write_history
    from threatcast_publishing.catalog import resolve

    releases = reading_home(home).releases
    folder = resolve(releases, release)
    history = _history_of(releases, _verified(folder))
    if not out.parent.is_dir():
        raise WrongUse(f"--out {out}: there is no folder {out.parent}. Nothing was written.")
    size = write_history(out, history)
    facts = {
        "file": str(out),
        "bytes": size,
        "release_id": history.release_id,
        "as_of": history.as_of.isoformat(),
        "rows": history.counts.num_rows,
        "feeds": sorted(history.feeds),
    }
    if as_json:
        print_json(facts)
    elif not quiet:
        say(
            f"{out}: {history.counts.num_rows:,} weekly counts of {len(history.feeds)} feeds, "
            f"as of {history.as_of}, {size:,} bytes. No record is in it."
        )


def _verified(folder: Path) -> Manifest:
    """Return the manifest of a release whose files are what it says, and whose counts are real."""
    from threatcast_publishing.manifest import read_manifest
    from threatcast_publishing.marks import mark_of
    from threatcast_publishing.verify import verify

    outcome = verify(folder)
    if not outcome.ok:
        raise OrchestrationError(
            f"{folder.name}: {outcome.summary()}. Nothing was written. Take another copy of it."
        )
    manifest = read_manifest(folder)
    mark = mark_of(manifest.source, manifest.as_of)
    if mark:
        raise WrongUse(
            f"{manifest.release_id} was not counted of the feeds themselves ({mark.word}): no past "
            "is to be made of it. Nothing was written. Name a release of live or recorded feeds: "
            "threatcast releases list"
        )
    return manifest


def _history_of(releases: Path, manifest: Manifest) -> History:
    from threatcast_feeds.history import History
    from threatcast_publishing.query import run_query

    counts = run_query(releases, _COUNTS, manifest.release_id).data
    feeds = run_query(releases, _FEEDS, manifest.release_id).data.to_pylist()
    return History(
        manifest.as_of,
        manifest.release_id,
        str(manifest.raw["contract_version"]),
        {row["feed"]: _past(row) for row in feeds},
        counts,
    )


def _past(row: dict[str, Any]) -> FeedPast:
    from threatcast_feeds.history import FeedPast

    return FeedPast(
        publisher=row["publisher"],
        licence=row["licence"],
        url=row["url"],
        targets=tuple(row["targets"]),
        last_copy=row["last_copy"],
        last_event=row["last_event"],
    )
