"""The schema `raw`: what was known on the as-of day, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.landing import Landing
from threatcast_feeds.moments import END_OF_DAY, at
from threatcast_feeds.outcomes import set_aside
from threatcast_feeds.parsing import parse_new
from threatcast_feeds.registry import FeedSpec, load_catalog, load_feed
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.raw import connect, fingerprint, write_raw

HOSTS = "threatfox_ips"
PLACES = "country_codes"
DAYS = (date(2026, 1, 4), date(2026, 1, 11), date(2026, 1, 18))


def land(
    home: Home, feed: str, day: date, content: bytes, ext: str, moment: datetime | None = None
) -> None:
    arrival = Arrival(
        feed=feed,
        day=day,
        ext=ext,
        content=content,
        retrieved_at=moment or at(day, END_OF_DAY),
        mode="mirror",
    )
    Landing(home.landing).land(arrival)
    parse_new(load_feed(feed), Landing(home.landing), home.raw)


@pytest.fixture
def hosts_home(home: Home) -> Home:
    """Return a home with three lists of addresses: two, three and the first two again."""
    for day, content in zip(
        DAYS,
        (
            b"192.0.2.1\n192.0.2.2\n",
            b"192.0.2.1\n192.0.2.2\n192.0.2.3\n",
            b"192.0.2.1\n192.0.2.2\n",
        ),
        strict=True,
    ):
        land(home, HOSTS, day, content, "txt")
    return home


def raw(home: Home, as_of: date, *feeds: str, source: str = "mirror") -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    catalog: Mapping[str, FeedSpec] = {feed: load_feed(feed) for feed in feeds}
    write_raw(connection, home, catalog, Landing(home.landing), as_of=as_of, source=source)
    return connection


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query).fetchall()


def test_view_shows_nothing_from_after_the_day(hosts_home: Home) -> None:
    connection = raw(hosts_home, DAYS[1], HOSTS)
    assert ask(connection, f"SELECT DISTINCT vintage_day FROM raw.{HOSTS} ORDER BY ALL") == [
        (DAYS[0],),
        (DAYS[1],),
    ]
    assert ask(connection, "SELECT count(*) FROM raw.vintages") == [(2,)]


def test_day_before_the_first_vintage_knows_nothing(hosts_home: Home) -> None:
    connection = raw(hosts_home, date(2025, 12, 31), HOSTS)
    assert ask(connection, f"SELECT * FROM raw.{HOSTS}") == []


def test_repeated_payload_shows_its_rows_under_its_own_day_again(hosts_home: Home) -> None:
    connection = raw(hosts_home, DAYS[2], HOSTS)
    counts = f"SELECT vintage_day, count(*) FROM raw.{HOSTS} GROUP BY ALL ORDER BY ALL"
    assert ask(connection, counts) == [(DAYS[0], 2), (DAYS[1], 3), (DAYS[2], 2)]
    repeats = "SELECT is_repeat FROM raw.vintages ORDER BY vintage_day"
    assert ask(connection, repeats) == [(False,), (False,), (True,)]


def test_payload_set_aside_is_invisible_and_named_in_feeds(hosts_home: Home) -> None:
    newest = Landing(hosts_home.landing).payloads(HOSTS)[1]
    set_aside(hosts_home.raw, HOSTS, newest.sha12, "gate: too small", judged_by="v1")
    connection = raw(hosts_home, DAYS[1], HOSTS)
    assert ask(connection, "SELECT vintage_day FROM raw.vintages") == [(DAYS[0],)]
    refused = "SELECT newest_quarantined, quarantine_message FROM raw.feeds"
    assert ask(connection, refused) == [(DAYS[1], "gate: too small")]
    # a good payload after it makes the feed whole again
    assert ask(raw(hosts_home, DAYS[2], HOSTS), refused) == [(None, None)]


def test_reference_feed_known_only_later_is_used_for_an_earlier_night(
    home: Home, simulated_vintages: dict[str, list[tuple[date, str, bytes]]]
) -> None:
    ((day, ext, content),) = simulated_vintages[PLACES]
    land(home, PLACES, day, content, ext)
    connection = raw(home, date(2024, 1, 1), PLACES)
    assert ask(connection, "SELECT vintage_day FROM raw.vintages") == [(day,)]
    assert ask(connection, f"SELECT count(*) > 200 FROM raw.{PLACES}") == [(True,)]


def test_feed_of_events_known_only_later_is_not_used(hosts_home: Home) -> None:
    assert ask(raw(hosts_home, date(2024, 1, 1), HOSTS), "SELECT * FROM raw.vintages") == []


def test_copies_of_one_day_come_in_order_and_tell_of_the_days_that_were_over(home: Home) -> None:
    for content, moment in (
        (b"192.0.2.1\n", datetime(2026, 1, 12, 2, tzinfo=UTC)),
        (b"192.0.2.2\n", datetime(2026, 1, 12, 14, tzinfo=UTC)),
        (b"192.0.2.3\n", datetime(2026, 1, 13, 2, tzinfo=UTC)),
        (b"192.0.2.4\n", at(date(2026, 1, 13), END_OF_DAY)),
    ):
        land(home, HOSTS, moment.date(), content, "txt", moment)
    connection = raw(home, date(2026, 1, 13), HOSTS)
    days = "SELECT copy_number, payload_day, vintage_day, whole_day FROM raw.vintages ORDER BY 1"
    assert ask(connection, days) == [
        (1, date(2026, 1, 12), date(2026, 1, 11), date(2026, 1, 11)),
        # what it has more than the first came on its own day
        (2, date(2026, 1, 12), date(2026, 1, 12), date(2026, 1, 11)),
        (3, date(2026, 1, 13), date(2026, 1, 12), date(2026, 1, 12)),
        (4, date(2026, 1, 13), date(2026, 1, 13), date(2026, 1, 13)),
    ]
    shown = f"SELECT address FROM raw.{HOSTS} WHERE copy_number = 2"
    assert ask(connection, shown) == [("192.0.2.2",)]


def test_every_feed_has_its_view_and_row_in_an_empty_home(home: Home) -> None:
    for feed in load_catalog():
        parse_new(load_feed(feed), Landing(home.landing), home.raw)
    connection = raw(home, DAYS[0], *load_catalog())
    for feed, spec in load_catalog().items():
        columns = [name for name, *_ in ask(connection, f"DESCRIBE raw.{feed}")]
        assert columns == ["copy_number", "vintage_day", *spec.columns, "payload"]
    assert len(ask(connection, "SELECT feed FROM raw.feeds")) == len(load_catalog())


@pytest.mark.parametrize(
    ("source", "mark"),
    [("sample", "SIMULATED."), ("starter", f"STARTER, counts up to {DAYS[0]}."), ("mirror", "")],
)
def test_context_has_the_mark_of_its_source(
    home: Home, hosts_home: Home, source: str, mark: str
) -> None:
    connection = raw(hosts_home, DAYS[0], HOSTS, source=source)
    context = "SELECT as_of, source, mark FROM raw.run_context"
    assert ask(connection, context) == [(DAYS[0], source, mark)]


def test_home_below_a_pattern_reads_no_file_of_its_neighbour(tmp_path: Path) -> None:
    own, neighbour = Home(tmp_path / "a*b" / "k=v"), Home(tmp_path / "axb" / "k=v")
    land(own, HOSTS, DAYS[0], b"192.0.2.1\n", "txt")
    land(neighbour, HOSTS, DAYS[0], b"192.0.2.1\n", "txt")
    shown = f"SELECT vintage_day, address FROM raw.{HOSTS}"
    assert ask(raw(own, DAYS[0], HOSTS), shown) == [(DAYS[0], "192.0.2.1")]


def test_fingerprint_follows_payloads_day_and_failure_but_not_the_clock(hosts_home: Home) -> None:
    same = [fingerprint(raw(hosts_home, DAYS[1], HOSTS)) for _ in range(2)]
    assert same[0] == same[1]
    assert fingerprint(raw(hosts_home, DAYS[2], HOSTS)) != same[0]
    Landing(hosts_home.landing).note_attempt(
        HOSTS, attempted_at=datetime(2026, 1, 11, tzinfo=UTC), ok=True
    )
    assert fingerprint(raw(hosts_home, DAYS[1], HOSTS)) == same[0]
    Landing(hosts_home.landing).note_attempt(
        HOSTS, attempted_at=datetime(2026, 1, 11, tzinfo=UTC), ok=False, error="timed out"
    )
    assert fingerprint(raw(hosts_home, DAYS[1], HOSTS)) != same[0]
    Landing(hosts_home.landing).note_attempt(
        HOSTS, attempted_at=datetime(2026, 1, 12, tzinfo=UTC), ok=False, error="timed out"
    )
    assert fingerprint(raw(hosts_home, DAYS[1], HOSTS)) == same[0], "what came later is not known"


def test_warehouse_is_closed_also_after_an_error(home: Home) -> None:
    failed = pytest.raises(duckdb.Error)
    with failed, connect(home) as connection:
        connection.execute("SELECT * FROM nowhere")
    with connect(home) as connection:
        assert ask(connection, "SELECT 1") == [(1,)]
