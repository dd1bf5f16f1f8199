"""Every feed's suite holds on a simulated payload, and blocks one that is broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import duckdb
import pytest
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.landing import Landing
from threatcast_feeds.parsing import parse_new
from threatcast_feeds.registry import generator_of, load_catalog
from threatcast_feeds.simulation import LAST_DAY, simulate
from threatcast_orchestration.feed_steps.judgement import judge_home, write_meaning
from threatcast_orchestration.gates.gate_results import GateResult
from threatcast_orchestration.gates.runner import run_suite
from threatcast_orchestration.gates.suites import load_suite
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.raw import write_raw

FEEDS = sorted(load_catalog())
KEPT = 4


@dataclass(frozen=True)
class Sample:
    """A home with the newest simulated vintages of every feed."""

    home: Home

    @contextmanager
    def raw(self, *feeds: str, as_of: date = LAST_DAY) -> Iterator[duckdb.DuckDBPyConnection]:
        catalog = load_catalog()
        with duckdb.connect() as connection:
            write_raw(
                connection,
                self.home,
                {feed: catalog[feed] for feed in {"country_codes", *feeds}},
                Landing(self.home.landing),
                as_of=as_of,
                source="sample",
            )
            judged = judge_home(catalog[feeds[-1]], self.home, Landing(self.home.landing), as_of)
            write_meaning(connection, catalog[feeds[-1]], judged[-1] if judged else None)
            yield connection


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    home = Home(tmp_path_factory.mktemp("sample"))
    landing = Landing(home.landing)
    world = simulate()
    for spec in load_catalog().values():
        for day, ext, content in list(generator_of(spec).payloads(world))[-KEPT:]:
            end = datetime.combine(day, time(23, 59, 59), UTC)
            landing.land(Arrival(spec.key, day, ext, content, end, "sample"))
        parse_new(spec, landing, home.raw)
    return Sample(home)


def gate(feed: str, connection: duckdb.DuckDBPyConnection) -> GateResult:
    return run_suite(load_suite("payloads", feed), connection)


def critical(result: GateResult) -> str:
    """Return the critical failures in words."""
    assert not result.error, result.error
    return " ".join(rule.rule for rule in result.failures if rule.severity == "critical")


@pytest.mark.parametrize("feed", FEEDS)
def test_newest_simulated_payload_passes(sample: Sample, feed: str) -> None:
    with sample.raw(feed) as connection:
        result = gate(feed, connection)
    assert result.severity in (None, "info"), result.summary
    assert all(rows > 0 for rows in result.rows.values()), result.rows


@pytest.mark.parametrize("feed", FEEDS)
def test_payload_cut_to_a_small_part_is_blocked(sample: Sample, feed: str) -> None:
    # of attacks that rest, or posts of few people, a twentieth may be all
    part = 100 if feed in ("ddosia_targets", "tweetfeed") else 20
    with sample.raw(feed) as connection:
        connection.execute(
            f"UPDATE raw.vintages SET row_count = row_count // {part} WHERE feed = ? AND "
            "vintage_day = (SELECT max(vintage_day) FROM raw.vintages WHERE feed = ?)",
            [feed, feed],
        )
        assert "volume_ratio" in critical(gate(feed, connection))


@pytest.mark.parametrize("feed", FEEDS)
def test_payload_of_which_half_cannot_be_read_is_blocked(sample: Sample, feed: str) -> None:
    with sample.raw(feed) as connection:
        connection.execute("UPDATE raw.vintages SET rejected_count = row_count")
        assert "rejected_share" in critical(gate(feed, connection))


@pytest.mark.parametrize("feed", FEEDS)
def test_payload_without_its_words_is_blocked(sample: Sample, feed: str) -> None:
    # as when a source changes its form: there are rows, and nothing in them
    columns = [name for name, kind in load_catalog()[feed].columns.items() if kind == "VARCHAR"]
    emptied = ", ".join(f"'' AS \"{name}\"" for name in columns)
    with sample.raw(feed) as connection:
        connection.execute(
            f"CREATE TEMP TABLE emptied AS SELECT * REPLACE ({emptied}) FROM raw.{feed}"
        )
        connection.execute(f"DROP VIEW raw.{feed}")
        connection.execute(f"CREATE TABLE raw.{feed} AS FROM emptied")
        assert critical(gate(feed, connection))


@pytest.mark.parametrize("feed", [feed for feed in FEEDS if load_catalog()[feed].targets])
def test_payload_from_after_the_day_is_blocked(sample: Sample, feed: str) -> None:
    with sample.raw(feed) as connection:
        connection.execute("UPDATE raw.run_context SET as_of = DATE '2020-01-01'")
        assert "is_known_by_as_of" in critical(gate(feed, connection))


def test_refused_newer_payload_is_a_warning(sample: Sample) -> None:
    with sample.raw("cisa_kev") as connection:
        connection.execute(
            "UPDATE raw.feeds SET newest_quarantined = DATE '2026-06-14' WHERE feed = 'cisa_kev'"
        )
        result = gate("cisa_kev", connection)
    assert result.severity == "warning"
    assert "is_newest_accepted" in result.summary


def test_feed_that_never_gave_a_payload_is_told_so(sample: Sample, tmp_path: Path) -> None:
    with sample.raw("cisa_kev", as_of=date(2019, 1, 1)) as connection:
        result = gate("cisa_kev", connection)
    assert result.severity == "warning"
    assert "has never given a payload" in result.summary
