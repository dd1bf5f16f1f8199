"""What a dbt step says of tables that it did not have to build: all of it again.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

import json
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg

from threatcast_orchestration.assets.table_facts import row_counts
from threatcast_orchestration.run.home import Home

_UNIQUE_ID = "dagster_dbt/unique_id"


def kept_results(
    context: dg.AssetExecutionContext, home: Home, target: Path, stamp: str
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """Yield every table of the step with its rows, and every test as it ended when it was built.

    Parameters
    ----------
    target
        Where dbt left `run_results.json` of the build that still holds.
    stamp
        Of that build: the version of its data.
    """
    rows = row_counts(home)
    for key in _in_order(context):
        counted = rows.get(key, {})
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={"unchanged": True, **counted},
            data_version=dg.DataVersion(stamp),
        )
    ends = results_of_tests(target)
    specs = {spec.key: spec for spec in context.assets_def.check_specs}
    for check in sorted(context.selected_asset_check_keys):
        end = ends.get(str(specs[check].metadata.get(_UNIQUE_ID)))
        if end is not None:
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=end["status"] == "pass",
                severity=dg.AssetCheckSeverity.WARN,  # an error would have stopped that build
                description="Tables unchanged; as it ended when they were built.",
                metadata={"unchanged": True, "failed rows": end["failures"] or 0},
            )


def results_of_tests(target: Path) -> dict[str, dict[str, Any]]:
    """Return how each test of dbt's last build ended, by its unique id; empty if none is kept."""
    try:
        results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return {result["unique_id"]: result for result in results if result["status"] != "skipped"}


def _in_order(context: dg.AssetExecutionContext) -> list[dg.AssetKey]:
    """Return the step's assets, each after those that it is made of, as Dagster wants them."""
    deps = context.assets_def.asset_deps
    chosen = context.selected_asset_keys
    graph = {key: sorted(deps.get(key, set()) & chosen) for key in sorted(chosen)}
    return list(TopologicalSorter(graph).static_order())
