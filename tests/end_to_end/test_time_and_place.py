"""Two live nights at 02:00 UTC, Sunday's and Monday's, in which time and place are awkward.

claims     all at noon, seen by nightly copies: Sunday's lacks Sunday, Monday's lacks nothing
press      comes without countries from a Monday on
shutdowns  a yearly record whose newest year is not out yet
KEV        copied twice on one day: what the first copy alone showed was withdrawn
breaches   answers 304 on Monday
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from feed_server import FeedServer, Said
from nights import PLAIN, quick_home, threatcast
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.http import visitor
from threatcast_feeds.landing import Landing
from threatcast_feeds.registry import generator_of, load_feed
from threatcast_feeds.simulation import simulate
from threatcast_orchestration.run import plan as night_module

AT_TWO = time(2, tzinfo=UTC)
SUNDAY = date(2026, 2, 8)
MONDAY = SUNDAY + timedelta(days=1)
LAST_WEEK = MONDAY - timedelta(weeks=1)
BLANK_SINCE = MONDAY - timedelta(weeks=2)
FIRST = date(2024, 1, 1)
CLAIMS = (("US", 18), ("DE", 8), ("GB", 6), ("FR", 4))
PRESS = (("US", 20), ("DE", 10), ("GB", 8), ("FR", 6))
WITHDRAWN = 3


@cache
def events(places: tuple[tuple[str, int], ...]) -> list[tuple[date, str, int]]:
    """Return the events of all weeks by day: so many of each place, four more or less."""
    found = sorted(
        (FIRST + timedelta(weeks=week, days=3 * number % 7), place)
        for week in range((MONDAY - FIRST).days // 7 + 1)
        for place, count in places
        for number in range(count + 5 * week % 7 - 3)
    )
    return [(day, place, number) for number, (day, place) in enumerate(found)]


def count_of(places: tuple[tuple[str, int], ...], week: date, place: str | None = None) -> int:
    """Return how many events a week has, of one place or of all."""
    until = week + timedelta(days=7)
    return sum(week <= day < until and place in (None, at) for day, at, _ in events(places))


def claims(day: date) -> bytes:
    """Return what the list of claims says at 02:00: nothing of the day itself."""
    rows = [
        {
            "post_title": f"Example body {number}",
            "group_name": f"group{number % 17}",
            "discovered": f"{on} 13:00:00.000000",
            "published": f"{on} 12:00:00.000000",
            "country": place,
            "activity": "Technology",
        }
        for on, place, number in events(CLAIMS)
        if on < day
    ]
    return json.dumps(rows).encode()


def press(day: date) -> bytes:
    """Return the reports known at 02:00; since a Monday they say no country."""
    rows = [
        {
            "date": str(on),
            "added": str(on),
            "victim": f"Example body {number}",
            "country": place if on < BLANK_SINCE else "",
        }
        for on, place, number in events(PRESS)
        if on < day
    ]
    return json.dumps({"count": len(rows), "results": rows}).encode()


def shutdowns() -> bytes:
    """Return the whole record as it is in January: the year before is not out."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(
        ("start_date", "country", "area_name", "end_date", "geo_scope", "count_year")
    )  # fmt: skip
    for year in range(2016, SUNDAY.year - 1):
        for number in range(104):
            day = date(year, 1, 2) + timedelta(days=number * 3.5)
            country = ("India", "Myanmar")[number % 2]
            start = f"{day.month}/{day.day}/{day.year}"
            sheet.writerow((start, country, f"district {number}", "", "regional", year))
    return text.getvalue().encode()


def newest(feed: str, until: date) -> tuple[str, bytes]:
    """Return the simulated payload that was the newest on a day."""
    found = generator_of(load_feed(feed)).payloads(simulate())
    return max((day, ext, content) for day, ext, content in found if day <= until)[1:]


def vulnerabilities(*, withdrawn: int) -> bytes:
    """Return the catalog of Saturday, with some of the week before last that vanish later."""
    document = json.loads(newest("cisa_kev", SUNDAY)[1])
    rows = [row for row in document["vulnerabilities"] if row["dateAdded"] < str(SUNDAY)]
    odd = [
        rows[0] | {"cveID": f"CVE-2099-7777{number}", "dateAdded": str(BLANK_SINCE)}
        for number in range(withdrawn)
    ]
    return json.dumps(document | {"vulnerabilities": odd + rows}).encode()


class Source:
    """The landing of a live home, and what its feeds answer tonight."""

    def __init__(self, home: Path, server: FeedServer) -> None:
        self.landing, self.server = Landing(home / "landing"), server

    def landed(self, feed: str, content: bytes, day: date, hour: time = AT_TWO) -> None:
        """Land what an earlier night has seen."""
        spec = load_feed(feed)
        self.landing.land(
            Arrival(
                feed=feed,
                day=day,
                ext=spec.extensions[0],
                content=content,
                retrieved_at=datetime.combine(day, hour),
                mode="live",
                url=spec.live.urls[0],
            )
        )

    def answers(self, feed: str, content: bytes, etag: str = "") -> None:
        live = load_feed(feed).live
        self.server.answer(live.urls[0], Said(content, media_type=live.media_types[0], etag=etag))


def remember(source: Source) -> None:
    """Land the nights before Sunday's."""
    days = [SUNDAY - timedelta(weeks=back) for back in range(16, 2, -1)]
    days += [SUNDAY - timedelta(days=back) for back in range(14, 0, -1)]
    for day in days:
        source.landed("ransomware_live", claims(day), day)
        if day.weekday() in (0, 6):
            source.landed("ransomware_live_press", press(day), day)
    source.landed("accessnow_keepiton", shutdowns(), SUNDAY - timedelta(days=19))
    saturday = SUNDAY - timedelta(days=1)
    source.landed("cisa_kev", vulnerabilities(withdrawn=WITHDRAWN), saturday)
    afternoon = time(14, tzinfo=UTC)
    source.landed("cisa_kev", vulnerabilities(withdrawn=0), saturday, afternoon)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[date, Any]]:
    """Return of each night its release's tables and what was printed."""
    home = quick_home(tmp_path_factory.mktemp("two") / "home", PLAIN)
    found = {}
    with FeedServer() as server, pytest.MonkeyPatch.context() as patch:
        real = visitor.Surroundings

        def around(**given: Any) -> visitor.Surroundings:
            return real(**given | {"rewrite": server.rewrite, "sleep": lambda _: None})

        patch.setattr(visitor, "Surroundings", around)
        source = Source(home, server)
        remember(source)
        source.answers("country_codes", newest("country_codes", SUNDAY)[1], "codes")
        source.answers("xposedornot_breaches", newest("xposedornot_breaches", SUNDAY)[1], "same")
        for day in (SUNDAY, MONDAY):
            source.answers("ransomware_live", claims(day))
            source.answers("ransomware_live_press", press(day))
            patch.setattr(night_module, "clock", lambda at=day: datetime.combine(at, AT_TWO))
            done = threatcast("run", "--source", "live", home=home)
            assert done.returncode == 0, done.stderr[-3000:]
            release = (home / "releases" / "current").resolve() / "threatcast.duckdb"
            found[day] = duckdb.connect(str(release), read_only=True), done.stderr
    yield found
    for tables, _ in found.values():
        tables.close()


def weeks(tables: duckdb.DuckDBPyConnection, target: str, place: str, since: date) -> list[tuple]:
    """Return week, value, kind of observation and nowcast of a series since a week."""
    return tables.execute(
        "SELECT week, value, observation, nowcast FROM activity_weekly "
        "WHERE target = ? AND location = ? AND week >= ? ORDER BY week",
        [target, place, since],
    ).fetchall()


def test_week_is_whole_once_its_last_day_is_over_and_then_as_it_was(
    nights: dict[date, Any],
) -> None:
    target = "ransomware_claims"
    (seen,) = weeks(nights[SUNDAY][0], target, "WORLD", LAST_WEEK - timedelta(weeks=1))
    assert seen[:2] == (LAST_WEEK - timedelta(weeks=1), count_of(CLAIMS, seen[0]))
    for place in ("WORLD", *dict(CLAIMS)):
        whole = count_of(CLAIMS, LAST_WEEK, None if place == "WORLD" else place)
        (seen,) = weeks(nights[MONDAY][0], target, place, LAST_WEEK)
        assert seen[1] == whole, place
        # nothing is ever late here, so nothing may be added
        assert seen[3] in (None, whole), place


def test_weeks_without_countries_are_zero_in_no_country(nights: dict[date, Any]) -> None:
    tables, said = nights[MONDAY]
    target = "reported_cyberattacks"
    for place, _ in PRESS:
        found = weeks(tables, target, place, BLANK_SINCE)
        assert [row[1:3] for row in found] == [(None, "missing")] * 2, place
    states = tables.execute(
        "SELECT DISTINCT state FROM outlook WHERE target = ? AND location_level = 'country' "
        "AND state <> 'insufficient_evidence'",
        [target],
    ).fetchall()
    assert ("published",) not in states
    assert "ransomware_live_press" in said


def test_year_that_no_release_covers_is_missing_and_nothing_is_forecast(
    nights: dict[date, Any],
) -> None:
    tables, _ = nights[MONDAY]
    found = weeks(tables, "internet_shutdowns", "WORLD", date(2025, 1, 6))
    assert len(found) > 52
    assert {row[1:3] for row in found} == {(None, "missing")}
    assert weeks(tables, "internet_shutdowns", "WORLD", date(2024, 12, 2))[0][1] > 0
    states = tables.execute(
        "SELECT DISTINCT state FROM outlook WHERE target = 'internet_shutdowns'"
    ).fetchall()
    assert ("published",) not in states


def test_what_only_an_earlier_copy_of_the_day_showed_is_not_counted(
    nights: dict[date, Any],
) -> None:
    rows = json.loads(vulnerabilities(withdrawn=0))["vulnerabilities"]
    before = [str(BLANK_SINCE + timedelta(days=day)) for day in range(7)]
    for tables, _ in nights.values():
        (seen,) = weeks(tables, "exploited_vulnerabilities", "WORLD", BLANK_SINCE)[:1]
        assert seen[1] == sum(row["dateAdded"] in before for row in rows)


def test_answer_not_modified_is_a_look(nights: dict[date, Any]) -> None:
    tables, _ = nights[MONDAY]
    (seen,) = weeks(tables, "data_breaches", "WORLD", LAST_WEEK)
    assert seen[1] is not None
    assert seen[2] != "missing"
    # at the source of this one nobody was let in
    (unseen,) = weeks(tables, "exploited_vulnerabilities", "WORLD", LAST_WEEK)
    assert unseen[1:3] == (None, "missing")
    state, looked = tables.execute(
        "SELECT state, last_success FROM feed_health WHERE feed = 'xposedornot_breaches'"
    ).fetchall()[0]
    assert state in ("fresh", "unchanged")
    assert looked == datetime.combine(MONDAY, time(2))
