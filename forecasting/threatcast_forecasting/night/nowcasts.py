"""Nowcasts in a night: what models learn from, and the tables they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from threatcast_forecasting.night.inputs import NightInputs


def training_values(inputs: NightInputs) -> pd.DataFrame:
    """Return what was known at each origin, with nowcasts in the place of unfinished counts."""
    from threatcast_forecasting.nowcast import estimates

    late = inputs.late
    if late is None or late.triangle.empty:
        return inputs.known
    return estimates.training_values(
        inputs.panel, inputs.known, late.triangle, late.day, seen=late.seen
    )


def nowcast_tables(inputs: NightInputs) -> dict[str, pd.DataFrame]:
    """Return the tables of nowcasts by name."""
    return {"nowcast": nowcast_table(inputs), "nowcast_quantiles": nowcast_quantiles(inputs)}


def nowcast_quantiles(inputs: NightInputs) -> pd.DataFrame:
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


def nowcast_table(inputs: NightInputs) -> pd.DataFrame:
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
