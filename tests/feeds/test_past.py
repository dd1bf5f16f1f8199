"""The past: as many events as a history counts, and payloads in the feeds' own formats."""

from __future__ import annotations

import json
from bisect import bisect
from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest
from threatcast_feeds.history import read_history
from threatcast_feeds.registry import generator_of, load_catalog
from threatcast_feeds.simulation import CountedWorld
from threatcast_feeds.simulation.calendars import monday
from threatcast_feeds.simulation.patterns import UNLOCATED, WORLD


@cache
def past() -> CountedWorld:
    return CountedWorld(read_history())


TARGETS = sorted({target for one in past().history.feeds.values() for target in one.targets})


def told(target: str) -> list[dict[str, object]]:
    return [row for row in past().history.counts.to_pylist() if row["target"] == target]


@pytest.mark.parametrize("target", TARGETS)
def test_there_are_as_many_events_as_were_counted_in_every_week_and_place(target: str) -> None:
    events = past().events(target)
    counted = {row["week"]: row["value"] for row in told(target) if row["location"] == WORLD}
    assert any(counted.values())
    weeks = Counter(monday(event.day) for event in events)
    (last,) = [one.last_event for one in past().history.feeds.values() if target in one.targets]
    # of a week that is not counted yet, the history knows that there was an event on its last day
    beyond = {week: count for week, count in weeks.items() if counted.get(week) is None}
    assert beyond in ({}, {monday(last): 1})
    assert {week: weeks[week] for week, value in counted.items() if value is not None} == {
        week: value for week, value in counted.items() if value is not None
    }
    placed = Counter((monday(event.day), event.location) for event in events)
    places = {(row["week"], row["location"]): row["value"] for row in told(target)}
    for (week, place), count in placed.items():
        if place not in (WORLD, UNLOCATED) and week not in beyond:
            assert places[week, place] == count


@pytest.mark.parametrize("target", TARGETS)
def test_the_newest_event_falls_on_the_last_day_that_the_history_knows(target: str) -> None:
    (last,) = [one.last_event for one in past().history.feeds.values() if target in one.targets]
    assert past().events(target)[-1].day == last


def test_weeks_that_nobody_watched_are_named_and_hold_no_event() -> None:
    missing = {
        (row["target"], row["week"])
        for row in past().history.counts.to_pylist()
        if row["location"] == WORLD and row["value"] is None
    }
    named = {
        (target, week)
        for feed, week in past().unwatched()
        for target in past().history.feeds[feed].targets
    }
    assert named == missing != set()


@pytest.mark.parametrize("target", ["malware_hosts", "c2_servers"])
def test_a_list_has_as_many_new_addresses_of_each_country_as_were_counted(target: str) -> None:
    ranges = sorted(past().allocation.ipv4, key=lambda one: one.start)
    starts = [one.start for one in ranges]

    def country(number: int) -> str:
        one = ranges[bisect(starts, number) - 1]
        return one.country if one.start < number < one.end else UNLOCATED

    (feed,) = [key for key, one in past().history.feeds.items() if target in one.targets]
    (_, stock), *lists = past().lists(target)
    seen = set(stock)
    assert stock == sorted(seen)
    found: Counter[tuple[date, str]] = Counter()
    for week, numbers in lists:
        assert numbers == sorted(set(numbers))
        assert numbers or week > past().last_copy(feed)
        found.update((week, country(number)) for number in numbers if number not in seen)
        seen.update(numbers)
    events = past().events(target)
    assert found == Counter((monday(event.day), event.location) for event in events)


def test_what_is_left_out_of_all_places_is_an_event_without_a_place() -> None:
    early = [one for one in past().events("ransomware_claims") if one.day < date(2023, 12, 25)]
    assert {event.location for event in early} == {UNLOCATED}


@pytest.mark.parametrize("feed", sorted(past().history.feeds))
def test_every_counted_feed_is_written_until_its_last_copy(feed: str) -> None:
    vintages = list(generator_of(load_catalog()[feed]).reenacted(past()))
    last = past().history.feeds[feed].last_copy
    days = [day for day, _, _ in vintages]
    assert days == sorted(set(days))
    # a list that is written on Sundays has no copy of the last days of a broken week
    assert last - timedelta(days=6) <= days[-1] <= last
    assert not any(b"imulated" in content for _, _, content in vintages)


def test_the_same_history_gives_the_same_bytes() -> None:
    module = generator_of(load_catalog()["ransomware_live"])
    ((day, _, content),) = module.reenacted(CountedWorld(read_history()))
    ((again_day, _, again),) = module.reenacted(CountedWorld(read_history()))
    assert (day, content) == (again_day, again)
    assert len(json.loads(content)) == len(past().events("ransomware_claims"))
