"""`threatcast backtest` and `threatcast forecast`, from the shell, on a small panel file."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from in_process import Done, threatcast

CHEAP = "champion,negative_binomial,climatology,seasonal_naive"
FORECAST_COLUMNS = ["series_id", "model", "origin", "horizon", "quantile", "value"]
SCORE_COLUMNS = [
    "series_id", "model", "origin", "horizon", "wis", "scale", "scaled_wis", "log_wis",
    "covered_50", "covered_80", "covered_95", "pit_low", "pit_high", "state",
]  # fmt: skip


def make_panel(weeks: int = 110) -> pd.DataFrame:
    """Return six series of two targets; one place is Namibia, one value is missing."""
    rng = np.random.default_rng(6)
    places = ["WORLD", "M49-002", "M49-202", "NA", "DE", "UNLOCATED"]
    panel = pd.DataFrame(
        {
            "series_id": np.repeat([f"claims|{place}" for place in places], weeks),
            "target": np.repeat(["claims"] * 3 + ["hosts"] * 3, weeks),
            "location": np.repeat(places, weeks),
            "week": np.tile(pd.date_range("2022-01-03", periods=weeks, freq="W-MON"), 6),
            "value": rng.poisson(np.repeat([40, 9, 5, 2, 1, 0.1], weeks)),
        }
    )
    return panel.astype({"value": "Int64"}).assign(
        value=lambda rows: rows["value"].mask(rows.index == weeks + 30)
    )


def from_the_shell(*words: object, cwd: Path) -> Done:
    program = str(Path(sys.executable).with_name("threatcast"))
    done = subprocess.run(
        [program, *map(str, words)], capture_output=True, text=True, cwd=cwd, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panels")
    make_panel().to_csv(folder / "panel.csv", index=False)
    make_panel().to_parquet(folder / "panel.parquet", index=False)
    with gzip.open(folder / "panel.csv.gz", "wt") as file:
        make_panel().to_csv(file, index=False)
    return folder


@pytest.fixture(scope="module")
def backtested(folder: Path) -> Done:
    return from_the_shell(
        "backtest", "panel.csv", "--out", "out", "--models", CHEAP, "--candidates",
        "flat,negative_binomial", "--origins", 3, "--jobs", 1, cwd=folder,
    )  # fmt: skip


@pytest.fixture(scope="module")
def summary(folder: Path, backtested: Done) -> dict[str, list[dict[str, object]]]:
    assert backtested.returncode == 0, backtested.stderr
    return json.loads((folder / "out" / "summary.json").read_text())


def test_backtest_writes_the_tables_of_the_contract(folder, backtested):
    assert backtested.returncode == 0, backtested.stderr
    forecasts = pd.read_parquet(folder / "out" / "forecasts.parquet")
    scores = pd.read_parquet(folder / "out" / "scores.parquet")
    assert list(forecasts) == FORECAST_COLUMNS
    assert list(scores) == SCORE_COLUMNS
    assert len(forecasts) == 6 * 4 * 3 * 12 * 23
    assert len(scores) == 6 * 4 * 3 * 12
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "forecasts.parquet",
        "scores.parquet",
        "summary.json",
    ]


def test_namibia_survives_the_file(folder, backtested):
    scores = pd.read_parquet(folder / "out" / "scores.parquet")
    assert "claims|NA" in set(scores["series_id"])


def test_namibia_is_counted_among_the_countries(summary):
    levels = {row["location_level"]: row["series"] for row in summary["by_location_level"]}
    assert levels["country"] == 2


def test_rivals_are_in_the_summary_though_nobody_asked(folder, summary):
    rows = {row["model"]: row for row in summary["models"]}
    assert set(rows) == {*CHEAP.split(","), "flat", "comb_two"}
    assert rows["comb_two"]["relative_to_comb_two"] == 1
    assert all(row["relative_to_flat"] > 0 for row in rows.values())
    assert set(pd.read_parquet(folder / "out" / "scores.parquet")["model"]) == set(CHEAP.split(","))


def test_summary_covers_targets_levels_horizons_and_seconds(summary):
    assert {row["target"] for row in summary["by_target"]} == {"claims", "hosts"}
    assert {row["horizon"] for row in summary["by_horizon"]} == set(range(1, 13))
    assert all(row["seconds"] >= 0 for row in summary["models"])


def test_screen_shows_the_comparison(backtested, summary):
    for row in summary["models"]:
        assert row["model"] in backtested.stdout
        assert f"{row['scaled_wis']:.3f}" in backtested.stdout
    for title in ("by target", "by location level", "by horizon"):
        assert f"Mean scaled WIS {title}" in backtested.stdout
    assert "Written: out/forecasts.parquet" in backtested.stdout
    assert "[" in backtested.stderr  # how far the work has come


@pytest.mark.parametrize("name", ["panel.csv.gz", "panel.parquet"])
def test_every_kind_of_file_gives_the_same_forecasts(folder, name):
    tables = []
    for source in ("panel.csv", name):
        done = threatcast(
            "forecast", source, "--out", "same", "--models", "flat", "--jobs", 1, "--quiet",
            cwd=folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        tables.append(pd.read_parquet(folder / "same" / "forecasts.parquet"))
    pd.testing.assert_frame_equal(*tables)


def test_forecast_starts_from_the_last_week_and_writes_no_scores(folder):
    done = threatcast(
        "forecast", "panel.csv", "--out", "next", "--models", CHEAP, "--candidates", "flat",
        "--horizon", 4, "--jobs", 1, "--json", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    forecasts = pd.read_parquet(folder / "next" / "forecasts.parquet")
    assert list(forecasts) == FORECAST_COLUMNS
    assert forecasts["origin"].unique().tolist() == [make_panel()["week"].max()]
    assert facts["rows"] == len(forecasts) == 6 * 4 * 4 * 23
    assert [path.name for path in (folder / "next").iterdir()] == ["forecasts.parquet"]


def test_the_same_command_writes_the_same_bytes_whatever_the_jobs(folder):
    written = []
    for jobs in (1, 2):
        done = threatcast(
            "backtest", "panel.csv", "--out", f"jobs{jobs}", "--models", "flat,comb_two",
            "--origins", 2, "--jobs", jobs, "--quiet", cwd=folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        out = folder / f"jobs{jobs}"
        written.append([(out / f"{t}.parquet").read_bytes() for t in ("forecasts", "scores")])
    assert written[0] == written[1]


def test_origins_come_from_a_file(folder):
    (folder / "origins.csv").write_text("series_id,origin\nclaims|NA,2023-06-05\n")
    done = threatcast(
        "backtest", "panel.csv", "--out", "named", "--models", "flat", "--origins-from",
        "origins.csv", "--jobs", 1, "--json", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    panel = json.loads(done.stdout)["panel"]
    assert (panel["forecasts"], panel["series_without_origin"]) == (1, 5)
    scores = pd.read_parquet(folder / "named" / "scores.parquet")
    assert scores["origin"].unique().tolist() == [pd.Timestamp("2023-06-05")]
    assert scores["series_id"].unique().tolist() == ["claims|NA"]


def test_settings_of_the_home_stand_in_for_flags(folder):
    home = folder / "home"
    home.mkdir()
    (home / "threatcast.toml").write_text('models = ["flat"]\njobs = 1\n')
    done = threatcast(
        "forecast",
        "panel.csv",
        "--out",
        "set",
        "--horizon",
        2,
        "--home",
        home,
        "--json",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 6 * 1 * 2 * 23


def lines(*rows: str) -> str:
    return "\n".join(["series_id,week,value", *rows]) + "\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("gone.csv", None, "There is no file gone.csv."),
        ("panel.txt", "x", "panel.txt: a panel is .csv, .csv.gz or .parquet."),
        ("broken.parquet", "x", "broken.parquet cannot be read as a table: "),
        ("cut.csv.gz", "x", "cut.csv.gz cannot be read as a table: "),
        ("empty.csv", "", "empty.csv cannot be read as a table: "),
        ("norows.csv", lines(), "the panel: it has no rows."),
        ("columns.csv", "a,b\n1,2\n", "column series_id, week, value is missing"),
        ("half.csv", lines("a,2024-01-01,1.5"), "series a, row 1, week 2024-01-01: "),
        ("text.csv", lines("a,2024-01-01,1", "a,2024-01-08,x"), "series a, row 2"),
        ("day.csv", lines("a,2024-01-03,1"), "the week 2024-01-03 is a Wednesday."),
        ("twice.csv", lines("a,2024-01-01,1", "a,2024-01-01,1"), "series a, row 2: the week"),
    ],
)
@pytest.mark.parametrize("command", ["backtest", "forecast"])
def test_unusable_panel_ends_with_one_readable_line_and_exit_code_2(
    folder, command, name, text, message
):
    if text is not None:
        (folder / name).write_text(text)
    done = threatcast(command, name, "--out", "never", "--models", "flat", cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.startswith("threatcast: ")
    assert "Traceback" not in done.stderr
    assert not (folder / "never").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--models", "oracle"], "Unknown model oracle. Known: adida, auto_ces"),
        (["--models", ","], "flag: models is ',': value should have at least 1 item"),
        (["--candidates", "oracle"], "Unknown model oracle."),
        (["--out", "panel.csv"], "--out panel.csv: File exists. Name a folder to write to."),
        (["--horizon", "0"], "greater than or equal to 1"),
    ],
)
def test_wrong_use_ends_with_exit_code_2(folder, words, message):
    out = [] if "--out" in words else ["--out", "never"]
    done = threatcast("forecast", "panel.csv", *out, *words, cwd=folder)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_exit_code_reaches_the_shell(folder):
    (folder / "negative.csv").write_text(lines("a,2024-01-01,-1"))
    done = from_the_shell("forecast", "negative.csv", "--out", "never", cwd=folder)
    assert done.returncode == 2
    assert done.stderr == (
        "threatcast: series a, row 1, week 2024-01-01: the value -1 is negative. "
        "A value is a whole number from 0, or empty where the week was not monitored.\n"
    )
