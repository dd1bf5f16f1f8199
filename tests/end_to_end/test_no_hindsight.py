"""A past night sees nothing of what came later."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from nights import quick_home, threatcast
from threatcast_publishing.catalog import current

DAY = date(2025, 11, 2)
"""A past day on which several feeds live."""

MODELS = "flat,comb_two,champion"


def poison(home: Path, after: date) -> int:
    """Put absurd rows into every parsed payload that is later than a day; returns how many."""
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.registry import load_catalog

    landing = Landing(home / "landing")
    poisoned = 0
    for spec in load_catalog().values():
        if spec.role == "reference":
            continue  # places, not events: decision 0002
        earlier = {p.sha12 for p in landing.payloads(spec.key) if p.day <= after}
        later = {p.sha12 for p in landing.payloads(spec.key) if p.day > after}
        for name in sorted(later - earlier):
            path = home / "raw" / spec.key / f"{name}.parquet"
            spoilt = path.with_suffix(".new")
            duckdb.execute(
                f"COPY (SELECT rows.* FROM read_parquet('{path}') AS rows, range(3)) "
                f"TO '{spoilt}' (FORMAT parquet)"
            )
            spoilt.replace(path)
            poisoned += 1
    return poisoned


@pytest.mark.slow
def test_past_night_gives_the_same_bytes_whatever_came_later(request, tmp_path):
    mirror = os.environ.get("THREATCAST_MIRROR", "")
    recorded = mirror != "" and Path(mirror).is_dir()
    source = ("--mirror", mirror) if recorded else ("--source", "sample")
    run = ("run", *source, "--as-of", DAY.isoformat(), "--json")
    innocent = quick_home(tmp_path / "innocent", MODELS)
    first = threatcast(*run, home=innocent)
    assert first.returncode == 0, first.stderr[-3000:]

    knowing = quick_home(tmp_path / "knowing", MODELS)
    # asked for now and not before: another process may be making it
    later = request.getfixturevalue("recorded_home" if recorded else "sample_home")
    for name in ("landing", "raw", *(() if recorded else ("simulated",))):
        shutil.copytree(later / name, knowing / name)
    assert poison(knowing, DAY) > 20
    second = threatcast(*run, home=knowing)
    assert second.returncode == 0, second.stderr[-3000:]

    assert current(knowing / "releases") == current(innocent / "releases")
    one, two = (
        json.loads((home / "releases" / "current" / "manifest.json").read_text("utf-8"))["files"]
        for home in (innocent, knowing)
    )
    one.pop("threatcast.duckdb")
    two.pop("threatcast.duckdb")
    assert one == two

    tables = duckdb.connect(
        str(innocent / "releases" / "current" / "threatcast.duckdb"), read_only=True
    )
    alive = {
        feed
        for (feed,) in tables.execute(
            "SELECT feed FROM feed_health INNER JOIN targets USING (feed) "
            "WHERE state IN ('fresh', 'unchanged')"
        ).fetchall()
    }
    if recorded:
        assert alive == {
            *("cisa_kev", "ransomware_live", "threatfox_ips"),
            *("openphish", "c2_tracker", "ddosia_targets", "tweetfeed"),
        }
    newest = tables.execute("SELECT max(week) FROM activity_weekly").fetchone()
    assert newest < (DAY,)
