"""Faults: each put on an honest next vintage of its feed, taken through a night, and judged."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from .counting import NightFails
from .ends import Ended, Honest
from .faults import spoilt
from .grounds import COMPANIONS, Vintage, ground
from .homes import atlas_of, clone, home_at, home_of_feed, past_of
from .judging import Judged, judge

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home

    from .counting import Counter


@dataclass(frozen=True)
class Case:
    """A payload to try on a feed: its kind, and the payload."""

    kind: str
    vintage: Vintage


@dataclass(frozen=True)
class Course:
    """A feed's trial: two honest vintages, and the faults to put in the place of the second."""

    feed: str
    before: Vintage
    honest: Vintage
    faults: tuple[Case, ...]


@dataclass(frozen=True)
class Trial:
    """How one payload ended."""

    feed: str
    kind: str
    ended: Ended


@dataclass(frozen=True)
class Tried:
    """A feed's trial at its end: what was said of the honest vintages, and how faults ended."""

    feed: str
    honest: tuple[tuple[date, Judged], ...]
    trials: tuple[Trial, ...]


def feeds_counted(feed: str) -> list[str]:
    """Return the feeds whose counts show what a payload does."""
    return list(COMPANIONS.get(feed, (feed,)))


def made_course(base: Home, feed: str) -> Course:
    """Return a feed's trial with all kinds of faults that fit it."""
    past = past_of(base, feed)
    newest = max(past_of(base, one).newest_day for one in feeds_counted(feed))
    on = ground(feed, past, newest, atlas_of(base))
    faults = [
        Case(kind, Vintage(on.day, on.honest.ext, content)) for kind, content in spoilt(on).items()
    ]
    return Course(feed, on.before, on.honest, tuple(faults))


def only(course: Course, kinds: set[str]) -> Course:
    """Return a trial with some kinds of faults only."""
    return replace(course, faults=tuple(one for one in course.faults if one.kind in kinds))


def read_courses(folder: Path) -> list[Course]:
    """Return the trials that another program has written.

    Parameters
    ----------
    folder : Path
        `honest/<feed>/<day>.<ext>`, two days a feed, and `faults/<feed>/<fault>/<day>.<ext>`.
    """
    courses = []
    for place in sorted((folder / "honest").iterdir()):
        before, honest = (_read(path) for path in sorted(place.iterdir())[:2])
        spoilt_ones = sorted((folder / "faults" / place.name).glob("*/*"))
        faults = tuple(Case(path.parent.name, _read(path)) for path in spoilt_ones)
        courses.append(Course(place.name, before, honest, faults))
    return courses


def _read(path: Path) -> Vintage:
    return Vintage(date.fromisoformat(path.name[:10]), path.suffix[1:], path.read_bytes())


def run(base: Home, course: Course, counter: Counter, scratch: Path) -> Tried:
    """Take the honest vintages and then each fault through a night of its own."""
    feed, day = course.feed, course.honest.day
    home = home_of_feed(base, scratch / "home", feed)
    said = [(course.before.day, judge(home, feed, course.before))]
    with _copied(home, scratch / "honest") as honest_home:
        said.append((day, judge(honest_home, feed, course.honest)))
        honest = Honest(counter.count(honest_home, feeds_counted(feed), day))
    trials = []
    for case in course.faults:
        with _copied(home, scratch / "fault") as spoilt_home:
            ended = _ended(spoilt_home, feed, case.vintage, counter, honest)
            trials.append(Trial(feed, case.kind, ended))
    shutil.rmtree(home.root)
    return Tried(feed, tuple(said), tuple(trials))


def _ended(home: Home, feed: str, vintage: Vintage, counter: Counter, honest: Honest) -> Ended:
    judged = judge(home, feed, vintage)
    if not judged.counts:
        return Ended("set aside", judged.said)
    try:
        counted = counter.count(home, feeds_counted(feed), vintage.day)
    except NightFails as failure:
        return Ended("stopped", (*judged.said, str(failure)))
    return honest.end(judged, counted, feed)


class _copied:  # noqa: N801 a context manager
    """A copy of a home for one trial; gone afterwards."""

    def __init__(self, home: Home, folder: Path) -> None:
        self._home, self._folder = home, folder

    def __enter__(self) -> Home:
        clone(self._home.root, self._folder)
        return home_at(self._folder)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder)
