"""What a night shares with other machines, as steps: its payloads early, and at the end the rest.

No postponed annotations here: Dagster reads those of a step's arguments.
"""

from dataclasses import asdict
from typing import Any

import dagster as dg

from threatcast_orchestration.assets.decisions import RECORD
from threatcast_orchestration.assets.response import KEY as TOLD
from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.sharing.work import exchange_of
from threatcast_orchestration.warehouse.raw import POOL

LANDED = dg.AssetKey(["store", "landed"])
_NOTHING = {"note": "this home shares no store (setting store)"}


def build_sharing_assets(feeds: list[str]) -> list[dg.AssetsDefinition]:
    """Return the steps that hand over what others need, to the store of the setting `store`."""
    return [_landed_step(feeds), _handed_over_step()]


def _landed_step(feeds: list[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=LANDED,
        group_name="release",
        owners=["team:data"],
        kinds={"python"},
        description="The payloads of this night in the store that machines share, before anything "
        "that is made of them is published. Does nothing in a home that shares none.",
        deps=[table_key("raw", feed) for feed in feeds],
    )
    def landed(night: Night) -> dg.MaterializeResult[Any]:
        exchange = exchange_of(night.plan.home)
        if exchange is None:
            return dg.MaterializeResult(metadata=_NOTHING)
        return dg.MaterializeResult(
            metadata={"store": exchange.address, "new_files": exchange.land()}
        )

    return landed


def _handed_over_step() -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey(["store", "handed_over"]),
        group_name="release",
        owners=["team:data"],
        kinds={"python"},
        description="The release and the records of this night in the store that machines share: "
        "files first, then all of it by one replaced file, unless another run took over. Does "
        "nothing in a home that shares none.",
        deps=[dg.AssetKey("release"), RECORD, TOLD],
        pool=POOL,
    )
    def handed_over(night: Night) -> dg.MaterializeResult[Any]:
        exchange = exchange_of(night.plan.home)
        if exchange is None:
            return dg.MaterializeResult(metadata=_NOTHING)
        return dg.MaterializeResult(
            metadata={"store": exchange.address, **asdict(exchange.hand_over())}
        )

    return handed_over
