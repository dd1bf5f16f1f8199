"""What the gate decides in a night, and the table that tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.judging.published import BOTH_DAYS, Decision
from threatcast_forecasting.night.inputs import NightInputs, NightOptions
from threatcast_forecasting.night.outlooks import published_model
from threatcast_orchestration.forecasts.kept import KeptForecasts
from threatcast_orchestration.published_models.decision_record import (
    published_models,
    record_decisions,
)
from threatcast_orchestration.published_models.decisions import tonight_of, write_decisions
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.run.settings import Settings

TARGET = "malware_hosts"
DAY = date(2026, 6, 14)
WIS = {"champion": 0.5, "better": 0.45, "flat": 0.4}


def back_test(folder: Path) -> None:
    """Write scores in which `better` is better everywhere."""
    rows = pd.MultiIndex.from_product(
        [["WORLD", "DE"], range(8), range(1, 11)], names=["location", "back", "horizon"]
    ).to_frame(index=False)
    spread = np.random.default_rng(1).uniform(0.5, 1.5, len(rows))
    origin = pd.Timestamp(DAY) - pd.to_timedelta(28 * rows["back"], unit="D")
    parts = [
        rows.assign(model=model, scaled_wis=wis * spread, reference_date=origin)
        for model, wis in WIS.items()
    ]
    table = pd.concat(parts, ignore_index=True).assign(target=TARGET, kind="backtest", scale=20.0)
    for level in (50, 80, 95):
        table[f"covered_{level}"] = table["horizon"] <= level / 10
    table.to_parquet(folder / "scores.parquet")


def night(home: Home, day: date = DAY) -> Plan:
    return Plan(home, Settings(), "mirror", None, day, datetime(2026, 6, 14, tzinfo=UTC))


def inputs(plan: Plan, models: tuple[str, ...] = tuple(WIS)) -> NightInputs:
    panel = pd.DataFrame({"target": [TARGET]})
    shown = published_models(plan.home, [TARGET], plan.as_of)
    empty = pd.DataFrame()
    options = NightOptions(models)
    return NightInputs(panel, empty, empty, options, "0123456789abcdef", published=shown)


@pytest.fixture
def results(tmp_path: Path) -> KeptForecasts:
    folder = tmp_path / "results"
    folder.mkdir()
    back_test(folder)
    return KeptForecasts(folder, "key", reused=False)


def decided(
    home: Home, results: KeptForecasts, day: date = DAY, **other: tuple[str, ...]
) -> Decision:
    plan = night(home, day)
    (decision,) = tonight_of(plan, inputs(plan, **other), results.scores)
    return decision


def test_sure_winner_is_promoted_and_published_from_the_next_night(
    home: Home, results: KeptForecasts
) -> None:
    first = decided(home, results)
    assert (first.action, first.model_before, first.model_after) == (
        "promote",
        "champion",
        "better",
    )
    assert (first.ratio, first.run_id) == (pytest.approx(0.9), "0123456789abcdef")
    record_decisions(home, [first])
    assert decided(home, results) == first, "the night can be repeated"
    second = decided(home, results, DAY + timedelta(days=1))
    assert (second.action, second.model_before, second.challenger) == ("keep", "better", "champion")


def test_gate_changes_nothing_while_two_models_are_published(
    home: Home, results: KeptForecasts
) -> None:
    person = replace(decided(home, results), decided_by="person", model_after="better")
    back = replace(
        person,
        as_of=DAY + timedelta(days=1),
        action="rollback",
        model_before="better",
        model_after="champion",
    )
    record_decisions(home, [person])
    record_decisions(home, [back])
    soon = decided(home, results, back.as_of + timedelta(days=BOTH_DAYS))
    assert (soon.action, soon.model_after) == ("keep", "champion")
    assert "two changes at once" in soon.reason
    later = decided(home, results, back.as_of + timedelta(days=BOTH_DAYS + 1))
    assert later.action == "promote"


def test_model_that_is_not_run_gives_way_for_that_night_only(
    home: Home, results: KeptForecasts
) -> None:
    record_decisions(home, [decided(home, results)])
    day = DAY + timedelta(days=1)
    plan = night(home, day)
    left = inputs(plan, models=("champion", "flat"))
    assert published_model(left, TARGET).model == "champion"
    assert published_model(left, TARGET).previous is None
    fallen = decided(home, results, day, models=("champion", "flat"))
    assert (fallen.action, fallen.model_before, fallen.model_after) == (
        "fall_back",
        *["better"] * 2,
    )
    assert fallen.shown == "champion"
    record_decisions(home, [fallen])
    assert published_models(home, [TARGET], day + timedelta(days=1))[TARGET].model == "better"


def test_night_without_champion_and_promoted_model_publishes_the_first_one_run(
    home: Home, results: KeptForecasts
) -> None:
    assert (
        published_model(inputs(night(home), models=("prophet", "flat")), TARGET).model == "prophet"
    )


def test_night_without_scores_decides_nothing(home: Home, tmp_path: Path) -> None:
    plan = night(home)
    assert tonight_of(plan, inputs(plan), KeptForecasts(tmp_path, "key", reused=False).scores) == []


def test_table_holds_earlier_decisions_and_this_night_s(home: Home, results: KeptForecasts) -> None:
    tonight = decided(home, results)
    earlier = replace(tonight, as_of=DAY - timedelta(days=1), action="keep", model_after="champion")
    later = replace(earlier, as_of=DAY + timedelta(days=1))
    record_decisions(home, [earlier, later])
    with duckdb.connect() as connection:
        rows, stamp = write_decisions(connection, night(home), [tonight])
        table = connection.execute(
            "SELECT as_of, action, ratio FROM forecasts.model_decisions ORDER BY as_of"
        ).fetchall()
        assert rows == {"model_decisions": 2, "model_changes": 1}
        (change,) = connection.execute(
            "SELECT target, since, until, model_before, model, decided_by, reason, ratio "
            "FROM forecasts.model_changes"
        ).fetchall()
        tomorrow = DAY + timedelta(days=1)
        why = (tonight.reason, tonight.ratio)
        assert change == (TARGET, tomorrow, None, "champion", "better", "gate", *why)
        assert table == [(earlier.as_of, "keep", tonight.ratio), (DAY, "promote", tonight.ratio)]
        other = write_decisions(connection, night(home), [replace(tonight, reason="else")])
    assert other[1] != stamp, "dbt must build again if only a reason changed"
