"""A live night on a machine without a network: one table, no waiting, nothing published."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from threatcast_feeds.registry import load_catalog
from threatcast_orchestration.assets.dbt import build_raw_assets
from threatcast_orchestration.components.feed import feed_asset
from threatcast_orchestration.feed_steps.cut_off import cut_off
from threatcast_orchestration.nightly.resource import handed_down
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan, make_plan
from threatcast_orchestration.run.settings import Settings


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, dg.ExecuteInProcessResult]:
    """Return a night of a new home in which nobody listens at any address, and its steps."""
    home = Home(tmp_path_factory.mktemp("cut_off"))
    home.prepare()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        plan = replace(make_plan(home, Settings(source="live")), rewrite=lambda _: nobody)
        feeds = load_catalog()
        outcome = dg.materialize(
            [*(feed_asset(spec) for spec in feeds.values()), build_raw_assets(list(feeds))],
            resources={"night": handed_down(plan)},
            raise_on_error=False,
        )
    return plan, outcome


def test_no_feed_is_asked_a_second_time(night) -> None:
    assert not [event for event in night[1].all_events if event.is_step_up_for_retry]
    failed = [event.step_key for event in night[1].all_events if event.is_step_failure]
    assert failed == ["open_warehouse"], "the feeds' own steps end well"


def test_one_table_names_every_host_and_feed_once_and_the_cure(night) -> None:
    plan = night[0]
    told = cut_off(plan)
    (failure,) = [event for event in night[1].all_events if event.is_step_failure]
    error = failure.step_failure_data.error.to_string()
    assert "NothingToPublish" in error
    assert told in error
    head, _, *rows, cure = told.split("\n")
    assert head.startswith(f"None of the {len(rows)} hosts")
    named = {feed for row in rows for feed in row.split("  ")[-1].strip().split(", ")}
    assert named == set(load_catalog())
    assert "Connection refused" in rows[0]
    assert "HTTPS_PROXY" in cure


def test_home_keeps_that_the_feed_could_not_be_reached(night) -> None:
    attempt = night[0].landing.attempt("cisa_kev")
    assert not attempt["ok"]
    assert "neither can the host of any other feed" in attempt["error"]


def test_night_that_reached_what_it_asked_for_tells_no_table(tmp_path: Path) -> None:
    assert cut_off(make_plan(Home(tmp_path), Settings(source="live"))) == ""
