"""The table `live.fairness`: what it holds, and how a night's audit gets there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    import pandas as pd
    from threatcast_feeds.registry import FeedSpec

FAIRNESS = WrittenTable(
    "live",
    "fairness",
    "One row a grouping and group of it, of countries or of sources: its share of the records, "
    "how forecasts fared, how many outlooks have a number, and how many warnings were false.",
    "grouping VARCHAR, location VARCHAR, places INTEGER, targets INTEGER, share_records DOUBLE, "
    "share_population DOUBLE, per_population DOUBLE, share_internet_users DOUBLE, "
    "per_internet_users DOUBLE, forecasts BIGINT, relative_wis DOUBLE, covered_80 DOUBLE, "
    "cells BIGINT, share_published DOUBLE, warnings_closed BIGINT, false_alarms BIGINT, "
    "share_false_alarms DOUBLE, beyond VARCHAR",
)
_GROUPS = """
    SELECT 'region' AS grouping, places.location, regions.location AS "group"
    FROM marts.dim_locations AS places
    INNER JOIN marts.dim_locations AS regions
        ON regions.location_level = 'region' AND list_contains(places.sums_into, regions.location)
    UNION ALL
    SELECT 'income' AS grouping, location, income_group AS "group" FROM seeds.income_groups
    ORDER BY grouping, location
"""
_COUNTRIES = """
    SELECT places.location, CAST(people.population AS DOUBLE) AS population,
        CAST(people.internet_users AS DOUBLE) AS internet_users
    FROM marts.dim_locations AS places
    LEFT JOIN intermediate.int_country_people AS people USING (location)
    WHERE places.location_level = 'country'
    ORDER BY places.location
"""
_COUNTS = """
    SELECT target, location, week, CAST(value AS DOUBLE) AS value
    FROM marts.fct_weekly_counts
    WHERE location_level IN ('country', 'world')
"""
_SCORES = """
    SELECT scores.target, scores.location, scores.reference_date, scores.horizon, scores.model,
        scores.wis, scores.covered_80
    FROM forecasts.scores AS scores
    INNER JOIN forecasts.outlook AS outlook USING (target, location)
    WHERE scores.model IN (outlook.model, $baseline)
"""
_COUNTED = "SELECT target FROM marts.dim_targets WHERE is_counted"
_OUTLOOK = "SELECT target, location, model FROM forecasts.outlook"
_SERIES = "SELECT target, location FROM marts.dim_series"


def write_fairness(
    connection: duckdb.DuckDBPyConnection,
    closed: pd.DataFrame | None,
    languages: Mapping[str, Sequence[str] | None],
) -> int:
    """Audit regions, income groups and languages, and write the table; returns its rows.

    Parameters
    ----------
    connection
        To a warehouse whose marts and forecasts stand.
    closed
        `target, location, outcome` of the warnings that people closed; None if nobody knows.
    languages
        By target, the languages that its source reads; none for lists that machines make, null
        where nobody has looked.
    """
    import pandas as pd
    from threatcast_forecasting.night.fairness_night import (
        AuditInputs,
        fairness_audit,
        group_of,
    )
    from threatcast_forecasting.roles import BASELINE

    FAIRNESS.create(connection)
    counted = {target for (target,) in connection.execute(_COUNTED).fetchall()}
    read = [(target, group_of(own)) for target, own in languages.items() if target in counted]
    inputs = AuditInputs(
        countries=connection.execute(_COUNTRIES).df(),
        groups=connection.execute(_GROUPS).df(),
        languages=pd.DataFrame(read, columns=["target", "group"]),
        counts=connection.execute(_COUNTS).df(),
        scores=connection.execute(_SCORES, {"baseline": BASELINE}).df(),
        outlook=connection.execute(_OUTLOOK).df(),
        series=connection.execute(_SERIES).df(),
        closed=closed,
    )
    connection.register("found", fairness_audit(inputs))
    FAIRNESS.insert_from(connection, "found")
    connection.unregister("found")
    return FAIRNESS.count(connection)


def languages_read(catalog: Mapping[str, FeedSpec]) -> dict[str, Sequence[str] | None]:
    """Return by target the languages that its feed reads."""
    return {target: spec.source_languages for spec in catalog.values() for target in spec.targets}
