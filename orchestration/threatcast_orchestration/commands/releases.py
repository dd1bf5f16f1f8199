"""`threatcast releases`, `query` and `serve`: everything that reads what was published."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threatcast_orchestration.commands.early_warnings import take_warnings_back
from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    one_of,
    print_json,
    print_table,
    reading_home,
    remark,
    say,
    say_mark,
)
from threatcast_orchestration.errors import OrchestrationError, WrongUse
from threatcast_orchestration.run.settings import home_path
from threatcast_orchestration.run.stopping import hear_as_interrupt

if TYPE_CHECKING:
    from pathlib import Path

    from threatcast_publishing.catalog import ReleaseInfo

app = typer.Typer(no_args_is_help=True, help="List, show, compare, verify and roll back releases.")
IdArgument = Annotated[
    str | None,
    typer.Argument(help="Release, or how its name begins. Default: the current one."),
]


@app.command("list")
def list_releases(
    home: HomeOption = None, *, as_json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List the releases of this home, oldest first."""
    from threatcast_publishing.catalog import list_releases as read

    releases = home_path(home).releases
    found = read(releases)
    if as_json:
        print_json([_facts(info) for info in found])
    elif found:
        rows = [_row(info) for info in found]
        print_table(rows, list(rows[0]))
    else:
        say(f"There is no release in {releases}. Make one with: threatcast run")
    unread = _unread(releases, {info.release_id for info in found})
    if unread:
        remark(
            f"Left out, because the manifest cannot be read: {', '.join(unread)}. See why with: "
            f"threatcast releases verify {unread[0]}",
            quiet=quiet,
        )


@app.command("show")
def show(
    release: IdArgument = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what a release holds and what it was made of."""
    from threatcast_publishing.catalog import show as read
    from threatcast_publishing.marks import mark_of

    found = read(home_path(home).releases, release)
    manifest = found.raw
    if as_json:
        print_json(manifest)
        return
    lists = ("files", "data_vintages", "licences", "tables", "settings", "warnings")
    for key in sorted(manifest.keys() - set(lists), key=lambda key: (key != "release_id", key)):
        say(f"{key}: {manifest[key]}")
    say("settings: " + ", ".join(f"{k}={v}" for k, v in sorted(manifest["settings"].items())))
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    say(f"files: {len(manifest['files'])}, {size / 1e6:,.1f} MB")
    for warning in manifest.get("warnings", ()):
        say(f"warning: {warning}")
    if not quiet:
        rows = [{"table": name, "rows": rows} for name, rows in manifest["tables"].items()]
        print_table(rows, ["table", "rows"])
        print_table(manifest["data_vintages"], ["feed", "vintages", "vintage_day", "payload"])
    say_mark(mark_of(found.source, found.as_of))


@app.command("verify")
def verify(
    release: IdArgument = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check each file of a release against its manifest."""
    from threatcast_publishing.catalog import resolve
    from threatcast_publishing.verify import verify as check

    outcome = check(resolve(reading_home(home).releases, release))
    problems = [vars(problem) for problem in outcome.problems]
    if as_json:
        print_json(
            {
                "release_id": outcome.folder.name,
                "ok": outcome.ok,
                "checked": outcome.checked,
                "problems": problems,
            }
        )
    elif outcome.ok:
        if not quiet:
            say(outcome.summary())
    else:
        for problem in outcome.problems:
            say(str(problem))
    if not outcome.ok:
        raise OrchestrationError(
            f"{outcome.folder.name}: {len(problems)} problems. Nothing was changed. Take another "
            "copy of the release, or go back to an older one: threatcast releases rollback"
        )


@app.command("diff")
def diff(
    old: Annotated[
        str | None, typer.Argument(help="Release to compare with. Default: the one before.")
    ] = None,
    new: Annotated[
        str | None, typer.Argument(help="Release to compare. Default: the current one.")
    ] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show the outlooks that differ between two releases."""
    from threatcast_publishing.difference import difference
    from threatcast_publishing.query import render

    result = difference(reading_home(home).releases, old, new)
    say(render(result, "json" if as_json else "table").decode().rstrip("\n"))
    remark(
        f"Of {result.release_id}. Why: threatcast query "
        '"SELECT target, location, cause, reason FROM changes"',
        quiet=quiet or as_json,
    )
    if result.mark:
        remark(result.mark.closing)


@app.command("rollback")
def rollback(
    release: Annotated[
        str | None, typer.Argument(help="Release to make current. Default: the one before.")
    ] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make another release current, once it is verified; nothing is deleted."""
    from threatcast_publishing.catalog import resolve
    from threatcast_publishing.catalog import rollback as go_back

    from threatcast_orchestration.sharing.work import working_in

    place = reading_home(home)
    resolve(place.releases, release)  # a home without releases gets no lock file either
    with working_in(place):
        info = go_back(place.releases, release)
    if as_json:
        print_json(_facts(info))
    elif not quiet:
        say(f"Current release: {info.release_id}")
        say_mark(info.mark)
    take_warnings_back(place, info.release_id, quiet=quiet)


def query(
    sql: Annotated[str, typer.Argument(help="A SELECT over the published tables.")],
    release: Annotated[
        str | None,
        typer.Option(help="Release, or how its name begins. Default: the current one."),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option("--format", help="table, csv, json or parquet. Default: table."),
    ] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask a release with SQL (DuckDB); nothing can be changed by a query."""
    from threatcast_publishing.query import QUERY_FORMATS, render, run_query

    one_of("--format", style, QUERY_FORMATS)
    if as_json and style not in (None, "json"):
        raise WrongUse(f"--json and --format {style} ask for two things. Leave one out.")
    style = "json" if as_json else style or "table"
    to_person = sys.stdout.isatty()
    if style == "parquet" and to_person:
        raise WrongUse(
            "Parquet is not for a screen. Send it to a file: "
            'threatcast query "..." --format parquet > rows.parquet'
        )
    with ends_on_interrupt():
        result = run_query(reading_home(home).releases, sql, release)
    content = render(result, style, max_rows=100 if to_person else None)
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    remark(f"From {result.release_id}.", quiet=quiet)
    if result.mark:  # said even when quiet: rows without it would pass for observed
        remark(result.mark.closing)


@contextmanager
def ends_on_interrupt() -> Iterator[None]:
    """Let Ctrl-C end the process at once: DuckDB would go on to the end of a long query.

    Nothing is lost by it, for a query changes nothing.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8321,
    home: HomeOption = None,
    *,
    quiet: QuietOption = False,
) -> None:
    """Serve the current release over HTTP (read only), until Ctrl-C or TERM."""
    from threatcast_publishing.catalog import current
    from threatcast_publishing.serve import make_server

    hear_as_interrupt()
    releases = home_path(home).releases
    try:
        server = make_server(releases, host, port, log=None if quiet else remark)
    except OSError as error:
        raise WrongUse(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}. Choose another "
            "one: --port 0 takes a free port."
        ) from error
    shown = f"[{host}]" if ":" in host else host
    name = current(releases) or "no release yet; make one with: threatcast run"
    try:
        remark(f"Serving http://{shown}:{server.port}/ ({name}). Ctrl-C ends.")
        server.run()
    except KeyboardInterrupt:
        remark("Stopped.", quiet=quiet)


def _facts(info: ReleaseInfo) -> dict[str, Any]:
    return vars(info) | {
        "folder": str(info.folder),
        "built_at": info.built_at.isoformat(),
        "simulated": info.source == "sample",
    }


def _row(info: ReleaseInfo) -> dict[str, Any]:
    return {
        "release": info.release_id,
        "as_of": info.as_of,
        "current": info.current,
        "source": info.source,
        "built_at": f"{info.built_at:%Y-%m-%d %H:%M}",
        "files": info.files,
        "megabytes": f"{info.size_bytes / 1e6:,.1f}",
    }


def _unread(releases: Path, read: set[str]) -> list[str]:
    """Return releases on disk that the list had to leave out."""
    from threatcast_publishing.catalog import release_folders

    return sorted({folder.name for folder in release_folders(releases)} - read)
