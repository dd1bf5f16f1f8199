"""`threatcast run` and `threatcast ui`."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    one_of,
    print_json,
    remark,
)
from threatcast_orchestration.errors import LockHeld, WrongUse
from threatcast_orchestration.run.home import SOURCES
from threatcast_orchestration.run.lock import TakenError, claim
from threatcast_orchestration.run.project import WORKSPACE
from threatcast_orchestration.run.settings import home_path, load_settings, quiet_environment
from threatcast_orchestration.run.stopping import hear_as_interrupt, run_until_told

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home


def run(
    source: Annotated[
        str | None,
        typer.Option(
            help="live, mirror, starter or sample. Default: mirror if one is named, else sample."
        ),
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="Folder of recorded feeds. Default: $THREATCAST_MIRROR.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Day (YYYY-MM-DD): only what was known by its end counts.")
    ] = None,
    correction: Annotated[
        str | None,
        typer.Option(help="Why a forecast that is out already is published again; is kept."),
    ] = None,
    home: HomeOption = None,
    *,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Let a new live home begin without a past.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the nightly job: feeds, warehouse, gates, forecasts, release."""
    one_of("--source", source, SOURCES)
    place = home_path(home)
    quiet_environment(place)
    said = {"source": source, "mirror": mirror, "as_of": as_of, "correction": correction}
    if no_history:
        said["import_history"] = "false"
    settings = load_settings(place, said)
    from threatcast_orchestration.commands.status import summary, write_summary
    from threatcast_orchestration.launch import run_night

    remark(
        f"Threatcast: source {settings.chosen_source}, home {place.root}. "
        "The steps follow; the history is kept for the UI (threatcast ui).",
        quiet=quiet or as_json,
    )
    result = run_night(place, settings, quiet=quiet or as_json)
    facts = summary(place)
    if as_json:
        print_json(facts | {"run": vars(result)})
    else:
        write_summary(facts, quiet=quiet)


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Dagster UI.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    home: HomeOption = None,
) -> None:
    """Open the Dagster UI with its scheduler for this home, until Ctrl-C or TERM."""
    hear_as_interrupt()
    place = home_path(home)
    place.prepare()
    quiet_environment(place)
    _refuse_taken(host, port)
    _keep_alone(place, f"http://{host}:{port}")
    remark(
        f"Dagster UI for {place.root}: http://{host}:{port} (ready in about 15 seconds; "
        "Ctrl-C ends it). While it is open, the nightly schedule runs at 02:00 UTC."
    )
    _serve_gates(place)
    os.environ["PYTHONWARNINGS"] = "ignore:Function `dev_command` is superseded"
    program = str(Path(sys.executable).with_name("dagster"))
    words = ["dev", "-w", str(WORKSPACE), "-h", host, "-p", str(port), "--log-level", "warning"]
    raise typer.Exit(run_until_told([program, *words]))


def _serve_gates(home: Home) -> None:
    """Serve the gates' pages beside the UI, whose checks link to them."""
    from threatcast_orchestration.gates.records import DOCS
    from threatcast_orchestration.gates.serving import HOST, port_of, serve_beside

    port = port_of(load_settings(home).gates_url)
    if serve_beside(home.gates / DOCS, port):
        remark(f"The gates' pages: http://{HOST}:{port}")
    else:
        remark(
            f"The gates' pages are not served: {HOST}:{port} is taken. The UI opens all the same; "
            "for the links of its checks name another address: gates_url in threatcast.toml."
        )


def _refuse_taken(host: str, port: int) -> None:
    """Stop before anything is started if the address cannot be listened on.

    Raises
    ------
    WrongUse
        Names the address and the cure.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise WrongUse(
            f"The UI cannot listen on {host}:{port} ({error.strerror}). Nothing was started. "
            f"Choose another port: threatcast ui --port {port + 1 if port < 65535 else port - 1}"
        ) from error


def _keep_alone(home: Home, address: str) -> None:
    """Let one UI work in a home: two schedulers would start each night twice.

    The lock ends with this process and the UI that it starts.

    Raises
    ------
    LockHeld
        If another one is open; says where.
    """
    try:
        held = claim(home.dagster / "ui.lock", address)
    except TakenError as taken:
        raise LockHeld(
            f"The UI of this home is open already: {taken.holder}. Nothing was started. Close it "
            "first (Ctrl-C where it was started)."
        ) from taken
    os.set_inheritable(held, True)  # noqa: FBT003 positional in the library
