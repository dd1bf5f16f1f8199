"""What a person does in the UI, one step at a time, guards as the whole night does."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from by_hand import by_hand
from nights import threatcast
from threatcast_orchestration.run.home import Home
from threatcast_publishing.catalog import current, list_releases

IN_ORDER = "check:published/outlook:outlook_bounds_in_order"
LIVE = ",".join(
    f"asset:live/live_{name}"
    for name in ("corrections", "drift", "forecast_history", "scores", "stand_in")
)
GATE = "check:forecasts/night_outlook:gx_forecasts_outlook"


@pytest.fixture
def home(small_home: Path) -> Path:
    """Return a copy of the home with one release, so that a test may change it."""
    return small_home


def spoil(home: Path, table: str) -> None:
    """Give a place 360 events, in a range of 550 to 50."""
    with duckdb.connect(str(Home(home).warehouse)) as connection:
        connection.execute(
            f"UPDATE {table} SET expected_4w = 360, low80_4w = 550, high80_4w = 50 "
            "WHERE target = 'reported_cyberattacks' AND location = 'WORLD'"
        )


def test_release_alone_is_refused_after_a_red_gate_and_so_is_all_that_leads_to_it(
    home: Path,
) -> None:
    before = list_releases(home / "releases")
    decided = (home / "models" / "decisions.jsonl").read_bytes()
    green, good = by_hand(home, "asset:release", GATE)
    assert green["success"]
    assert (good["success"], good["checked"]) == (True, ["gx_forecasts_outlook"])
    spoil(home, "forecasts.outlook")
    steps = ("asset:release", "asset:published/outlook", LIVE, "asset:mlflow/night")
    red, *refused = by_hand(home, GATE, *steps)
    assert red["failed_checks"] == ["gx_forecasts_outlook"]
    for step, outcome in zip(steps, refused, strict=True):
        (failed,) = outcome["failed_steps"]
        assert failed["kind"] == "GateBlocked", step
        assert "the gate forecasts.outlook is red on these tables" in failed["error"], step
        assert "Run the whole night" in failed["error"], step
    assert list_releases(home / "releases") == before
    assert (home / "models" / "decisions.jsonl").read_bytes() == decided


def test_dbt_check_that_is_executed_looks_at_the_tables_that_stand(home: Path) -> None:
    (good,) = by_hand(home, IN_ORDER)
    assert (good["success"], good["checked"]) == (True, ["outlook_bounds_in_order"])
    assert good["told_again"] == []
    spoil(home, "published.outlook")
    unseen, red, refused = by_hand(home, "asset:release", IN_ORDER, "asset:release")
    assert "has looked at other tables" in unseen["failed_steps"][0]["error"]
    assert red["failed_checks"] == ["outlook_bounds_in_order"]
    assert "the stage published is not whole" in refused["failed_steps"][0]["error"]
    # the next night makes them anew, and publishes what it had before
    before = current(home / "releases")
    assert threatcast("run", home=home).returncode == 0
    assert current(home / "releases") == before
