"""The baseline's outlook where the published model has drifted: `live.stand_in`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_orchestration.forecasts.tables import OUTLOOK
from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

STAND_IN = WrittenTable(
    "live",
    "stand_in",
    "One row a target and location that falls back to the baseline: its outlook, which takes the "
    "place of a row of `forecasts.outlook`.",
    OUTLOOK.types,
    published=OUTLOOK.name,
)

_PLACES = """
    SELECT drift.target, drift.place AS location, outlooks.run_id
    FROM live.drift AS drift
    INNER JOIN forecasts.outlook AS outlooks
        ON drift.target = outlooks.target AND drift.place = outlooks.location
    WHERE drift.scope = 'location' AND drift.state = 'fallback'
"""
_FORECASTS = f"""
    SELECT target || '|' || location AS series_id, horizon, quantile, value
    FROM forecasts.forecast INNER JOIN ({_PLACES}) USING (target, location)
    WHERE model = $model ORDER BY ALL
"""
_PANEL = f"""
    SELECT target || '|' || location AS series_id, target, week, CAST(value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts INNER JOIN ({_PLACES}) USING (target, location)
    ORDER BY series_id, week
"""
_SCORES = """
    SELECT target, location AS series_id, reference_date AS origin, horizon, scale,
        pit_low, pit_high
    FROM forecasts.scores WHERE model = $model AND kind = 'backtest' ORDER BY ALL
"""


def write_stand_in(connection: duckdb.DuckDBPyConnection, seed: int) -> int:
    """Write the outlooks of places that fall back to the baseline; returns how many.

    They are graded D, as all that rests on the baseline alone.
    """
    STAND_IN.create(connection)
    places = connection.execute(_PLACES).df()
    if places.empty:
        return 0
    rows = _outlooks(connection, seed, places)
    connection.register("rows", rows)
    STAND_IN.insert_from(connection, "rows")
    connection.unregister("rows")
    return len(rows)


def _outlooks(
    connection: duckdb.DuckDBPyConnection, seed: int, places: pd.DataFrame
) -> pd.DataFrame:
    from threatcast_forecasting.outlook.answers import outlook
    from threatcast_forecasting.outlook.dependence import dependence
    from threatcast_forecasting.roles import RIVAL

    forecasts = connection.execute(_FORECASTS, {"model": RIVAL}).df()
    rho = dependence(connection.execute(_SCORES, {"model": RIVAL}).df())
    panel = connection.execute(_PANEL).df()
    places["series_id"] = places["target"] + "|" + places["location"]
    numbers = outlook(forecasts, panel, rho_by_target=rho, seed=seed)
    return (
        numbers.drop(columns=["target", "usual_weekly"])
        .merge(places, on="series_id")
        .assign(model=RIVAL, evidence_grade="D")
    )
