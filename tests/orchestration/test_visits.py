"""Sources are asked side by side: who overlaps whom, and whom a host makes wait."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import pytest
from feed_server import FeedServer, Said
from threatcast_feeds.http.patience import HostCalls, Pace
from threatcast_feeds.registry import FeedSpec, load_feed
from threatcast_orchestration.components.feed import feed_asset
from threatcast_orchestration.feed_steps.visits import Visits
from threatcast_orchestration.nightly.resource import handed_down
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan, make_plan
from threatcast_orchestration.run.settings import Settings

APART = ("country_codes", "cisa_kev", "xposedornot_breaches", "eurepoc")
"""Feeds of four hosts."""
TOGETHER = ("ransomware_live", "ransomware_live_press")
"""Feeds of one host, which allows a call a minute."""


def slow(server: FeedServer, *feeds: str) -> None:
    """Let every address of these feeds answer after a second, with what is no feed."""
    for feed in feeds:
        for url in load_feed(feed).live.addresses:
            server.answer(url, Said(b"<html></html>", stall=1.0))


def live(home: Home, server: FeedServer) -> Plan:
    return replace(make_plan(home, Settings(source="live")), rewrite=server.rewrite)


def hurried(feed: str, calls_per_minute: float) -> FeedSpec:
    spec = load_feed(feed)
    pace = spec.live.model_copy(update={"calls_per_minute": calls_per_minute})
    return spec.model_copy(update={"live": pace})


def host(path: str) -> str:
    return path.split("/")[1]


def first_of_each_host(server: FeedServer) -> dict[str, tuple[float, float]]:
    spans: dict[str, tuple[float, float]] = {}
    for asked in server.asked:
        spans.setdefault(host(asked.path), (asked.came, asked.answered))
    return spans


def test_run_asks_its_sources_at_the_same_time_and_no_others(home: Home) -> None:
    with FeedServer() as server:
        slow(server, *APART)
        outcome = dg.materialize(
            [feed_asset(load_feed(feed)) for feed in APART],
            resources={"night": handed_down(live(home, server))},
            raise_on_error=False,
        )
        spans = first_of_each_host(server)
    assert outcome.success
    asked = {urlsplit(url).netloc for feed in APART for url in load_feed(feed).live.addresses}
    assert set(spans) == asked
    # all had come before any was answered
    assert max(came for came, _ in spans.values()) < min(answered for _, answered in spans.values())


def test_feeds_of_one_host_are_asked_one_pause_apart(home: Home) -> None:
    with FeedServer() as server:
        slow(server, *TOGETHER)
        visits = Visits(live(home, server))
        visits.begin([hurried(feed, calls_per_minute=30) for feed in TOGETHER])
        reports = [visits.take(feed) for feed in TOGETHER]
        came: dict[str, list[float]] = {}
        for asked in server.asked:
            came.setdefault(host(asked.path), []).append(asked.came)
    assert all(report is not None and report.error for report in reports)
    assert max(len(calls) for calls in came.values()) >= len(TOGETHER)
    for calls in came.values():
        # booked two seconds apart; the way here takes one call longer than the other
        assert all(later - earlier > 1.5 for earlier, later in pairwise(sorted(calls)))


def test_calls_of_many_visitors_keep_the_pace_of_each() -> None:
    calls, waited = HostCalls(), []
    paces = [Pace(per_minute, waited.append, lambda: 0.0, calls) for per_minute in (60, 6, 60)]
    for pace in paces:
        pace.keep("https://one.example.org/list")
    assert waited == [10, 11]
    # a call that reached nobody is taken back, but not those that others booked since
    paces[0].forget("https://one.example.org/list")
    paces[1].keep("https://one.example.org/list")
    paces[0].keep("https://two.example.org/list")
    assert waited == [10, 11, 21]


def test_second_try_of_a_feed_asks_anew(home: Home) -> None:
    with FeedServer() as server:
        slow(server, "cisa_kev")
        visits = Visits(live(home, server))
        visits.begin([load_feed("cisa_kev")])
        assert visits.take("cisa_kev") is not None
        assert visits.take("cisa_kev") is None


def test_end_of_the_run_breaks_off_who_still_waits(home: Home) -> None:
    with FeedServer() as server:
        slow(server, *TOGETHER)
        visits = Visits(live(home, server))
        # the second has to wait for a minute
        visits.begin([load_feed(feed) for feed in TOGETHER])
        while not server.asked:
            threading.Event().wait(0.01)
        visits.end()
    left = [one.name for one in threading.enumerate() if one.name.startswith("visit_")]
    assert left == []
    assert len(server.asked) == 1


def test_recorded_feeds_are_not_visited(home: Home, small_mirror: Path) -> None:
    visits = Visits(make_plan(home, Settings(source="mirror", mirror=small_mirror)))
    visits.begin([load_feed("cisa_kev")])
    assert visits.take("cisa_kev") is None


def test_home_that_cannot_be_written_is_told_to_the_step(home: Home) -> None:
    from threatcast_feeds.errors import LandingError

    home.root.mkdir()
    home.landing.write_bytes(b"")
    with FeedServer() as server:
        slow(server, "cisa_kev")
        visits = Visits(live(home, server))
        visits.begin([load_feed("cisa_kev")])
        with pytest.raises(LandingError, match="cannot be"):
            visits.take("cisa_kev")
