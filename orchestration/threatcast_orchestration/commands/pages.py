"""Pages of other programs on this home: Dagster's, MLflow's, dbt's. Each runs until it is told."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from threatcast_orchestration.commands.options import HomeOption, remark
from threatcast_orchestration.errors import LockHeld, NothingToPublish, WrongUse
from threatcast_orchestration.run.lock import TakenError, claim
from threatcast_orchestration.run.project import DBT, WORKSPACE
from threatcast_orchestration.run.settings import home_path, load_settings, quiet_environment
from threatcast_orchestration.run.stopping import hear_as_interrupt, run_until_told

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home

LOCAL = "127.0.0.1"
"""Where the pages of MLflow and dbt are: MLflow lets whoever reaches it change and delete."""
MLFLOW_PORT, DBT_PORT = 5000, 3002


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
    _refuse_taken(host, port, "threatcast ui")
    _keep_alone(place, f"http://{host}:{port}")
    remark(
        f"Dagster UI for {place.root}: http://{host}:{port} (ready in about 15 seconds; "
        "Ctrl-C ends it). While it is open, the nightly schedule runs at 02:00 UTC."
    )
    _serve_gates(place)
    os.environ["PYTHONWARNINGS"] = "ignore:Function `dev_command` is superseded"
    words = ["dev", "-w", str(WORKSPACE), "-h", host, "-p", str(port), "--log-level", "warning"]
    raise typer.Exit(run_until_told([_program("dagster"), *words]))


def mlflow(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the page. Default: that of mlflow_url."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Open MLflow on this home's nights, until Ctrl-C or TERM."""
    hear_as_interrupt()
    place = home_path(home)
    quiet_environment(place)
    from threatcast_orchestration.gates.serving import port_of
    from threatcast_orchestration.tracking import newest_page, open_store, store_uri

    at = port or port_of(load_settings(place).mlflow_url, MLFLOW_PORT)
    _refuse_taken(LOCAL, at, "threatcast mlflow")
    page = newest_page(place)
    if page is None:
        raise NothingToPublish(
            f"MLflow holds no night of the home {place.root} yet. Make one first: threatcast run"
        )
    with open_store(place):
        pass  # brought up to date, and to where the home is now
    remark(
        f"MLflow for {place.root}, the newest night: http://{LOCAL}:{at}{page} (ready in about 15 "
        "seconds; Ctrl-C ends it)."
    )
    # runs no jobs: that would be eight processes more
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    # not as a flag: whoever lists processes would see the password of a database
    os.environ["MLFLOW_BACKEND_STORE_URI"] = store_uri(place)
    words = ["server", "--host", LOCAL, "--port", str(at)]
    few = ["--workers", "1", "--uvicorn-opts", "--log-level warning"]
    raise typer.Exit(run_until_told([_program("mlflow"), *words, *few]))


def dbt_docs(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page.")] = DBT_PORT,
    home: HomeOption = None,
) -> None:
    """Write dbt's documentation of all tables and open it, until Ctrl-C or TERM."""
    hear_as_interrupt()
    place = home_path(home)
    place.prepare()
    quiet_environment(place)
    _refuse_taken(LOCAL, port, "threatcast dbt-docs")
    remark("Writing dbt's documentation, which takes about 15 seconds.")
    folder = _write_dbt_docs(place)
    remark(f"dbt's documentation: http://{LOCAL}:{port} (Ctrl-C ends it).")
    words = ["docs", "serve", "--no-browser", "--host", LOCAL, "--port", str(port)]
    places = ["--project-dir", str(DBT), "--profiles-dir", str(DBT), "--target-path", str(folder)]
    raise typer.Exit(run_until_told([_program("dbt"), "--quiet", *words, *places]))


def _write_dbt_docs(home: Home) -> Path:
    """Write the documentation and return its folder.

    Columns and sizes are those of a copy of the newest night's tables: dbt opens what it looks at
    for writing, and would keep readers and nights from it. Before the first night it tells of the
    project alone.
    """
    from threatcast_orchestration.assets.dbt_project import as_read, dbt_resource, manifest

    logging.getLogger("dagster.builtin").setLevel(logging.WARNING)
    manifest()
    folder = home.dbt_target / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    looked_at = folder / "looked_at.duckdb"
    os.environ.pop("THREATCAST_WAREHOUSE", None)
    if home.warehouse_copy.is_file():
        shutil.copyfile(home.warehouse_copy, looked_at)
        os.environ["THREATCAST_WAREHOUSE"] = str(looked_at)
    try:
        words = ["--quiet", "docs", "generate", *as_read()]
        dbt_resource().cli(words, target_path=folder).wait()
    finally:
        looked_at.unlink(missing_ok=True)
    return folder


def _program(name: str) -> str:
    """Return a program of this environment, which need not be on the path."""
    return str(Path(sys.executable).with_name(name))


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


def _refuse_taken(host: str, port: int, command: str) -> None:
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
            f"The page cannot listen on {host}:{port} ({error.strerror}). Nothing was started. "
            f"Choose another port: {command} --port {port + 1 if port < 65535 else port - 1}"
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
