"""`threatcast run`."""

from __future__ import annotations

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
from threatcast_orchestration.run.home import SOURCES
from threatcast_orchestration.run.settings import home_path, load_settings, quiet_environment

_WHAT_COMES = {
    "starter": "Nothing is taken from the network: weekly counts that ship with Threatcast are "
    "re-enacted as stand-in records, which are written in the first step and counted again. "
}


def run(
    source: Annotated[
        str | None,
        typer.Option(
            help="live, mirror, starter or sample. Default: mirror if one is named, else starter."
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
        f"{_WHAT_COMES.get(settings.chosen_source, '')}"
        "The steps follow; the history is kept for the UI (threatcast ui).",
        quiet=quiet or as_json,
    )
    result = run_night(place, settings, quiet=quiet or as_json)
    facts = summary(place)
    if as_json:
        print_json(facts | {"run": vars(result)})
    else:
        write_summary(facts, quiet=quiet)
