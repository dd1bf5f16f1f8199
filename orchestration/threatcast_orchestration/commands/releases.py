"""`threatcast releases`, `query` and `serve`: everything that reads what was published."""

from __future__ import annotations

from typing import Annotated

import typer

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    print_json,
    print_table,
    remark,
    say,
)
from threatcast_orchestration.errors import OrchestrationError, WrongUse
from threatcast_orchestration.settings import home_path

app = typer.Typer(no_args_is_help=True, help="List, show, verify and roll back releases.")
IdArgument = Annotated[str | None, typer.Argument(help="Release; default: the current one.")]


@app.command("list")
def list_releases(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the releases of this home, newest last."""
    from threatcast_publishing.store import list_releases as read

    rows = [vars(info) for info in read(home_path(home).releases)]
    if as_json:
        print_json(rows)
    elif not rows:
        say("No release yet. Make one with: threatcast run")
    else:
        print_table(rows, list(rows[0]))


@app.command("show")
def show(release: IdArgument = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the manifest of a release."""
    from threatcast_publishing.store import read_manifest

    manifest = read_manifest(home_path(home).releases, release)
    if as_json:
        print_json(manifest)
        return
    facts = {k: v for k, v in manifest.items() if k not in ("files", "data_vintages", "settings")}
    for key, value in facts.items():
        say(f"{key}: {value}")
    say(f"files: {len(manifest['files'])}")


@app.command("verify")
def verify(release: IdArgument = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check each file of a release against its manifest."""
    from threatcast_publishing.store import release_path
    from threatcast_publishing.verify import verify as check

    folder = release_path(home_path(home).releases, release)
    problems = check(folder)
    if as_json:
        print_json({"release": folder.name, "problems": problems})
    elif problems:
        for problem in problems:
            say(problem)
    else:
        say(f"{folder.name}: every file is as the manifest says")
    if problems:
        raise OrchestrationError(f"{folder.name}: {len(problems)} problems, see above")


@app.command("rollback")
def rollback(
    release: Annotated[
        str | None, typer.Argument(help="Release to make current; default: the one before.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make an earlier release current again; nothing is deleted."""
    from threatcast_publishing.store import rollback as go_back

    from threatcast_orchestration.lock import run_lock

    place = home_path(home)
    with run_lock(place.lock):
        say(f"Current release: {go_back(place.releases, release)}")


def query(
    sql: Annotated[str, typer.Argument(help="A SELECT over the published tables.")],
    release: Annotated[str | None, typer.Option(help="Release; default: the current one.")] = None,
    output: Annotated[str, typer.Option("--format", help="table, csv, json or parquet.")] = "table",
    home: HomeOption = None,
) -> None:
    """Ask a release with SQL (DuckDB); nothing can be changed by a query."""
    from threatcast_publishing.query import FORMATS, run_query

    if output not in FORMATS:
        raise WrongUse(f"--format: '{output}' is none of {', '.join(FORMATS)}.")
    run_query(home_path(home).releases, sql, release=release, output=output)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8321,
    home: HomeOption = None,
    quiet: QuietOption = False,
) -> None:
    """Serve the current release over HTTP (read only), until Ctrl-C."""
    from threatcast_publishing.serve import make_server

    server = make_server(home_path(home).releases, host=host, port=port)
    address = f"http://{host}:{server.server_address[1]}/"
    remark(f"Serving the current release on {address} (Ctrl-C ends)", quiet=quiet)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        remark("Stopped.", quiet=quiet)
    finally:
        server.server_close()
