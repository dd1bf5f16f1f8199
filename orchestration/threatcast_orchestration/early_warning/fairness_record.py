"""The table `live.fairness`: what it holds, and how a night's audit gets there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

FAIRNESS = WrittenTable(
    "live",
    "fairness",
    "One row a grouping of countries and group of it: its share of the records against its share "
    "of the people, how forecasts fared there, and how many of its outlooks have a number.",
    "grouping VARCHAR, location VARCHAR, places INTEGER, share_records DOUBLE, "
    "share_population DOUBLE, per_population DOUBLE, share_internet_users DOUBLE, "
    "per_internet_users DOUBLE, forecasts BIGINT, relative_wis DOUBLE, covered_80 DOUBLE, "
    "cells BIGINT, share_published DOUBLE, warnings_closed BIGINT, false_alarms BIGINT, "
    "share_false_alarms DOUBLE, beyond VARCHAR",
)
_REGIONS = """
    SELECT places.location, regions.location AS region
    FROM marts.dim_locations AS places
    INNER JOIN marts.dim_locations AS regions
        ON regions.location_level = 'region' AND list_contains(places.sums_into, regions.location)
    ORDER BY places.location
"""
_COUNTRIES = f"""
    WITH regions AS ({_REGIONS})
    SELECT places.location, regions.region, CAST(people.population AS DOUBLE) AS population,
        CAST(people.internet_users AS DOUBLE) AS internet_users
    FROM marts.dim_locations AS places
    LEFT JOIN regions USING (location)
    LEFT JOIN intermediate.int_country_people AS people USING (location)
    WHERE places.location_level = 'country'
    ORDER BY places.location
"""
_COUNTS = """
    SELECT counts.location, counts.week, CAST(counts.value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts AS counts
    INNER JOIN marts.dim_locations AS places USING (location)
    WHERE places.location_level = 'country'
"""
_SCORES = """
    SELECT scores.target, scores.location, scores.reference_date, scores.horizon, scores.model,
        scores.wis, scores.covered_80
    FROM forecasts.scores AS scores
    INNER JOIN forecasts.outlook AS outlook USING (target, location)
    WHERE scores.model IN (outlook.model, $baseline)
"""
_OUTLOOK = "SELECT target, location, model FROM forecasts.outlook"
_SERIES = "SELECT target, location FROM marts.dim_series"


def write_fairness(connection: duckdb.DuckDBPyConnection, closed: pd.DataFrame | None) -> int:
    """Audit the regions and write the table; returns its rows.

    Parameters
    ----------
    connection
        To a warehouse whose marts and forecasts stand.
    closed
        `location, outcome` of the warnings that people closed; None if nobody knows.
    """
    from threatcast_forecasting.night.region_audit import AuditInputs, region_audit
    from threatcast_forecasting.roles import BASELINE

    FAIRNESS.create(connection)
    inputs = AuditInputs(
        countries=connection.execute(_COUNTRIES).df(),
        counts=connection.execute(_COUNTS).df(),
        scores=connection.execute(_SCORES, {"baseline": BASELINE}).df(),
        outlook=connection.execute(_OUTLOOK).df(),
        series=connection.execute(_SERIES).df(),
        regions=connection.execute(_REGIONS).df(),
        closed=closed,
    )
    connection.register("found", region_audit(inputs))
    FAIRNESS.insert_from(connection, "found")
    connection.unregister("found")
    return FAIRNESS.count(connection)
