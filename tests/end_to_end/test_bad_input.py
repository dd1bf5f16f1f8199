"""A night in which much goes wrong at once: what fails says so, and all else is published."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
from nights import PLAIN, quick_home, threatcast
from threatcast_feeds.registry import generator_of, load_catalog
from threatcast_feeds.simulation import simulate
from threatcast_publishing.catalog import current
from threatcast_publishing.verify import verify

DENIED = b"<html><head><title>Access Denied</title></head></html>"
BROKEN = {
    "xposedornot_breaches": "a web page titled 'Access Denied'",
    "c2_tracker": "points outside the archive",
    "openphish": "there is no payload",
    "ransomware_live_press": "cut or damaged",
    "eurepoc": "the payload is empty",
}
"""Each with what its feed must say."""


def spoil_payloads(mirror: Path) -> None:
    """Break the newest recording of five feeds, each in its own way."""
    import gzip
    import zipfile

    newest = {folder.name: max(folder.iterdir()) for folder in mirror.iterdir()}
    newest["xposedornot_breaches"].write_bytes(DENIED)
    newest["eurepoc"].write_bytes(b"")
    with zipfile.ZipFile(newest["c2_tracker"], "a") as archive:
        archive.writestr("../../outside.txt", b"192.0.2.1\n")
    press = newest["ransomware_live_press"]
    press.with_name(f"{press.name}.gz").write_bytes(gzip.compress(press.read_bytes())[:5000])
    press.unlink()
    for path in (mirror / "openphish").iterdir():
        path.unlink()


def spoil_records(mirror: Path) -> None:
    """Put odd records among the good ones of three feeds."""
    path = max((mirror / "ransomware_live").iterdir())
    claims = json.loads(path.read_text(encoding="utf-8"))
    long_ago = "2019-06-04T12:00:00+00:00"  # a day of which the simulation has no claim
    pattern = claims[-1] | {"published": long_ago, "discovered": long_ago}
    for number, country in enumerate(["NA", "NA", "NA", "QQ", "QQ"]):
        claims.append(pattern | {"post_title": f"Odd {number}", "country": country})
    claims.append(claims[-1])
    path.write_text(json.dumps(claims), encoding="utf-8")

    path = max((mirror / "cisa_kev").iterdir())
    catalog = json.loads(path.read_text(encoding="utf-8"))
    for number, day in enumerate(["2026-02-31", "2031-01-01"]):
        odd = {"cveID": f"CVE-2026-9999{number}", "dateAdded": day}
        catalog["vulnerabilities"].append(catalog["vulnerabilities"][0] | odd)
    catalog["count"] += 2
    path.write_text(json.dumps(catalog), encoding="utf-8")

    path = max((mirror / "threatfox_ips").iterdir())
    path.write_bytes(path.read_bytes().rstrip() + b"\n0.0.0.0\n2001:db8::1\n")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the home of such a night, and all that was printed."""
    mirror = tmp_path_factory.mktemp("bad") / "mirror"
    world = simulate()
    for spec in load_catalog().values():
        (mirror / spec.key).mkdir(parents=True)
        for day, ext, content in list(generator_of(spec).payloads(world))[-2:]:
            (mirror / spec.key / f"{day}.{ext}").write_bytes(content)
    spoil_payloads(mirror)
    spoil_records(mirror)
    home = quick_home(mirror.parent / "home", PLAIN)
    done = threatcast("run", "--mirror", str(mirror), home=home)
    assert done.returncode == 0, done.stderr[-3000:]
    return home, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tables(night: tuple[Path, str]) -> duckdb.DuckDBPyConnection:
    path = night[0] / "releases" / "current" / "threatcast.duckdb"
    return duckdb.connect(str(path), read_only=True)


def test_each_broken_feed_is_failed_with_its_reason_on_the_screen_and_in_the_release(
    night: tuple[Path, str], tables: duckdb.DuckDBPyConnection
) -> None:
    failed = dict(
        tables.execute("SELECT feed, reason FROM feed_health WHERE state = 'failed'").fetchall()
    )
    assert failed.keys() == BROKEN.keys()
    # tables on a screen break their lines
    screen = re.sub(r"[\s│]+", " ", night[1])
    for feed, words in BROKEN.items():
        assert words in screen, feed
        assert f"warning: {feed}, " in screen


def test_broken_feed_is_published_from_its_last_good_payload_until_that_is_past_its_limit(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    limits = {
        spec.key: (spec.fresh_days, 7 * spec.silent_weeks) for spec in load_catalog().values()
    }
    states = tables.execute(
        "SELECT feed, list(DISTINCT outlook.state), any_value(last_success)::DATE, "
        "any_value(last_event), any_value(as_of), max(data_through) "
        "FROM outlook INNER JOIN targets USING (target) INNER JOIN feed_health USING (feed) "
        "WHERE target <> 'phishing_mix' GROUP BY feed"
    ).fetchall()
    for feed, found, newest, event, as_of, through in states:
        fresh, silent = limits[feed]
        serves = newest is not None and (as_of - newest).days <= fresh
        serves = serves and (event is None or (as_of - event).days <= silent)
        assert (found != ["source_failure"]) == serves, feed
        assert through is None or through <= newest, feed
    broken = {row[0]: row for row in states if row[0] in BROKEN}
    assert "published" in broken["ransomware_live_press"][1]
    published = tables.execute(
        "SELECT DISTINCT target FROM outlook WHERE state = 'published'"
    ).fetchall()
    assert ("exploited_vulnerabilities",) in published
    assert ("ransomware_claims",) in published


def test_namibia_and_unknown_codes_are_counted_once_each_where_they_belong(
    night: tuple[Path, str],
) -> None:
    path = night[0] / "warehouse" / "threatcast.duckdb"
    with duckdb.connect(str(path), read_only=True) as warehouse:
        odd = warehouse.execute(
            "SELECT location, count(*) FROM intermediate.int_ransomware_live__history "
            "WHERE event_day = DATE '2019-06-04' AND known_to IS NULL GROUP BY location"
        ).fetchall()
    assert dict(odd) == {"NA": 3, "UNLOCATED": 2}


def test_impossible_and_future_days_are_in_no_week(tables: duckdb.DuckDBPyConnection) -> None:
    assert tables.execute(
        "SELECT max(week) < DATE '2026-06-15' FROM activity_weekly"
    ).fetchone() == (True,)


def test_release_of_a_bad_night_verifies(night: tuple[Path, str]) -> None:
    releases = night[0] / "releases"
    assert verify(releases / str(current(releases))).problems == ()


def test_night_before_the_first_payload_has_nothing_to_publish(tmp_path: Path) -> None:
    folder = tmp_path / "mirror" / "cisa_kev"
    folder.mkdir(parents=True)
    spec = load_catalog()["cisa_kev"]
    day, ext, content = list(generator_of(spec).payloads(simulate()))[-1]
    (folder / f"{day}.{ext}").write_bytes(content)
    home = tmp_path / "home"
    done = threatcast("run", "--mirror", str(folder.parent), "--as-of", "1999-01-01", home=home)
    assert done.returncode == 4
    assert "by 1999-01-01, so there is nothing to publish" in done.stderr
    assert "choose a later --as-of" in done.stderr
    assert "Traceback" not in done.stderr
    told = threatcast("status", home=home)
    assert told.returncode == 4
    assert "nothing to publish" in told.stderr
    assert "stays current" not in told.stderr
