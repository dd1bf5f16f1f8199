"""How each feed is, as a check of its asset: from the data, not from when it was last asked.

No postponed annotations here: Dagster reads those of a check's context.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from threatcast_orchestration.assets.table_keys import table_key
from threatcast_orchestration.nightly.record import FEED_STATE
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.raw import POOL, connect

HEALTH = table_key("marts", "fct_feed_health")
_ROWS = """
    SELECT feed, state, reason, is_within_limits, newest_vintage, last_event, age_hours
    FROM marts.fct_feed_health
    ORDER BY feed
"""
_IS_BUILT = """
    SELECT 1 FROM information_schema.tables
    WHERE table_schema = 'marts' AND table_name = 'fct_feed_health'
"""


def build_feed_states(feeds: Sequence[str]) -> dg.AssetChecksDefinition:
    """Return the step that yields the check `feed_state` of `raw/<feed>` for each feed."""

    @dg.multi_asset_check(
        name="feed_states",
        specs=[
            dg.AssetCheckSpec(
                FEED_STATE,
                asset=table_key("raw", feed),
                description="The feed's own state as `feed_health` says it. A warning: what is "
                "published from it goes by its last good payload. An error: that one is past the "
                "feed's limits, and its targets show no outlook.",
                additional_deps=[HEALTH],
            )
            for feed in feeds
        ],
        can_subset=True,
        pool=POOL,
        required_resource_keys={"night"},
    )
    def feed_states(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        told = {
            table_key("raw", row["feed"]): row for row in _rows(context.resources.night.plan.home)
        }
        for key in context.selected_asset_check_keys:
            row = told.get(key.asset_key)
            yield to_check(row) if row else _unknown(key.asset_key)

    return feed_states


def _rows(home: Home) -> list[dict[str, Any]]:
    """Return how the feeds are by the tables that stand; nothing before a night has built them."""
    if not home.warehouse.is_file():
        return []
    with connect(home, read_only=True) as connection:
        if not connection.execute(_IS_BUILT).fetchone():
            return []
        found: list[dict[str, Any]] = connection.execute(_ROWS).to_arrow_table().to_pylist()
    return found


def _unknown(feed: dg.AssetKey) -> dg.AssetCheckResult:
    """Return the check of a feed of which no night has told yet, as where it was pulled alone."""
    return dg.AssetCheckResult(
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        asset_key=feed,
        check_name=FEED_STATE,
        description="Not known: no night of this home has judged the feed yet. Make one.",
    )


def to_check(row: Mapping[str, Any]) -> dg.AssetCheckResult:
    """Return the check of one row of `fct_feed_health`."""
    serves = row["is_within_limits"]
    told = {
        "state": row["state"],
        "newest good payload": row["newest_vintage"],
        "newest event": row["last_event"],
        "hours since the last good payload": row["age_hours"],
    }
    return dg.AssetCheckResult(
        passed=row["state"] in ("fresh", "unchanged", "left_out"),
        severity=dg.AssetCheckSeverity.WARN if serves else dg.AssetCheckSeverity.ERROR,
        asset_key=table_key("raw", row["feed"]),
        check_name=FEED_STATE,
        description=": ".join(filter(None, (row["state"], row["reason"]))),
        metadata={name: str(value) for name, value in told.items() if value is not None},
    )
