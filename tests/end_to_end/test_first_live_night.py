"""The first night of a new live home: feeds are served on the loopback, their past is imported."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from feed_server import FeedServer, Said
from in_process import own_environment
from nights import PLAIN, quick_home
from threatcast_feeds.history import read_history
from threatcast_feeds.registry import FeedSpec, load_catalog
from threatcast_orchestration.launch import run_plan
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import make_plan
from threatcast_orchestration.run.settings import load_settings

MONDAY = date(2026, 8, 24)
"""Two days after the newest recordings."""
DOWN = ("c2_tracker", "ddosia_targets")


@dataclass(frozen=True)
class FirstNight:
    """What a first live night left: its home, and the tables of its release."""

    home: Home
    release: str

    def rows(self, sql: str) -> list[tuple]:
        path = self.home.releases / self.release / "threatcast.duckdb"
        with duckdb.connect(str(path), read_only=True) as tables:
            return tables.execute(sql).fetchall()


def newest(folder: Path) -> bytes:
    """Return the newest recorded payload of a feed, as it was served."""
    path = max(path for path in folder.glob("20*") if path.is_file())
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def answers(spec: FeedSpec, payload: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what each address of a feed serves, of a payload as a recording has it."""
    if spec.key == "ip_country":
        lines = payload.splitlines(keepends=True)
        for url, is_v6 in zip(spec.live.urls, (False, True), strict=True):
            yield url, b"".join(line for line in lines if (b":" in line) == is_v6)
    elif spec.live.method == "bundle":
        with zipfile.ZipFile(io.BytesIO(payload)) as bundle:
            for url in spec.live.urls:
                yield url, bundle.read(url.rpartition("/")[2])
    else:
        yield spec.live.urls[0], payload


@pytest.fixture(scope="module")
def first(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> FirstNight:
    root = quick_home(tmp_path_factory.mktemp("first") / "home", PLAIN)
    with (root / "threatcast.toml").open("a", encoding="utf-8") as settings:
        # a git history lies beyond this machine
        settings.write("backfill_minutes = 0\n")
    home = Home(root)
    with FeedServer() as server, own_environment():
        for spec in load_catalog().values():
            if spec.key not in DOWN:
                for url, content in answers(spec, newest(mirror / spec.key)):
                    server.answer(url, Said(content, media_type=""))
        plan = replace(
            make_plan(home, load_settings(home, {"source": "live"})),
            as_of=MONDAY,
            today=MONDAY,
            moment=datetime(2026, 8, 24, 2, tzinfo=UTC),
            rewrite=server.rewrite,
        )
        end = run_plan(plan, quiet=True)
    assert end.release is not None
    return FirstNight(home, end.release)


def test_first_night_publishes_outlooks_of_lists_that_only_show_now(first: FirstNight) -> None:
    published = dict(
        first.rows("SELECT target, count(*) FROM outlook WHERE state = 'published' GROUP BY target")
    )
    assert published["malware_hosts"] > 20
    assert {"ransomware_claims", "exploited_vulnerabilities"} <= set(published)


def test_source_that_does_not_answer_is_a_failure_whatever_was_imported(first: FirstNight) -> None:
    states = first.rows(
        "SELECT DISTINCT state FROM outlook WHERE target IN ('c2_servers', 'ddos_targets')"
    )
    assert states == [("source_failure",)]


def test_every_week_says_who_counted_it(first: FirstNight) -> None:
    history = read_history()
    name = f"imported from {history.release_id}, as of {history.as_of}"
    counters = first.rows(
        "SELECT DISTINCT target, counted_by FROM activity_weekly "
        "WHERE target IN ('malware_hosts', 'exploited_vulnerabilities') AND value IS NOT NULL "
        "ORDER BY ALL"
    )
    # records that carry their days bring their own past along
    assert counters == [("exploited_vulnerabilities", "own"), ("malware_hosts", name)]


def test_imported_counts_are_those_of_the_history(first: FirstNight) -> None:
    counts = read_history().counts
    theirs = duckdb.from_arrow(counts).filter("target = 'malware_hosts' AND value IS NOT NULL")
    ours = first.rows(
        "SELECT location, week, value FROM activity_weekly WHERE target = 'malware_hosts' "
        "AND value IS NOT NULL AND (value > 0 OR location = 'WORLD') "
        "AND location NOT LIKE 'M49-%'"
    )
    assert set(ours) == set(theirs.project("location, week, value").fetchall())


def test_back_test_over_imported_weeks_says_that_it_knew_final_counts(first: FirstNight) -> None:
    kinds = first.rows("SELECT DISTINCT as_of_kind FROM scores WHERE target = 'malware_hosts'")
    assert kinds == [("final",)]


def test_outlook_says_until_when_its_data_reach(first: FirstNight) -> None:
    (through,) = first.rows(
        "SELECT DISTINCT data_through FROM outlook WHERE target = 'malware_hosts' "
        "AND location = 'WORLD'"
    )
    assert date(2026, 8, 10) < through[0] <= read_history().as_of
