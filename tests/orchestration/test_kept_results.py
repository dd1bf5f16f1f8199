"""How dbt's tests ended, told again on a night on which nothing had to be built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from threatcast_orchestration.assets.resting_tables import _UNIQUE_ID, results_of_tests
from threatcast_orchestration.definitions import build_definitions


def test_every_blocking_test_of_dbt_can_be_found_by_its_id() -> None:
    # else each quiet night warns that it goes on without the test
    graph = build_definitions().resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.asset_check_keys]
    ours = ("gx_", "payload_gate", "feed_state", "warnings_of_", "all_told")
    dbt = [n for n in nodes if not n.key.name.startswith(ours)]
    specs = {spec.key: spec for step in graph.assets_defs for spec in step.check_specs}
    ids = {str(specs[node.key].metadata.get(_UNIQUE_ID)).split(".")[0] for node in dbt}
    assert len(dbt) > 100
    assert ids <= {"test", "unit_test"}


def test_end_of_each_test_is_read_from_the_last_build(tmp_path: Path) -> None:
    ends = [
        {"unique_id": "test.a", "status": "pass", "failures": 0},
        {"unique_id": "test.b", "status": "warn", "failures": 3},
        {"unique_id": "test.c", "status": "skipped", "failures": None},
    ]
    (tmp_path / "run_results.json").write_text(json.dumps({"results": ends}), encoding="utf-8")
    found = results_of_tests(tmp_path)
    assert {name: end["status"] for name, end in found.items()} == {
        "test.a": "pass",
        "test.b": "warn",
    }


@pytest.mark.parametrize("text", [None, "", "[", "{}"])
def test_lost_or_damaged_results_are_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "run_results.json").write_text(text, encoding="utf-8")
    assert results_of_tests(tmp_path) == {}
