"""`feeds check` reads how new a feed is with the feed's own parser, and keeps nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from feed_server import FeedServer, Said
from threatcast_feeds.registry import load_feed
from threatcast_orchestration.feed_steps.source_check import look_at
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import make_plan
from threatcast_orchestration.run.settings import Settings

BREACH = {
    "breachID": "ExampleSite",
    "breachedDate": "2024-11-01T00:00:00+00:00",
    "domain": "example.org",
    "industry": "Education",
    "logo": "",
    "passwordRisk": "unknown",
    "searchable": True,
    "sensitive": False,
    "verified": True,
    "breachType": "DataBreach",
    "exposedData": ["Email addresses"],
    "exposedRecords": 850784,
    "exposureDescription": "",
    "referenceURL": "",
}
XON = load_feed("xposedornot_breaches")


def breaches(day: date) -> bytes:
    """Return the index with one breach made public on a day."""
    record = BREACH | {"addedDate": f"{day}T06:15:49+00:00"}
    document = {"status": "success", "message": None, "exposedBreaches": [record]}
    return json.dumps(document).encode()


def test_newest_record_is_read_as_a_night_would(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with FeedServer() as server:
        plan = replace(make_plan(home, Settings(source="live")), rewrite=server.rewrite)
        for day, state in ((plan.today, "ok"), (date(2025, 1, 2), "old")):
            server.answer(XON.live.urls[0], Said(breaches(day)))
            (look,) = look_at([XON], plan)
            assert (look.state, look.newest, look.told_by) == (state, day, "records")
        server.answer(XON.live.urls[0], Said(b'{"exposedBreaches": 7}'))
        (look,) = look_at([XON], plan)
    assert look.state == "wrong"
    assert not home.root.exists()
