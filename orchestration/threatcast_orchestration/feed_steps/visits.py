"""Asks the sources of a run side by side, so that a night is not as slow as the sum of them.

Only the asking and landing: one step after another then takes what came of its feed, and parses
and judges it. Each host keeps its pace whoever asks (`HostCalls`). For runs whose steps share a
process; knows no Dagster.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING

from threatcast_orchestration.feed_steps.pull import surroundings, visit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.feed_steps.pull import PullReport
    from threatcast_orchestration.run.plan import Plan

LAST_WORDS = 5.0
"""Seconds that visits have to end when the run is over before them."""


class VisitStoppedError(Exception):
    """The run ended while a source was being asked; nobody waits for its answer."""


class Visits:
    """The sources that a run asks, and what came of each.

    Only a night of today asks any: what is recorded or made lies on this disk.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._begun: dict[str, Future[PullReport]] = {}
        self._threads: list[Thread] = []
        self._stopped = Event()

    def begin(self, specs: Iterable[FeedSpec]) -> None:
        """Ask the sources of these feeds, all at the same time; only the first call does."""
        plan = self._plan
        if self._threads or plan.source != "live" or plan.is_past_of_live:
            return
        around = replace(surroundings(plan), sleep=self._sleep, clock=self._clock)
        for spec in specs:
            told = self._begun[spec.key] = Future()

            def ask(spec: FeedSpec = spec, told: Future[PullReport] = told) -> None:
                try:
                    told.set_result(visit(spec, plan, around=around))
                except BaseException as error:  # noqa: BLE001 whoever takes it raises it
                    told.set_exception(error)

            self._threads.append(Thread(target=ask, name=f"visit_{spec.key}", daemon=True))
        for thread in self._threads:
            thread.start()

    def take(self, feed: str) -> PullReport | None:
        """Wait for what came of a feed's source; None if it was not asked, or was taken before.

        Raises
        ------
        threatcast_feeds.errors.LandingError
            If the home cannot be written.
        """
        told = self._begun.pop(feed, None)
        return None if told is None else told.result()

    def end(self) -> None:
        """Break off what is still being asked: the run is over."""
        self._stopped.set()
        last = time.monotonic() + LAST_WORDS
        for thread in self._threads:
            thread.join(max(0.0, last - time.monotonic()))

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)
        self._go_on()

    def _clock(self) -> float:
        """Tell the time; looked at before each call and with each piece of a body."""
        self._go_on()
        return time.monotonic()

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise VisitStoppedError
