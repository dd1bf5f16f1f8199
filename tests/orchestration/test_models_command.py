"""`threatcast models` on real releases: what is published, and who may take its place."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from in_process import Done, threatcast
from small_release import AS_OF, describe, make_release, write_warehouse
from threatcast_orchestration.published_models.decision_record import (
    published_models,
    read_decisions,
)
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.lock import run_lock
from threatcast_publishing.marks import mark_of

SIMULATED_LINE = mark_of("sample", date.min).closing

TARGET = "ransomware_claims"
WIS = {"champion": 0.5, "better": 0.45, "worse": 0.6, "flat": 0.4, "narrow": 0.44}
NEXT = AS_OF + timedelta(days=1)


def scores() -> pd.DataFrame:
    """Return a back-test in which `better` is better everywhere, and `narrow` covers too little."""
    rows = pd.MultiIndex.from_product(
        [["WORLD", "DE", "NA"], range(8), range(1, 11)], names=["location", "back", "horizon"]
    ).to_frame(index=False)
    spread = np.random.default_rng(1).uniform(0.5, 1.5, len(rows))
    parts = []
    for model, wis in WIS.items():
        inside = 6 if model == "narrow" else 8
        parts.append(
            rows.assign(
                target=TARGET,
                model=model,
                kind="backtest",
                as_of_kind="vintage",
                reference_date=pd.Timestamp(AS_OF) - pd.to_timedelta(28 * rows["back"], unit="D"),
                scale=20.0,
                wis=20 * wis * spread,
                scaled_wis=wis * spread,
                log_wis=wis * spread / 4,
                covered_50=rows["horizon"] <= 5,
                covered_80=rows["horizon"] <= inside,
                covered_95=True,
            ).drop(columns="back")
        )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.register("made", scores())
        connection.execute("CREATE OR REPLACE TABLE published.scores AS SELECT * FROM made")
        describe(connection, "scores")
    return path


@pytest.fixture(scope="module")
def releases(warehouse: Path) -> Path:
    """Return releases with one in them; making one takes seconds, copying it none."""
    make_release(warehouse, warehouse.parent / "releases")
    return warehouse.parent / "releases"


@pytest.fixture
def home(releases: Path, tmp_path: Path) -> Home:
    shutil.copytree(releases, tmp_path / "home" / "releases", symlinks=True)
    return Home(tmp_path / "home")


def models(home: Home, *words: str) -> Done:
    return threatcast("models", *words, "--home", home.root, cwd=home.root.parent)


def told(home: Home, *words: str) -> Any:
    done = models(home, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_list_names_the_published_model_and_the_best_challenger_with_both_scores(
    home: Home,
) -> None:
    (row,) = told(home, "list")
    assert (row["target"], row["model"], row["challenger"]) == (TARGET, "champion", "narrow")
    assert row["ratio"] == pytest.approx(0.88)
    assert row["challenger_scaled_wis"] / row["scaled_wis"] == pytest.approx(0.88)
    done = models(home, "list")
    assert done.stdout.endswith(f"{SIMULATED_LINE}\n")


def test_compare_shows_horizons_the_paired_test_and_where_the_numbers_come_from(
    home: Home,
) -> None:
    facts = told(home, "compare", TARGET, "champion", "better")
    assert facts["ratio_high90"] == pytest.approx(0.9)
    assert facts["gate"]["won"]
    assert [row["horizon"] for row in facts["by_horizon"]] == list(range(1, 11))
    first = facts["by_horizon"][0]
    assert first["scaled_wis.better"] / first["scaled_wis.champion"] == pytest.approx(0.9, abs=1e-3)
    assert first["log_wis.better"] / first["scaled_wis.better"] == pytest.approx(0.25, abs=1e-3)
    assert (facts["source"]["run_id"], facts["source"]["commit"]) == ("run-1", "0" * 40)
    shown = models(home, "compare", TARGET, "champion", "better").stdout
    assert "better wins on WIS" in shown
    assert "run_id run-1" in shown


def test_compare_takes_the_published_model_and_the_best_other_one(home: Home) -> None:
    facts = told(home, "compare", TARGET)
    assert (facts["model"], facts["challenger"]) == ("champion", "narrow")
    assert not facts["gate"]["won"]


def test_promotion_counts_from_the_next_night_and_is_recorded_with_both_scores(
    home: Home,
) -> None:
    done = models(home, "promote", TARGET, "better")
    assert done.returncode == 0, done.stderr
    assert f"It takes effect in the next night, of {NEXT} or later" in done.stdout
    assert published_models(home, [TARGET], AS_OF)[TARGET].model == "champion"
    assert published_models(home, [TARGET], NEXT)[TARGET].model == "better"
    (decision,) = read_decisions(home)
    assert (decision.action, decision.decided_by) == ("promote", "person")
    assert decision.ratio == pytest.approx(0.9)
    assert decision.challenger_scaled_wis == pytest.approx(0.9 * (decision.scaled_wis or 0))
    (row,) = told(home, "list")
    assert (row["model"], row["next"]) == ("champion", "better")


@pytest.mark.parametrize(
    ("model", "why"), [("worse", "does not win on WIS"), ("narrow", "it loses coverage")]
)
def test_gate_refuses_with_both_scores_and_exit_code_3(home: Home, model: str, why: str) -> None:
    done = models(home, "promote", TARGET, model)
    assert done.returncode == 3
    assert why in done.stderr
    assert "champion: scaled WIS 0." in done.stderr
    assert f"{model}: scaled WIS 0." in done.stderr
    assert not home.decisions.exists()


def test_person_may_override_the_gate_and_the_reason_is_kept(home: Home) -> None:
    done = models(home, "promote", TARGET, "worse", "--override", "The champion met a bug")
    assert done.returncode == 0
    (decision,) = read_decisions(home)
    assert (decision.model_after, decision.reason) == ("worse", "The champion met a bug")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301, "ask me@example.org", "see https://a.b"])
def test_reason_that_could_not_be_published_is_refused(home: Home, reason: str) -> None:
    done = models(home, "promote", TARGET, "worse", "--override", reason)
    assert done.returncode == 2
    assert "The reason is published" in done.stderr
    assert not home.decisions.exists()


def test_rollback_goes_back_to_the_model_before_the_last_change(
    home: Home, warehouse: Path
) -> None:
    assert models(home, "promote", TARGET, "better").returncode == 0
    make_release(warehouse, home.releases, as_of=NEXT)
    done = models(home, "rollback", TARGET, "--reason", "Readers asked")
    assert done.returncode == 0, done.stderr
    assert "champion in the place of better" in done.stdout
    found = published_models(home, [TARGET], NEXT + timedelta(days=1))[TARGET]
    assert (found.model, found.previous, found.reason) == ("champion", "better", "Readers asked")


def test_rollback_without_an_earlier_model_says_so(home: Home) -> None:
    done = models(home, "rollback", TARGET)
    assert done.returncode == 2
    assert "none to go back to" in done.stderr


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (("compare", "weather"), TARGET),
        (("promote", "weather", "better"), TARGET),
        (("rollback", "weather"), TARGET),
        (("promote", TARGET, "oracle"), "better, champion, flat"),
        (("compare", TARGET, "champion", "oracle"), "better, champion, flat"),
    ],
    ids=" ".join,
)
def test_unknown_target_or_model_is_refused_with_those_that_are_known(
    home: Home, words: tuple[str, ...], known: str
) -> None:
    done = models(home, *words)
    assert done.returncode == 2
    assert known in done.stderr
    assert not home.decisions.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [(("promote", TARGET, "champion"), "already"), (("compare", TARGET, "flat", "flat"), "itself")],
)
def test_model_does_not_rival_itself(home: Home, words: tuple[str, ...], why: str) -> None:
    done = models(home, *words)
    assert (done.returncode, why in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "words", [("list",), ("compare", "a"), ("promote", "a", "b"), ("rollback", "a")], ids=" ".join
)
def test_home_without_a_release_exits_with_4_and_stays_untouched(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = models(Home(tmp_path / "none"), *words)
    assert done.returncode == 4
    assert "threatcast run" in done.stderr
    assert not (tmp_path / "none").exists()


def test_decision_waits_for_no_run(home: Home) -> None:
    with run_lock(home.lock):
        done = models(home, "promote", TARGET, "better")
    assert done.returncode == 75
    assert not home.decisions.exists()
