"""The hub reads with hubverse tools and keeps to the rules of its schemas."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta

import hubdata
import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hubdata.connect_target_data import connect_target_data
from hubdata.create_target_data_schema import TargetType
from small_release import AS_OF
from threatcast_publishing.formats.hubverse import FORMAT
from threatcast_publishing.hub import config
from threatcast_publishing.source import ReleaseContext

SETTINGS = ("admin", "tasks", "target-data", "model-metadata-schema")
# the keys that the schemas v6.0.0 know at each place; they allow no others
ADMIN = {
    "schema_version", "name", "maintainer", "contact", "repository", "zoltar_project_id",
    "citation", "file_format", "timezone", "cloud",
}  # fmt: skip
ROUND = {
    "round_id_from_variable", "round_id", "round_name", "model_tasks", "submissions_due",
    "last_data_date", "file_format", "derived_task_ids", "additional_metadata",
}  # fmt: skip
TARGET = {
    "target_id", "target_name", "target_units", "target_keys", "description", "target_type",
    "is_step_ahead", "time_unit", "additional_metadata",
}  # fmt: skip
OUTPUT = "hub/model-output/threatcast-flat/2026-06-14-threatcast-flat.parquet"


@pytest.fixture(scope="module")
def hub(staged):
    return (staged.folder / "hub").resolve()  # hubdata wants an absolute path


@pytest.fixture(scope="module")
def settings(hub):
    return {
        name: json.loads((hub / "hub-config" / f"{name}.json").read_bytes()) for name in SETTINGS
    }


@pytest.fixture(scope="module")
def output(hub):
    return hubdata.connect_hub(str(hub)).to_table()


@pytest.fixture
def copy(staged, tmp_path):
    return shutil.copytree(staged.folder, tmp_path / "copied")


def test_hubdata_reads_the_model_output(output):
    assert set(output.column("model_id").to_pylist()) == {
        "threatcast-champion",
        "threatcast-flat",
        "threatcast-published",
    }
    assert output.num_rows == 3 * 4 * 12 * 23 + 23  # models, series, horizons, levels; a nowcast
    assert output.schema.field("output_type_id").type == pa.string()
    assert output.schema.field("horizon").type == pa.int32()


def test_nowcast_is_horizon_0_of_the_forecasts_behind_the_outlook(output, settings):
    found = [row for row in output.to_pylist() if row["horizon"] == 0]
    assert {(row["model_id"], row["target"], row["location"]) for row in found} == {
        ("threatcast-published", "ransomware_claims", "WORLD")
    }
    values = {float(row["output_type_id"]): row["value"] for row in found}
    assert (len(values), values[0.5]) == (23, 21.0)
    horizons = {
        task["task_ids"]["target"]["optional"][0]: task["task_ids"]["horizon"]["optional"]
        for task in settings["tasks"]["rounds"][0]["model_tasks"]
    }
    assert horizons["ransomware_claims"] == list(range(13))
    assert horizons["exploited_vulnerabilities"] == list(range(1, 13))


def test_only_published_series_are_in_the_hub(output):
    found = {(row["target"], row["location"]) for row in output.to_pylist()}
    assert found == {
        ("exploited_vulnerabilities", "WORLD"),
        ("ransomware_claims", "M49-002"),
        ("ransomware_claims", "NA"),
        ("ransomware_claims", "WORLD"),
    }


def test_weeks_end_on_sundays_and_seven_days_a_horizon_later(output):
    for row in output.to_pylist():
        assert row["reference_date"] == date(2026, 6, 14)
        assert row["target_end_date"] == row["reference_date"] + timedelta(7 * row["horizon"])
        assert row["target_end_date"].isoweekday() == 7


def test_levels_are_the_text_that_tasks_json_requires(output, settings):
    (first, _) = settings["tasks"]["rounds"][0]["model_tasks"]
    levels = first["output_type"]["quantile"]["output_type_id"]["required"]
    assert len(levels) == 23
    assert {row["output_type_id"] for row in output.to_pylist()} == {str(x) for x in levels}


def test_hub_and_table_hold_the_same_numbers(output, staged):
    def key(row, day, level):
        return row["target"], row["location"], row["horizon"], day, float(level)

    table = pq.read_table(staged.folder / "parquet" / "forecast.parquet").to_pylist()
    expected = {
        (f"threatcast-{model}", *key(row, row["reference_date"], row["quantile"])): row["value"]
        for row in table
        for model in [row["model"], *(["published"] if row["is_published"] else [])]
        if row["location"] != "ZA"
    }
    found = {
        (row["model_id"], *key(row, row["reference_date"], row["output_type_id"])): row["value"]
        for row in output.to_pylist()
        if row["horizon"] > 0
    }
    assert found == expected


def test_forecast_that_a_model_did_not_give_is_left_out(changed, stage, tmp_path):
    sql = "update published.forecast set value = null where model = 'flat' and location = 'NA'"
    staged = stage(changed(sql), tmp_path / "r")
    rows = pq.read_table(staged.folder / OUTPUT).to_pylist()
    assert {row["location"] for row in rows} == {"WORLD", "M49-002"}


def test_time_series_holds_observed_weeks_and_never_a_missing_one(hub):
    rows = connect_target_data(str(hub), TargetType.TIME_SERIES).to_table().to_pylist()
    namibia = {row["target_end_date"]: row for row in rows if row["location"] == "NA"}
    assert len(namibia) == 69  # of 70 weeks one was not watched
    assert date(2026, 5, 10) not in namibia
    assert namibia[date(2026, 4, 12)]["observation"] == 0
    assert namibia[date(2026, 6, 14)]["status"] == "provisional"
    assert {row["as_of"] for row in rows} == {date(2026, 6, 14)}
    assert "ZA" not in {row["location"] for row in rows}


def test_oracle_output_is_the_truth_of_scored_weeks_once_it_is_final(hub, settings):
    rows = connect_target_data(str(hub), TargetType.ORACLE_OUTPUT).to_table().to_pylist()
    asked = {
        day
        for task in settings["tasks"]["rounds"][0]["model_tasks"]
        for day in task["task_ids"]["target_end_date"]["optional"]
    }
    days = {row["target_end_date"] for row in rows}
    assert days
    assert {day.isoformat() for day in days} <= asked
    assert max(days) < date(2026, 6, 7)  # the newest two weeks may still grow


def test_settings_name_the_schemas_they_keep_to(settings):
    for name in ("admin", "tasks", "target-data"):
        version = settings[name]["schema_version"]
        assert version.endswith(f"/hubverse-org/schemas/main/v6.0.0/{name}-schema.json")


def test_admin_holds_what_the_schema_requires_and_nothing_it_does_not_know(settings):
    admin = settings["admin"]
    assert set(admin) <= ADMIN
    assert ADMIN - set(admin) == {"zoltar_project_id", "citation", "cloud"}
    assert admin["timezone"] == "Africa/Abidjan"
    assert admin["file_format"] == ["parquet"]


def test_tasks_hold_what_the_schema_requires_and_nothing_it_does_not_know(settings):
    tasks = settings["tasks"]
    assert set(tasks) == {
        "schema_version",
        "rounds",
        "output_type_id_datatype",
        "derived_task_ids",
    }
    (found,) = tasks["rounds"]
    assert set(found) <= ROUND
    assert found["round_id"] in found["model_tasks"][0]["task_ids"]
    assert found["submissions_due"].keys() == {"relative_to", "start", "end"}
    for task in found["model_tasks"]:
        assert set(task) == {"task_ids", "output_type", "target_metadata"}
        for values in task["task_ids"].values():
            assert values.keys() == {"required", "optional"}
            listed = values["optional"]
            assert listed == sorted(set(listed))
        quantile = task["output_type"]["quantile"]
        assert quantile.keys() == {"output_type_id", "is_required", "value"}
        assert quantile["output_type_id"].keys() == {"required"}
        (target,) = task["target_metadata"]
        assert set(target) <= TARGET
        assert len(target["target_id"]) <= 30
        assert len(target["target_name"]) <= 100
        assert len(target["target_units"]) <= 100
        assert target["target_keys"] == {"target": task["task_ids"]["target"]["optional"][0]}


def test_target_data_settings_hold_nothing_that_the_schema_does_not_know(settings):
    found = settings["target-data"]
    assert set(found) <= {
        "schema_version", "observable_unit", "date_col", "time-series", "oracle-output",
        "additional_metadata",
    }  # fmt: skip
    assert set(found["time-series"]) <= {"non_task_id_schema", "versioned"}
    assert set(found["oracle-output"]) <= {"has_output_type_ids", "observable_unit"}


def test_metadata_of_every_model_fits_the_schema_of_the_hub(hub, settings):
    schema = settings["model-metadata-schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    files = sorted((hub / "model-metadata").iterdir())
    assert [path.stem for path in files] == [
        "threatcast-champion",
        "threatcast-flat",
        "threatcast-published",
    ]
    for path in files:
        said = yaml.safe_load(path.read_text())
        jsonschema.validate(said, schema)
        assert path.stem == f"{said['team_abbr']}-{said['model_abbr']}"
    designated = [yaml.safe_load(path.read_text())["designated_model"] for path in files]
    assert designated == [False, False, True]
    assert yaml.safe_load(files[1].read_text())["citation"] == "https://doi.org/10.1000/1"


def test_team_designates_what_is_published_whichever_model_made_it(output):
    found = {
        (row["target"], row["location"], row["horizon"], row["output_type_id"], row["value"])
        for row in output.to_pylist()
        if row["model_id"] == "threatcast-flat" and row["location"] == "NA"
    }
    published = {
        (row["target"], row["location"], row["horizon"], row["output_type_id"], row["value"])
        for row in output.to_pylist()
        if row["model_id"] == "threatcast-published" and row["location"] == "NA"
    }
    assert found == published != set()


def test_long_description_is_shortened_and_odd_names_are_made_fit():
    release = ReleaseContext(AS_OF, "mirror", "0" * 40, {}, {})
    row = {"model": "a-b.c", "title": "T", "description": "word " * 100, "method": "M"}
    said = config.model_metadata(row, data_inputs="x", release=release)
    assert said["model_abbr"] == "a_b_c"
    assert len(said["methods"]) <= 200
    jsonschema.validate(said, config.model_metadata_schema())


def test_simulated_hub_says_so_in_its_name_targets_models_and_files(simulated):
    hub = simulated.folder / "hub"
    admin = json.loads((hub / "hub-config" / "admin.json").read_bytes())
    assert "SIMULATED" in admin["name"]
    (found,) = json.loads((hub / "hub-config" / "tasks.json").read_bytes())["rounds"]
    assert found["additional_metadata"]["simulated"] is True
    for task in found["model_tasks"]:
        assert task["target_metadata"][0]["description"].startswith("SIMULATED")
    for path in (hub / "model-metadata").iterdir():
        said = yaml.safe_load(path.read_text())
        assert said["simulated"] is True
        assert said["methods_long"].startswith("SIMULATED")
    for path in hub.rglob("*.parquet"):
        assert pq.read_schema(path).metadata[b"simulated"] == b"true"


def test_real_hub_says_nowhere_that_it_is_simulated(hub):
    for path in [*hub.rglob("*.json"), *hub.rglob("*.yml")]:
        assert "SIMULATED" not in path.read_text()
    for path in hub.rglob("*.parquet"):
        assert pq.read_schema(path).metadata[b"simulated"] == b"false"


def test_release_without_any_published_series_has_an_empty_hub(changed, stage, tmp_path):
    staged = stage(changed("update published.outlook set state = 'source_failure'"), tmp_path / "r")
    tasks = json.loads((staged.folder / "hub" / "hub-config" / "tasks.json").read_bytes())
    assert tasks["rounds"] == []
    assert not (staged.folder / "hub" / "model-output").exists()


def spoil(copy, change) -> list[str]:
    """Change the rows of one file of model output and return what the check says."""
    path = copy / OUTPUT
    data = pq.read_table(path, partitioning=None)
    pq.write_table(pa.Table.from_pylist(change(data.to_pylist()), schema=data.schema), path)
    return list(FORMAT.validate(copy))


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("reference_date", date(2026, 6, 7), "1 rows with a reference date other than its name"),
        ("target_end_date", date(2026, 6, 28), "1 rows with a target_end_date that is not 7 days"),
        ("output_type", "mean", "1 rows with an output type other than quantile"),
        ("value", -1.0, "1 rows with a null, negative or endless value"),
        ("value", None, "1 rows with a null, negative or endless value"),
        ("value", 99.0, "1 tasks whose quantiles fall"),
        ("location", "ZZ", "1 rows with a task that tasks.json does not know"),
        ("output_type_id", "0.011", "1 tasks without exactly the levels"),
    ],
)
def test_check_finds_a_wrong_row(copy, column, value, problem):
    def change(rows):
        return [{**rows[0], column: value}, *rows[1:]]

    assert any(f"{OUTPUT[4:]}: {problem}" in said for said in spoil(copy, change))


def test_check_finds_a_lost_row(copy):
    assert spoil(copy, lambda rows: rows[1:]) == [
        f"{OUTPUT[4:]}: 1 tasks without exactly the levels that tasks.json requires"
    ]


def test_check_finds_a_wrong_name_and_lost_metadata(copy):
    (copy / OUTPUT).rename(copy / OUTPUT.replace("2026-06-14", "14-06-2026"))
    (copy / "hub" / "model-metadata" / "threatcast-champion.yml").unlink()
    problems = list(FORMAT.validate(copy))
    assert any("the name is not date, team and model" in said for said in problems)
    assert any("model-metadata/threatcast-champion.yml is missing" in said for said in problems)


@pytest.mark.parametrize(
    ("name", "key", "value", "problem"),
    [
        ("admin", "model_output_dir", "x", "missing or unknown keys: model_output_dir"),
        ("admin", "timezone", "UTC", "the time zone is not Africa/Abidjan"),
        ("tasks", "schema_version", "v5", "hub-config/tasks.json does not name its schema"),
    ],
)
def test_check_finds_wrong_settings(copy, name, key, value, problem):
    path = copy / "hub" / "hub-config" / f"{name}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    assert any(problem in said for said in FORMAT.validate(copy))


def test_check_finds_a_repeated_and_a_missing_count(copy):
    path = copy / "hub" / "target-data" / "time-series.parquet"
    data = pq.read_table(path, partitioning=None)
    rows = data.to_pylist()
    rows = [rows[0], {**rows[0], "observation": None}, *rows[1:]]
    pq.write_table(pa.Table.from_pylist(rows, schema=data.schema), path)
    assert list(FORMAT.validate(copy)) == [
        "target-data/time-series.parquet: 1 rows that repeat another",
        "target-data/time-series.parquet: 1 missing or negative counts",
    ]


def test_check_finds_metadata_that_breaks_the_schema(copy):
    path = copy / "hub" / "model-metadata" / "threatcast-flat.yml"
    said = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**said, "methods": "", "mood": "fine", "model_abbr": "x"}))
    assert list(FORMAT.validate(copy)) == [
        "model-metadata/threatcast-flat.yml lacks methods",
        "model-metadata/threatcast-flat.yml: mood is unknown",
        "model-metadata/threatcast-flat.yml: the name is not that of its team and model",
    ]
