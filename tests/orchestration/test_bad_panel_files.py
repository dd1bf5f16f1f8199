"""Strange and broken panel files through the command line: one clear line, or the fallback."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pytest
from in_process import threatcast
from threatcast_forecasting.errors import PanelError
from threatcast_forecasting.panels import validate
from threatcast_orchestration.commands.panel_files import read_frame
from threatcast_orchestration.errors import WrongUse

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


AMBIGUOUS = "may be thousands or decimals"


@pytest.mark.parametrize("written", ["20.000", "1.234", "1.234.567", '"20,000"', "+100.000"])
def test_value_that_may_be_thousands_or_decimals_is_refused(tmp_path, written):
    text = f"series_id,week,value\na,2022-01-03,1\na,2022-01-10,{written}\n"
    (tmp_path / "panel.csv").write_text(text)
    with pytest.raises(PanelError) as caught:
        validate(read_frame(tmp_path / "panel.csv"))
    value = written.strip('"')
    assert str(caught.value) == (
        f"series a, row 2, week 2022-01-10: the value {value} {AMBIGUOUS}. {WHOLE}"
    )


def test_whole_numbers_are_read_however_they_are_written(tmp_path):
    written = ["20", "20.0", " 20", "20.", "2e1", "20.00", "1200.000", "0.000", "", "NA", "nan"]
    weeks = pd.date_range("2022-01-03", periods=len(written), freq="7D")
    lines = [f"a,{week:%Y-%m-%d},{text}" for week, text in zip(weeks, written, strict=True)]
    (tmp_path / "panel.csv").write_text("\n".join(["series_id,week,value", *lines]))
    values = validate(read_frame(tmp_path / "panel.csv"))["value"]
    assert values.fillna(-1).tolist() == [20] * 6 + [1200, 0, -1, -1, -1]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,2022-01-03,5,", "after value = '5' it ends with a comma too many"),
        ("a,2022-01-03,1,5", "after value = '1' it goes on with '5'"),
    ],
)
@pytest.mark.parametrize("name", ["panel.csv", "panel.csv.gz"])
def test_comma_too_many_is_told_where_it_is(tmp_path, row, said, name):
    pd_like = f"series_id,week,value\n{row}\n".encode()
    content = gzip.compress(pd_like, mtime=0) if name.endswith("gz") else pd_like
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WrongUse) as caught:
        read_frame(tmp_path / name)
    assert f"row 1: it has 4 cells and the header 3; {said}. " in str(caught.value)


@pytest.mark.parametrize("row", ["a,2022-01-10,5,", "a,2022-01-10,1,5"])
def test_comma_too_many_in_a_later_row_names_its_line(tmp_path, row):
    (tmp_path / "panel.csv").write_text(f"series_id,week,value\na,2022-01-03,1\n{row}\n")
    with pytest.raises(WrongUse, match="Expected 3 fields in line 3, saw 4"):
        read_frame(tmp_path / "panel.csv")


def test_comma_at_the_end_of_every_line_is_a_column_without_a_name(tmp_path):
    (tmp_path / "panel.csv").write_text("series_id,week,value,\na,2022-01-03,1,\n")
    assert validate(read_frame(tmp_path / "panel.csv"))["value"].tolist() == [1]


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
