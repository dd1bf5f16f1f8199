"""The panels that skill is measured on: valid, reproducible, and true to what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def panel_of(rows: dict[str, list[float]], target: str = "t") -> pd.DataFrame:
    weeks = pd.date_range("2022-01-03", periods=len(next(iter(rows.values()))), freq="W-MON")
    return pd.concat(
        pd.DataFrame(
            {"series_id": name, "target": target, "location": "", "week": weeks, "value": values}
        )
        for name, values in rows.items()
    )


@pytest.mark.parametrize("name", ["generated", "world", "seasonal_a", "seasonal_b"])
def test_made_panel_is_a_valid_panel_and_the_same_each_time(name: str) -> None:
    from skill.panels import MADE
    from threatcast_forecasting import validate

    first, second = MADE[name](), MADE[name]()
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert len(validate(first.frame)) == len(first.frame)
    assert first.frame.groupby("series_id")["week"].count().min() >= 200


def test_seasonal_variants_have_one_wave_a_year_that_differs_by_state_and_year() -> None:
    from skill.waves import VARIANTS, wave_panel

    for disease in VARIANTS.values():
        wide = wave_panel(disease).pivot_table(index="series_id", columns="week", values="value")
        counts = wide.to_numpy()
        logs = np.log1p(counts)
        following = [np.corrcoef(row[1:], row[:-1])[0, 1] for row in logs]
        yearly = [np.corrcoef(row[52:], row[:-52])[0, 1] for row in logs]
        assert np.median(following) > 0.9
        assert np.median(yearly) > 0.6
        # years from July to June, so that none cuts a wave in two
        years = counts[:, 26:234].reshape(len(counts), 4, 52)
        assert np.median(np.ptp(years.argmax(axis=2), axis=1)) >= 2
        assert np.median(years.max(axis=2).max(axis=1) / years.max(axis=2).min(axis=1)) > 1.5


def test_process_draws_begin_at_the_hidden_state_of_their_origin() -> None:
    from skill.processes import PROCESSES, START, History, ProcessOracle, draw

    shifting = replace(PROCESSES[0], name="shifting")
    counts, history = draw(shifting, np.random.default_rng(1), series=3, weeks=40)
    high = tuple(part + np.array([0.0, 0.0, np.log(50)]) for part in history.states[30][:1])
    history.states[30] = (high[0], *history.states[30][1:])
    oracle = ProcessOracle({"shifting": History(shifting, history.size, history.states)})
    origins = np.repeat(START + np.timedelta64(7 * 30, "D"), 2)
    draws = oracle.draws(np.array(["shifting-01", "shifting-02"], dtype=object), origins, 2)
    assert (np.diff(draws, axis=2) >= 0).all()
    assert draws[1].mean() == pytest.approx(50 * 500, rel=0.1)
    assert draws[0].mean() == pytest.approx(np.exp(history.states[29][0][1]), rel=0.3)
    assert counts.shape == (3, 40)


def test_oracle_covers_what_it_says_and_no_model_beats_it() -> None:
    from skill.panels import generated
    from skill.truth import expected, true_quantiles

    panel = generated()
    assert panel.oracle is not None
    names = np.array([f"steady-{k}" for k in (25, 26, 27, 28)], dtype=object)
    origins = np.repeat(np.datetime64("2025-01-06"), 4)
    draws = panel.oracle.draws(names, origins, 3)
    own = expected(true_quantiles(draws), draws)
    # whole numbers hold a little more than the share
    assert own["coverage_80"].mean() == pytest.approx(0.805, abs=0.012)
    assert own["coverage_95"].mean() == pytest.approx(0.952, abs=0.006)
    for factor in (0.8, 1.25):
        worse = expected(np.floor(true_quantiles(draws) * factor), draws)
        assert (worse["wis"] > own["wis"]).all()


def test_world_is_counted_with_its_campaigns_and_sums_to_its_world() -> None:
    from skill.world import world_panel

    frame, oracle = world_panel()
    claims = frame[frame["target"] == "ransomware_claims"]
    total = claims[claims["location"] == "WORLD"]["value"].to_numpy()
    places = claims[claims["location"] != "WORLD"].groupby("week")["value"].sum().to_numpy()
    assert (total >= places).all()
    last = np.array([frame["week"].max() - pd.Timedelta(weeks=12)], dtype="datetime64[D]")
    draws = oracle.draws(np.array(["ransomware_claims|WORLD"], dtype=object), last, 12)
    truth = oracle.truths["ransomware_claims|WORLD"]
    expected = truth.rate[-12:].mean() + truth.campaigns * truth.campaign_size
    assert draws.mean() == pytest.approx(expected, rel=0.08)


def test_split_keeps_the_busiest_series_that_are_long_enough() -> None:
    from skill.splits import MOST_SERIES, busiest

    rows = {f"s{k:02d}": [float(k + 1)] * 80 for k in range(MOST_SERIES + 5)}
    kept = busiest(panel_of(rows | {"still": [0.0] * 80}))["series_id"].unique()
    assert sorted(kept) == [f"s{k:02d}" for k in range(5, MOST_SERIES + 5)]
    short = panel_of({"short": [9.0] * 77})
    assert busiest(short).empty


def test_split_families_read_every_column_they_name(sample_home: Path) -> None:
    from skill.recorded import open_home
    from skill.splits import FAMILIES, split_panel
    from threatcast_forecasting import validate

    with open_home(sample_home) as warehouse:
        panel = split_panel(warehouse, None)
    validate(panel)
    assert {"ransomware_group", "c2_tool", "malware_network"} <= set(panel["target"])
    assert set(panel["target"]) <= set(FAMILIES)


def test_panel_of_a_home_holds_its_targets_and_what_was_known(sample_home: Path) -> None:
    from skill.recorded import recordings

    panel = recordings(sample_home)
    assert {"ransomware_claims", "malware_hosts"} <= set(panel.frame["target"])
    assert panel.known is not None
    assert panel.kinds is not None
    assert (panel.known["week"] <= panel.known["origin"]).all()
    assert set(panel.kinds["as_of_kind"]) <= {"vintage", "record_dates"}
