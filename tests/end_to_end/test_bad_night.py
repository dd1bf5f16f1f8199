"""A good night, then one on which a feed answers with a web page: nothing of it goes dark."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from nights import threatcast
from threatcast_feeds.simulation import LAST_DAY
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import quiet_environment

NIGHT = LAST_DAY + timedelta(days=1)
PAGE = b"<!doctype html><html><head><title>Just a moment...</title></head></html>"
FEED, TARGET = "ransomware_live_press", "reported_cyberattacks"


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Return the address of a webhook and what it was sent."""
    messages: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", messages
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def bad_night(
    small: tuple[Path, Path],
    tmp_path_factory: pytest.TempPathFactory,
    told: tuple[str, list[Any]],
) -> tuple[Path, str]:
    """Return the home after the night on which the feed gave a page, and what was printed."""
    home = tmp_path_factory.mktemp("bad_night") / "home"
    mirror, good = small
    shutil.copytree(good, home, symlinks=True)
    shutil.copytree(mirror, home.with_name("mirror"))
    (home.with_name("mirror") / FEED / f"{NIGHT}.json").write_bytes(PAGE)
    done = threatcast(
        "run", "--mirror", str(home.with_name("mirror")), "--as-of", str(NIGHT), home=home,
        THREATCAST_WEBHOOK_URL=told[0],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return home, done.stdout


def outlooks(home: Path) -> list[tuple[Any, ...]]:
    path = home / "releases" / "current" / "threatcast.duckdb"
    with duckdb.connect(str(path), read_only=True) as release:
        return release.execute(
            "SELECT location, state, data_through FROM outlook WHERE target = ? ORDER BY location",
            [TARGET],
        ).fetchall()


def failed(home: Path) -> set[str]:
    """Return the feeds that failed in the last night: of a small world, all that are not in it."""
    path = home / "releases" / "current" / "threatcast.duckdb"
    with duckdb.connect(str(path), read_only=True) as release:
        rows = release.execute("SELECT feed FROM feed_health WHERE state = 'failed'").fetchall()
    return {feed for (feed,) in rows}


def test_outlooks_stay_from_the_last_good_payload_and_say_their_day(
    bad_night: tuple[Path, str], small: tuple[Path, Path]
) -> None:
    before = [row for row in outlooks(small[1]) if row[1] == "published"]
    after = [row for row in outlooks(bad_night[0]) if row[1] == "published"]
    assert len(before) > 10
    assert [row[0] for row in after] == [row[0] for row in before]
    assert {row[2] for row in after} == {LAST_DAY}


def test_feed_is_failed_and_named_on_the_screen_and_to_the_webhook(
    bad_night: tuple[Path, str],
    small: tuple[Path, Path],
    told: tuple[str, list[dict[str, Any]]],
) -> None:
    home, screen = bad_night
    count = sum(row[1] == "published" for row in outlooks(home))
    said = f"{count} outlooks stay published, from data through {LAST_DAY}."
    for text in (screen, threatcast("status", home=home).stdout):
        lines = [line for line in text.splitlines() if line.startswith(f"! {FEED} failed: ")]
        assert [line.endswith(said) for line in lines] == [True]
    (message,) = told[1]
    assert message["event"] == "degraded"
    assert f"{FEED} failed: " in message["text"]
    told_of = {row["feed"] for row in message["details"]["failed_feeds"]}
    assert told_of - failed(small[1]) == {FEED}
    assert message["details"]["dropped_targets"] == []


def test_checks_of_the_run_show_the_failed_feed_and_the_table_keeps_its_rows(
    bad_night: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(bad_night[0])
    monkeypatch.setenv("THREATCAST_HOME", str(home.root))
    quiet_environment(home)
    key = dg.AssetKey(["raw", FEED])
    kinds = {dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.ASSET_MATERIALIZATION}
    with dg.DagsterInstance.get() as instance:
        run = instance.get_runs(limit=1)[0]
        events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=kinds)]
    checks = {
        event.asset_check_evaluation_data.check_name: event.asset_check_evaluation_data
        for event in events
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        and event.asset_check_evaluation_data.asset_key
        in (key, dg.AssetKey(["published", "feed_health"]))
    }
    assert not checks["feed_state"].passed
    assert checks["feed_state"].description.startswith("failed: ")
    assert not checks["payload_gate"].passed
    assert "Just a moment" in checks["payload_gate"].description
    # it names the first few of those that failed, and counts all
    named = set(re.findall(r"feed=(\w+)", checks["gx_release_feed_health"].description))
    assert {FEED} < failed(home.root) > named > set()
    looked = json.loads((home.gates / str(NIGHT) / "release.feed_health.json").read_text("utf-8"))
    assert looked["expectations"][0]["unexpected_count"] == len(failed(home.root))
    (rows,) = [
        event.step_materialization_data.materialization.metadata["dagster/row_count"].value
        for event in events
        if event.is_step_materialization and event.asset_key == key
    ]
    assert rows > 300
