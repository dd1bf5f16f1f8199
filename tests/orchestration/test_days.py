"""The as-of day of a run: its partition's, and what a past day of a live home cannot know."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import pytest
from threatcast_feeds.registry import load_feed
from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.feed_steps.pull import pull
from threatcast_orchestration.nightly.days import DAY_TAG, day_of_run
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import make_plan
from threatcast_orchestration.run.settings import Settings, clock


def day_seen_by_a_step(night: Night, day: str | None) -> str:
    seen = []

    @dg.asset(partitions_def=dg.DailyPartitionsDefinition("2026-06-01"))
    def look(night: Night) -> None:
        seen.append(night.plan.as_of.isoformat())

    dg.materialize([look], resources={"night": night}, partition_key=day)
    return seen[0]


def test_night_is_of_the_day_of_its_partition(home, small_mirror):
    night = Night(home=str(home.root), mirror=str(small_mirror))
    assert day_seen_by_a_step(night, "2026-06-12") == "2026-06-12"
    same = Night(home=str(home.root), mirror=str(small_mirror), as_of="2026-06-12")
    assert day_seen_by_a_step(same, "2026-06-12") == "2026-06-12"


def test_config_of_another_day_than_the_partition_is_refused(home, small_mirror):
    night = Night(home=str(home.root), mirror=str(small_mirror), as_of="2026-06-10")
    with pytest.raises(dg.DagsterResourceFunctionError) as refused:
        day_seen_by_a_step(night, "2026-06-12")
    assert isinstance(refused.value.__cause__, WrongUse)
    assert "partition 2026-06-12" in str(refused.value.__cause__)


def test_run_of_several_days_is_refused():
    assert day_of_run({DAY_TAG: "2026-06-12"}) == "2026-06-12"
    assert day_of_run({"other": "x"}) == ""
    first, last = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    assert day_of_run({first: "2026-06-12", last: "2026-06-12"}) == "2026-06-12"
    with pytest.raises(WrongUse, match="several"):
        day_of_run({first: "2026-06-12", last: "2026-06-14"})


def test_live_source_is_not_asked_for_a_past_day_and_the_lack_is_said(home: Home):
    yesterday = clock().date() - timedelta(days=1)
    plan = make_plan(home, Settings(source="live", as_of=yesterday.isoformat()))
    home.bind_source(plan.source)
    plan.landing.note_attempt("cisa_kev", attempted_at=clock(), ok=True)
    noted = plan.landing.attempt("cisa_kev")
    # the tests have no network: to ask would leave an error
    report = pull(load_feed("cisa_kev"), plan)
    assert (report.error, report.landed) == ("", 0)
    assert f"no copy was landed on {yesterday}" in report.messages[0]
    assert plan.landing.attempt("cisa_kev") == noted
