"""The night's plan: which day, from where, and what is refused before any work."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from dagster import build_init_resource_context, build_resources
from threatcast_feeds.history import read_history
from threatcast_feeds.simulation import LAST_DAY
from threatcast_orchestration.errors import LockHeld, WrongUse
from threatcast_orchestration.nightly.resource import Night, config_of, handed_down
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.lock import run_lock
from threatcast_orchestration.run.plan import make_plan, newest_day
from threatcast_orchestration.run.settings import Settings, clock


def test_mirror_night_is_the_newest_recorded_day_of_any_feed(
    home: Home, small_mirror: Path
) -> None:
    (small_mirror / "openphish").mkdir()
    (small_mirror / "openphish" / "2026-07-01.txt.gz").write_bytes(b"")
    plan = make_plan(home, Settings(mirror=str(small_mirror)))
    assert plan.as_of == date(2026, 7, 1)
    assert plan.mirror == small_mirror
    assert plan.source == "mirror"


def test_mirror_night_does_not_depend_on_the_clock(home: Home, small_mirror: Path) -> None:
    plan = make_plan(home, Settings(mirror=str(small_mirror), as_of="2026-06-10"))
    assert plan.moment == datetime(2026, 6, 10, 23, 59, 59, tzinfo=UTC)


def test_mirror_that_says_the_hour_moves_the_night_there(home: Home, small_mirror: Path) -> None:
    (small_mirror / "mirror.toml").write_text('taken_at = "02:00"')
    plan = make_plan(home, Settings(mirror=str(small_mirror), as_of="2026-06-14"))
    assert plan.moment == datetime(2026, 6, 14, 2, tzinfo=UTC)
    assert plan.last_day == date(2026, 6, 13)


def test_mirror_night_is_at_the_end_of_its_day(home: Home, small_mirror: Path) -> None:
    plan = make_plan(home, Settings(mirror=str(small_mirror), as_of="2026-06-14"))
    assert plan.last_day == date(2026, 6, 14)


def test_wrong_word_of_a_mirror_is_wrong_use(home: Home, small_mirror: Path) -> None:
    (small_mirror / "mirror.toml").write_text('taken_at = "noon"')
    with pytest.raises(WrongUse, match="no time of day"):
        make_plan(home, Settings(mirror=str(small_mirror)))


def test_file_named_by_a_day_to_come_moves_no_night(home: Home, small_mirror: Path) -> None:
    usual = make_plan(home, Settings(mirror=str(small_mirror))).as_of
    (small_mirror / "openphish").mkdir()
    (small_mirror / "openphish" / "2062-08-22.txt.gz").write_bytes(b"")
    assert make_plan(home, Settings(mirror=str(small_mirror))).as_of == usual
    with pytest.raises(WrongUse, match="2062-08-22 lies in the future"):
        make_plan(home, Settings(mirror=str(small_mirror), as_of="2062-08-22"))


def test_live_night_knows_the_day_before_to_its_end(home: Home) -> None:
    plan = make_plan(home, Settings(source="live"))
    assert plan.last_day == plan.as_of - timedelta(days=1)
    # run again on a later day it is still in its own
    again = make_plan(home, Settings(source="live", as_of="2026-06-14"))
    assert again.last_day == date(2026, 6, 13)


def test_sample_night_is_the_last_simulated_day(home: Home) -> None:
    plan = make_plan(home, Settings(source="sample"))
    assert plan.as_of == LAST_DAY
    assert plan.source == "sample"


def test_night_of_the_starter_is_the_day_of_the_history(home: Home) -> None:
    plan = make_plan(home, Settings())
    assert (plan.source, plan.as_of) == ("starter", read_history().as_of)


def test_live_night_is_today(home: Home) -> None:
    plan = make_plan(home, Settings(source="live"))
    assert abs(plan.moment - clock()) < timedelta(minutes=1)
    assert plan.as_of == plan.moment.date()


def test_live_night_in_the_future_is_refused(home: Home) -> None:
    ahead = (clock() + timedelta(days=2)).date()
    with pytest.raises(WrongUse, match=f"{ahead} lies in the future"):
        make_plan(home, Settings(source="live", as_of=ahead.isoformat()))


def test_missing_mirror_is_refused_and_named(home: Home, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="nowhere is not a folder"):
        make_plan(home, Settings(mirror=str(tmp_path / "nowhere")))


def test_source_mirror_without_folder_says_what_it_needs(home: Home) -> None:
    with pytest.raises(WrongUse, match="--mirror DIR"):
        make_plan(home, Settings(source="mirror"))


def test_mirror_without_any_dated_file_says_the_layout(tmp_path: Path) -> None:
    (tmp_path / "cisa_kev").mkdir()
    (tmp_path / "cisa_kev" / "vintages.tar.xz").write_bytes(b"")
    with pytest.raises(WrongUse, match="--as-of"):
        newest_day(tmp_path, date(2026, 8, 22))


def test_night_resource_binds_the_home_and_holds_its_lock(home: Home, small_mirror: Path) -> None:
    night = Night(home=str(home.root), mirror=str(small_mirror), as_of="2026-06-12")
    with night.yield_for_execution(build_init_resource_context()) as held:
        assert held.plan.as_of == date(2026, 6, 12)
        assert home.source == "mirror"
        with pytest.raises(LockHeld), run_lock(home.lock):
            pass
    with run_lock(home.lock):
        pass


def test_night_that_is_handed_down_keeps_its_very_plan(home: Home, small_mirror: Path) -> None:
    plan = make_plan(home, Settings(mirror=small_mirror, as_of=date(2026, 6, 12), jobs=7))
    home.bind_source(plan.source)
    night = handed_down(plan)
    config = config_of(plan)
    assert config["as_of"] == "2026-06-12"
    with build_resources({"night": night}, resource_config={"night": {"config": config}}) as held:
        assert held.night.plan is plan


def test_night_resource_of_the_command_line_takes_no_second_lock(
    home: Home, small_mirror: Path
) -> None:
    night = Night(home=str(home.root), mirror=str(small_mirror))
    with (
        run_lock(home.lock, lend=True),
        night.yield_for_execution(build_init_resource_context()) as held,
    ):
        assert held.plan.source == "mirror"
