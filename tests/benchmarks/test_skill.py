"""The measurement of skill: its arithmetic, its verdicts and its command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

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


# --- figures -----------------------------------------------------------------------------------


def quantiles(values: np.ndarray, series: str = "a") -> Any:
    from skill.answers import Quantiles

    names = np.array([series] * len(values), dtype=object)
    origins = np.repeat(np.datetime64("2025-06-02"), len(values))
    return Quantiles(names, origins, {"m": values})


def test_faulty_quantiles_are_counted() -> None:
    from skill.measure import faults

    frame = panel_of({"a": [2.0] * 200})
    good = np.tile(np.arange(23.0), (1, 2, 1)) / 10
    whole = np.floor(good)
    assert faults(quantiles(whole), frame)[0]["not_whole"] == 0
    half = whole.copy()
    half[0, 0, 22] += 0.5
    assert faults(quantiles(half), frame)[0]["not_whole"] == 1
    half[0, 1, 22] = -1
    assert faults(quantiles(half), frame)[0]["falling"] == 1


@pytest.mark.parametrize(("median", "runaway"), [(6.0, 0), (7.0, 2), (-1.0, 2)])
def test_median_runs_away_beyond_three_times_the_largest_value(median, runaway) -> None:
    from skill.measure import faults

    frame = panel_of({"a": [2.0] * 200})
    rows = faults(quantiles(np.full((1, 2, 23), median)), frame)
    assert rows[0]["runaway_medians"] == runaway


def test_largest_value_is_sought_in_the_three_years_up_to_the_origin() -> None:
    from skill.measure import largest_before

    values = [1.0] * 250
    frame = panel_of({"a": values})
    origin = int((np.datetime64("2025-06-02") - np.datetime64("2022-01-03")).astype(int) // 7)
    for place, expected in ((origin, 9.0), (origin + 1, 1.0), (origin - 155, 9.0)):
        changed = frame.assign(value=[9.0 if k == place else 1.0 for k in range(len(values))])
        assert largest_before(quantiles(np.zeros((1, 2, 23))), changed)[0] == expected
    old = frame.assign(value=[9.0 if k == origin - 156 else 1.0 for k in range(len(values))])
    assert largest_before(quantiles(np.zeros((1, 2, 23))), old)[0] == 1.0


def test_targets_weigh_alike_however_many_series_they_have() -> None:
    from skill.measure import family_weights

    scores = pd.DataFrame({"series_id": list("abca"), "target": ["x", "x", "y", "x"]})
    assert family_weights(scores).to_dict() == {"a": 0.5, "b": 0.5, "c": 1.0}


@pytest.fixture(scope="module")
def figures(project: Path) -> dict[str, Any]:
    """Return the figures of a small panel; `flat` stands in as champion by name alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(project / "benchmarks"))
        from skill.measure import Trial, measure
        from skill.panel import CYBER, Panel

        rng = np.random.default_rng(3)
        rows = {f"s{k}": rng.poisson(1 + 3 * k, 110).astype(float).tolist() for k in range(12)}
        panel = Panel("small", CYBER, "A small panel", panel_of(rows))
        return measure(panel, Trial(("champion", "climatology"), origins=2, jobs=1))


def test_rivals_are_in_the_figures_though_nobody_asked(figures: dict[str, Any]) -> None:
    rows = {row["model"]: row for row in figures["models"]}
    assert set(rows) == {"champion", "climatology", "comb_two", "flat"}
    assert rows["comb_two"]["families"]["scaled_wis_to_comb_two"] == [1.0, 1.0, 1.0]
    assert rows["comb_two"]["alike"] == [1.0, 1.0, 1.0]
    ratio, low, high = rows["champion"]["families"]["log_wis_to_comb_two"]
    assert low <= ratio <= high


def test_ratios_by_group_are_ratios_of_their_own_means(figures: dict[str, Any]) -> None:
    rows = {(row["horizon"], row["model"]): row for row in figures["by_horizon"]}
    for week in range(1, 13):
        own, rival = rows[week, "climatology"], rows[week, "comb_two"]
        ratio = own["scaled_wis"] / rival["scaled_wis"]
        assert own["scaled_wis_to_comb_two"] == pytest.approx(ratio, abs=2e-3)


def test_losing_cells_are_those_whose_ratio_is_above_one(figures: dict[str, Any]) -> None:
    cells = figures["cells"]
    assert cells["all"] == 12
    own = [row for row in figures["by_horizon"] if row["model"] == "champion"]
    losing = {row["horizon"] for row in own if row["scaled_wis_to_comb_two"] > 1}
    assert {row["horizon"] for row in cells["worse_than_comb_two"]} == losing


# --- verdicts ----------------------------------------------------------------------------------


def with_champion(figures: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return figures in which some of the champion's numbers are others."""
    copy = json.loads(json.dumps(figures))
    parts = {"models": copy["models"], "by_target": copy["by_target"]}
    parts |= {"forecasts": copy["forecasts"], "by_activity": copy["by_activity"]}
    for where, change in changes.items():
        for row in parts[where]:
            if row["model"] == "champion":
                row.update(change)
    return copy


def verdict(figures: dict[str, Any], words: str) -> Any:
    from skill.verdicts import verdicts

    [found] = [one for one in verdicts(figures) if words in one.requirement]
    return found


def bounds(ratio: float, low: float, high: float) -> dict[str, Any]:
    names = [f"{s}_to_{r}" for s in ("scaled_wis", "log_wis") for r in ("comb_two", "flat")]
    return {
        "families": {name: [ratio, low, high] for name in names},
        "alike": [ratio, low, high],
    }


@pytest.mark.parametrize(
    ("change", "words", "reached"),
    [
        ({"models": bounds(0.985, 0.97, 0.999)}, "at most 0.985", True),
        ({"models": bounds(0.986, 0.97, 0.999)}, "at most 0.985", False),
        ({"models": bounds(0.9, 0.8, 1.0)}, "upper 90 %", False),
        ({"models": bounds(0.9, 0.8, 0.999)}, "upper 90 %", True),
        ({"by_target": {"scaled_wis_to_comb_two": 1.011}}, "no target", False),
        ({"by_target": {"scaled_wis_to_comb_two": 1.01}}, "no target", True),
        ({"by_target": {"scaled_wis_to_comb_two": 2.0, "series": 9}}, "no target", None),
        ({"by_target": {"scaled_wis_to_flat": 1.001}}, "worse than flat", False),
        ({"by_activity": {"coverage_80": 0.779}}, "busy series: 80", False),
        ({"by_activity": {"coverage_80": 0.85}}, "busy series: 80", True),
        ({"by_activity": {"coverage_95": 0.971}}, "busy series: 95", False),
        ({"by_activity": {"coverage_80": 0.799}}, "sparse series: 80", False),
        ({"by_activity": {"coverage_80": 0.99}}, "sparse series: 80", True),
        ({"models": {"pit_distance": 0.0201}}, "PIT", False),
        ({"models": {"pit_distance": 0.02}}, "PIT", True),
        ({"forecasts": {"runaway_medians": 1}}, "medians", False),
        ({"forecasts": {"not_whole": 0, "falling": 1}}, "not whole", False),
        ({"forecasts": {"not_whole": 0, "falling": 0}}, "not whole", True),
    ],
)
def test_verdict_follows_its_limit(figures, change, words, reached) -> None:
    assert verdict(with_champion(figures, **change), words).reached is reached


def test_seasonal_panel_is_judged_by_its_best_rival(figures: dict[str, Any]) -> None:
    seasonal = with_champion(figures, models=bounds(0.5, 0.4, 0.6)) | {"kind": "seasonal"}
    found = verdict(seasonal, "log WIS at least level")
    assert found.reached is True
    worse = with_champion(figures, models=bounds(1.5, 0.4, 1.6)) | {"kind": "seasonal"}
    assert verdict(worse, "log WIS at least level").reached is False


def test_panel_without_champion_has_no_verdicts(figures: dict[str, Any]) -> None:
    from skill.verdicts import verdicts

    copy = json.loads(json.dumps(figures))
    copy["models"] = [row for row in copy["models"] if row["model"] != "champion"]
    assert verdicts(copy) == []


# --- the command -------------------------------------------------------------------------------


def run(*words: str) -> int:
    from skill.command import main

    return main([*words, "--jobs", "1", "--origins", "1"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    rows = {f"s{k}": rng.poisson(5, 100).astype(float).tolist() for k in range(3)}
    panel_of(rows).to_csv(tmp_path / "mine.csv", index=False)
    return tmp_path / "mine.csv"


def test_any_panel_file_gets_the_comparison_with_comb_two(file, tmp_path, capsys) -> None:
    assert run("--panel", str(file), "--models", "climatology", "--out", str(tmp_path / "o")) == 0
    said = capsys.readouterr().out
    assert "## mine" in said
    assert "| comb_two |" in said
    assert "| flat |" in said
    document = json.loads((tmp_path / "o" / "skill.json").read_text())
    assert document["panels"][0]["panel"]["series"] == 3
    assert (tmp_path / "o" / "skill.md").read_text().startswith("# Skill of the forecasts\n")


def test_measuring_ends_well_and_only_a_check_fails(file, monkeypatch) -> None:
    from skill import command
    from skill.verdicts import Verdict

    missed = Verdict("mine", "be good", 2.0, 0.0, 1.0)
    monkeypatch.setattr(command, "verdicts", lambda figures: [missed])
    assert run("--panel", str(file), "--models", "flat") == 0
    assert run("--panel", str(file), "--models", "flat", "--check") == 1
    monkeypatch.setattr(command, "verdicts", lambda figures: [replace(missed, value=1.0)])
    assert run("--panel", str(file), "--models", "flat", "--check") == 0


def test_panels_that_need_recordings_are_left_out_with_a_reason(monkeypatch, capsys) -> None:
    monkeypatch.delenv("THREATCAST_MIRROR", raising=False)
    assert run("--panels", "recordings,recordings_split") == 0
    assert "not measured: recordings, recordings_split: THREATCAST_MIRROR names" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--panels", "moon"], "no panel moon; there are recordings, "),
        (["--models", "moon"], "no model moon; there are "),
    ],
)
def test_unknown_names_are_told_beside_the_known(words, message, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        run(*words)
    assert end.value.code == 2
    assert message in capsys.readouterr().err


def test_broken_panel_file_is_one_line(tmp_path) -> None:
    (tmp_path / "bad.csv").write_text("series_id,week,value\na,2022-01-04,1\n")
    with pytest.raises(SystemExit) as end:
        run("--panel", str(tmp_path / "bad.csv"))
    assert str(end.value).startswith("skill: the panel, series a, row 1: the week 2022-01-04 is")


def test_runner_hands_its_words_on(file, project, monkeypatch, capsys) -> None:
    import run as runner

    words = ["skill", "--panel", str(file), "--models", "flat", "--origins", "1", "--jobs", "1"]
    assert runner.main(words) == 0
    assert "## mine" in capsys.readouterr().out
