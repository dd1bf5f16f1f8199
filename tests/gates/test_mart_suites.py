"""The suites on marts, forecasts and release: each rule holds on a small warehouse and can fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from threatcast_orchestration.early_warning.fairness_record import FAIRNESS
from threatcast_orchestration.early_warning.warning_record import WARNINGS
from threatcast_orchestration.forecasts.left_out import leave_out
from threatcast_orchestration.forecasts.tables import TABLES
from threatcast_orchestration.gates.runner import GateResult, load_suite, load_suites, run_suite
from threatcast_orchestration.live_scores.scoring import TABLES as LIVE_TABLES
from threatcast_orchestration.published_models.decisions import TABLES as DECISION_TABLES
from threatcast_orchestration.response.outcome_tables import WARNING_OUTCOMES, WARNINGS_CLOSED
from threatcast_orchestration.warehouse.outlook_history import OUTLOOK_HISTORY

_WARNING_TABLES = (WARNINGS, FAIRNESS, WARNINGS_CLOSED, WARNING_OUTCOMES)
SMALL_MARTS = Path(__file__).with_name("small_marts.sql")


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a warehouse of three targets and five places on which every rule holds."""
    with duckdb.connect() as connection:
        written = [*TABLES.values(), *DECISION_TABLES.values(), *LIVE_TABLES.values()]
        for table in [*written, *_WARNING_TABLES, OUTLOOK_HISTORY]:
            table.create(connection)
        connection.execute(SMALL_MARTS.read_text(encoding="utf-8"))
        yield connection


def failed(result: GateResult) -> dict[str, str]:
    """Return the severity of each failed rule, by its column (or type, for a whole table)."""
    assert not result.error
    return {str(rule.kwargs.get("column", rule.type)): rule.severity for rule in result.failures}


@pytest.mark.parametrize("kind", ["marts", "forecasts", "release"])
def test_all_rules_hold_on_a_sound_warehouse(
    warehouse: duckdb.DuckDBPyConnection, kind: str
) -> None:
    suites = load_suites(kind)

    assert suites
    for suite in suites:
        assert failed(run_suite(suite, warehouse)) == {}


def test_target_that_begins_after_the_night_has_no_week_yet(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    suite = load_suite("marts", "fct_weekly_counts")
    warehouse.execute(
        "UPDATE marts.dim_targets SET series_start_world = DATE '2026-09-07' "
        "WHERE target = 'listings'"
    )
    # weeks that it cannot have are told
    assert "is_defined" in failed(run_suite(suite, warehouse))

    warehouse.execute("DELETE FROM marts.fct_weekly_counts WHERE target = 'listings'")
    assert failed(run_suite(suite, warehouse)) == {}


# suite, what is broken, the rule that must say so
BROKEN = [
    ("marts.fct_weekly_counts", "DELETE FROM marts.fct_weekly_counts WHERE location = 'FR'",
     "is_defined"),
    ("marts.fct_weekly_counts",
     "INSERT INTO marts.fct_weekly_counts SELECT * REPLACE ('XX' AS location) "
     "FROM marts.fct_weekly_counts WHERE location = 'FR'", "is_defined"),
    ("marts.fct_weekly_counts",
     "INSERT INTO marts.fct_weekly_counts FROM marts.fct_weekly_counts WHERE location = 'FR'",
     "is_once"),
    ("marts.fct_weekly_counts",
     "DELETE FROM marts.fct_weekly_counts WHERE location = 'FR' AND week = DATE '2026-07-27'",
     "is_complete"),
    ("marts.fct_weekly_counts",
     "DELETE FROM marts.fct_weekly_counts WHERE week = DATE '2026-08-10'", "is_complete"),
    ("marts.fct_weekly_counts",
     "INSERT INTO marts.fct_weekly_counts SELECT * REPLACE (week + 7 AS week) "
     "FROM marts.fct_weekly_counts WHERE week = DATE '2026-08-10'", "is_past"),
    ("marts.fct_weekly_counts",
     "UPDATE marts.fct_weekly_counts SET observation = 'observed' WHERE value IS NULL",
     "is_zero_apart_from_missing"),
    ("marts.fct_weekly_counts",
     "UPDATE marts.fct_weekly_counts SET value = -1 WHERE target = 'listings'", "is_count"),
    ("marts.fct_weekly_counts",
     "UPDATE marts.fct_weekly_counts SET value = 9 "
     "WHERE location = 'DE' AND week = DATE '2026-08-10'", "is_sum"),
    ("marts.dim_series", "DELETE FROM marts.dim_series WHERE location = 'DE'", "is_defined"),
    ("marts.dim_series",
     "INSERT INTO marts.dim_series FROM marts.dim_series WHERE location = 'FR'", "is_once"),
    ("marts.dim_series", "UPDATE marts.dim_series SET state = 'fine' WHERE location = 'FR'",
     "is_known_state"),
    ("marts.dim_series", "UPDATE marts.dim_series SET reason = NULL WHERE location = 'FR'",
     "is_explained"),
    ("marts.dim_series", "UPDATE marts.dim_series SET borrows = true WHERE location = 'FR'",
     "is_explained"),
    ("marts.dim_series", "UPDATE marts.fct_feed_health SET state = 'silent' WHERE feed = 'list'",
     "is_from_a_live_feed"),
    ("marts.dim_series",
     "UPDATE marts.fct_feed_health SET state = 'failed', newest_vintage = DATE '2026-08-11' "
     "WHERE feed = 'list'",
     "is_from_a_live_feed"),
    ("forecasts.forecast", "DELETE FROM forecasts.forecast WHERE location = 'DE'", "is_expected"),
    ("forecasts.forecast",
     "DELETE FROM forecasts.forecast WHERE location = 'DE' AND model = 'other'", "is_expected"),
    ("forecasts.forecast", "UPDATE marts.dim_series SET is_eligible = false WHERE location = 'DE'",
     "is_expected"),
    ("forecasts.forecast",
     "DELETE FROM forecasts.forecast WHERE location = 'DE' AND quantile = 0.5", "is_complete"),
    ("forecasts.forecast", "DELETE FROM forecasts.forecast WHERE horizon = 12", "is_complete"),
    ("forecasts.forecast", "UPDATE forecasts.forecast SET reference_date = reference_date - 7",
     "is_dated"),
    ("forecasts.forecast",
     "UPDATE forecasts.forecast SET value = 'nan' WHERE quantile = 0.99 AND horizon = 3",
     "is_finite"),
    ("forecasts.forecast", "UPDATE forecasts.forecast SET value = 'inf' WHERE quantile = 0.99",
     "is_finite"),
    ("forecasts.forecast", "UPDATE forecasts.forecast SET value = NULL WHERE quantile = 0.99",
     "is_finite"),
    ("forecasts.forecast", "UPDATE forecasts.forecast SET value = 3 WHERE quantile = 0.99",
     "is_monotone"),
    ("forecasts.forecast", "UPDATE forecasts.forecast SET value = 8.5 WHERE quantile = 0.99",
     "is_whole"),
    ("forecasts.forecast", "UPDATE forecasts.forecast SET value = -1 WHERE quantile = 0.01",
     "is_non_negative"),
    ("forecasts.forecast",
     "UPDATE forecasts.forecast SET value = 51 WHERE quantile = 0.99 AND location = 'DE'",
     "is_bounded"),
    ("forecasts.outlook", "DELETE FROM forecasts.outlook WHERE location = 'DE'", "is_expected"),
    ("forecasts.outlook",
     "INSERT INTO forecasts.outlook FROM forecasts.outlook WHERE location = 'DE'", "is_expected"),
    ("forecasts.outlook", "UPDATE forecasts.outlook SET high80_12w = 'inf'", "is_finite"),
    ("forecasts.outlook", "UPDATE forecasts.outlook SET low80_4w = 17", "is_in_order"),
    ("forecasts.outlook", "UPDATE forecasts.outlook SET p_zero_4w = 1.1", "is_probability"),
    ("forecasts.outlook", "UPDATE forecasts.outlook SET p_increase = 0.3", "is_whole"),
    ("forecasts.outlook", "UPDATE forecasts.outlook SET trend = 'decrease'", "is_likeliest"),
    ("forecasts.outlook", "UPDATE forecasts.outlook SET evidence_grade = 'E'", "is_graded"),
    ("forecasts.outlook", "UPDATE forecasts.outlook SET run_id = ''", "is_traceable"),
    ("release.outlook", "DELETE FROM published.outlook WHERE location = 'DE'", "is_once"),
    ("release.outlook", "UPDATE published.outlook SET state = 'fine' WHERE location = 'FR'",
     "is_known_state"),
    ("release.outlook", "UPDATE published.outlook SET expected_4w = 3 WHERE location = 'FR'",
     "is_number_or_reason"),
    ("release.outlook", "UPDATE published.outlook SET trend = 'stable' WHERE location = 'FR'",
     "is_number_or_reason"),
    ("release.outlook", "UPDATE published.outlook SET low80_4w = NULL WHERE location = 'DE'",
     "is_number_or_reason"),
    ("release.outlook", "UPDATE published.outlook SET reason = NULL WHERE location = 'FR'",
     "is_number_or_reason"),
    ("release.outlook", "UPDATE published.outlook SET evidence_grade = 'C' WHERE location = 'DE'",
     "is_number_or_reason"),
    ("release.outlook",
     "UPDATE published.outlook SET reason = 'borrows from Y: 3' WHERE location = 'DE'",
     "is_number_or_reason"),
    ("release.outlook", "UPDATE published.outlook SET sentence = NULL WHERE location = 'FR'",
     "is_told"),
    ("release.outlook", "UPDATE raw.run_context SET mark = 'SIMULATED.'", "is_told"),
    ("release.outlook", "UPDATE published.outlook SET as_of = as_of - 1", "is_of_tonight"),
    ("release.outlook", "UPDATE published.forecast SET is_published = model = 'other'",
     "has_its_forecast"),
    ("release.outlook", "UPDATE published.forecast SET is_published = true", "has_its_forecast"),
    ("release.outlook", "DELETE FROM published.forecast WHERE horizon = 12", "has_its_forecast"),
    ("release.outlook", "DELETE FROM published.forecast", "is_filled"),
    ("release.outlook", "DELETE FROM published.forecast_published", "is_filled"),
    ("release.outlook", "DELETE FROM published.activity_weekly", "is_filled"),
    ("release.outlook", "DELETE FROM published.skill", "is_filled"),
    ("release.outlook", "DELETE FROM published.outlook_history", "is_filled"),
    ("release.outlook", "INSERT INTO published.scores FROM published.scores", "is_unique"),
    ("release.drift", "UPDATE published.drift SET state = 'withhold'", "is_answered"),
    ("release.drift", "UPDATE published.drift SET state = 'fallback'", "is_answered"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "damage", "column"), BROKEN)
def test_a_broken_rule_blocks_and_says_which(
    warehouse: duckdb.DuckDBPyConnection, key: str, damage: str, column: str
) -> None:
    kind, name = key.split(".")
    warehouse.execute(damage)

    result = run_suite(load_suite(kind, name), warehouse)

    assert failed(result)[column] == "critical"
    assert result.blocks


def test_every_critical_rule_has_a_case_that_breaks_it() -> None:
    known = {(key, column) for key, _, column in BROKEN}
    critical = {
        (suite.key, str(rule.kwargs["column"]))
        for kind in ("marts", "forecasts", "release")
        for suite in load_suites(kind)
        for rule in suite.expectations
        if rule.severity == "critical" and "column" in rule.kwargs
    }

    assert critical <= known


@pytest.mark.parametrize("name", ["fct_weekly_counts", "dim_series"])
def test_empty_marts_block(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    for table in ("fct_weekly_counts", "dim_series", "dim_targets"):
        warehouse.execute(f"DELETE FROM marts.{table}")

    result = run_suite(load_suite("marts", name), warehouse)

    assert failed(result) == {"expect_table_row_count_to_be_between": "critical"}


@pytest.mark.parametrize(
    ("key", "change", "column"),
    [
        ("marts.fct_weekly_counts",
         "UPDATE marts.fct_weekly_counts SET value = 26 "
         "WHERE target = 'listings' AND week = DATE '2026-08-10'", "is_plausible"),
        ("marts.fct_feed_health",
         "INSERT INTO intermediate.int_far_values VALUES ('list', 'abc', 'dateAdded', 1)",
         "is_possible"),
        ("forecasts.forecast",
         "UPDATE forecasts.forecast SET state = 'fallback: no fit' WHERE location = 'DE'",
         "is_as_meant"),
        ("release.outlook",
         "DELETE FROM history.outlook_history WHERE location = 'DE' AND as_of = DATE '2026-08-21'",
         "row_ratio"),
        ("release.outlook",
         "UPDATE history.outlook_history SET state = 'withheld' WHERE location <> 'DE'",
         "published_ratio"),
        ("release.outlook",
         "INSERT INTO history.outlook_history (release_id, target, location, as_of, state) "
         "VALUES ('2026-08-21-abc', 'listings', 'DE', DATE '2026-08-21', 'published')",
         "is_kept"),
        ("release.feed_health",
         "UPDATE published.feed_health SET state = 'failed' WHERE feed = 'list'",
         "is_not_failed"),
        ("release.drift",
         "UPDATE published.drift SET state = 'withhold';"
         "UPDATE published.outlook SET state = 'withheld' WHERE location = 'DE'", "is_held"),
        ("release.drift", "UPDATE published.drift SET state = 'warn'", "is_quiet"),
    ],
)  # fmt: skip
def test_an_odd_night_warns_and_goes_on(
    warehouse: duckdb.DuckDBPyConnection, key: str, change: str, column: str
) -> None:
    kind, name = key.split(".")
    warehouse.execute(change)

    result = run_suite(load_suite(kind, name), warehouse)

    assert failed(result)[column] == "warning"
    assert not result.blocks


def test_warning_names_the_feed_that_failed_and_the_target_that_lost_outlooks(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        "UPDATE published.feed_health SET state = 'failed' WHERE feed = 'list';"
        "UPDATE published.outlook SET state = 'source_failure' WHERE target = 'listings'"
    )

    assert "feed=list, state=failed" in (
        run_suite(load_suite("release", "feed_health"), warehouse).summary
    )
    lost = run_suite(load_suite("release", "outlook"), warehouse).failures
    rows = [row for rule in lost if rule.frame == "kept" for row in rule.sample]
    assert [(row["target"], row["published_then"], row["published_now"]) for row in rows] == [
        ("listings", 1, 0)
    ]


def test_drop_limit_of_the_settings_bounds_what_a_target_may_lose(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        "UPDATE published.outlook SET state = 'insufficient_evidence' "
        "WHERE target = 'claims' AND location = 'DE'"
    )
    suite = load_suite("release", "outlook")
    assert "is_kept" in failed(run_suite(suite, warehouse))
    warehouse.execute("SET VARIABLE drop_limit = 25")
    assert "is_kept" not in failed(run_suite(suite, warehouse))


def test_ten_times_the_largest_week_is_allowed_where_fifty_is_not_enough(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        "UPDATE marts.fct_weekly_counts SET value = 6 WHERE target = 'listings';"
        "UPDATE forecasts.forecast SET value = 60 WHERE target = 'listings' AND quantile = 0.99"
    )

    assert failed(run_suite(load_suite("forecasts", "forecast"), warehouse)) == {}


def test_a_night_without_eligible_series_passes_with_empty_forecasts(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        "UPDATE marts.dim_series SET is_eligible = false;"
        "DELETE FROM forecasts.forecast; DELETE FROM forecasts.outlook"
    )

    for suite in load_suites("forecasts"):
        assert failed(run_suite(suite, warehouse)) == {}


def test_a_country_that_borrows_has_the_published_models_numbers_and_no_others(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        "UPDATE marts.dim_series SET is_eligible = false, borrows = true, "
        "reason = 'borrows from Western Europe: 3 events' WHERE location = 'DE';"
        "INSERT INTO forecasts.outlook_by_model (target, location, model) "
        "SELECT target, location, model FROM forecasts.outlook WHERE location = 'DE'"
    )
    assert failed(run_suite(load_suite("marts", "dim_series"), warehouse)) == {}
    assert failed(run_suite(load_suite("forecasts", "outlook"), warehouse)) == {}
    forecasts = load_suite("forecasts", "forecast")
    assert failed(run_suite(forecasts, warehouse)) == {"is_expected": "critical"}
    warehouse.execute("DELETE FROM forecasts.forecast WHERE location = 'DE' AND model = 'other'")
    assert failed(run_suite(forecasts, warehouse)) == {}


def test_rival_that_breaks_a_rule_is_left_out_of_its_target_and_named(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        "UPDATE forecasts.forecast SET value = 1764 "
        "WHERE model = 'other' AND location = 'DE' AND quantile = 0.99 AND horizon = 3"
    )
    suite = load_suite("forecasts", "forecast")
    assert run_suite(suite, warehouse).blocks

    assert leave_out(warehouse) == 1

    (row,) = warehouse.execute("FROM forecasts.left_out").fetchall()
    assert row == ("claims", "DE", "other", "is_bounded", 1764.0, 50.0)
    made = "SELECT DISTINCT target, model FROM forecasts.forecast ORDER BY ALL"
    assert warehouse.execute(made).fetchall() == [
        ("claims", "flat"), ("listings", "flat"), ("listings", "other")]  # fmt: skip
    result = run_suite(suite, warehouse)
    assert failed(result) == {"is_kept": "warning"}
    assert result.failures[0].sample == [
        {"model": "other", "target": "claims", "location": "DE", "rule": "is_bounded",
         "largest": 1764.0, "bound": 50.0}]  # fmt: skip


@pytest.mark.parametrize("role", ["published", "previous"])
def test_model_that_is_shown_is_never_left_out_and_blocks(
    warehouse: duckdb.DuckDBPyConnection, role: str
) -> None:
    warehouse.execute(
        "UPDATE forecasts.forecast SET value = 1764 WHERE location = 'DE' AND quantile = 0.99;"
        "INSERT INTO forecasts.outlook_by_model (target, location, model, role) "
        f"VALUES ('claims', 'WORLD', 'other', '{role}')"
    )

    assert leave_out(warehouse) == 0

    result = run_suite(load_suite("forecasts", "forecast"), warehouse)
    assert failed(result) == {"is_bounded": "critical"}


def test_every_rule_that_blocks_can_leave_a_rival_out(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    broken = [damage for key, damage, _ in BROKEN if key == "forecasts.forecast"]
    rivals_only = [
        damage + (" AND " if " WHERE " in damage else " WHERE ") + "model = 'other'"
        for damage in broken
        if "forecasts.forecast" in damage
    ]
    assert len(rivals_only) > 8
    for damage in rivals_only:
        warehouse.execute(f"BEGIN; {damage}")
        assert leave_out(warehouse) > 0, damage
        assert not run_suite(load_suite("forecasts", "forecast"), warehouse).blocks, damage
        warehouse.execute("ROLLBACK")
