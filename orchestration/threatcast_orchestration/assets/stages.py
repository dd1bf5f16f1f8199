"""A stage of dbt: built with its tests, or left as it stands, or tested alone.

A stage whose inputs, settings and code did not change since its last success is not built again.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import dagster as dg
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from threatcast_orchestration.assets.dbt_project import as_read
from threatcast_orchestration.assets.resting_tables import kept_results
from threatcast_orchestration.assets.table_facts import row_counts
from threatcast_orchestration.nightly.jobs import JOB
from threatcast_orchestration.run.dagster_internals import LocalDbt
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.keys import code_key
from threatcast_orchestration.warehouse.content import published_content
from threatcast_orchestration.warehouse.night_file import damage_in
from threatcast_orchestration.warehouse.stamps import MADE_OF, begin, finish, read_stamps


def build_stage(
    context: dg.AssetExecutionContext, dbt: LocalDbt, home: Home, stage: str
) -> Iterator[Any]:
    """Build a stage with its tests, or rest; tables and tests chosen by hand are really run.

    Parameters
    ----------
    stage
        Of `MADE_OF`; what it is made of stands.
    """
    stamp = _stamp(home, stage)
    is_whole = _is_whole(home, stage, stamp)
    if is_whole and context.job_name == JOB:
        context.log.info("%s: inputs and code unchanged, tables kept", stage)
        yield from kept_results(context, home, home.dbt_target / stage, stamp)
        return
    if not context.selected_asset_keys:
        yield from _test(context, dbt, home, stage)
        return
    begin(home, stage)
    # unit tests are about the code, not about this night: `make test` runs them
    words = ["build", "--exclude-resource-type", "unit_test"]
    events = _run_dbt(context, dbt, home, words, stage)
    yield from _with_row_counts(context, events, home, stamp)
    # a few tables, chosen in the UI, are not the stage; made of the same again, they are in it
    if is_whole or not context.is_subset:
        finish(home, stage, stamp)
        if stage == "published":
            finish(home, "tables", published_content(home))


def _is_whole(home: Home, stage: str, stamp: str) -> bool:
    """Whether a stage stands as its last build left it, made of what stands now by this code."""
    stamps = read_stamps(home)
    if stamps.get(stage) != stamp or not home.warehouse.is_file():
        return False
    return stage != "published" or stamps.get("tables") == published_content(home)


def _stamp(home: Home, stage: str) -> str:
    """Return what the stamp of a stage is when it is made of what stands now, by this code."""
    stamps = read_stamps(home)
    inputs = [stamps.get(below, "") for below in MADE_OF[stage]]
    return sha256(" ".join([*inputs, code_key(stage)]).encode()).hexdigest()


def _test(
    context: dg.AssetExecutionContext, dbt: LocalDbt, home: Home, stage: str
) -> Iterator[Any]:
    """Run tests that were chosen by hand on the tables that stand; one that fails undoes them."""
    try:
        # beside the stage, whose own results are told again while it rests
        yield from _run_dbt(context, dbt, home, ["test"], f"{stage}_by_hand")
    except DagsterDbtCliRuntimeError:
        begin(home, stage)
        raise


def _run_dbt(
    context: dg.AssetExecutionContext,
    dbt: LocalDbt,
    home: Home,
    words: list[str],
    folder: str,
) -> Iterator[Any]:
    """Yield the events of a dbt command that leaves its files in a folder of `dbt_target`."""
    target = home.dbt_target / folder
    target.mkdir(parents=True, exist_ok=True)
    yield from dbt.here([*words, *as_read()], context, target)


def _with_row_counts(
    context: dg.AssetExecutionContext, events: Iterator[Any], home: Home, stamp: str
) -> Iterator[Any]:
    """Hand on dbt's events with each table's rows and version, once dbt has let go of the file."""
    held: list[Any] = []
    failure = None
    try:
        for event in events:
            held.append(event)  # noqa: PERF402 what came before a failure is kept
    except DagsterDbtCliRuntimeError as error:
        failure = error
    made = {context.asset_key_for_output(e.output_name) for e in held if isinstance(e, dg.Output)}
    if failure is None and (untold := context.selected_asset_keys - made):
        names = ", ".join(sorted(key.to_user_string() for key in untold))
        failure = DagsterDbtCliRuntimeError(f"dbt ended well and told nothing of: {names}")
    rows = row_counts(home)
    for event in held:
        if isinstance(event, dg.Output):
            counted = rows.get(context.asset_key_for_output(event.output_name), {})
            yield dg.Output(
                event.value,
                event.output_name,
                metadata={**event.metadata, **counted},
                data_version=dg.DataVersion(stamp),
            )
        else:
            yield event
    if failure is not None:
        raise damage_in(home, str(failure)) or failure
