"""Every feed, fetched from the very addresses of its `defs.yaml` and read by its parser.

What the addresses answer is the newest simulated payload of each feed, taken apart into the
files that its source serves.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

import pytest
from feed_server import FeedServer, Patience, Said
from payload_reading import read_payload
from threatcast_feeds.bundles import blob_name
from threatcast_feeds.errors import NotModified
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.live import fetch
from threatcast_feeds.registry import FeedSpec, generator_of, load_catalog
from threatcast_feeds.simulation import World, simulate

CATALOG = load_catalog()


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(seed=7)


def _members(spec: FeedSpec, content: bytes) -> dict[str, bytes]:
    """Return a payload as the files of which its source serves it."""
    names = [PurePosixPath(urlsplit(url).path).name for url in spec.live.urls]
    if content.startswith(b"PK") and spec.extensions[0] == "zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {PurePosixPath(name).name: archive.read(name) for name in archive.namelist()}
    if spec.live.method == "bundle":
        # the table of address ranges comes as a file for each family
        lines = content.splitlines(keepends=True)
        ours = [b"".join(line for line in lines if (b":" in line) == six) for six in (False, True)]
        return dict(zip(names, ours, strict=True))
    return {names[0]: content}


def _serve(server: FeedServer, spec: FeedSpec, members: dict[str, bytes]) -> None:
    live = spec.live
    media_type = live.media_types[0]
    if live.listing:
        tree = [
            {"path": name, "type": "blob", "size": len(content), "sha": blob_name(content)}
            for name, content in members.items()
        ]
        server.answer(live.listing, Said(json.dumps({"tree": tree}).encode(), etag='"7"'))
        for name, content in members.items():
            assert live.member_url
            url = live.member_url.replace("{name}", quote(name))
            server.answer(url, Said(content, media_type=media_type))
        return
    # of several addresses for one file the first is asked
    by_name = {PurePosixPath(urlsplit(url).path).name: url for url in reversed(live.urls)}
    for name, content in members.items():
        server.answer(by_name[name], Said(content, media_type=media_type, etag='"7"'))


@pytest.mark.parametrize("key", sorted(CATALOG))
def test_feed_is_fetched_from_its_own_addresses_and_read(
    key: str, world: World, feed_server: FeedServer, patience: Patience, tmp_path: Path
) -> None:
    spec = CATALOG[key]
    day, ext, content = deque(generator_of(spec).payloads(world), maxlen=1)[0]
    members = _members(spec, content)
    _serve(feed_server, spec, members)
    now = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    told: list[str] = []
    around = Surroundings(
        rewrite=feed_server.rewrite, sleep=patience.sleep, clock=patience.clock, tell=told.append
    )
    arrival = fetch(spec, now=now, around=around)
    assert told == []
    assert arrival.feed == key
    assert arrival.ext in spec.extensions
    outcome, _ = read_payload(spec, arrival.content, tmp_path, arrival.ext)
    expected, _ = read_payload(spec, content, tmp_path, ext)
    assert (outcome.rows, outcome.rejected) == (expected.rows, 0)
    assert outcome.rows > 0
    calls = max(Counter(path.split("/")[1] for path in feed_server.paths()).values())
    assert patience.seconds >= (calls - 1) * 60 / spec.live.calls_per_minute

    landed = Landing(tmp_path / "landing").land(arrival)
    if spec.live.method in ("file", "archive"):
        with pytest.raises(NotModified):
            fetch(spec, now=now + timedelta(hours=1), previous=landed, around=around)


@pytest.mark.parametrize("key", ["ransomware_live", "ransomware_live_press"])
def test_ransomware_live_is_asked_once_a_minute_at_most(key: str) -> None:
    assert CATALOG[key].live.calls_per_minute <= 1
    assert CATALOG[key].live.method == "file"
