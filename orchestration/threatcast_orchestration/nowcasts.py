"""Nowcasts in a night: what they are made from, what models learn from, and the table they make.

Knows no Dagster and no files: a connection or frames in, frames out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from threatcast_orchestration.forecasts import Inputs

_TRIANGLE = """
    SELECT target, scope, week, delay, count_day, as_of_kind, arrived, removed, settles_after
    FROM marts.fct_reporting_triangle
    ORDER BY target, scope, week, delay
"""
# every series whose newest weeks may still grow, whether or not it may be forecast
_COUNTS = """
    SELECT counts.target || '|' || counts.location AS series_id, counts.target, counts.location,
        counts.week, CAST(counts.value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_targets AS targets USING (target)
    WHERE targets.settle_weeks > 0 AND counts.value IS NOT NULL
    QUALIFY counts.week > max(counts.week) OVER (PARTITION BY target) - 7 * 130
    ORDER BY series_id, week
"""
_LOOKS = """
    SELECT targets.target, arg_max(looks.covers_until, looks.copy_number) AS seen
    FROM marts.dim_targets AS targets
    INNER JOIN intermediate.int_feed_looks AS looks USING (feed)
    WHERE looks.covers_until IS NOT NULL
    GROUP BY targets.target
    ORDER BY targets.target
"""
_LAST_DAY = "SELECT last_day FROM raw.run_context"
QUERIES = (_TRIANGLE, _COUNTS, _LOOKS, _LAST_DAY)
"""All that nowcasts depend on; part of the key of a night's numbers."""


@dataclass(frozen=True)
class Late:
    """What is known of late reports at the night's moment.

    Parameters
    ----------
    triangle : DataFrame
        See `threatcast_forecasting.nowcast.delays`.
    counts : DataFrame
        `series_id, target, location, week, value` of the targets whose weeks grow.
    seen : dict
        Last day that the newest copy of each target's feed covers.
    day : datetime64[D]
        Last day that was over at the night's moment.
    """

    triangle: pd.DataFrame
    counts: pd.DataFrame
    seen: dict[str, np.datetime64]
    day: np.datetime64


def load_late(connection: duckdb.DuckDBPyConnection) -> Late:
    """Return what nowcasts are made from."""
    looks = connection.execute(_LOOKS).fetchall()
    row = connection.execute(_LAST_DAY).fetchone()
    return Late(
        triangle=connection.execute(_TRIANGLE).df(),
        counts=connection.execute(_COUNTS).df(),
        seen={target: np.datetime64(day, "D") for target, day in looks},
        day=np.datetime64(row[0] if row else "NaT", "D"),
    )


def training_values(inputs: Inputs) -> pd.DataFrame:
    """Return what was known at each origin, with nowcasts in the place of unfinished counts."""
    from threatcast_forecasting.nowcast import estimates as nowcast

    late = inputs.late
    if late is None or late.triangle.empty:
        return inputs.known
    return nowcast.training_values(
        inputs.panel, inputs.known, late.triangle, late.day, seen=late.seen
    )


def nowcast_tables(inputs: Inputs) -> dict[str, pd.DataFrame]:
    """Return the tables of nowcasts by name."""
    return {"nowcast": nowcast_table(inputs), "nowcast_quantiles": nowcast_quantiles(inputs)}


def nowcast_quantiles(inputs: Inputs) -> pd.DataFrame:
    """Return the table `nowcast_quantiles`: the newest complete week, all levels."""
    import pandas as pd
    from threatcast_forecasting.nowcast.estimates import nowcast
    from threatcast_forecasting.quantiles import LEVELS
    from threatcast_forecasting.weeks import reference_week

    columns = ["target", "location", "reference_date", "target_week", "quantile", "value"]
    late = inputs.late
    if late is None or late.triangle.empty or late.counts.empty:
        return pd.DataFrame(columns=columns)
    wide = nowcast(late.counts, late.triangle, late.day, seen=late.seen, levels=LEVELS, weeks=1)
    # a feed that stands still has an older newest week
    wide = wide[wide["week"] == reference_week(late.day)]
    keys = ["target", "location", "week"]
    # the count so far, also called value, stays out
    long = (
        wide[[*keys, *LEVELS]]
        .melt(keys, list(LEVELS), var_name="quantile", value_name="value")
        .rename(columns={"week": "target_week"})
        .astype({"quantile": float})
    )
    long["reference_date"] = long["target_week"] + pd.Timedelta(days=6)
    return long.sort_values(["target", "location", "quantile"], ignore_index=True)[columns]


def nowcast_table(inputs: Inputs) -> pd.DataFrame:
    """Return the table `nowcast`: one row a target, location and week that may still change."""
    import pandas as pd
    from threatcast_forecasting.nowcast.estimates import HIGH, LOW, MIDDLE, nowcast

    names = {LOW: "nowcast_low80", MIDDLE: "nowcast", HIGH: "nowcast_high80"}
    columns = ["target", "location", "week", *names.values(), "arrived", "kept"]
    late = inputs.late
    if late is None or late.triangle.empty or late.counts.empty:
        return pd.DataFrame(columns=columns)
    table = nowcast(late.counts, late.triangle, late.day, seen=late.seen)
    return table.rename(columns=names)[columns]
