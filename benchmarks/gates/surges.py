"""True surges and drops: more or fewer records that look like records. They are news, no faults."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .counting import NightFails
from .grounds import WEEK, Vintage, ground, next_copy
from .growth import Change
from .homes import atlas_of, clone, home_at, home_of_feed, past_of
from .judging import judge
from .wire import SHAPES, encode

if TYPE_CHECKING:
    from pathlib import Path

    from threatcast_orchestration.run.home import Home

    from .counting import Counted, Counter
    from .grounds import Ground

PLACES = {
    "ransomware_live": "DE",
    "ransomware_live_press": "US",
    "threatfox_ips": "DE",
    "sefinek_ips": "DE",
    "c2_tracker": "CN",
    "ddosia_targets": "DE",
    "eurepoc": "Germany",
}
"""The place of a surge in one place, as the feed writes it; other feeds are of the world alone."""
SURGES = (
    *((2, True, 6), (3, False, 3), (5, True, 1), (5, False, 6), (10, True, 3), (10, False, 1)),
    *((20, True, 1), (20, False, 3), (1 / 2, True, 6), (1 / 2, False, 1), (1 / 5, True, 3)),
    *((1 / 5, False, 6), (1 / 10, True, 1), (1 / 20, True, 2)),
)
"""Factor, whether it is everywhere, weeks."""
LEFT_OUT = {
    "accessnow_keepiton": "a release a year shows no week of a surge",
    "openphish": "a window of fixed size cannot surge",
}


@dataclass(frozen=True)
class Surge:
    """A true change of a feed: by which factor, where, for how many weeks."""

    feed: str
    factor: float
    place: str
    weeks: int

    @property
    def name(self) -> str:
        """The surge in words."""
        size = f"x{self.factor:g}" if self.factor >= 1 else f"/{1 / self.factor:g}"
        return f"{size} {self.place or 'everywhere'}, {self.weeks} weeks"


@dataclass
class Surged:
    """How a surge ended.

    Attributes
    ----------
    refused : list
        Week and reason of each vintage that was set aside.
    state : str
        State of the target's world at the end.
    state_before : str
        Its state before; what it should be again: `published`, or too short for any outlook.
    missing : int
        Weeks of the surge that are missing at the end.
    """

    surge: Surge
    refused: list[tuple[int, str]] = field(default_factory=list)
    warned: int = 0
    state: str = ""
    state_before: str = ""
    missing: int = 0

    @property
    def published(self) -> bool:
        """Whether every week of it was counted on its own night."""
        stands = self.state == self.state_before != "source_failure"
        return stands and not self.refused and not self.missing


def surges(feed: str) -> list[Surge]:
    """Return the surges of a feed that is counted.

    A drop to less than one record a week is left out: it cannot be told from a source that is
    silent, and its weeks are missing until something comes.
    """
    shape = SHAPES[feed]
    if shape.is_reference or feed in LEFT_OUT:
        return []
    place = PLACES.get(feed, "")
    return [
        Surge(feed, factor, "" if everywhere else place, weeks)
        for factor, everywhere, weeks in SURGES
        if (everywhere or place) and factor * shape.weekly >= 1
    ]


def run(base: Home, feed: str, counter: Counter, scratch: Path) -> list[Surged]:
    """Take each surge of a feed through its nights."""
    wanted = surges(feed)
    if not wanted:
        return []
    past = past_of(base, feed)
    on = ground(feed, past, past.newest_day, atlas_of(base))
    home = home_of_feed(base, scratch / "home", feed)
    judge(home, feed, on.before)
    before = _state_of_world(counter.count(home, [feed], on.before.day))
    ended = []
    for surge in wanted:
        clone(home.root, scratch / "surge")
        surged = Surged(surge, state_before=before)
        _take_through(surged, home_at(scratch / "surge"), on, counter)
        ended.append(surged)
        shutil.rmtree(scratch / "surge")
    shutil.rmtree(home.root)
    return ended


def _take_through(surged: Surged, home: Home, on: Ground, counter: Counter) -> None:
    surge, copy, day = surged.surge, on.copy_before, on.before.day
    change = Change(surge.factor, surge.place)
    for week in range(1, surge.weeks + 1):
        copy = next_copy(on.past, copy, day, day + WEEK, on.atlas, change)
        day += WEEK
        judged = judge(home, on.feed, Vintage(day, copy.ext, encode(copy)))
        surged.warned += judged.warned
        if not judged.counts:
            surged.refused.append((week, judged.said[0]))
    try:
        counted = counter.count(home, [on.feed], day)
    except NightFails as failure:
        surged.state = str(failure)
        return
    surged.state = _state_of_world(counted)
    newest = counted.counts[counted.counts["location"] == "WORLD"]["value"].tail(surge.weeks)
    surged.missing = int(newest.isna().sum())


def _state_of_world(counted: Counted) -> str:
    worlds = counted.series["location"] == "WORLD"
    return str(counted.series[worlds]["state"].iloc[0])
