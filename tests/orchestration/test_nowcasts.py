"""The tables of nowcasts, made from the warehouse of a night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import duckdb
import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.night import nowcasts
from threatcast_orchestration.forecasts.inputs import load_inputs
from threatcast_orchestration.forecasts.tables import TABLES
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.run.settings import Settings


@pytest.fixture(scope="module")
def inputs(sample_home):
    home, day = Home(sample_home), date(2026, 6, 14)
    plan = Plan(home, Settings(), "sample", None, day, datetime(2026, 6, 14, tzinfo=UTC))
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        yield load_inputs(connection, plan, "key")


def test_tables_have_the_columns_of_the_warehouse(inputs):
    for name, table in nowcasts.nowcast_tables(inputs).items():
        assert sorted(table.columns) == sorted(TABLES[name].columns)
        assert len(table) > 0
        assert table.notna().all(axis=None)


def test_quantiles_are_of_the_newest_complete_week_and_agree_with_its_row(inputs):
    tables = nowcasts.nowcast_tables(inputs)
    quantiles, rows = tables["nowcast_quantiles"], tables["nowcast"]
    week = quantiles["target_week"].unique()
    assert list(week) == [pd.Timestamp("2026-06-08")]
    wide = quantiles.pivot_table(index=["target", "location"], columns="quantile", values="value")
    assert (np.diff(wide.to_numpy(), axis=1) >= 0).all()
    same = rows[rows["week"] == week[0]].set_index(["target", "location"])["nowcast"]
    pd.testing.assert_series_equal(wide[0.5], same.loc[wide.index], check_names=False)


def test_only_targets_that_report_late_are_learnt_from_otherwise(inputs):
    learnt = nowcasts.training_values(inputs)
    keys = ["series_id", "origin", "week"]
    both = inputs.known.merge(learnt, on=keys, suffixes=("", "_learnt"))
    assert len(both) == len(inputs.known)
    moved = both[(both["value"] != both["value_learnt"]) & both["value"].notna()]
    targets = set(moved["series_id"].str.split("|").str[0])
    assert targets == {"ransomware_claims", "reported_cyberattacks"}
    assert (moved["week"] > moved["origin"] - pd.Timedelta(weeks=26)).all()


def test_nights_without_a_triangle_learn_from_the_counts_as_they_are(inputs):
    for late in (None, replace(inputs.late, triangle=inputs.late.triangle[:0])):
        bare = replace(inputs, late=late)
        assert nowcasts.training_values(bare) is inputs.known
        assert all(table.empty for table in nowcasts.nowcast_tables(bare).values())
