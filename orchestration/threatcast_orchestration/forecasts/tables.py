"""The schema `forecasts` of the warehouse: its tables, and how a night's results get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_feeds.exact_paths import ONE_FILE, exact

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.forecasts import left_out

if TYPE_CHECKING:
    import duckdb

    from threatcast_orchestration.forecasts.kept import KeptForecasts

TABLES = {
    "forecast": (
        "target VARCHAR, location VARCHAR, model VARCHAR, reference_date DATE, horizon INTEGER, "
        "target_week DATE, quantile DOUBLE, value DOUBLE, state VARCHAR"
    ),
    "scores": (
        "target VARCHAR, location VARCHAR, model VARCHAR, reference_date DATE, horizon INTEGER, "
        "kind VARCHAR, as_of_kind VARCHAR, wis DOUBLE, scale DOUBLE, scaled_wis DOUBLE, "
        "log_wis DOUBLE, covered_50 BOOLEAN, covered_80 BOOLEAN, covered_95 BOOLEAN, "
        "pit_low DOUBLE, pit_high DOUBLE, state VARCHAR"
    ),
    "outlook": (
        "target VARCHAR, location VARCHAR, model VARCHAR, run_id VARCHAR, evidence_grade VARCHAR, "
        "expected_4w DOUBLE, low80_4w DOUBLE, high80_4w DOUBLE, expected_12w DOUBLE, "
        "low80_12w DOUBLE, high80_12w DOUBLE, p_above_usual_4w DOUBLE, p_zero_4w DOUBLE, "
        "trend VARCHAR, p_large_decrease DOUBLE, p_decrease DOUBLE, p_stable DOUBLE, "
        "p_increase DOUBLE, p_large_increase DOUBLE"
    ),
    "nowcast": (
        "target VARCHAR, location VARCHAR, week DATE, nowcast DOUBLE, nowcast_low80 DOUBLE, "
        "nowcast_high80 DOUBLE, arrived DOUBLE, kept DOUBLE"
    ),
    "nowcast_quantiles": (
        "target VARCHAR, location VARCHAR, reference_date DATE, target_week DATE, "
        "quantile DOUBLE, value DOUBLE"
    ),
    "level_shifts": (
        "target VARCHAR, location VARCHAR, week DATE, noticed_week DATE, scope VARCHAR, "
        "level_before DOUBLE, level_after DOUBLE, ratio DOUBLE, evidence DOUBLE"
    ),
    "outlook_by_model": (
        "target VARCHAR, location VARCHAR, model VARCHAR, role VARCHAR, since DATE, "
        "previous_until DATE, run_id VARCHAR, evidence_grade VARCHAR, "
        "expected_4w DOUBLE, low80_4w DOUBLE, high80_4w DOUBLE, expected_12w DOUBLE, "
        "low80_12w DOUBLE, high80_12w DOUBLE, p_above_usual_4w DOUBLE, p_zero_4w DOUBLE, "
        "trend VARCHAR, p_large_decrease DOUBLE, p_decrease DOUBLE, p_stable DOUBLE, "
        "p_increase DOUBLE, p_large_increase DOUBLE"
    ),
    "probability_scores": (
        "target VARCHAR, location_level VARCHAR, model VARCHAR, question VARCHAR, n INTEGER, "
        "origins INTEGER, score DOUBLE, reference_score DOUBLE, skill DOUBLE, skill_low90 DOUBLE, "
        "skill_high90 DOUBLE, comb_two_score DOUBLE, skill_to_comb_two DOUBLE, covered_80 DOUBLE"
    ),
    "reliability": (
        "target VARCHAR, question VARCHAR, bin INTEGER, mean_forecast DOUBLE, "
        "observed_frequency DOUBLE, n INTEGER, low90 DOUBLE, high90 DOUBLE"
    ),
    "ranks": (
        "scope VARCHAR, scope_value VARCHAR, target VARCHAR, location VARCHAR, "
        "location_level VARCHAR, rank INTEGER, p_growth DOUBLE, rank_low80 INTEGER, "
        "rank_high80 INTEGER, p_top3 DOUBLE"
    ),
    # written by `left_out`, once the others stand
    "left_out": left_out.COLUMNS,
    "models": (
        "model VARCHAR, title VARCHAR, description VARCHAR, method VARCHAR, reference VARCHAR, "
        "limits VARCHAR"
    ),
}


def write_tables(connection: duckdb.DuckDBPyConnection, results: KeptForecasts) -> dict[str, int]:
    """Put the night's tables into the schema `forecasts`; returns rows by table.

    Raises
    ------
    OrchestrationError
        If a table lacks a column.
    """
    import duckdb

    rows = {}
    connection.execute("CREATE SCHEMA IF NOT EXISTS forecasts")
    for table, columns in TABLES.items():
        connection.execute(f"CREATE OR REPLACE TABLE forecasts.{table} ({columns})")
        path = results.folder / f"{table}.parquet"
        if path.is_file():
            try:
                connection.execute(
                    f"INSERT INTO forecasts.{table} BY NAME SELECT "
                    f"{', '.join(part.split()[0] for part in columns.split(', '))} "
                    f"FROM read_parquet(?, {ONE_FILE})",
                    [exact(path)],
                )
            except duckdb.Error as error:
                raise OrchestrationError(
                    f"{path} does not fit forecasts.{table}: {error}"
                ) from error
        count = connection.execute(f"SELECT count(*) FROM forecasts.{table}").fetchone()
        rows[table] = int(count[0]) if count else 0
    return rows
