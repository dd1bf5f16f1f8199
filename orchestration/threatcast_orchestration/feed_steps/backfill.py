"""Replays a feed's git history into the landing, then parses it."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Literal

from threatcast_orchestration.feed_steps.pull import PullReport, parse
from threatcast_orchestration.run.bars import terminal_bar
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.run.settings import load_settings
from threatcast_orchestration.sharing.work import working_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatcast_feeds.registry import FeedSpec


def backfill_feed(
    spec: FeedSpec,
    home: Home,
    *,
    since: date,
    until: date,
    every: Literal["week", "day"],
    repository: str | None,
    quiet: bool,
) -> PullReport:
    """Land one vintage a week (or day) of the feed's public repository.

    Raises
    ------
    WrongUse
        If the home holds recorded or simulated data.
    threatcast_feeds.errors.BackfillError
        If the repository cannot be read; what was landed before stays.
    """
    home.bind_source("live")
    moment = datetime.combine(until, time(23, 59, 59), tzinfo=UTC)
    plan = Plan(home, load_settings(home), "live", None, until, moment)
    with working_in(home), _Bar(spec.key, quiet=quiet) as bar:
        return replay(spec, plan, since, every=every, repository=repository, progress=bar.step)


def replay(
    spec: FeedSpec,
    plan: Plan,
    since: date,
    *,
    every: Literal["week", "day"] = "week",
    repository: str | None = None,
    progress: Callable[[int, int, date], None] | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> PullReport:
    """Land and parse a feed's git history until the as-of day, by who holds the home's lock.

    `enough` is asked after each vintage whether to stop there; the next call goes on.

    Raises
    ------
    threatcast_feeds.errors.BackfillError
        If the repository cannot be read; what was landed before stays.
    """
    from threatcast_feeds.modes.git_history import backfill

    report = PullReport(spec.key)
    known = {landed.day for landed in plan.landing.payloads(spec.key)}
    for arrival in backfill(
        spec,
        since=since,
        until=plan.as_of,
        workdir=plan.home.git,
        repository=repository,
        every=every,
        known=known,
        progress=progress,
    ):
        plan.landing.land(arrival)
        report.landed += 1
        if enough():
            break
    parse(spec, plan, report)
    return report


class _Bar:
    """A progress bar on a terminal, a line every 25 vintages elsewhere."""

    def __init__(self, feed: str, *, quiet: bool) -> None:
        self._feed = feed
        self._quiet = quiet
        self._bar = terminal_bar() if not quiet and sys.stderr.isatty() else None
        self._task = self._bar.add_task(feed, total=None) if self._bar else None

    def __enter__(self) -> _Bar:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def step(self, done: int, total: int, day: date) -> None:
        """Show that `done` of `total` vintages are replayed, the last of `day`."""
        if self._bar and self._task is not None:
            text = f"{self._feed} {day}"
            self._bar.update(self._task, completed=done, total=total, description=text)
        elif not self._quiet and (done % 25 == 0 or done == total):
            sys.stderr.write(f"{self._feed}: {done}/{total} vintages, {day}\n")
            sys.stderr.flush()
