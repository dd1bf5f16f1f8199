"""The tables of a release, as programs outside the project know them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from threatcast_publishing.contract import OUTLOOK_COLUMNS, OUTLOOK_TEXT, TABLES


def test_tables_are_those_of_the_contract():
    assert list(TABLES) == [
        "outlook", "forecast", "forecast_published", "activity_weekly", "nowcast_quantiles",
        "scores", "skill", "track_record", "track_record_summary", "drift", "corrections",
        "feed_health", "targets", "locations", "models", "data_vintages", "outlook_history",
        "outlook_groupings", "groupings", "forecast_history", "changes", "outlook_by_model",
        "model_decisions", "model_changes", "probability_scores", "reliability", "ranks",
        "level_shifts", "drivers", "outlook_mix", "warnings", "warnings_closed",
        "warning_outcomes", "fairness", "phishing_mix",
    ]  # fmt: skip


def test_history_holds_all_columns_of_the_outlook_and_the_release():
    assert TABLES["outlook_history"].required == ("release_id", *OUTLOOK_COLUMNS)
    assert set(OUTLOOK_COLUMNS) > OUTLOOK_TEXT


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_key_of_a_table_is_required(table):
    assert set(table.key) <= set(table.required)


def test_listing_releases_loads_nothing_heavy():
    code = (
        "import sys, threatcast_publishing.catalog, threatcast_publishing.query\n"
        "heavy = {'duckdb', 'pandas', 'pyarrow', 'jinja2', 'numpy', 'yaml'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []
