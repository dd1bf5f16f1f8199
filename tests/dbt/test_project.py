"""The dbt project: its unit tests, and that every model says what it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_program import dbt
from threatcast_orchestration.assets.dbt_project import manifest as newest_manifest

LAYERS = ("staging", "intermediate", "marts", "published")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return json.loads(newest_manifest().read_text("utf-8"))


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_unit_tests_of_the_models_pass(project, sample_home, tmp_path):
    # dbt reads the columns of a model's inputs from the warehouse
    warehouse = tmp_path / "threatcast.duckdb"
    shutil.copyfile(sample_home / "warehouse" / "threatcast.duckdb", warehouse)
    result = dbt(project, warehouse, tmp_path, "test", "--select", "test_type:unit")
    assert result.returncode == 0, result.stdout[-5000:]
    assert "ERROR=0" in result.stdout


def test_every_counted_target_has_its_events_in_its_own_weeks(sample_home):
    # a run on Monday counts for the week before
    with duckdb.connect(str(sample_home / "warehouse" / "threatcast.duckdb")) as warehouse:
        rows = warehouse.execute(
            """
            SELECT target, week_offset_days, count(event_key),
                count(*) FILTER (week <> date_trunc('week', event_day + week_offset_days)),
                count(*) FILTER (week <> date_trunc('week', event_day))
            FROM seeds.targets LEFT JOIN intermediate.int_events USING (target)
            GROUP BY ALL
            """
        ).fetchall()
    empty = {target for target, _, events, _, _ in rows if not events}
    assert empty == {"phishing_mix"}
    assert [row for row in rows if row[3]] == []
    moved = {target for target, offset, *_, other_week in rows if other_week}
    assert moved == {target for target, offset, *_ in rows if offset} == {"c2_servers"}


@pytest.mark.parametrize(
    ("place", "words"),
    [(".", ("docs", "generate", "--project-dir", "dbt_project")), ("dbt_project", ("parse",))],
)
def test_pages_of_dbt_need_no_variable_and_no_home(project, tmp_path, place, words):
    ours = ("THREATCAST_", "DBT_")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    program = str(Path(sys.executable).with_name("dbt"))
    folders = ("--target-path", str(tmp_path), "--log-path", str(tmp_path / "logs"))
    result = subprocess.run(
        [program, *words, *folders],
        cwd=project / place,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    if "generate" in words:
        pages = ("index.html", "catalog.json", "manifest.json")
        assert {name for name in pages if (tmp_path / name).is_file()} == set(pages)


def test_every_layer_has_models(models):
    assert {model["fqn"][1] for model in models} == set(LAYERS)


def test_every_model_and_column_is_described(models):
    bare = [model["name"] for model in models if not model["description"]]
    bare += [
        f"{model['name']}.{name}"
        for model in models
        for name, column in model["columns"].items()
        if not column["description"]
    ]
    assert bare == []


def test_every_mart_has_its_key_tested(manifest, models):
    tested = {
        test["attached_node"]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and (test.get("test_metadata") or {}).get("name") in ("unique", "unique_key")
    }
    open_marts = [
        model["name"]
        for model in models
        if model["fqn"][1] in ("marts", "published") and model["unique_id"] not in tested
    ]
    assert [name for name in open_marts if name != "run_context"] == []


def test_contracts_are_enforced_on_marts_and_published(models):
    loose = [
        model["name"]
        for model in models
        if model["fqn"][1] in ("marts", "published") and not model["contract"]["enforced"]
    ]
    assert loose == []
