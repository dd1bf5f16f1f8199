"""A night in MLflow: its runs, its pictures, its champions, and that it is written down once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threatcast_forecasting.night.inputs import NightInputs, NightOptions
from threatcast_orchestration.commands.doctor import all_checks
from threatcast_orchestration.forecasts.kept import KeptForecasts
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.run.settings import Settings
from threatcast_orchestration.tracking import (
    NightRecord,
    migrate,
    newest_page,
    open_store,
    record_of,
    track_night,
)
from threatcast_orchestration.tracking.artifact_paths import points_elsewhere, store_path
from threatcast_orchestration.tracking.figures import PIT_BINS, pit_density
from threatcast_orchestration.tracking.lookup import night_of, registered_versions
from threatcast_orchestration.tracking.metrics import of_model
from threatcast_orchestration.tracking.night import digest
from threatcast_orchestration.tracking.store import newest_revision
from threatcast_orchestration.warehouse.raw import connect
from tracking_kit import (
    MODELS,
    PLACES,
    TARGETS,
    decision,
    one_target,
    panel,
    record,
    reliability,
    scores,
)


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """Return a home with one night, and the id of its parent run; tests read it."""
    home = Home(tmp_path_factory.mktemp("tracked"))
    return home, track_night(home, record())


@pytest.fixture
def client(tracked: tuple[Home, str]) -> Iterator[Any]:
    with open_store(tracked[0]) as opened:
        yield opened


def runs(client: Any, parent: str | None = None) -> dict[str, Any]:
    """Return all runs, or those below a parent, by name."""
    experiment = client.get_experiment_by_name("threatcast").experiment_id
    below = f"tags.mlflow.parentRunId = '{parent}'" if parent else ""
    found = client.search_runs([experiment], below, max_results=1000)
    return {run.info.run_name: run for run in found}


def test_a_night_is_one_run_with_targets_and_models_below(
    tracked: tuple[Home, str], client: Any
) -> None:
    night = client.get_run(tracked[1])
    assert (night.info.run_name, night.info.status) == ("nightly 2026-06-14", "FINISHED")
    targets = runs(client, tracked[1])
    assert set(targets) == set(TARGETS)
    for target in targets.values():
        assert target.info.status == "FINISHED"
        models = runs(client, target.info.run_id)
        assert set(models) == set(MODELS)
        assert {model.info.status for model in models.values()} == {"FINISHED"}


def test_every_run_says_what_its_numbers_depend_on(client: Any) -> None:
    for run in runs(client).values():
        tags = {key: run.data.tags[f"threatcast.{key}"] for key in ("as_of", "commit", "mark")}
        assert tags == {"as_of": "2026-06-14", "commit": "c0ffee", "mark": "simulated"}
        assert run.data.tags["threatcast.vintage_hash"] == "aaaa"
        assert run.data.tags["threatcast.settings_hash"] == "bbbb"
        assert run.data.params["horizon"] == "4"


def test_model_is_measured_overall_and_against_its_rivals(
    tracked: tuple[Home, str], client: Any
) -> None:
    target = runs(client, tracked[1])["malware_hosts"]
    models = runs(client, target.info.run_id)
    metrics, flat = models["champion"].data.metrics, models["flat"].data.metrics
    assert metrics["scaled_wis"] == pytest.approx(0.4)
    assert metrics["relative_to_flat"] == pytest.approx(0.5)
    assert metrics["relative_to_comb_two"] == pytest.approx(0.8)
    assert metrics["log_relative_to_flat"] == pytest.approx(metrics["log_wis"] / flat["log_wis"])
    assert metrics["coverage_50"] == pytest.approx(0.5)
    assert metrics["series"] == 2
    assert target.data.metrics["scaled_wis.flat"] == pytest.approx(0.8)


def test_target_says_what_was_decided_with_both_scores(
    tracked: tuple[Home, str], client: Any
) -> None:
    target = runs(client, tracked[1])["malware_hosts"]
    assert target.data.tags["threatcast.decision.action"] == "keep"
    assert target.data.tags["threatcast.decision.reason"] == "it does not win on WIS"
    assert target.data.params["published"] == "comb_two"
    assert target.data.params["challenger"] == "flat"
    metrics = {name: target.data.metrics[f"gate.{name}"] for name in ("scaled_wis", "ratio")}
    assert metrics == {"scaled_wis": 0.5, "ratio": 1.6}
    assert target.data.metrics["gate.challenger_scaled_wis"] == 0.8


def test_metrics_by_horizon_have_the_horizon_as_step(
    tracked: tuple[Home, str], client: Any
) -> None:
    target = runs(client, tracked[1])["malware_hosts"]
    flat = runs(client, target.info.run_id)["flat"].info.run_id
    history = client.get_metric_history(flat, "scaled_wis_by_horizon")
    assert {point.step: pytest.approx(point.value) for point in history} == {1: 0.75, 2: 0.85}


def test_series_weigh_the_same_however_many_origins_they_have() -> None:
    rows = scores().query("target == 'malware_hosts' and model == 'flat'").copy()
    rows.loc[rows["location"] == "DE", "scaled_wis"] = 2.0
    rows.loc[rows["location"] == "WORLD", "scaled_wis"] = 1.0
    fewer = rows[(rows["location"] == "DE") | (rows["reference_date"] == "2026-05-03")]
    values = {one.name: one.value for one in of_model(fewer, "flat") if "horizon" not in one.name}
    assert values["scaled_wis"] == pytest.approx(1.5)


def test_series_that_fell_back_are_counted() -> None:
    rows = scores().query("target == 'malware_hosts'").copy()
    fell = (rows["model"] == "comb_two") & (rows["location"] == "DE")
    rows.loc[fell, "state"] = "fallback: too short"
    values = {one.name: one.value for one in of_model(rows, "comb_two")}
    assert (values["series"], values["fallbacks"]) == (2, 1)


def test_night_keeps_its_tables_and_names_its_panel(tracked: tuple[Home, str], client: Any) -> None:
    folder = client.get_run(tracked[1]).info.artifact_uri.removeprefix("file://")
    assert pd.read_parquet(f"{folder}/tables/scores.parquet").equals(scores())
    (given,) = client.get_run(tracked[1]).inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("panel", digest(panel()))
    assert len(pd.read_parquet(f"{folder}/tables/panel.parquet")) == len(panel())
    assert len(pd.read_parquet(f"{folder}/tables/known.parquet")) == 0
    for target in runs(client, tracked[1]).values():
        (same,) = target.inputs.dataset_inputs  # what MLflow's page shows in its column "Dataset"
        assert same.dataset.digest == given.dataset.digest


def test_night_and_targets_have_their_pictures(tracked: tuple[Home, str], client: Any) -> None:
    for run in (client.get_run(tracked[1]), *runs(client, tracked[1]).values()):
        folder = Path(run.info.artifact_uri.removeprefix("file://")) / "figures"
        pictures = {path.name: path.read_bytes() for path in folder.iterdir()}
        asked = {"reliability.png"} if run.info.run_name == "malware_hosts" else set()
        assert set(pictures) == asked | {
            "scaled_wis_by_horizon.png",
            "calibration.png",
            "coverage.png",
        }
        assert {content[:4] for content in pictures.values()} == {b"\x89PNG"}


def test_champion_of_each_target_is_registered_with_its_run(client: Any) -> None:
    for target, model in zip(TARGETS, ("comb_two", "flat"), strict=True):
        version = client.get_model_version_by_alias(f"threatcast-{target}", "champion")
        assert version.tags["threatcast.model"] == model
        assert client.get_run(version.run_id).info.run_name == target


def test_challenger_has_its_own_alias_and_none_where_there_is_none(client: Any) -> None:
    version = client.get_model_version_by_alias("threatcast-malware_hosts", "challenger")
    assert version.tags["threatcast.model"] == "flat"
    (other,) = client.search_registered_models("name = 'threatcast-ransomware_claims'")
    assert set(other.aliases) == {"champion"}


def test_targets_that_take_the_same_model_share_what_is_logged_of_it(client: Any) -> None:
    """`flat` is the challenger of one target and the champion of the other."""
    names = [f"threatcast-{target}" for target in TARGETS]
    flat = [
        client.get_model_version_by_alias(names[0], "challenger"),
        client.get_model_version_by_alias(names[1], "champion"),
    ]
    (source,) = {version.source for version in flat}
    assert {client.get_run(version.run_id).info.run_name for version in flat} == set(TARGETS)
    for version in flat:
        given = client.get_run(version.run_id).outputs.model_outputs
        places = {client.get_logged_model(one.model_id).artifact_location for one in given}
        assert source in places


def test_champion_forecasts_a_panel_in_the_hub_format(tracked: tuple[Home, str]) -> None:
    import mlflow
    from threatcast_forecasting.quantiles import LEVELS

    with open_store(tracked[0]):
        model = mlflow.pyfunc.load_model("models:/threatcast-malware_hosts@champion")
    made = model.predict(panel().query("target == 'malware_hosts'"))
    assert list(made.columns) == [column.name for column in model.metadata.get_output_schema()]
    assert set(made["location"]) == set(PLACES)
    assert set(made["horizon"]) == {1, 2, 3, 4}
    assert sorted(set(made["output_type_id"].astype(float))) == list(LEVELS)
    # the panel ends on Monday 2026-04-13; weeks end on their Sundays
    assert set(made["reference_date"]) == {pd.Timestamp("2026-04-19")}
    first = made.query("horizon == 1")
    assert set(first["target_end_date"]) == {pd.Timestamp("2026-04-26")}
    assert (made["value"] >= 0).all()


def test_same_night_again_is_the_same_run(tracked: tuple[Home, str], client: Any) -> None:
    before = len(runs(client))
    assert track_night(tracked[0], record()) == tracked[1]
    assert len(runs(client)) == before


def test_interrupted_night_is_written_anew(fresh: Home) -> None:
    broken = one_target(decisions=[])
    with pytest.raises(StopIteration):
        track_night(fresh, broken)
    with open_store(fresh) as client:
        assert {run.info.status for run in runs(client).values()} == {"FAILED"}
        night = track_night(fresh, one_target())
        left = runs(client)
    assert left["nightly 2026-06-14"].info.run_id == night
    assert {run.info.status for run in left.values()} == {"FINISHED"}


def test_champion_that_stays_is_not_registered_anew(fresh: Home) -> None:
    first = one_target()
    name = "threatcast-malware_hosts"

    def champion(client: Any) -> tuple[str, int]:
        version = client.get_model_version_by_alias(name, "champion")
        return str(version.version), len(client.search_model_versions(f"name = '{name}'"))

    track_night(fresh, first)
    with open_store(fresh) as client:
        assert champion(client) == ("1", 1)
        track_night(fresh, replace(first, as_of=date(2026, 6, 15)))
        assert champion(client) == ("1", 1)
        other = [decision("malware_hosts", "flat", None)]
        track_night(fresh, replace(first, as_of=date(2026, 6, 16), decisions=other))
        assert champion(client) == ("2", 2)
        (known,) = client.search_registered_models(f"name = '{name}'")
        assert set(known.aliases) == {"champion"}
        track_night(fresh, replace(first, as_of=date(2026, 6, 17)))
        assert champion(client) == ("1", 2)


def places(home: Home) -> str:
    """Return all text of the store, in which an address may stand."""
    with closing(sqlite3.connect(store_path(home))) as store:
        return "\n".join(store.iterdump())


def test_moved_home_writes_its_artifacts_in_its_new_place(tmp_path: Path, fresh: Home) -> None:
    import mlflow
    from mlflow.utils.file_utils import local_file_uri_to_path

    old, new = Home(tmp_path / "C# (old)"), Home(tmp_path / "new [1]")
    fresh.root.rename(old.root)
    first = one_target()
    night = track_night(old, first)
    old.root.rename(new.root)
    old.root.write_text("a file: nothing can be written below it", encoding="utf-8")
    assert "C%23" in points_elsewhere(new)
    second = track_night(new, replace(first, as_of=date(2026, 6, 15)))
    with open_store(new) as client:
        for run in (night, second):
            place = local_file_uri_to_path(client.get_run(run).info.artifact_uri)
            assert Path(place).is_relative_to(new.root)
            assert (Path(place) / "tables" / "panel.parquet").is_file()
        loaded = mlflow.pyfunc.load_model("models:/threatcast-malware_hosts@champion")
        assert len(loaded.predict(panel().query("target == 'malware_hosts'")))
    assert points_elsewhere(new) == ""
    assert "C%23" not in places(new)
    for described in new.mlflow.rglob("MLmodel"):
        assert "C%23" not in described.read_text(encoding="utf-8")
    assert old.root.is_file()


def test_names_of_a_night_are_told_without_mlflow_s_tables(
    tracked: tuple[Home, str], client: Any, tmp_path: Path
) -> None:
    home, run = tracked
    told = night_of(home, record().run_id, "2099-01-01")
    assert told is not None
    assert told["mlflow_run_id"] == run
    assert told["artifacts"] == client.get_run(run).info.artifact_uri
    assert told["vintage_hash"] == "aaaa"
    experiment = client.get_run(run).info.experiment_id
    assert newest_page(home) == (
        f"/#/experiments/{experiment}/runs/{run}?workflowType=machine_learning"
    )
    assert newest_page(Home(tmp_path)) is None
    assert night_of(home, record().run_id, "2000-01-01") is None
    assert night_of(home, "another", "2099-01-01") is None
    versions = registered_versions(home)
    assert versions == {
        model.name.removeprefix("threatcast-"): {
            alias: str(version) for alias, version in model.aliases.items()
        }
        for model in client.search_registered_models()
    }
    # of a home that was moved, or whose lines are damaged
    moved = Home(tmp_path / "moved")
    moved.mlflow.mkdir(parents=True)
    lines = (home.mlflow / "nights.jsonl").read_text()
    (moved.mlflow / "nights.jsonl").write_text(f"{{cut\n{lines}")
    again = night_of(moved, record().run_id, "2099-01-01")
    assert again is not None
    assert again["artifacts"].startswith(moved.mlflow.as_uri())
    assert registered_versions(Home(tmp_path / "none")) == {}


def test_doctor_puts_a_moved_home_right(tmp_path: Path, fresh: Home) -> None:
    track_night(fresh, one_target())
    moved = Home(tmp_path / "elsewhere")
    fresh.root.rename(moved.root)
    for result, words in (("note", "put right"), ("ok", "nothing points out")):
        (told,) = [one for one in all_checks(moved, Settings()) if one.check == "place"]
        assert told.result == result
        assert words in told.detail
    assert str(fresh.root) not in places(moved)


def test_store_of_an_older_mlflow_is_brought_up_to_date(tmp_path: Path) -> None:
    from mlflow.store.tracking.dbmodels.initial_models import Base
    from sqlalchemy import create_engine

    home = Home(tmp_path)
    home.mlflow.mkdir()
    engine = create_engine(f"sqlite:///{store_path(home)}")
    Base.metadata.create_all(engine)
    engine.dispose()
    assert migrate(home)
    with closing(sqlite3.connect(store_path(home))) as store:
        revision = store.execute("SELECT version_num FROM alembic_version").fetchall()
    assert revision == [(newest_revision(),)]
    # the old one stays beside it
    assert (home.mlflow / "mlflow-none.db").is_file()
    assert not migrate(home)


def test_newest_revision_is_the_one_that_mlflow_wants() -> None:
    from mlflow.store.db.utils import _get_latest_schema_revision

    assert newest_revision() == _get_latest_schema_revision()


def test_making_a_store_leaves_nothing_in_the_working_folder(empty_store: Path) -> None:
    assert not list((empty_store.parents[1] / "here").iterdir())


def test_record_takes_the_night_s_tables_and_the_payloads_of_the_warehouse(
    home: Home, tmp_path: Path
) -> None:
    tables = {
        "weights": pd.DataFrame({"target": TARGETS}),
        "known": record().known,
        "reliability": reliability(),
        "scores": scores(),
        "seconds": pd.DataFrame({"model": ["flat"], "seconds": [0.5]}),
    }
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    moment = datetime(2026, 6, 14, tzinfo=UTC)
    plan = Plan(home, Settings(origins=6), "mirror", None, moment.date(), moment)
    inputs = NightInputs(
        panel(), pd.DataFrame(), pd.DataFrame(), NightOptions(MODELS), "0123456789abcdef"
    )

    decisions = record().decisions

    def record_with(payload: str) -> NightRecord:
        with connect(home) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
            connection.execute(
                "CREATE OR REPLACE TABLE raw.vintages AS SELECT 'cisa_kev' AS feed, "
                f"DATE '2026-06-14' AS vintage_day, '{payload}' AS payload"
            )
        return record_of(plan, inputs, KeptForecasts(tmp_path, "key", reused=False), decisions)

    night = record_with("aa")
    assert night.decisions == decisions
    assert (night.run_id, night.source) == ("0123456789abcdef", "mirror")
    assert night.models == MODELS, "what was run, not what settings say now"
    assert night.params["origins"] == 6
    assert night.seconds == {"flat": 0.5}
    assert night.tags["threatcast.mark"] == ""
    assert record_with("aa").vintage_hash == night.vintage_hash
    assert record_with("bb").vintage_hash != night.vintage_hash


def test_digest_of_a_panel_follows_its_values_and_not_its_order() -> None:
    assert digest(panel().sample(frac=1, random_state=1)) == digest(panel())
    changed = panel()
    changed.loc[5, "value"] += 1
    assert digest(changed) != digest(panel())


def test_pit_of_calibrated_counts_is_flat_and_of_biased_ones_is_not() -> None:
    edges = np.linspace(0, 1, 21)
    assert pit_density(edges[:-1], edges[1:]) == pytest.approx(np.ones(PIT_BINS))
    high = pit_density(np.array([0.9, np.nan]), np.array([1.0, np.nan]))
    assert high == pytest.approx([0] * (PIT_BINS - 1) + [PIT_BINS])


def test_pit_at_the_very_ends_keeps_all_mass() -> None:
    density = pit_density(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert density.sum() == pytest.approx(PIT_BINS)
    assert density[0] == density[-1] == pytest.approx(PIT_BINS / 2)
