"""What a new live home begins with, and what its settings refuse."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.history import read_history
from threatcast_orchestration.feed_steps.beginning import begin, is_new
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan, make_plan
from threatcast_orchestration.run.settings import Settings
from threatcast_orchestration.warehouse.imported import imports_of


@pytest.fixture
def nobody() -> Any:
    """Return an address of this machine at which nobody listens: there is no network."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


def plan_of(folder: Path, nobody: str, **settings: Any) -> Plan:
    home = Home(folder / "home")
    plan = make_plan(home, Settings(**({"source": "live"} | settings)))
    home.bind_source(plan.source)
    return replace(plan, rewrite=lambda _: nobody)


def test_new_live_home_imports_the_shipped_history_and_says_so(tmp_path, nobody) -> None:
    plan = plan_of(tmp_path, nobody)
    said: list[str] = []
    begin(plan, said.append)
    (history,) = imports_of(plan.home)
    assert len(said) == 1, "without a network no git history is tried"
    assert f"weekly counts up to {history.as_of}" in said[0]
    assert "--no-history" in said[0]
    begin(plan, said.append)
    assert len(said) == 1, "what is there is not imported again"


def test_run_of_the_ui_begins_a_new_home_in_the_same_way(tmp_path) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    # a git history lies beyond this machine
    (home.root / "threatcast.toml").write_text("backfill_minutes = 0\n", encoding="utf-8")
    night = Night(home=str(home.root), source="live")
    with night.yield_for_execution(dg.build_init_resource_context()):
        (history,) = imports_of(home)
    assert history.as_of == read_history().as_of


def test_import_can_be_refused(tmp_path, nobody) -> None:
    plan = plan_of(tmp_path, nobody, import_history=False)
    said: list[str] = []
    begin(plan, said.append)
    assert imports_of(plan.home) == []
    assert "is not imported" in said[0]


def test_home_that_has_landed_anything_begins_with_what_it_has(tmp_path, nobody) -> None:
    plan = plan_of(tmp_path, nobody)
    assert is_new(plan)
    arrival = Arrival("cisa_kev", plan.as_of, "json", b"{}", plan.moment, "live", "", "", "")
    plan.landing.land(arrival)
    begin(plan, pytest.fail)
    assert imports_of(plan.home) == []


def test_sample_brings_its_own_past(tmp_path, nobody) -> None:
    plan = plan_of(tmp_path, nobody, source="sample")
    begin(plan, pytest.fail)
    assert imports_of(plan.home) == []
