"""The night's last step as an asset: what grows is kept in bounds, whatever comes of it.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from typing import Any

import dagster as dg

from threatcast_orchestration.assets.decisions import RECORD
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.settings import clock
from threatcast_orchestration.warehouse.raw import POOL


def build_pruning_asset() -> dg.AssetsDefinition:
    """Return the step that removes what goes by rule."""

    @dg.asset(
        key=dg.AssetKey(["retention", "pruned"]),
        group_name="release",
        owners=["team:data"],
        kinds={"python"},
        description="What was removed by rule after the release: old nightly releases, runs of "
        "Dagster and MLflow, gate results, kept forecasts. Its failure fails no night.",
        deps=[dg.AssetKey("release"), RECORD, dg.AssetKey(["mlflow", "night"])],
        pool=POOL,
    )
    def pruned(context: dg.AssetExecutionContext, night: Night) -> dg.MaterializeResult[Any]:
        from threatcast_orchestration.retention.pruning import prune, totals

        plan = night.plan
        today = clock().date()
        try:
            gone = prune(plan.home, plan.settings, today, instance=context.instance)
        except Exception as error:  # noqa: BLE001 the release is out, and stays whatever this costs
            context.log.warning("nothing was pruned: %s. See why with: threatcast prune", error)
            return dg.MaterializeResult(metadata={"error": str(error)})
        for one in gone:
            if one.error:
                context.log.warning("%s %s is still there: %s", one.kind, one.name, one.error)
        by_kind = totals(gone)
        return dg.MaterializeResult(
            metadata={
                "removed": by_kind,
                "bytes": sum(one["bytes"] for one in by_kind.values()),
                "failed": sum(bool(one.error) for one in gone),
            }
        )

    return pruned
