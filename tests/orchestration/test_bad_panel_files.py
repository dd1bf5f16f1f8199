"""Strange and broken panel files through the command line: one clear line, or the fallback."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from in_process import threatcast

WEEKS = pd.date_range("2022-01-03", periods=90, freq="W-MON")
MONDAYS = "Weeks are named by their Monday, written YYYY-MM-DD."
WHOLE = "A value is a whole number from 0, or empty where the week was not monitored."


def strange_panel() -> pd.DataFrame:
    """Return a usual series and four strange ones."""
    rng = np.random.default_rng(9)
    nothing = np.full(len(WEEKS), np.nan)
    rows = {
        "usual": rng.poisson(6, len(WEEKS)),
        "zeros": np.zeros(len(WEEKS)),
        "one value": np.r_[nothing[1:], 7.0],
        "all missing": nothing,
        "huge": rng.poisson(1e7, len(WEEKS)),
    }
    return pd.concat(
        pd.DataFrame({"series_id": name, "week": WEEKS, "value": pd.array(values, "Int64")})
        for name, values in rows.items()
    )


def test_strange_series_are_back_tested_beside_a_usual_one_and_fallbacks_are_counted(tmp_path):
    strange_panel().to_csv(tmp_path / "panel.csv", index=False)
    done = threatcast(
        "backtest", "panel.csv", "--out", "out", "--models", "climatology,flat,comb_two",
        "--origins", 2, "--jobs", 1, "--json", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    models = {row["model"]: row for row in json.loads(done.stdout)["models"]}
    # climatology has too little of "one value" and "all missing", from both origins
    assert models["climatology"]["fallbacks"] == 4
    assert models["climatology"]["series"] == 3
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet").set_index("series_id")
    assert scores.loc["all missing", ["wis", "scaled_wis"]].isna().all(axis=None)
    assert scores.loc[["usual", "zeros", "huge"], "scaled_wis"].notna().all()


def test_strange_series_are_forecast_and_what_stood_in_is_counted(tmp_path):
    strange_panel().to_csv(tmp_path / "panel.csv", index=False)
    done = threatcast(
        "forecast", "panel.csv", "--out", "out", "--models", "climatology", "--jobs", 1,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "something stood in for a model 2 times of 5" in done.stdout
    rows = pd.read_parquet(tmp_path / "out" / "forecasts.parquet")
    medians = rows[rows["quantile"] == 0.5].groupby("series_id")["value"].mean()
    assert medians["zeros"] == medians["all missing"] == 0
    assert medians["one value"] == 7
    assert medians["huge"] == pytest.approx(1e7, rel=0.01)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "x|DE,2022-01-10,2",
            "series x|DE, row 3: the week 2022-01-10 is there twice. "
            "Give each series one row a week.",
        ),
        (
            "x|DE,2022-01-19,2",
            f"the panel, series x|DE, row 3: the week 2022-01-19 is a Wednesday. {MONDAYS}",
        ),
        (
            "x|DE,2022-01-17,-4",
            f"series x|DE, row 3, week 2022-01-17: the value -4.0 is negative. {WHOLE}",
        ),
        (
            "x|DE,2022-01-17,0.5",
            f"series x|DE, row 3, week 2022-01-17: the value 0.5 is not whole. {WHOLE}",
        ),
        (
            "x|DE,2024-01-08,2",
            "series x|DE, row 3: the week 2024-01-08 is not over on 2024-01-10. "
            "The newest week that is over is 2024-01-01; leave out later ones.",
        ),
    ],
    ids=["a week repeated", "not a Monday", "negative", "fractional", "not over"],
)
@pytest.mark.parametrize("command", ["backtest", "forecast"])
def test_broken_row_of_a_file_is_told_in_one_line_with_series_row_and_cure(
    tmp_path, monkeypatch, command, row, message
):
    monkeypatch.setenv("THREATCAST_AS_OF", "2024-01-10")
    text = f"series_id,week,value\nx|DE,2022-01-03,1\nx|DE,2022-01-10,1.0\n{row}\n"
    (tmp_path / "panel.csv").write_text(text)
    done = threatcast(command, "panel.csv", "--out", "never", "--models", "flat", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.replace("value -4 ", "value -4.0 ") == f"threatcast: {message}\n"
    assert not (tmp_path / "never").exists()


def test_week_of_the_future_is_refused_by_the_clock_alone(tmp_path):
    (tmp_path / "panel.csv").write_text("series_id,week,value\na,2022-01-03,1\na,2099-12-21,1\n")
    done = threatcast("forecast", "panel.csv", "--out", "o", "--models", "flat", cwd=tmp_path)
    assert done.returncode == 2
    assert "series a, row 2: the week 2099-12-21 is not over on 2" in done.stderr
    assert "leave out later ones" in done.stderr


def test_rows_out_of_order_give_the_same_file(tmp_path):
    written = []
    for name, panel in (
        ("a", strange_panel()),
        ("b", strange_panel().sample(frac=1, random_state=3)),
    ):
        panel.to_csv(tmp_path / f"{name}.csv", index=False)
        done = threatcast(
            "forecast", f"{name}.csv", "--out", name, "--models", "flat", "--jobs", 1, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        written.append((tmp_path / name / "forecasts.parquet").read_bytes())
    assert written[0] == written[1]


@pytest.mark.slow
def test_file_of_twenty_thousand_series_is_forecast(tmp_path):
    many, weeks = 20_000, WEEKS[:16]
    panel = pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k:05d}" for k in range(many)], len(weeks)),
            "week": np.tile(weeks, many),
            "value": np.random.default_rng(1).poisson(3, many * len(weeks)),
        }
    )
    panel.to_parquet(tmp_path / "panel.parquet", index=False)
    done = threatcast(
        "forecast", "panel.parquet", "--out", "out", "--models", "flat", "--horizon", 1, "--json",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["series"] == many
    assert facts["rows"] == many * 23
