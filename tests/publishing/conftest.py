"""A small warehouse with every published table: 2 targets, 4 locations, 70 weeks."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from small_release import describe
from threatcast_publishing.catalog import ReleaseInfo
from threatcast_publishing.release import StagedRelease, build, publish

AS_OF = date(2026, 6, 14)  # a Sunday
REFERENCE_WEEK = date(2026, 6, 8)
WEEKS = 70
BUILT_AT = datetime(2026, 6, 15, 2, 0, tzinfo=UTC)
LEVELS = (0.01, 0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99)
MODELS = ("champion", "flat")
# the world, a region, Namibia (whose code is NA) and South Africa (with too little evidence)
LOCATIONS = ("WORLD", "M49-002", "NA", "ZA")
PUBLISHED = (
    ("exploited_vulnerabilities", "WORLD"),
    ("ransomware_claims", "M49-002"),
    ("ransomware_claims", "NA"),
    ("ransomware_claims", "WORLD"),
)
SERIES = (*PUBLISHED, ("ransomware_claims", "ZA"))
# what the outlooks of ransomware are made of, over 4 and 12 weeks: 8 and 25 in all
PARTS = (
    ("usual", 1, 8.0, 24.0),
    ("late_reports", 2, 0.5, 1.5),
    ("level", 4, 0.25, 0.75),
    ("trend", 5, 0.0, 0.0),
    ("season", 6, -0.7, -1.3),
    ("calibration", 9, -0.05, -0.15),
    ("coherence", 10, 0.02, 0.04),
    ("middle", 11, -0.02, 0.16),
)

_OUTLOOK = """
    target varchar, location varchar, location_level varchar, location_name varchar,
    parent varchar, as_of date, data_through date, state varchar, reason varchar,
    evidence_grade varchar, usual_weekly double, usual_4w double, usual_12w double,
    expected_4w double, low80_4w double, high80_4w double, expected_12w double,
    low80_12w double, high80_12w double, p_above_usual_4w double, p_zero_4w double,
    trend varchar, p_large_decrease double, p_decrease double, p_stable double,
    p_increase double, p_large_increase double, sentence varchar, model varchar, run_id varchar
"""
DDL = {
    "outlook": _OUTLOOK,
    "forecast": """target varchar, location varchar, model varchar, reference_date date,
        horizon integer, target_week date, quantile double, value double, state varchar,
        is_published boolean""",
    "forecast_published": """target varchar, location varchar, model varchar, reference_date date,
        horizon integer, target_week date, quantile double, value double, state varchar""",
    "activity_weekly": """target varchar, location varchar, week date, value integer,
        observation varchar, nowcast double, nowcast_low80 double, nowcast_high80 double,
        as_of date""",
    "nowcast_quantiles": """target varchar, location varchar, reference_date date,
        target_week date, quantile double, value double""",
    "scores": """target varchar, location varchar, model varchar, reference_date date,
        horizon integer, kind varchar, as_of_kind varchar, wis double, scaled_wis double,
        covered_50 boolean, covered_80 boolean, covered_95 boolean""",
    "skill": """target varchar, location_level varchar, model varchar, horizon integer,
        mean_wis double, relative_to_flat double""",
    "track_record": """target varchar, location varchar, location_level varchar, kind varchar,
        model varchar, origins bigint, first_reference_date date, last_reference_date date,
        forecasts bigint, covered_50 double, covered_80 double, covered_95 double, wis double,
        wis_baseline double, relative_wis double, is_worse boolean""",
    "track_record_summary": """target varchar, kind varchar, scope varchar, scope_value varchar,
        model varchar, series bigint, origins bigint, forecasts bigint, covered_50 double,
        covered_80 double, covered_95 double, scaled_wis double, scaled_wis_baseline double,
        relative_to_flat double, is_worse boolean""",
    "feed_health": """feed varchar, state varchar, reason varchar, last_success timestamp,
        last_event date, age_hours double, records bigint, new_records bigint, licence varchar,
        publisher varchar, url varchar""",
    "targets": "target varchar, title varchar, description varchar, unit varchar, feed varchar",
    "locations": """location varchar, location_level varchar, location_name varchar,
        parent varchar, iso_alpha3 varchar, population bigint""",
    "models": """model varchar, title varchar, description varchar, method varchar,
        reference varchar, limits varchar, published_for varchar""",
    "data_vintages": """feed varchar, vintage_day date, payload varchar, row_count bigint,
        is_repeat boolean""",
    "drift": """target varchar, scope varchar, place varchar, model varchar, covered_80 double,
        state varchar, reason varchar""",
    "corrections": """target varchar, reference_date date, number integer, model varchar,
        release_id varchar, reason varchar, scaled_wis double""",
    "outlook_history": f"release_id varchar, {_OUTLOOK}",
    "outlook_groupings": """target varchar, grouping varchar, grouping_name varchar,
        members integer, members_with_outlook integer, share_of_events double, as_of date,
        data_through date, """
    + _OUTLOOK[_OUTLOOK.index("state varchar") :],
    "groupings": """grouping varchar, location varchar, since date, until date,
        grouping_name varchar, is_member boolean""",
    "forecast_history": """target varchar, location varchar, reference_date date, horizon integer,
        quantile double, target_week date, value double, observed integer, observation varchar,
        model varchar, release_id varchar, as_of date""",
    "changes": """target varchar, location varchar, as_of date, previous_as_of date,
        previous_release_id varchar, state_before varchar, state varchar,
        expected_4w_before double, expected_4w double, cause varchar, reason varchar""",
    "outlook_by_model": f"role varchar, since date, previous_until date, {_OUTLOOK}",
    "model_decisions": """target varchar, as_of date, action varchar, model_before varchar,
        model_after varchar, decided_by varchar, reason varchar""",
    "model_changes": """target varchar, since date, action varchar, until date,
        model_before varchar, model varchar, decided_by varchar, reason varchar""",
    "probability_scores": """target varchar, location_level varchar, model varchar,
        question varchar, n integer, score double, reference_score double, skill double""",
    "reliability": """target varchar, question varchar, bin integer, mean_forecast double,
        observed_frequency double, n integer, low90 double, high90 double""",
    "ranks": """scope varchar, scope_value varchar, target varchar, location varchar,
        rank integer, p_growth double, rank_low80 integer, rank_high80 integer, p_top3 double""",
    "level_shifts": """target varchar, location varchar, week date, noticed_week date,
        scope varchar, level_before double, level_after double, ratio double, as_of date""",
    "drivers": """target varchar, location varchar, driver varchar, position integer,
        events_4w double, events_12w double, model varchar, as_of date, run_id varchar""",
    "outlook_mix": """target varchar, location varchar, member varchar, weight double,
        events_4w double, events_12w double, model varchar, as_of date""",
    "warnings": """warning_id varchar, reference_date date, kind varchar, level varchar,
        target varchar, location varchar, detail varchar, since date, week date, observed double,
        observed_upper double, expected double, expected_low double, expected_high double,
        peak double, peak_week date, evidence double, stands_out boolean, behind varchar,
        forecasts_of varchar, agrees varchar, disagrees varchar""",
    "fairness": """grouping varchar, location varchar, places integer, targets integer,
        share_records double,
        share_population double, per_population double, share_internet_users double,
        per_internet_users double, forecasts bigint, relative_wis double,
        covered_80 double, cells bigint, share_published double, warnings_closed bigint,
        false_alarms bigint, share_false_alarms double, beyond varchar, as_of date""",
    "warnings_closed": """warning_id varchar, target varchar, location varchar, level varchar,
        kind varchar, opened date, closed_on date, outcome varchar""",
    "warning_outcomes": """scope varchar, scope_value varchar, told bigint, closed bigint,
        confirmed bigint, false_alarms bigint, data_faults bigint, share_confirmed double,
        share_false_alarms double, share_data_faults double, as_of date""",
    "phishing_mix": "week date, kind varchar, category varchar, urls integer, share double",
}


def _weeks() -> list[date]:
    return [REFERENCE_WEEK - timedelta(weeks=back) for back in range(WEEKS)]


def _outlook() -> list[tuple[Any, ...]]:
    names = {"WORLD": "World", "M49-002": "Africa", "NA": "Namibia", "ZA": "South Africa"}
    levels = {"WORLD": "world", "M49-002": "region"}
    parents = {"M49-002": "WORLD", "NA": "M49-002", "ZA": "M49-002"}
    rows = []
    for target, location in SERIES:
        head = (target, location, levels.get(location, "country"), names[location])
        head = (*head, parents.get(location), AS_OF, REFERENCE_WEEK + timedelta(days=6))
        if (target, location) not in PUBLISHED:
            reason = "3 events in 104 weeks, at least 20 are needed"
            rows.append((*head, "insufficient_evidence", reason, *[None] * 21))
            continue
        numbers = (2.0, 8.0, 24.0, 8.0, 3.0, 14.0, 25.0, 10.0, 40.0, 0.45, 0.0)
        chances = ("stable", 0.1, 0.2, 0.4, 0.2, 0.1)
        sentence = "About 8 are expected over the next 4 weeks, as usual."
        tail = (*numbers, *chances, sentence, _speaker(location), "2026-06-14-a1b2c3")
        rows.append((*head, "published", None, "A", *tail))
    return rows


def _speaker(location: str) -> str:
    """Return whose forecast is published: in Namibia another model stands in."""
    return "flat" if location == "NA" else "champion"


def _forecast() -> list[tuple[Any, ...]]:
    return [
        (
            target, location, model, AS_OF, horizon, AS_OF + timedelta(days=7 * horizon - 6),
            level, float(int(10 * level) + horizon // 4), "",
            (target, location) in PUBLISHED and model == _speaker(location),
        )
        for target, location in SERIES
        for model in MODELS
        for horizon in range(1, 13)
        for level in LEVELS
    ]  # fmt: skip


def _activity() -> list[tuple[Any, ...]]:
    """One missing week (not watched), one zero week, two provisional ones in each series."""
    rows = []
    for target, location in SERIES:
        for back, week in enumerate(_weeks()):
            kind = "missing" if back == 5 else "provisional" if back < 2 else "observed"
            value = None if back == 5 else 0 if back == 9 else 3 + back % 7
            nowcast = (value + 1.0, value, value + 3.0) if back < 2 else (None, None, None)
            rows.append((target, location, week, value, kind, *nowcast, AS_OF))
    return rows


def _scores() -> list[tuple[Any, ...]]:
    return [
        (
            target, location, model, AS_OF - timedelta(weeks=weeks), horizon, "backtest",
            "record_dates", 1.5, 0.5, True, True, False,
        )
        for target, location in PUBLISHED
        for model in MODELS
        for weeks in (16, 20)
        for horizon in (1, 2, 4)
    ]  # fmt: skip


def published_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Return valid rows of every published table, by table."""
    outlook, forecast = _outlook(), _forecast()
    return {
        "outlook": outlook,
        "forecast": forecast,
        "forecast_published": [row[:-1] for row in forecast if row[-1]],
        "activity_weekly": _activity(),
        "nowcast_quantiles": [
            (target, location, AS_OF, REFERENCE_WEEK, level, 10.0 + place)
            # South Africa is not published, its nowcast stays out of the hub
            for target, location in (("ransomware_claims", "WORLD"), ("ransomware_claims", "ZA"))
            for place, level in enumerate(LEVELS)
        ],
        "scores": _scores(),
        "skill": [
            (target, "world", model, horizon, 1.5, 1.0)
            for target, location in PUBLISHED
            if location == "WORLD"
            for model in MODELS
            for horizon in (1, 2, 4)
        ],
        "feed_health": [
            ("cisa_kev", "fresh", None, datetime(2026, 6, 14, 2, 3, 4, tzinfo=UTC),
             date(2026, 6, 12), 21.9, 1500, 0, "CC0-1.0", "CISA",
             "https://www.cisa.gov/feeds/kev.json"),
            ("ransomware_live", "stale", "nothing since 2026-05-01, limit 3 days",
             datetime(2026, 5, 1, 2, 0, tzinfo=UTC), date(2026, 4, 30), 1078.0, 20000, 12,
             "own terms of Ransomware.live", "Ransomware.live", None),
        ],
        "targets": [
            ("exploited_vulnerabilities", "Known exploited vulnerabilities",
             "Vulnerabilities that the US agency CISA adds to its list.", "vulnerabilities a week",
             "cisa_kev"),
            ("ransomware_claims", "Ransomware claims", "Victims named on leak sites.",
             "claims a week", "ransomware_live"),
        ],
        "locations": [
            ("WORLD", "world", "World", None, None, 60_000_000),
            ("M49-002", "region", "Africa", "WORLD", None, 60_000_000),
            ("NA", "country", "Namibia", "M49-002", "NAM", 2_500_000),
            ("ZA", "country", "South Africa", "M49-002", "ZAF", 57_500_000),
        ],
        "models": [
            ("champion", "Champion", "The model that did best so far.", "Chosen by back-tests.",
             None, "Knows only the past.", "ransomware_claims"),
            ("flat", "Flat", "The last weeks go on.", "Quantiles of the last weeks.",
             "https://doi.org/10.1000/1", "No trend.", ""),
        ],
        "data_vintages": [
            ("cisa_kev", date(2026, 6, 13), "0123456789ab", 1499, False),
            ("cisa_kev", date(2026, 6, 14), "123456789abc", 1500, False),
            ("ransomware_live", date(2026, 5, 1), "23456789abcd", 20000, False),
        ],
        "track_record": [
            ("ransomware_claims", "NA", "country", "backtest", "champion", 6, date(2025, 1, 5),
             date(2026, 3, 1), 24, 0.5, 0.75, 0.875, 1.2, 1.5, 0.8, False),
        ],
        "track_record_summary": [
            ("ransomware_claims", "backtest", "all", "all", "champion", 1, 6, 24, 0.5, 0.75, 0.875,
             0.8, 1.0, 0.8, False),
        ],
        "drift": [
            ("ransomware_claims", "level", "country", "champion", 0.81, "ok", None),
            ("ransomware_claims", "location", "NA", "champion", 0.6, "warn",
             "drift: the 80 % interval held 60 % of the weeks"),
        ],
        "corrections": [
            ("ransomware_claims", AS_OF - timedelta(weeks=2), 1, "champion",
             "2026-06-03-0123456789ab", "data changed: ransomware_live", None),
        ],
        "outlook_history": [("2026-06-07-0123456789ab", *row) for row in outlook],
        "outlook_groupings": [
            ("ransomware_claims", "AU", "African Union", 2, 1, 0.97, *outlook[2][5:]),
        ],
        "groupings": [("AU", "NA", date(1990, 1, 1), None, "African Union", True)],
        "forecast_history": [
            ("ransomware_claims", "NA", AS_OF, 1, 0.5, AS_OF + timedelta(days=1), 3.0, None, None,
             "flat", None, AS_OF),
        ],
        "changes": [
            ("ransomware_claims", "NA", AS_OF, date(2026, 6, 7), "2026-06-07-0123456789ab",
             "published", "published", 9.0, 8.0, "new_counts", "counts through 2026-06-14"),
        ],
        "outlook_by_model": [
            ("published", None, None, *row) for row in outlook if row[7] == "published"
        ],
        "model_decisions": [
            ("ransomware_claims", AS_OF, "keep", "champion", "champion", "gate", "it stays"),
        ],
        "model_changes": [
            ("ransomware_claims", date(2026, 1, 5), "rollback", None, "flat", "champion", "person",
             "readers asked for it"),
        ],
        "probability_scores": [
            ("ransomware_claims", "all", "champion", "zero_4w", 40, 0.05, 0.1, 0.5),
        ],
        "reliability": [("ransomware_claims", "zero_4w", 1, 0.04, 0.05, 40, 0.0, 0.1)],
        "ranks": [
            ("target", "ransomware_claims", "ransomware_claims", "NA", 1, 0.3, 1, 2, 1.0),
        ],
        "level_shifts": [
            ("ransomware_claims", "NA", REFERENCE_WEEK - timedelta(weeks=9),
             REFERENCE_WEEK - timedelta(weeks=7), "series", 8.0, 2.0, 0.25, AS_OF),
        ],
        "drivers": [
            ("ransomware_claims", place, *part, _speaker(place), AS_OF, "2026-06-14-a1b2c3")
            for target, place in PUBLISHED if target == "ransomware_claims"
            for part in PARTS
        ],
        "outlook_mix": [
            ("ransomware_claims", "WORLD", member, weight, events, 3 * events, "champion", AS_OF)
            for member, weight, events in (("calendar", 0.75, 8.0), ("prophet", 0.25, 12.0))
        ],
        "warnings": [
            ("0123456789abcdef", AS_OF, "surge", "elevated", "ransomware_claims", "NA", "",
             REFERENCE_WEEK - timedelta(weeks=2), REFERENCE_WEEK, 9.0, 12.0, 2.0, 0.0, 5.0, 9.0,
             REFERENCE_WEEK, 31.5, True, None, "backtest", "", ""),
            ("fedcba9876543210", AS_OF, "silence", "elevated", "exploited_vulnerabilities", "WORLD",
             "stale", REFERENCE_WEEK - timedelta(weeks=4), REFERENCE_WEEK, *[None] * 8, False, None,
             None, "", ""),
        ],
        "fairness": [
            ("region", "M49-002", 2, None, 0.1, 0.5, 0.2, 0.4, 0.25, 60, 0.9, 0.82, 4, 0.5, 3, 1,
             1 / 3, "per_population", AS_OF),
        ],
        "warnings_closed": [
            ("aabbccddeeff0011", "ransomware_claims", "NA", "elevated", "surge",
             AS_OF - timedelta(days=20), AS_OF - timedelta(days=9), "confirmed"),
        ],
        "warning_outcomes": [
            ("all", "all", 4, 1, 1, 0, 0, 1.0, 0.0, 0.0, AS_OF),
            ("kind", "surge", 4, 1, 1, 0, 0, 1.0, 0.0, 0.0, AS_OF),
        ],
        "phishing_mix": [
            (REFERENCE_WEEK, "country_domain", "de", 10, 0.25),
            (REFERENCE_WEEK, "country_domain", "na", 30, 0.75),
            (REFERENCE_WEEK, "host_kind", "own domain", 40, 1.0),
        ],
    }  # fmt: skip


def write_warehouse(path: Path, shuffle: int | None = None) -> Path:
    """Write a warehouse file; `shuffle` seeds another order of its rows."""
    with duckdb.connect(str(path)) as con:
        con.begin()
        con.execute("create schema published")
        for name, rows in published_rows().items():
            if shuffle is not None:
                random.Random(shuffle).shuffle(rows)  # noqa: S311
            con.execute(f"create table published.{name} ({DDL[name]})")
            describe(con, name)
            columns = [pa.array(column) for column in zip(*rows, strict=True)]
            con.register("rows", pa.table(columns, names=[f"c{at}" for at in range(len(columns))]))
            con.execute(f"insert into published.{name} from rows")
        con.commit()
    return path


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory) -> Path:
    """A warehouse that nobody may change."""
    return write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb")


@pytest.fixture
def changed(warehouse, tmp_path) -> Callable[..., Path]:
    """Make a warehouse of the test's own: `changed("update …")` or `changed(shuffle=3)`."""

    def make(*sql: str, shuffle: int | None = None) -> Path:
        path = tmp_path / f"w{len(list(tmp_path.glob('w*.duckdb')))}.duckdb"
        if shuffle is not None:
            return write_warehouse(path, shuffle)
        shutil.copy(warehouse, path)
        with duckdb.connect(str(path)) as con:
            for statement in sql:
                con.execute(statement)
        return path

    return make


@pytest.fixture(scope="session")
def stage() -> Callable[..., StagedRelease]:
    """Build a release with plain settings; any argument of `build` may be given."""

    def make(warehouse: Path, releases: Path, **given: Any) -> StagedRelease:
        usual = {
            "as_of": AS_OF,
            "source": "mirror",
            "settings": {"horizon": 12},
            "commit": "0" * 40,
            "built_at": BUILT_AT,
        }
        return build(warehouse, releases, **{**usual, **given})

    return make


@pytest.fixture(scope="session")
def staged(warehouse, stage, tmp_path_factory) -> StagedRelease:
    """A real release, staged; nobody may change it."""
    return stage(warehouse, tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="session")
def simulated(warehouse, stage, tmp_path_factory) -> StagedRelease:
    """A simulated release, staged; nobody may change it."""
    return stage(warehouse, tmp_path_factory.mktemp("simulated"), source="sample")


@pytest.fixture(scope="session")
def starter(warehouse, stage, tmp_path_factory) -> StagedRelease:
    """A release of the starter, staged; nobody may change it."""
    return stage(warehouse, tmp_path_factory.mktemp("starter"), source="starter")


@pytest.fixture(scope="session")
def published(staged) -> Callable[[Path], ReleaseInfo]:
    """Make a folder of releases with one in it, current: a copy of `staged`, published."""

    def make(releases: Path) -> ReleaseInfo:
        shutil.copytree(staged.releases, releases)
        copy = replace(staged, releases=releases, folder=releases / staged.folder.name)
        return publish(copy).info

    return make
