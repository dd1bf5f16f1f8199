"""The command: which measures on which feeds, what is printed and written."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from . import replay as replays
from . import surges, tables, trials
from .counting import Counter
from .homes import build_base, home_at
from .wire import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .replay import Replayed
    from .surges import Surged
    from .trials import Course, Tried

    Done = TypeVar("Done")

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "results" / "gates.md"
REPLAY, FAULTS, SURGES = "replay", "faults", "surges"
MEASURES = (REPLAY, FAULTS, SURGES)


@dataclass
class Found:
    """What was measured."""

    replayed: list[Replayed] = field(default_factory=list)
    tried: dict[str, list[Tried]] = field(default_factory=dict)
    surged: list[Surged] = field(default_factory=list)

    def missed(self) -> list[str]:
        """Return the requirements that were measured and not reached."""
        missed = []
        count = sum(len(one.past) for one in self.replayed)
        refused = sum(len(one.refused) for one in self.replayed)
        if refused > tables.MOST_HONEST * count:
            missed.append(f"{refused} of {count} honest vintages set aside; 1 in 400 may be")
        for one in self.replayed:
            missed += [
                f"{one.feed}: blank for {nights} nights after {day}; two may be"
                for day, nights in one.blank.items()
                if nights > tables.MOST_BLANK
            ]
        for name, tried in self.tried.items():
            ended = [trial.ended for one in tried for trial in one.trials]
            silent = sum(one.end == "silent" for one in ended)
            if silent:
                missed.append(f"{name}: {silent} faults became wrong numbers without a word")
            if sum(one.is_good for one in ended) < tables.LEAST_GOOD * len(ended):
                missed.append(f"{name}: fewer than {tables.LEAST_GOOD:.0%} of the faults end well")
        if sum(one.published for one in self.surged) < tables.LEAST_GOOD * len(self.surged):
            missed.append(f"fewer than {tables.LEAST_GOOD:.0%} of true surges are published")
        return missed

    def page(self) -> str:
        """Return all tables."""
        parts = [tables.replay_part(self.replayed)] if self.replayed else []
        parts += [tables.faults_part(tried, name) for name, tried in self.tried.items() if tried]
        if self.surged:
            notes = [f"`{feed}`, because {why}" for feed, why in surges.LEFT_OUT.items()]
            parts.append(tables.surges_part(self.surged, notes))
        return "\n\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for; return 1 if `--check` is given and something is not reached."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="threatcast-gates-") as scratch:
        found = _measure(options, Path(scratch))
    page = found.page()
    print(page)
    if options.docs:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(HEAD + page + "\n", encoding="utf-8")
        print(f"written: {PAGE.relative_to(PROJECT)}")
    missed = found.missed()
    print("\n" + "\n".join(f"not reached: {one}" for one in missed) if missed else "\nall reached")
    return int(options.check and bool(missed))


HEAD = (
    "# Errors of the gates\n\nWritten by `python -m benchmarks.gates --mirror DIR --docs`; "
    "[benchmarks](../benchmarks.md) says how it is measured.\n\n"
)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gates", description="Measure how the gates err."
    )
    parser.add_argument(
        "--mirror",
        type=Path,
        default=os.environ.get("THREATCAST_MIRROR"),
        help="folder of recordings; default: THREATCAST_MIRROR",
    )
    parser.add_argument("--only", choices=MEASURES, help="one measure; default: all three")
    parser.add_argument("--feeds", default=",".join(SHAPES), help="names, separated by commas")
    parser.add_argument("--kinds", help="kinds of faults, separated by commas; default: all")
    parser.add_argument(
        "--faults-from", type=Path, help="faults that another program wrote, instead of our own"
    )
    parser.add_argument("--base", type=Path, help="keep the landed recordings here for next time")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--docs", action="store_true", help=f"write {PAGE.relative_to(PROJECT)}")
    parser.add_argument("--check", action="store_true", help="exit code 1 if one is not reached")
    options = parser.parse_args(arguments)
    options.feeds = [name for name in options.feeds.split(",") if name]
    if unknown := sorted(set(options.feeds) - set(SHAPES)):
        parser.error(f"no feed {', '.join(unknown)}; there are {', '.join(SHAPES)}")
    if options.mirror is None or not options.mirror.is_dir():
        parser.error("--mirror DIR names the folder of recordings, or THREATCAST_MIRROR does")
    return options


def _measure(options: argparse.Namespace, scratch: Path) -> Found:
    found = Found()
    wanted = (options.only,) if options.only else MEASURES
    base = options.base or scratch / "base"
    if not (base / "landing").is_dir():
        _say("landing the recordings ...")
        build_base(options.mirror.resolve(), base, list(SHAPES) if options.base else options.feeds)
    if REPLAY in wanted:
        found.replayed = _each(partial(_replay, base), options.feeds, options.jobs)
    counted = scratch / "compiled"
    if {FAULTS, SURGES} & set(wanted):
        _say("compiling the dbt project ...")
        Counter.compiled(counted)
    if FAULTS in wanted:
        name, courses = _courses(options)
        task = partial(_try, base, counted, scratch, options.kinds)
        found.tried[name] = _each(task, courses, options.jobs)
    if SURGES in wanted:
        task = partial(_surge, base, counted, scratch)
        ended = _each(task, options.feeds, options.jobs)
        found.surged = [surged for one in ended for surged in one]
    return found


def _courses(options: argparse.Namespace) -> tuple[str, list[Course] | list[str]]:
    if options.faults_from is None:
        return "our own", options.feeds
    courses = trials.read_courses(options.faults_from.resolve())
    return options.faults_from.name, [one for one in courses if one.feed in options.feeds]


def _replay(base: Path, feed: str) -> Replayed:
    return replays.replay(home_at(base), feed)


def _try(base: Path, counted: Path, scratch: Path, kinds: str | None, what: Course | str) -> Tried:
    course = trials.made_course(home_at(base), what) if isinstance(what, str) else what
    if kinds:
        course = trials.only(course, set(kinds.split(",")))
    folder = scratch / f"faults-{course.feed}"
    tried = trials.run(home_at(base), course, Counter(counted), folder)
    _say(f"{course.feed}: {len(tried.trials)} faults tried")
    return tried


def _surge(base: Path, counted: Path, scratch: Path, feed: str) -> list[Surged]:
    ended = surges.run(home_at(base), feed, Counter(counted), scratch / f"surges-{feed}")
    _say(f"{feed}: {len(ended)} surges tried")
    return ended


def _each(task: Callable[..., Done], items: Iterable[object], jobs: int) -> list[Done]:
    """Return what a task gives for each item, worked on by some processes."""
    work = list(items)
    if jobs == 1:
        return [task(one) for one in work]
    # a fork would copy the locks of DuckDB's threads
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(task, work))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
