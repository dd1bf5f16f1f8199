"""One night's circumstances, resolved once and passed down: home, source, as-of day, clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import ConfigurableResource, InitResourceContext
from pydantic import Field, PrivateAttr

from threatcast_orchestration.dead_runs import close_dead_runs
from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.home import Home
from threatcast_orchestration.lock import run_lock
from threatcast_orchestration.settings import (
    Settings,
    clock,
    home_path,
    load_settings,
    parse_day,
    quiet_environment,
    tell_dbt,
)
from threatcast_orchestration.warehouse_file import show

if TYPE_CHECKING:
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.registry import FeedSpec

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{4})?\.")


@dataclass(frozen=True)
class Plan:
    """What a night works with.

    `moment` is when the night is, `today` the day on which it is run.
    """

    home: Home
    settings: Settings
    source: str
    mirror: Path | None
    as_of: date
    moment: datetime
    today: date | None = None

    @property
    def last_day(self) -> date:
        """The last UTC day that was over at the night's moment.

        A live night is in its day: the same day must give the same bytes when it is run again.
        """
        from threatcast_feeds.moments import whole_day

        return self.as_of - timedelta(days=1) if self.source == "live" else whole_day(self.moment)

    @property
    def simulated(self) -> bool:
        """Whether the counts come from the simulated world."""
        return self.source == "sample"

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
    tell_dbt(settings)
    source = settings.chosen_source
    mirror: Path | None = None
    now = clock()
    as_of = parse_day(settings.as_of, "as_of") if settings.as_of else None
    if source == "mirror":
        mirror = _mirror_folder(settings)
        last = newest_day(mirror, now.date()) if as_of is None else now.date()
    elif source == "sample":
        from threatcast_feeds.simulation import LAST_DAY

        last = LAST_DAY if as_of is None else max(now.date(), LAST_DAY)
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
    if not settings.mirror:
        raise WrongUse(
            "The source 'mirror' needs a folder: --mirror DIR, or THREATCAST_MIRROR=DIR. Its "
            "layout: DIR/<feed>/<YYYY-MM-DD>.<ext>[.gz] (docs/contracts.md)."
        )
    folder = Path(settings.mirror).expanduser().resolve()
    if not folder.is_dir():
        origin = settings.provenance.get("mirror", "flag")
        there = "" if folder.exists() else ", nothing is there"
        raise WrongUse(
            f"The mirror {folder} is not a folder{there} (from: {origin}). Nothing was changed. "
            "Name the folder that holds a folder for each feed with --mirror DIR or "
            "THREATCAST_MIRROR=DIR; without either, the simulated sample is used."
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


class Night(ConfigurableResource["Night"]):
    """Settings of one run; empty fields take the home's own settings.

    A run from the UI and one from the command line go through here alike.
    """

    home: str = Field(default="", description="Folder of the home; empty: THREATCAST_HOME.")
    source: str = Field(default="", description="live, mirror or sample; empty: the settings'.")
    mirror: str = Field(default="", description="Folder of recorded feeds, for source mirror.")
    as_of: str = Field(default="", description="Day (YYYY-MM-DD) whose knowledge counts.")
    correction: str = Field(
        default="", description="Why a forecast is published again; the archive keeps it."
    )

    _plan: Plan | None = PrivateAttr(default=None)

    @property
    def plan(self) -> Plan:
        """What this run works with; resolved on first use."""
        if self._plan is None:
            home = home_path(self.home or None)
            quiet_environment(home)
            flags = {
                key: value
                for key in ("source", "mirror", "as_of", "correction")
                if (value := getattr(self, key))
            }
            self._plan = make_plan(home, load_settings(home, flags))
            home.bind_source(self._plan.source)
        return self._plan

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[Night]:
        """Hold the home's lock from the first step to the last, and clear up after the dead."""
        with run_lock(self.plan.home.lock, borrow=True):
            if context.instance is not None and context.run is not None:
                close_dead_runs(context.instance, context.run.run_id)
            try:
                yield self
            finally:
                show(self.plan.home)
