"""The past: as many events as a history counts, and payloads in the feeds' own formats."""

from __future__ import annotations

import json
from bisect import bisect
from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pyarrow as pa
import pytest
from threatcast_feeds.history import FeedPast, History, read_history
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
    # a week that is not counted yet goes on as the one before, up to the last day of an event
    beyond = {week: count for week, count in weeks.items() if counted.get(week) is None}
    assert set(beyond) <= {monday(last)}
    before = weeks[monday(last) - timedelta(days=7)]
    assert all(1 <= count <= before + 1 for count in beyond.values())
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
    (_, stock), *lists = past().lists(target, forgets=0.2)
    seen = set(stock)
    assert stock == sorted(seen)
    found: Counter[tuple[date, str]] = Counter()
    for day, numbers in lists:
        week = monday(day)
        assert numbers == sorted(set(numbers)) != []
        found.update((week, country(number)) for number in numbers if number not in seen)
        seen.update(numbers)
    assert past().last_copy(feed) - timedelta(days=6) <= day <= past().last_copy(feed)
    watched = {
        row["week"] for row in told(target) if row["location"] == WORLD and row["value"] is not None
    }
    events = past().events(target)
    counted = Counter((monday(event.day), event.location) for event in events)
    kept = {key: count for key, count in counted.items() if key[0] in watched}
    assert {key: count for key, count in found.items() if key[0] in watched} == kept
    # a week that nobody watched goes on as the one before, so that a gate believes the list
    news = Counter(week for week, _ in found.elements())
    unwatched = [week for week in news if week not in watched]
    world = [row["value"] for row in told(target) if row["location"] == WORLD]
    assert bool(unwatched) == (None in world)
    assert all(news[week] == news[week - timedelta(days=7)] for week in unwatched)


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


# three feeds whose counts may come into the history later

MONDAYS = [date(2026, 7, 6), date(2026, 7, 13), date(2026, 7, 20)]
YOUNG = {
    "sefinek_ips": "web_attack_hosts",
    "honeypot_hosts": "honeypot_attackers",
    "tweetfeed": "reported_malicious_hosts",
}


def young_past() -> CountedWorld:
    """Return three weeks of three targets, of which nobody watched the second."""
    rows = [
        {"target": target, "location": place, "week": week, "value": value, "observation": kind}
        for target in YOUNG.values()
        for week, kind, values in zip(
            MONDAYS,
            ("observed", "missing", "observed"),
            ({WORLD: 180, "KE": 100, "PE": 50}, {WORLD: None}, {WORLD: 4, "KE": 4}),
            strict=True,
        )
        for place, value in values.items()
    ]
    last = MONDAYS[-1] + timedelta(days=6)
    feeds = {feed: FeedPast("", "", "", (target,), last, last) for feed, target in YOUNG.items()}
    return CountedWorld(History(last, "", "", feeds, pa.Table.from_pylist(rows)))


def payloads(feed: str) -> list[tuple[date, str]]:
    module = generator_of(load_catalog()[feed])
    return [(day, content.decode()) for day, _, content in module.reenacted(young_past())]


def test_a_list_of_attackers_names_as_many_new_addresses_as_were_counted() -> None:
    lists = [set(text.split()) for _, text in payloads("sefinek_ips")]
    assert [day for day, _ in payloads("sefinek_ips")] == [
        week + timedelta(days=6) for week in (MONDAYS[0] - timedelta(days=7), *MONDAYS)
    ]
    new = [len(later - earlier) for earlier, later in pairwise(lists)]
    # the week that nobody watched goes on as the one before
    assert new == [180, 180, 4]
    # what leaves is no more than a version of the real list has lacked
    assert all(len(earlier - later) <= 0.05 * len(earlier) for earlier, later in pairwise(lists))
    assert not lists[0] & (lists[-1] - lists[-2])


def test_machines_of_the_honeypots_are_first_seen_in_the_week_of_their_count() -> None:
    day, text = payloads("honeypot_hosts")[-1]
    rows = [line.split(",") for line in text.split("\r\n")[1:] if line]
    assert day == MONDAYS[-1] + timedelta(days=6)
    assert len({row[0] for row in rows}) == len(rows)
    weeks = Counter(monday(date.fromisoformat(row[-2])) for row in rows)
    assert weeks == {MONDAYS[0]: 180, MONDAYS[2]: 4}


def test_hosts_are_posted_by_many_and_every_day_has_a_post() -> None:
    posts = [line.split(",") for _, text in payloads("tweetfeed") for line in text.splitlines()]
    hosts = [post for post in posts if post[2] != "sha256"]
    assert len({post[3].lower() for post in hosts}) == len(hosts)
    weeks = Counter(monday(date.fromisoformat(post[0][:10])) for post in hosts)
    assert weeks == {MONDAYS[0]: 180, MONDAYS[2]: 4}
    assert Counter(post[2] for post in hosts) == {"ip": 154, "domain": 30}
    assert max(Counter((post[1], post[0][:10]) for post in hosts).values()) <= 50
    days = {post[0][:10] for post in posts}
    assert len(days) == 28
