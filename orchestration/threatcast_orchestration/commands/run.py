"""`threatcast run` and `threatcast ui`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    one_of,
    print_json,
    remark,
)
from threatcast_orchestration.home import SOURCES
from threatcast_orchestration.settings import home_path, load_settings, quiet_environment


def run(
    source: Annotated[
        str | None,
        typer.Option(help="live, mirror or sample. Default: mirror if one is named, else sample."),
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="Folder of recorded feeds. Default: $THREATCAST_MIRROR.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Day (YYYY-MM-DD): only what was known by its end counts.")
    ] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the nightly job: feeds, warehouse, gates, forecasts, release."""
    one_of("--source", source, SOURCES)
    place = home_path(home)
    quiet_environment(place)
    settings = load_settings(place, {"source": source, "mirror": mirror, "as_of": as_of})
    from threatcast_orchestration.commands.status import summary, write_summary
    from threatcast_orchestration.run_night import run_night

    remark(
        f"Threatcast: source {settings.chosen_source}, home {place.root}. "
        "The steps follow; the history is kept for the UI (make ui).",
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
    """Open the Dagster UI with its scheduler for this home, until Ctrl-C."""
    place = home_path(home)
    place.prepare()
    quiet_environment(place)
    workspace = Path(__file__).resolve().parents[3] / "workspace.yaml"
    remark(f"Dagster UI for {place.root}: http://{host}:{port} (Ctrl-C ends)")
    program = str(Path(sys.executable).with_name("dagster"))
    os.execv(  # noqa: S606 our own interpreter's dagster, no shell
        program,
        [program, "dev", "-w", str(workspace), "-h", host, "-p", str(port)],
    )
