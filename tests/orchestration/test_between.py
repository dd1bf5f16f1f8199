"""Feeds with a cadence of their own are pulled alone between nights, if a home asks for it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from feed_server import FeedServer, Said
from test_visits import live
from threatcast_feeds.registry import load_catalog
from threatcast_orchestration.definitions import build_definitions
from threatcast_orchestration.nightly.resource import handed_down
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.lock import run_lock

OWN = {feed: hours for feed, spec in load_catalog().items() if (hours := spec.live.every_hours)}
"""Feeds with a cadence of their own, and its hours."""
FEED = "openphish"


@pytest.fixture
def live_home(home: Home) -> Home:
    os.environ["THREATCAST_HOME"] = str(home.root)
    os.environ["THREATCAST_SOURCE"] = "live"
    return home


def schedules(definitions: dg.Definitions) -> dict[str, Any]:
    """Return the schedule of each feed that has one of its own."""
    found = definitions.get_repository_def()
    return {
        feed: found.get_schedule_def(f"{feed}_every_{hours}_hours") for feed, hours in OWN.items()
    }


def tick(feed: str) -> Any:
    definitions = build_definitions()
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance,
            scheduled_execution_time=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
            repository_def=definitions.get_repository_def(),
        )
        return schedules(definitions)[feed].evaluate_tick(context)


def test_lists_that_only_show_now_have_a_cadence() -> None:
    assert set(OWN) == {"openphish", "threatfox_ips", "honeypot_hosts", "sefinek_ips"}


def test_cadence_is_off_until_a_home_asks_for_it(live_home: Home) -> None:
    before = schedules(build_definitions())
    assert {one.default_status for one in before.values()} == {dg.DefaultScheduleStatus.STOPPED}
    live_home.root.mkdir()
    (live_home.root / "threatcast.toml").write_text("between_nights = true\n", encoding="utf-8")
    after = schedules(build_definitions())
    assert {one.default_status for one in after.values()} == {dg.DefaultScheduleStatus.RUNNING}
    asked = {feed: one.cron_schedule for feed, one in after.items()}
    assert asked == {feed: f"30 */{hours} * * *" for feed, hours in OWN.items()}


def test_turn_pulls_the_day_of_its_moment(live_home: Home) -> None:
    (request,) = tick(FEED).run_requests
    assert request.partition_key == "2026-11-20"


def test_turn_is_left_out_while_a_run_works_in_the_home(live_home: Home) -> None:
    with run_lock(live_home.lock):
        found = tick(FEED)
    assert found.run_requests == []
    assert "A run works in this home" in str(found.skip_message)


def test_home_of_recordings_asks_nobody(live_home: Home) -> None:
    os.environ["THREATCAST_SOURCE"] = "sample"
    assert "nobody is to be asked" in str(tick(FEED).skip_message)


def test_pull_between_nights_asks_that_feed_alone(live_home: Home) -> None:
    with FeedServer() as server:
        for url in load_catalog()[FEED].live.urls:
            server.answer(url, Said(b"https://a.example.com/\nhttps://b.example.org/\n"))
        plan = live(live_home, server)
        job = build_definitions({"night": handed_down(plan)}).resolve_job_def(f"pull_{FEED}_alone")
        outcome = job.execute_in_process(partition_key=plan.as_of.isoformat())
        asked = {asked.path.split("/")[1] for asked in server.asked}
    assert outcome.success
    assert [node.name for node in job.graph.nodes] == [f"pull_{FEED}"]
    assert asked == {"raw.githubusercontent.com"}
    assert len(plan.landing.payloads(FEED)) == 1


def test_feed_that_is_asked_too_often_is_refused() -> None:
    spec = load_catalog()[FEED]
    with pytest.raises(ValueError, match="every_hours"):
        type(spec.live).model_validate(spec.live.model_dump() | {"every_hours": 5})
