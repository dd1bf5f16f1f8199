"""The schema `forecasts` of the warehouse: its tables, and how a night's results get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_feeds.exact_paths import ONE_FILE, exact

from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.forecasts.left_out import LEFT_OUT
from threatcast_orchestration.warehouse.written import WrittenTable, by_name

if TYPE_CHECKING:
    import duckdb

    from threatcast_orchestration.forecasts.kept import KeptForecasts

_ANSWERS = (
    "run_id VARCHAR, evidence_grade VARCHAR, expected_4w DOUBLE, low80_4w DOUBLE, "
    "high80_4w DOUBLE, expected_12w DOUBLE, low80_12w DOUBLE, high80_12w DOUBLE, "
    "p_above_usual_4w DOUBLE, p_zero_4w DOUBLE, trend VARCHAR, p_large_decrease DOUBLE, "
    "p_decrease DOUBLE, p_stable DOUBLE, p_increase DOUBLE, p_large_increase DOUBLE"
)
"""What an outlook says, whichever model made it."""
FORECAST = WrittenTable(
    "forecasts",
    "forecast",
    "One row a target, location, model, horizon and quantile: events in the target week.",
    "target VARCHAR, location VARCHAR, model VARCHAR, reference_date DATE, horizon INTEGER, "
    "target_week DATE, quantile DOUBLE, value DOUBLE, state VARCHAR",
)
SCORES = WrittenTable(
    "forecasts",
    "scores",
    "One row a target, location, model, reference date, horizon and kind: how a forecast fared. "
    "Null where the observed week is missing.",
    "target VARCHAR, location VARCHAR, model VARCHAR, reference_date DATE, horizon INTEGER, "
    "kind VARCHAR, as_of_kind VARCHAR, wis DOUBLE, scale DOUBLE, scaled_wis DOUBLE, "
    "log_wis DOUBLE, covered_50 BOOLEAN, covered_80 BOOLEAN, covered_95 BOOLEAN, "
    "pit_low DOUBLE, pit_high DOUBLE, state VARCHAR",
)
OUTLOOK = WrittenTable(
    "forecasts",
    "outlook",
    "One row a target and location with numbers: totals of 4 and 12 weeks, trend, probabilities.",
    f"target VARCHAR, location VARCHAR, model VARCHAR, {_ANSWERS}",
)
NOWCAST = WrittenTable(
    "forecasts",
    "nowcast",
    "One row a target, location and week that may still change, of targets whose reporting delay "
    "is known: what the week will have counted in the end.",
    "target VARCHAR, location VARCHAR, week DATE, nowcast DOUBLE, nowcast_low80 DOUBLE, "
    "nowcast_high80 DOUBLE, arrived DOUBLE, kept DOUBLE",
    {
        "target": "Key of the target.",
        "location": "Place that is counted.",
        "week": "Monday that names the ISO week.",
        "nowcast": "Median of the week's final count.",
        "nowcast_low80": "Lower bound of the central 80 % interval of that count.",
        "nowcast_high80": "Upper bound of the central 80 % interval of that count.",
        "arrived": "Share of a week's final events that are usually known by its age.",
        "kept": "Share of a week's events known by then that usually stay.",
    },
)
NOWCAST_QUANTILES = WrittenTable(
    "forecasts",
    "nowcast_quantiles",
    "One row a target, location and quantile: the newest complete week, of targets whose weeks "
    "still fill up.",
    "target VARCHAR, location VARCHAR, reference_date DATE, target_week DATE, quantile DOUBLE, "
    "value DOUBLE",
)
OUTLOOK_GROUPINGS = WrittenTable(
    "forecasts",
    "outlook_groupings",
    "One row a target and grouping of countries of which a member has an outlook: what the members "
    "with one say together.",
    "target VARCHAR, grouping VARCHAR, model VARCHAR, members_with_outlook INTEGER, "
    f"usual_weekly DOUBLE, {_ANSWERS}",
)
LEVEL_SHIFTS = WrittenTable(
    "forecasts",
    "level_shifts",
    "One row a target, location and week in which counts began to stand at another level.",
    "target VARCHAR, location VARCHAR, week DATE, noticed_week DATE, scope VARCHAR, "
    "level_before DOUBLE, level_after DOUBLE, ratio DOUBLE, evidence DOUBLE",
)
OUTLOOK_BY_MODEL = WrittenTable(
    "forecasts",
    "outlook_by_model",
    "One row an eligible target, location and model that is published: the target's own and, for "
    "28 days after a change, the one before it.",
    "target VARCHAR, location VARCHAR, model VARCHAR, role VARCHAR, since DATE, "
    f"previous_until DATE, {_ANSWERS}",
)
DRIVERS = WrittenTable(
    "forecasts",
    "drivers",
    "One row a target, location and part of its outlook: what the number is made of, in events.",
    "target VARCHAR, location VARCHAR, driver VARCHAR, position INTEGER, events_4w DOUBLE, "
    "events_12w DOUBLE",
)
OUTLOOK_MIX = WrittenTable(
    "forecasts",
    "outlook_mix",
    "One row a target, location and base model that counts in the published one: its weight, and "
    "what it says alone.",
    "target VARCHAR, location VARCHAR, member VARCHAR, member_title VARCHAR, weight DOUBLE, "
    "events_4w DOUBLE, events_12w DOUBLE",
)
PROBABILITY_SCORES = WrittenTable(
    "forecasts",
    "probability_scores",
    "One row a target, location level, model and question: how past answers fared.",
    "target VARCHAR, location_level VARCHAR, model VARCHAR, question VARCHAR, n INTEGER, "
    "origins INTEGER, score DOUBLE, reference_score DOUBLE, skill DOUBLE, skill_low90 DOUBLE, "
    "skill_high90 DOUBLE, comb_two_score DOUBLE, skill_to_comb_two DOUBLE, covered_80 DOUBLE",
)
RELIABILITY = WrittenTable(
    "forecasts",
    "reliability",
    "One row a target, question and bin of probability: how often what was said came true.",
    "target VARCHAR, question VARCHAR, bin INTEGER, mean_forecast DOUBLE, "
    "observed_frequency DOUBLE, n INTEGER, low90 DOUBLE, high90 DOUBLE",
)
RANKS = WrittenTable(
    "forecasts",
    "ranks",
    "One row a scope, target and location: which threat is likeliest to grow where.",
    "scope VARCHAR, scope_value VARCHAR, target VARCHAR, location VARCHAR, "
    "location_level VARCHAR, rank INTEGER, p_growth DOUBLE, rank_low80 INTEGER, "
    "rank_high80 INTEGER, p_top3 DOUBLE",
)
MODELS = WrittenTable(
    "forecasts",
    "models",
    "One row a model of the settings: what it is.",
    "model VARCHAR, title VARCHAR, description VARCHAR, method VARCHAR, reference VARCHAR, "
    "limits VARCHAR",
)
TABLES = by_name(
    FORECAST,
    SCORES,
    OUTLOOK,
    NOWCAST,
    NOWCAST_QUANTILES,
    LEVEL_SHIFTS,
    OUTLOOK_BY_MODEL,
    OUTLOOK_GROUPINGS,
    DRIVERS,
    OUTLOOK_MIX,
    PROBABILITY_SCORES,
    RELIABILITY,
    RANKS,
    LEFT_OUT,  # filled by `left_out`, once the others stand
    MODELS,
)


def write_tables(connection: duckdb.DuckDBPyConnection, results: KeptForecasts) -> dict[str, int]:
    """Put the night's tables into the schema `forecasts`; returns rows by table.

    Raises
    ------
    OrchestrationError
        If a table lacks a column.
    """
    import duckdb

    for table in TABLES.values():
        table.create(connection)
        path = results.folder / f"{table.name}.parquet"
        if path.is_file():
            try:
                table.insert_from(connection, f"read_parquet(?, {ONE_FILE})", [exact(path)])
            except duckdb.Error as error:
                raise OrchestrationError(f"{path} does not fit {table}: {error}") from error
    return {table.name: table.count(connection) for table in TABLES.values()}
