"""One night's circumstances, resolved once and passed down: home, source, as-of day, clock.

Knows no Dagster; what a run of Dagster is given is in `nightly/resource.py`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import Settings, clock, limit_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatcast_feeds.http.patience import HostCalls
    from threatcast_feeds.http.way_out import WayOut
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.registry import FeedSpec

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{4})?\.")


@dataclass(frozen=True)
class Plan:
    """What a night works with.

    `moment` is when the night is, `today` the day on which it is run. `rewrite` turns an address of
    a source into the one that is really asked; None asks the source.
    """

    home: Home
    settings: Settings
    source: str
    mirror: Path | None
    as_of: date
    moment: datetime
    today: date | None = None
    rewrite: Callable[[str], str] | None = None

    @cached_property
    def way_out(self) -> WayOut:
        """What this night knows of the way to all sources."""
        from threatcast_feeds.http.way_out import WayOut

        addresses = (url for spec in self.catalog.values() for url in spec.live.addresses)
        return WayOut(addresses, self.rewrite)

    @cached_property
    def calls(self) -> HostCalls:
        """The calls of this night to all hosts, whichever feed they are for."""
        from threatcast_feeds.http.patience import HostCalls

        return HostCalls()

    @property
    def last_day(self) -> date:
        """The last UTC day that was over at the night's moment.

        A live night is in its day: the same day must give the same bytes when it is run again.
        """
        from threatcast_feeds.moments import whole_day

        return self.as_of - timedelta(days=1) if self.source == "live" else whole_day(self.moment)

    @property
    def is_past_of_live(self) -> bool:
        """Whether it is a past day of a live home: no source can be asked what it said then."""
        return self.source == "live" and self.today is not None and self.as_of < self.today

    @property
    def landing(self) -> Landing:
        """The landed payloads of the home."""
        from threatcast_feeds.landing import Landing

        return Landing(self.home.landing)

    @property
    def catalog(self) -> dict[str, FeedSpec]:
        """All feeds by key."""
        from threatcast_feeds.registry import load_catalog

        return load_catalog()


def make_plan(home: Home, settings: Settings) -> Plan:
    """Resolve the settings to a plan; checks what can be checked before any work.

    Raises
    ------
    WrongUse
        If the mirror is missing or empty, or the as-of day lies beyond today (of the sample:
        beyond all data).
    """
    settings = settings.of_a_night()
    limit_memory(settings)
    source = settings.chosen_source
    mirror: Path | None = None
    now = clock()
    as_of = settings.as_of
    if source == "mirror":
        mirror = _mirror_folder(settings)
        last = newest_day(mirror, now.date()) if as_of is None else now.date()
    elif source == "sample":
        from threatcast_feeds.simulation import LAST_DAY

        last = LAST_DAY if as_of is None else max(now.date(), LAST_DAY)
    elif source == "starter":
        from threatcast_feeds.modes.starter import past_of_the_starter

        last = past_of_the_starter().end if as_of is None else now.date()
    else:
        last = now.date()
    as_of = as_of or last
    if as_of > last:
        raise WrongUse(
            f"--as-of {as_of} lies in the future, of which nothing can be known; today is "
            f"{now.date()} (UTC). Nothing was changed. Name a day until {last}."
        )
    moment = now if source == "live" else _recorded_moment(mirror, as_of)
    return Plan(home, settings, source, mirror, as_of, moment, now.date())


def _recorded_moment(mirror: Path | None, as_of: date) -> datetime:
    """Return when a recorded or simulated night is: when the copies of its day were taken."""
    from threatcast_feeds.errors import FeedError
    from threatcast_feeds.modes.mirror_label import MirrorLabel, read_label
    from threatcast_feeds.moments import at

    try:
        label = read_label(mirror) if mirror else MirrorLabel()
    except FeedError as error:
        raise WrongUse(str(error)) from error
    return at(as_of, label.taken_at)


def _mirror_folder(settings: Settings) -> Path:
    if settings.mirror is None:
        raise WrongUse(
            "The source 'mirror' needs a folder: --mirror DIR, or THREATCAST_MIRROR=DIR. Its "
            "layout: DIR/<feed>/<YYYY-MM-DD>.<ext>[.gz] (docs/contracts.md)."
        )
    folder = settings.mirror.expanduser().resolve()
    if not folder.is_dir():
        origin = settings.came_from("mirror")
        there = "" if folder.exists() else ", nothing is there"
        raise WrongUse(
            f"The mirror {folder} is not a folder{there} (from: {origin}). Nothing was changed. "
            "Name the folder that holds a folder for each feed with --mirror DIR or "
            "THREATCAST_MIRROR=DIR; without either, the starter is used."
        )
    return folder


def newest_day(mirror: Path, today: date) -> date:
    """Return the newest day until today that any feed of the mirror holds.

    Raises
    ------
    WrongUse
        If no file below the mirror is named by such a day.
    """
    days = {day for day in days_of(mirror) if day <= today}
    if not days:
        raise WrongUse(
            f"The mirror {mirror} holds no payload of a day until today, {today} (no file "
            "DIR/<feed>/<YYYY-MM-DD>.<ext>). "
            "Nothing was changed. Point --mirror at the folder that holds a folder for each feed, "
            "or name the day with --as-of if there is only a vintages.tar.xz."
        )
    return max(days)


def days_of(mirror: Path) -> set[date]:
    """Return the days that plain files of a mirror are named by; an impossible one is none."""
    days = set()
    for path in mirror.glob("*/*"):
        if match := _DAY.match(path.name):
            with suppress(ValueError):
                days.add(date.fromisoformat(match.group(1)))
    return days
