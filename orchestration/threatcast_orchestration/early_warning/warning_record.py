"""The table `live.warnings`: what it holds, and how a night's warnings get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_orchestration.warehouse.written import WrittenTable

if TYPE_CHECKING:
    import duckdb

    from threatcast_orchestration.forecasts.kept import KeptForecasts
    from threatcast_orchestration.run.plan import Plan

WARNINGS = WrittenTable(
    "live",
    "warnings",
    "One row a warning that stands on the reference date: a fault of the data, something new, or "
    "counts that left what was published of them.",
    "warning_id VARCHAR, reference_date DATE, kind VARCHAR, level VARCHAR, target VARCHAR, "
    "location VARCHAR, detail VARCHAR, since DATE, week DATE, observed DOUBLE, "
    "observed_upper DOUBLE, expected DOUBLE, expected_low DOUBLE, expected_high DOUBLE, "
    "peak DOUBLE, peak_week DATE, evidence DOUBLE, stands_out BOOLEAN, behind VARCHAR, "
    "forecasts_of VARCHAR, agrees VARCHAR, disagrees VARCHAR",
)


def write_warnings(
    connection: duckdb.DuckDBPyConnection, plan: Plan, results: KeptForecasts
) -> int:
    """Find the warnings that stand and write the table; returns its rows."""
    from threatcast_forecasting.night.warning_night import warning_table

    from threatcast_orchestration.early_warning.warning_inputs import warning_inputs

    WARNINGS.create(connection)
    table = warning_table(warning_inputs(connection, plan, results))
    connection.register("found", table)
    WARNINGS.insert_from(connection, "found")
    connection.unregister("found")
    return WARNINGS.count(connection)
