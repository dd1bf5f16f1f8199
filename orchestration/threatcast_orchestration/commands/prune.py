"""`threatcast prune`: what goes by rule, and what it leaves."""

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
from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.run.settings import (
    clock,
    home_path,
    load_settings,
    quiet_environment,
)


def prune(
    home: HomeOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Remove old nightly releases, runs, gate results and kept forecasts by rule.

    Published forecasts and outlooks, a release a week, and all that they need stay for ever.
    """
    from contextlib import nullcontext

    from threatcast_orchestration.retention import pruning
    from threatcast_orchestration.sharing.work import working_in

    place = home_path(home)
    quiet_environment(place)
    settings = load_settings(place)
    if not place.root.is_dir():
        raise OrchestrationError(f"There is no home at {place.root}. Make one: threatcast run.")
    today = clock().date()
    with nullcontext() if dry_run else working_in(place):
        removed = pruning.prune(place, settings, today, dry_run=dry_run)
        if not dry_run:
            pruning.give_back(place)
    totals = pruning.totals(removed)
    size = sum(one["bytes"] for one in totals.values())
    if as_json:
        print_json(
            {"dry_run": dry_run, "bytes": size, "totals": totals}
            | {"removed": [vars(one) for one in removed if not one.error]}
            | {"failed": [vars(one) for one in removed if one.error]}
        )
    else:
        if not quiet:
            rows = [vars(one) for one in removed if not one.error]
            print_table(rows, ["kind", "name", "bytes"])
        word = "Would remove" if dry_run else "Removed"
        counts = ", ".join(f"{one['count']:,} {kind}" for kind, one in totals.items())
        say(f"{word} {counts or 'nothing'}: {size / 1e6:,.1f} MB.")
    failed = [one for one in removed if one.error]
    for one in failed:
        remark(f"{one.kind} {one.name} is still there: {one.error}")
    if failed:
        raise OrchestrationError(
            f"{len(failed)} of {len(removed)} could not be removed; all else was. Nothing that is "
            "to stay was touched. Mend what is said above, then run it again; it goes on."
        )
