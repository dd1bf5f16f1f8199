"""Homes to try payloads in: the recordings landed and parsed once, then copied for each trial."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from .grounds import COMPANIONS
from .past import Atlas, Past

if TYPE_CHECKING:
    from threatcast_feeds.registry import FeedSpec
    from threatcast_orchestration.feed_steps.pull import PullReport
    from threatcast_orchestration.run.home import Home
    from threatcast_orchestration.run.plan import Plan

    from .grounds import Vintage

TABLES = ("country_codes", "ip_country", "misp_galaxy")
_NEVER_CHANGED = {".zst", ".parquet"}


def home_at(folder: Path) -> Home:
    from threatcast_orchestration.run.home import Home

    return Home(folder)


def plan_of(home: Home, as_of: date, mirror: Path | None = None) -> Plan:
    """Return the circumstances of a night on recordings at the end of a day."""
    from threatcast_orchestration.run.plan import Plan
    from threatcast_orchestration.run.settings import Settings

    moment = datetime.combine(as_of, time(23, 59, 59), tzinfo=UTC)
    return Plan(home, Settings(), "mirror", mirror, as_of, moment)


def catalog() -> dict[str, FeedSpec]:
    from threatcast_feeds.registry import load_catalog

    return load_catalog()


def build_base(mirror: Path, folder: Path, feeds: list[str]) -> Home:
    """Land and parse all recordings of the feeds, and of what they need; nothing is gated."""
    from threatcast_orchestration.feed_steps.pull import pull
    from threatcast_orchestration.run.plan import days_of

    home = home_at(folder)
    plan = plan_of(home, max(days_of(mirror)), mirror)
    for key in needed(feeds):
        pull(plan.catalog[key], plan)
    return home


def needed(feeds: list[str]) -> list[str]:
    """Return the feeds with the tables and the counted feeds that show what they do."""
    wanted = {*feeds, *TABLES, *(one for feed in feeds for one in COMPANIONS.get(feed, ()))}
    return [key for key in catalog() if key in wanted]


def home_of_feed(base: Home, folder: Path, feed: str) -> Home:
    """Return a home with what one feed needs of the base home."""
    home = home_at(folder)
    for key in needed([feed]):
        for root, copy in ((base.landing, home.landing), (base.raw, home.raw)):
            clone(root / key, copy / key)
    return home


def clone(source: Path, target: Path) -> None:
    """Copy a folder; files that are never changed are linked."""
    if not source.is_dir():
        return
    for folder, _, names in os.walk(source):
        place = target / Path(folder).relative_to(source)
        place.mkdir(parents=True, exist_ok=True)
        for name in names:
            path = Path(folder) / name
            if path.suffix in _NEVER_CHANGED:
                os.link(path, place / name)
            else:
                shutil.copyfile(path, place / name)


def past_of(home: Home, feed: str) -> Past:
    from threatcast_feeds.landing import Landing

    return Past(Landing(home.landing), feed)


def atlas_of(home: Home) -> Atlas:
    """Return where addresses are by the home's newest table."""
    return Atlas(past_of(home, "ip_country").newest())


def receive(home: Home, feed: str, vintage: Vintage) -> PullReport:
    """Land and parse a payload as a night does; returns what the night would say of it."""
    from threatcast_feeds.arrivals import Arrival
    from threatcast_orchestration.feed_steps.pull import PullReport, parse

    plan = plan_of(home, vintage.day)
    plan.landing.land(
        Arrival(
            feed=feed,
            day=vintage.day,
            ext=vintage.ext,
            content=vintage.content,
            retrieved_at=plan.moment,
            mode="mirror",
            url=f"mirror:{feed}/{vintage.day}.{vintage.ext}",
        )
    )
    report = PullReport(feed)
    parse(plan.catalog[feed], plan, report)
    return report
