"""The night's warnings told as a Dagster step, and what waits as a sensor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from response_kit import FILE, FIRST, SURGE, frame, home_with
from threatcast_orchestration.assets.response import (
    KEY,
    build_response_asset,
    build_response_sensor,
)
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.response.warning_events import open_record
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import quiet_environment


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose current release has one warning."""
    home = home_with(tmp_path, duty=FILE)
    tables = home.releases / FIRST / "parquet"
    tables.mkdir(parents=True)
    frame(SURGE).to_parquet(tables / "warnings.parquet")
    (home.releases / "current").symlink_to(FIRST)
    monkeypatch.setenv("THREATCAST_HOME", str(home.root))
    return home


def step(home: Home) -> tuple[dict[str, Any], bool]:
    """Run the step alone; returns what it tells, and whether its check passed."""
    quiet_environment(home)
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = dg.materialize(
            [build_response_asset()],
            resources={"night": Night(home=str(home.root), source="sample")},
            instance=instance,
        )
    assert outcome.success
    (told,) = outcome.asset_materializations_for_node("tell_warnings")
    (check,) = outcome.get_asset_check_evaluations()
    assert told.asset_key == KEY
    return {name: value.value for name, value in told.metadata.items()}, check.passed


def sensed() -> str | None:
    context = dg.build_sensor_context()
    return build_response_sensor().evaluate_tick(context).skip_message


def test_step_tells_the_warnings_of_the_current_release_once(home: Home) -> None:
    told, passed = step(home)
    assert (told["opened"], told["sent"]) == (
        [SURGE["warning_id"]],
        ["duty: warning to file told.jsonl"],
    )
    assert passed
    assert step(home)[0]["sent"] == []


def test_what_fails_is_seen_in_the_check_and_fails_no_night(home: Home) -> None:
    (home.playbooks / "bad.yaml").write_text("levle: severe\n")
    told, passed = step(home)
    assert not passed
    assert "bad.yaml, line 1: levle: there is no such key" in told["problems"][0]
    assert told["sent"] == ["duty: warning to file told.jsonl"]
    home.warnings.write_text("{}\n")
    told, passed = step(home)
    assert not passed
    assert "is no event" in told["problems"][0]


def test_release_without_a_table_of_warnings_says_so_and_is_no_fault(home: Home) -> None:
    (home.releases / FIRST / "parquet" / "warnings.parquet").unlink()
    assert step(home) == ({"note": f"{FIRST} has no table warnings"}, True)
    assert not home.warnings.exists()


def test_sensor_tells_what_waits_and_leaves_a_busy_record_alone(home: Home) -> None:
    assert sensed() == "No warning is known in this home."
    step(home)
    (home.playbooks / "late.yaml").write_text(FILE)
    with open_record(home):
        assert sensed() == "Warnings of this home are being told."
    assert sensed() == "1 messages were sent, 0 failed."
    assert sensed() == "0 messages were sent, 0 failed."
