"""The night's plan: which day, from where, and what is refused before any work."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from dagster import build_init_resource_context
from threatcast_feeds.simulation import LAST_DAY
from threatcast_orchestration.errors import LockHeld, WrongUse
from threatcast_orchestration.home import Home
from threatcast_orchestration.lock import run_lock
from threatcast_orchestration.night import Night, make_plan, newest_day
from threatcast_orchestration.settings import Settings, clock


def test_mirror_night_is_the_newest_recorded_day_of_any_feed(
    home: Home, small_mirror: Path
) -> None:
    (small_mirror / "openphish").mkdir()
    (small_mirror / "openphish" / "2026-07-01.txt.gz").write_bytes(b"")
    plan = make_plan(home, Settings(mirror=str(small_mirror)))
    assert plan.as_of == date(2026, 7, 1)
    assert plan.mirror == small_mirror
    assert not plan.simulated


def test_mirror_night_does_not_depend_on_the_clock(home: Home, small_mirror: Path) -> None:
    plan = make_plan(home, Settings(mirror=str(small_mirror), as_of="2026-06-10"))
    assert plan.moment == datetime(2026, 6, 10, 23, 59, 59, tzinfo=UTC)


def test_sample_night_is_the_last_simulated_day(home: Home) -> None:
    plan = make_plan(home, Settings())
    assert plan.as_of == LAST_DAY
    assert plan.simulated


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
        newest_day(tmp_path)


def test_night_resource_binds_the_home_and_holds_its_lock(home: Home, small_mirror: Path) -> None:
    night = Night(home=str(home.root), mirror=str(small_mirror), as_of="2026-06-12")
    with night.yield_for_execution(build_init_resource_context()) as held:
        assert held.plan.as_of == date(2026, 6, 12)
        assert home.source == "mirror"
        with pytest.raises(LockHeld), run_lock(home.lock):
            pass
    with run_lock(home.lock):
        pass


def test_night_resource_of_the_command_line_takes_no_second_lock(
    home: Home, small_mirror: Path
) -> None:
    night = Night(home=str(home.root), mirror=str(small_mirror), locked=True)
    with run_lock(home.lock), night.yield_for_execution(build_init_resource_context()) as held:
        assert held.plan.source == "mirror"
