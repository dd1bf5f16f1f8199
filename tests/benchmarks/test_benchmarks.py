"""The benchmarks' own arithmetic; nothing here is timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest


def test_every_benchmark_is_offered_by_name(project: Path) -> None:
    script = [sys.executable, str(project / "benchmarks" / "run.py")]
    offered = subprocess.run([*script, "--help"], capture_output=True, text=True, check=True)
    assert "parsing, nights" in offered.stdout
    unknown = subprocess.run([*script, "speed"], capture_output=True, text=True, check=False)
    assert unknown.returncode == 2
    assert "no benchmark speed; there are parsing, nights" in unknown.stderr


@pytest.mark.parametrize(
    ("value", "limit", "ok"), [(3.0, 3.0, True), (3.01, 3.0, False), (99.0, None, True)]
)
def test_limit_is_the_most_that_a_number_may_be(
    value: float, limit: float | None, ok: bool, tmp_path: Path
) -> None:
    from readings import Reading, line_of, write_readings

    reading = Reading("a/ratio", value, "x", limit)
    assert reading.ok is ok
    assert ("BROKEN" in line_of(reading)) is not ok
    write_readings(tmp_path / "out.json", [reading], {"source": "sample"})
    [row] = json.loads((tmp_path / "out.json").read_text())["readings"]
    assert (row["value"], row["limit"], row["ok"]) == (value, limit, ok)


def test_reading_beside_a_rival_is_held_to_a_share_of_it() -> None:
    from readings import Reading, line_of

    kept = Reading("a", 4.0, "s", 5.0, rival=8.0, share=0.5)
    assert (kept.ratio, kept.ok) == (0.5, True)
    shown = " ".join(line_of(kept).split())
    assert shown == "a 4.00 s 8.00 s 0.50 x 5 s, 0.5 x rival ok"
    assert not Reading("a", 4.1, "s", rival=8.0, share=0.5).ok
    assert not Reading("a", 4.0, "s", 3.0, rival=8.0, share=0.5).ok
    assert Reading("a", 4.0, "s", rival=1.0).ok


def test_larger_release_is_written_by_the_formats_and_its_region_is_found(tmp_path: Path) -> None:
    import duckdb
    from scale.release import REGION, write_release
    from threatcast_publishing.verify import verify

    folder = write_release(tmp_path / "releases", 1)
    assert verify(folder).ok
    asked = f"SELECT count(*), count(DISTINCT target) FROM '{folder}/parquet/outlook.parquet'"
    assert duckdb.sql(asked).fetchone() == (2743, 13)
    assert duckdb.sql(f"{asked} WHERE location = '{REGION}'").fetchone() == (13, 13)


def test_copies_of_a_larger_world_are_read_whole_and_grow_with_it(tmp_path: Path) -> None:
    from scale.payloads import FEEDS, arrivals
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.parsing import parse_new
    from threatcast_feeds.registry import load_feed

    rows = {}
    for times in (1, 10):
        landing = Landing(tmp_path / f"{times}" / "landing")
        for feed in FEEDS:
            for arrival in arrivals(feed, times, vintages=3):
                landing.land(arrival)
            outcomes = parse_new(load_feed(feed), landing, tmp_path / f"{times}" / "raw")
            assert [one.state for one in outcomes] == ["accepted"] * 3
            rows[feed, times] = outcomes[-1].rows
    assert [rows[feed, 10] / rows[feed, 1] for feed in FEEDS] == [10, 10]


def test_ratio_is_of_the_least_of_each_side() -> None:
    from parsing import ratios
    from readings import Cost

    rounds = [(Cost(6.0, 5.0), Cost(2.0, 2.0)), (Cost(5.0, 4.0), Cost(4.0, 3.0))]
    [reading] = ratios("parsing/x", rounds, "1 payload")
    assert reading.value == 2.5
    assert "median of 2 rounds 2.12 x, in CPU seconds 2.00 x" in reading.note


def test_steps_are_read_from_what_a_run_prints() -> None:
    from nights import readings_of, steps_of
    from process_tree import Watched

    said = (
        "[1/3] pull_a: 1.5 s\nwarning: [2/3] b: 9 s late\n[2/3] release: 20.0 s\n[3/3] c: failed\n"
    )
    assert steps_of(said) == {"pull_a": 1.5, "release": 20.0}
    night = Watched(25.0, 30.0, 2 * 1024**2, {1: 1, 2: 1}, 0, said)
    found = {one.name: one.value for one in readings_of("n", night, 480.0)}
    assert list(found) == ["n/wall", "n/memory", "n/step/release", "n/step/pull_a", "n/step/(none)"]
    assert (found["n/wall"], found["n/memory"], found["n/step/(none)"]) == (25.0, 2.0, 3.5)


def test_memory_of_grandchildren_counts() -> None:
    from process_tree import memory_of, tree_of, watch

    hold = "x = bytearray(60_000_000); import time; time.sleep(1)"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}], check=True)"
    night = watch([sys.executable, "-c", nested], dict(os.environ))
    assert night.exit_code == 0
    assert night.peak > 60_000_000
    assert os.getpid() in tree_of(os.getpid())
    assert memory_of(os.getpid()) > 10_000_000


def test_night_without_a_release_is_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nights

    failed = SimpleNamespace(exit_code=3, output="a gate blocked it", seconds=1.0, cpu=1.0)
    monkeypatch.setattr(nights, "watch", lambda command, environment: failed)
    newest = tmp_path / "mirror" / nights.NEW_FEED / "2026-08-22.json"
    newest.parent.mkdir(parents=True)
    newest.touch()
    with pytest.raises(RuntimeError, match=r"first night ended with code 3:\na gate blocked it"):
        list(nights.measure(tmp_path / "mirror", tmp_path))


def test_every_baseline_reads_a_payload_of_its_feed(tmp_path: Path) -> None:
    import duckdb
    from baselines import BASELINES, WRAPPED, copy_of

    listed = '[{"victim": "a", "post_title": "a", "group": "g"}]'
    texts = {
        "cisa_kev": '{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2021-1"}]}',
        "ddosia_targets": '{"targets": [{"host": "a.example", "port": 443}]}',
        "ip_country": "192.0.2.0,192.0.2.255,NA\n",
        "c2_tracker": "192.0.2.1",
        "sefinek_ips": "192.0.2.1\n",
        "threatfox_ips": "192.0.2.1\n",
        "tweetfeed": "2026-08-21 00:11:04,r1,ip,192.0.2.193,#C2,\n",
    }
    for feed, query in [*BASELINES.items(), *WRAPPED.items()]:
        text = texts.get(feed, listed)
        if query == WRAPPED.get(feed):
            text = f'{{"victims": {listed}, "results": {listed}}}'
        file = _landed(tmp_path, feed, text)
        duckdb.execute(copy_of(query, [str(file)], str(tmp_path / "out.parquet")))
        [rows] = duckdb.execute(f"SELECT count(*) FROM '{tmp_path}/out.parquet'").fetchone() or [0]
        assert rows == 1, feed


def test_large_feed_without_baseline_is_named() -> None:
    from baselines import baseline_of

    with pytest.raises(RuntimeError, match="openphish is large by now and has no SELECT"):
        baseline_of("openphish", b"https://a.example/")


def test_nowcasts_gain_nothing_by_a_larger_scale() -> None:
    import pandas as pd
    from nowcasting import scores_of_both

    keys = {"series_id": "WORLD", "model": "flat", "origin": pd.Timestamp("2026-01-05")}
    stood = pd.DataFrame(
        [
            keys | {"horizon": 1, "wis": 6.0, "scale": 2.0, "scaled_wis": 3.0},
            keys | {"horizon": 2, "wis": None, "scale": 2.0, "scaled_wis": None},
        ]
    )
    better = stood.assign(scale=3.0, scaled_wis=stood["wis"] / 3.0)
    [row] = scores_of_both(stood, better).itertuples()
    assert (row.horizon, row.stands, row.learnt) == (1, 3.0, 3.0)


def _landed(folder: Path, feed: str, text: str) -> Path:
    """Write a payload as the landing does; a bundle's members lie there as they are."""
    from threatcast_feeds.landing import compress

    is_member = feed in ("c2_tracker", "ddosia_targets")
    file = folder / f"{feed}.{'txt' if is_member else 'zst'}"
    file.write_bytes(text.encode() if is_member else compress(text.encode()))
    return file
