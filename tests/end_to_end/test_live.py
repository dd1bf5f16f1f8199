"""Nights after nights: what was published is scored, corrected in the open, withdrawn if bad."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from nights import threatcast
from threatcast_publishing.catalog import current, list_releases

LAST_DAY = date(2026, 6, 14)
EARLIER = date(2026, 5, 24)
WHY = "climatology was left out"
# these nights run fewer models than the first, so that their forecasts of the same date differ
CHANGED = {"THREATCAST_MODELS": "flat,comb_two,champion"}


@dataclass(frozen=True)
class Nights:
    """A home with a release of the last day, then of an earlier one, then a corrected one."""

    home: Path
    kept_before: dict[str, bytes]
    release: str
    repeated: str

    @property
    def tables(self) -> duckdb.DuckDBPyConnection:
        path = self.home / "releases" / self.release / "threatcast.duckdb"
        return duckdb.connect(str(path), read_only=True)


def kept(home: Path) -> dict[str, bytes]:
    """Return every file of the archive with its bytes."""
    root = home / "archive"
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def forge(home: Path, weeks: range) -> None:
    """Put forecasts of earlier weeks into the archive, as if they had been published then.

    Those of malware hosts never hold anything; those of DDoS targets hold all and say little.
    """
    (source,) = (home / "archive" / "forecasts" / LAST_DAY.isoformat()).glob("000-*.parquet")
    note = json.loads(source.with_suffix(".json").read_text("utf-8"))
    for back in weeks:
        day = LAST_DAY - timedelta(weeks=back)
        folder = home / "archive" / "forecasts" / day.isoformat()
        folder.mkdir()
        name = f"000-simulated-{day}-000000000000"
        duckdb.execute(
            f"COPY (SELECT * REPLACE (CAST(target_week - {7 * back} AS DATE) AS target_week, "
            "CASE WHEN model = 'champion' AND target = 'malware_hosts' "
            "THEN list_transform(quantiles, lambda q: 9999.0) "
            "WHEN model = 'champion' AND target = 'ddos_targets' "
            "THEN list_transform(quantiles, lambda q, i: if(i <= 12, 0.0, 20 * q)) "
            f"ELSE quantiles END AS quantiles) FROM read_parquet('{source}')) "
            f"TO '{folder / name}.parquet' (FORMAT parquet)"
        )
        facts = {"reference_date": day.isoformat(), "as_of": day.isoformat(), "release_id": name}
        (folder / f"{name}.json").write_text(
            json.dumps(note | facts | {"file_hash": ""}), encoding="utf-8"
        )


@pytest.fixture(scope="module")
def nights(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    home = tmp_path_factory.mktemp("live") / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    result = threatcast("run", "--as-of", EARLIER.isoformat(), home=home, **CHANGED)
    assert result.returncode == 0, result.stderr
    forge(home, range(4, 32))
    before = kept(home)
    last = ("run", "--as-of", LAST_DAY.isoformat(), "--correction", WHY)
    found = []
    for _ in range(2):
        result = threatcast(*last, home=home, **CHANGED)
        assert result.returncode == 0, result.stderr
        found.append(current(home / "releases"))
    return Nights(home, before, *found)


def test_later_night_scores_what_an_earlier_one_published(nights):
    rows = nights.tables.execute(
        "SELECT DISTINCT kind, as_of_kind, horizon FROM scores "
        "WHERE reference_date = ? AND target = 'exploited_vulnerabilities' AND kind = 'live' "
        "ORDER BY horizon",
        [EARLIER],
    ).fetchall()
    assert rows == [("live", "vintage", horizon) for horizon in (1, 2, 3)]
    kinds = nights.tables.execute("SELECT DISTINCT kind FROM scores ORDER BY kind").fetchall()
    assert kinds == [("backtest",), ("live",)]


def test_live_scores_change_no_mean_of_the_back_test(nights):
    means = nights.tables.execute(
        "SELECT sum(skill.scores) FROM skill WHERE model = 'flat'"
    ).fetchall()
    scores = nights.tables.execute(
        "SELECT count(*) FROM scores "
        "WHERE kind = 'backtest' AND model = 'flat' AND scaled_wis IS NOT NULL"
    ).fetchall()
    assert means == scores


def test_repeated_night_gives_the_same_release(nights):
    assert nights.repeated == nights.release
    assert len(list_releases(nights.home / "releases")) == 3


def test_correction_lies_beside_the_first_forecast_which_stays_as_it_was(nights):
    after = kept(nights.home)
    assert {name: after[name] for name in nights.kept_before} == nights.kept_before
    new = sorted(set(after) - set(nights.kept_before))
    stem = f"forecasts/{LAST_DAY}/001-{nights.release}"
    outlook = f"outlooks/{nights.release}.parquet"
    assert new == [f"{stem}.json", f"{stem}.parquet", outlook]
    note = json.loads(after[f"{stem}.json"])
    assert note["reason"] == f"{WHY} (settings changed: models)"


def test_place_whose_intervals_held_nothing_is_withheld_and_says_so(nights):
    row = nights.tables.execute(
        "SELECT state, reason, expected_4w, sentence FROM outlook "
        "WHERE target = 'malware_hosts' AND location = 'WORLD'"
    ).fetchall()[0]
    assert row[0] == "withheld"
    # only the one night that was not forged held a week
    assert row[1].startswith(
        ("drift: the 80 % interval held 0 %", "drift: the 80 % interval held 1 %")
    )
    assert row[2] is None
    assert "It is withheld" in row[3]
    states = nights.tables.execute(
        "SELECT DISTINCT model, state FROM forecast "
        "WHERE target = 'malware_hosts' AND location = 'WORLD' AND state <> ''"
    ).fetchall()
    assert [model for model, _ in states] == ["champion"]
    assert states[0][1].startswith("withheld, drift: ")


def test_place_whose_model_errs_more_than_the_baseline_shows_the_baseline(nights):
    model, grade, expected, reason, sentence = nights.tables.execute(
        "SELECT model, evidence_grade, expected_4w, reason, sentence FROM outlook "
        "WHERE target = 'ddos_targets' AND location = 'WORLD'"
    ).fetchall()[0]
    assert (model, grade) == ("comb_two", "D")
    assert expected > 0
    assert reason.endswith("times those of comb_two, which stands in")
    assert "These are the baseline's numbers" in sentence


def test_place_that_kept_its_promise_is_shown_as_ever(nights):
    rows = nights.tables.execute(
        "SELECT outlook.state, outlook.model, outlook.reason, drift.state FROM outlook "
        "INNER JOIN drift ON outlook.target = drift.target AND outlook.location = drift.place "
        "WHERE outlook.target = 'exploited_vulnerabilities' AND drift.scope = 'location'"
    ).fetchall()
    assert rows == [("published", "champion", None, "ok")]


def test_release_warns_of_drift(nights):
    path = nights.home / "releases" / nights.release / "manifest.json"
    warnings = json.loads(path.read_text("utf-8"))["warnings"]
    assert any(warning.startswith("release gate, drift: Published") for warning in warnings)
