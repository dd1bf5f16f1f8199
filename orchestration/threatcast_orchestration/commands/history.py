"""`threatcast history`: the weekly counts of a release, handed on or taken as a home's past."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    print_json,
    print_table,
    reading_home,
    say,
)
from threatcast_orchestration.errors import WrongUse

if TYPE_CHECKING:
    from threatcast_feeds.history import History

    from threatcast_orchestration.run.home import Home

app = typer.Typer(no_args_is_help=True, help="Write weekly counts as a file, or import them.")


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

    from threatcast_orchestration.commands.history_sources import history_of

    folder = resolve(reading_home(home).releases, release)
    history = history_of(folder)
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


@app.command("import")
def import_counts(
    source: Annotated[
        str,
        typer.Argument(
            help="A release, a history's file, or the address of either; `shipped`: the one that "
            "comes with the project."
        ),
    ] = "shipped",
    home: HomeOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take the weekly counts of another release as the past of this home."""
    from threatcast_orchestration.commands.history_sources import history_from
    from threatcast_orchestration.sharing.work import working_in
    from threatcast_orchestration.warehouse.imported import keep_import, refuse_unreal

    place = reading_home(home)
    history = history_from(source, place.releases)
    refuse_unreal(place)
    is_new = None
    if not dry_run:
        place.prepare()
        with working_in(place):
            is_new = keep_import(place, history)
    targets = _targets_of(place, history)
    facts = {
        "release_id": history.release_id,
        "as_of": history.as_of.isoformat(),
        "is_new": is_new,
        "targets": targets,
    }
    if as_json:
        print_json(facts)
        return
    if not quiet:
        _write_targets(targets)
    say(f"{history.release_id}, as of {history.as_of}: {_ENDS[is_new]}")


_ENDS = {
    None: "verified. Nothing was changed (--dry-run).",
    True: "imported. The next run counts it, in weeks before this home's own watch.",
    False: "was imported already. Nothing was changed.",
}
_OWN = """
    SELECT target, week, value FROM marts.fct_weekly_counts
    WHERE location = 'WORLD' AND value IS NOT NULL AND counted_by = 'own'
"""
# weeks that both counted say whether both count the same
_COMPARED = """
    SELECT theirs.target, min(theirs.week) AS first_week, max(theirs.week) AS last_week,
        count(*) AS weeks, min(since.week) AS own_since, count(own.week) AS shared_weeks,
        avg(own.value) AS own_level,
        avg(theirs.value) FILTER (own.week IS NOT NULL) AS imported_level
    FROM theirs
    LEFT JOIN own USING (target, week)
    LEFT JOIN (SELECT target, min(week) AS week FROM own GROUP BY target) AS since
        ON theirs.target = since.target
    WHERE theirs.location = 'WORLD' AND theirs.value IS NOT NULL
    GROUP BY theirs.target ORDER BY theirs.target
"""


def _targets_of(home: Home, history: History) -> list[dict[str, Any]]:
    """Return what an import gives each target, beside what this home counts itself."""
    from threatcast_feeds.database import connect
    from threatcast_feeds.registry import load_catalog

    known = {target for spec in load_catalog().values() for target in spec.targets}
    with connect() as connection:
        connection.execute("CREATE TABLE own (target VARCHAR, week DATE, value INTEGER)")
        connection.register("theirs", history.counts)
        if rows := _own_counts(home):
            connection.executemany("INSERT INTO own VALUES (?, ?, ?)", rows)
        compared = connection.execute(_COMPARED).to_arrow_table().to_pylist()
    return [row | {"is_known": row["target"] in known} for row in compared]


def _own_counts(home: Home) -> list[tuple[Any, ...]]:
    """Return the world's own counts by target and week; none before the first night."""
    import duckdb
    from threatcast_feeds.database import connect

    if not home.warehouse_copy.is_file():
        return []
    try:
        with connect(home.warehouse_copy, read_only=True) as connection:
            return connection.execute(_OWN).fetchall()
    except duckdb.Error:
        # a warehouse of an earlier version, or one whose first night is not over
        return []


def _write_targets(targets: list[dict[str, Any]]) -> None:
    """Print what is imported, and how its level compares with our own."""
    columns = ["target", "weeks", "first_week", "last_week", "own_since", "shared_weeks"]
    print_table(targets, [*columns, "own_level", "imported_level"])
    for row in targets:
        if not row["is_known"]:
            say(f"! {row['target']} is no target of this version: its counts are left out.")
        elif row["own_since"] and row["own_since"] <= row["first_week"]:
            say(f"- {row['target']}: this home counts all of these weeks itself; nothing changes.")
