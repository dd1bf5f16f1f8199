"""A night on which eight sources serve what parses well and means something else.

Each is set aside by name, or its weeks are missing; no number is current that an honest night would
not have given.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from nights import quick_home, threatcast
from threatcast_feeds.registry import generator_of, load_catalog
from threatcast_feeds.simulation import LAST_DAY, simulate

Payload = tuple[date, str, bytes]
Records = list[dict[str, Any]]


def _records(content: bytes, under: str, change: Callable[[Records], Records]) -> bytes:
    document = json.loads(content)
    if not under:
        return json.dumps(change(document)).encode()
    return json.dumps({**document, under: change(document[under])}).encode()


def claims_without_three_weeks(content: bytes, before: bytes) -> bytes:
    del before
    since = str(LAST_DAY - timedelta(weeks=3))
    return _records(content, "", lambda rows: [row for row in rows if row["published"] < since])


def addresses_frozen_less_one(content: bytes, before: bytes) -> bytes:
    del content
    return before[: before.rindex(b"\n")]


def american_ranges_are_british(content: bytes, before: bytes) -> bytes:
    del before
    return content.replace(b",US\n", b",GB\n")


def breaches_a_year_earlier(content: bytes, before: bytes) -> bytes:
    del before

    def moved(row: dict[str, Any]) -> dict[str, Any]:
        day = date.fromisoformat(row["addedDate"][:10]) - timedelta(days=364)
        return row | {"addedDate": f"{day}{row['addedDate'][10:]}"}

    return _records(content, "exposedBreaches", lambda rows: [moved(row) for row in rows])


def incidents_all_german(content: bytes, before: bytes) -> bytes:
    del before
    names = b"|".join(name.encode() for name in ("Ukraine", "France", "Italy", "Poland", "Spain"))
    return re.sub(names, b"Germany", content)


def tools_renamed(content: bytes, before: bytes) -> bytes:
    del before
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as bundle, zipfile.ZipFile(out, "w") as renamed:
        for name in bundle.namelist():
            renamed.writestr(name.replace(" IPs", " Servers IPs"), bundle.read(name))
    return out.getvalue()


def newest_week_fifty_times(content: bytes, before: bytes) -> bytes:
    del before

    def swollen(rows: Records) -> Records:
        newest = max(row["dateAdded"] for row in rows)
        since = str(date.fromisoformat(newest) - timedelta(days=6))
        week = [row for row in rows if row["dateAdded"] >= since]
        keys = (f"CVE-2026-{number:05d}" for number in range(50_000, 99_999))
        return [row | {"cveID": next(keys)} for row in week for _ in range(49)] + rows

    return _records(content, "vulnerabilities", swollen)


def press_of_one_country(content: bytes, before: bytes) -> bytes:
    del before
    return _records(content, "results", lambda rows: [row | {"country": "US"} for row in rows])


FAULTS = {
    "ransomware_live": claims_without_three_weeks,
    "threatfox_ips": addresses_frozen_less_one,
    "ip_country": american_ranges_are_british,
    "xposedornot_breaches": breaches_a_year_earlier,
    "eurepoc": incidents_all_german,
    "c2_tracker": tools_renamed,
    "cisa_kev": newest_week_fifty_times,
    "ransomware_live_press": press_of_one_country,
}
SETTLED = timedelta(weeks=8)
"""A week so old must be what an honest night says, or missing."""


def spoil(simulated: Path) -> None:
    """Put a spoilt payload into the place of the newest one of each of the eight feeds."""
    world = simulate()
    for feed, fault in FAULTS.items():
        *_, (_, _, before), (day, ext, content) = generator_of(load_catalog()[feed]).payloads(world)
        for path in (simulated / feed).glob(f"{day}.*"):
            # tables and slow releases get a new payload; the others their newest one anew
            if LAST_DAY - day < timedelta(days=7):
                path.unlink()
            else:
                day = LAST_DAY
        spoilt = fault(content, before)
        assert spoilt != content
        (simulated / feed / f"{day}.{ext}").write_bytes(spoilt)


@pytest.fixture(scope="module")
def night(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the release of such a night, and all that was printed."""
    home = quick_home(tmp_path_factory.mktemp("eight") / "home")
    shutil.copytree(sample_home / "simulated", home / "simulated")
    spoil(home / "simulated")
    done = threatcast("run", "--source", "sample", home=home)
    assert done.returncode == 0, done.stderr[-3000:]
    # tables on a screen break their lines
    return home / "releases" / "current", re.sub(r"[\s│]+", " ", done.stdout + done.stderr)


@pytest.fixture(scope="module")
def both(night: tuple[Path, str], sample_home: Path) -> duckdb.DuckDBPyConnection:
    """Return the releases of the spoilt night and of an honest one, attached."""
    connection = duckdb.connect()
    for name, release in (("spoilt", night[0]), ("honest", sample_home / "releases" / "current")):
        path = release / "threatcast.duckdb"
        connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
    return connection


def test_each_of_the_eight_is_told_by_its_name_and_what_was_done(
    night: tuple[Path, str], both: duckdb.DuckDBPyConnection
) -> None:
    states = dict(
        both.execute("SELECT feed, state || ': ' || reason FROM spoilt.feed_health").fetchall()
    )
    for feed in FAULTS:
        assert re.search(f"warning: {feed}[:,] ", night[1]), feed
        assert states[feed] is not None, feed
        assert states[feed].startswith(("failed: the payload of ", "silent: ")), states[feed]
    well = set(states) - set(FAULTS) - {"accessnow_keepiton"}
    assert {states[feed] for feed in well} == {None}


def test_no_outlook_is_current_that_an_honest_night_would_not_have_given(
    both: duckdb.DuckDBPyConnection,
) -> None:
    wrong = both.execute(
        """
        SELECT spoilt.target, spoilt.location, spoilt.expected_4w, honest.state,
            honest.low80_4w, honest.high80_4w
        FROM spoilt.outlook AS spoilt
        LEFT JOIN honest.outlook AS honest USING (target, location)
        WHERE spoilt.state = 'published'
            AND NOT coalesce(
                spoilt.expected_4w BETWEEN honest.low80_4w AND honest.high80_4w,
                spoilt.expected_4w <= 1
            )
        """
    ).fetchall()
    assert wrong == []


def test_no_count_is_wrong_and_a_week_that_was_not_seen_is_missing(
    both: duckdb.DuckDBPyConnection,
) -> None:
    # the last good copies are a week or two older: their newest weeks may lack late records only
    wrong = both.execute(
        """
        SELECT spoilt.target, spoilt.location, spoilt.week, spoilt.value, honest.value
        FROM spoilt.activity_weekly AS spoilt
        INNER JOIN honest.activity_weekly AS honest USING (target, location, week)
        WHERE spoilt.value IS NOT NULL AND (
            spoilt.value > honest.value + 1
            OR (spoilt.week <= ? AND abs(spoilt.value - honest.value) > 1)
            OR spoilt.value < 0.5 * honest.value - 3
        )
        """,
        [LAST_DAY - SETTLED],
    ).fetchall()
    assert wrong == []
    newest = both.execute(
        "SELECT target, max(week) FILTER (WHERE value IS NOT NULL) FROM spoilt.activity_weekly "
        "WHERE location = 'WORLD' GROUP BY target"
    ).fetchall()
    last = LAST_DAY - timedelta(days=6)
    assert dict(newest)["ddos_targets"] == last
    assert all(
        week < last
        for target, week in newest
        if target
        in {"ransomware_claims", "malware_hosts", "data_breaches", "reported_cyberattacks"}
    )


def test_outlooks_of_the_last_good_copies_stay_published_and_say_their_day(
    both: duckdb.DuckDBPyConnection,
) -> None:
    counted = dict(
        both.execute(
            "SELECT target, count(*) FROM spoilt.outlook "
            "WHERE state = 'published' AND data_through < as_of GROUP BY target"
        ).fetchall()
    )
    assert counted.keys() == {
        *("ransomware_claims", "malware_hosts", "exploited_vulnerabilities", "c2_servers"),
        "reported_cyberattacks",
    }
