"""The rules: from what a home holds and today to what goes. No file is touched.

For ever: what is current and what a rollback leads to, one day's releases a week, and whatever
those releases, models in use or decisions refer to. By age: all else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

KEPT_FORECASTS = 6
"""Finished forecasts that stay: a night may be repeated for an earlier day."""


@dataclass(frozen=True)
class Spans:
    """How many days stay whole; 0 is for ever.

    Parameters
    ----------
    nights
        Of releases, gate results and nights in MLflow, counted back from the newest as-of day.
    runs
        Of Dagster's runs, counted back from today.
    """

    nights: int
    runs: int


@dataclass(frozen=True)
class HeldRelease:
    """A release that can be read; `is_archived` if its forecast and outlook outlive it.

    `run_ids` name the numbers that it shows.
    """

    release_id: str
    as_of: date
    built_at: datetime
    is_current: bool = False
    is_archived: bool = True
    run_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TrackedNight:
    """All MLflow runs of one night; `serves` if a model that has an alias was logged in it."""

    as_of: date
    run_id: str
    is_finished: bool = True
    serves: bool = False

    @property
    def name(self) -> str:
        """The night in one word."""
        return f"{self.as_of}/{self.run_id}"


@dataclass(frozen=True)
class HeldRun:
    """A run of Dagster's history, by the day on which it began."""

    run_id: str
    began: date
    is_alive: bool = False
    is_night: bool = False


@dataclass(frozen=True)
class HeldForecasts:
    """Finished forecasts, or what a kill left of some; `used_at` in seconds."""

    folder: str
    used_at: float
    is_whole: bool = True


@dataclass(frozen=True)
class Holdings:
    """What a home holds of all that grows.

    `decided` are the numbers by which a published model was changed: `run_id` and as-of day.
    """

    releases: tuple[HeldRelease, ...] = ()
    gate_days: tuple[date, ...] = ()
    tracked: tuple[TrackedNight, ...] = ()
    decided: frozenset[tuple[str, date]] = frozenset()
    forecasts: tuple[HeldForecasts, ...] = ()
    runs: tuple[HeldRun, ...] = ()
    rotated_logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """What goes, by kind."""

    releases: tuple[HeldRelease, ...] = ()
    gate_days: tuple[date, ...] = ()
    tracked: tuple[TrackedNight, ...] = ()
    forecasts: tuple[HeldForecasts, ...] = ()
    runs: tuple[HeldRun, ...] = ()
    rotated_logs: tuple[str, ...] = ()


def outgoing(held: Holdings, spans: Spans, today: date) -> Outgoing:
    """Return what goes of a home on a day."""
    kept = tuple(_kept_releases(held.releases, spans.nights))
    needed = _needed_nights(held, kept)
    recent_gates = _recent(held.gate_days, spans.nights)
    recent_nights = _recent((night.as_of for night in held.tracked), spans.nights)
    days = {release.as_of for release in kept} | recent_gates
    return Outgoing(
        releases=tuple(one for one in held.releases if one not in kept),
        gate_days=tuple(day for day in held.gate_days if day not in days),
        tracked=tuple(
            night
            for night in held.tracked
            if night.as_of not in recent_nights and not night.serves and night not in needed
        ),
        forecasts=tuple(_old_forecasts(held)),
        runs=tuple(_old_runs(held.runs, spans.runs, today)),
        rotated_logs=held.rotated_logs,
    )


def _recent(days: Iterable[date], span: int) -> set[date]:
    """Return the days of a span that ends with the newest of them; all of them if it is 0."""
    known = set(days)
    if not span or not known:
        return known
    last = max(known)
    return {day for day in known if day > last - timedelta(days=span)}


def _kept_releases(releases: tuple[HeldRelease, ...], span: int) -> Iterator[HeldRelease]:
    """Yield what stays: recent days, each week's last day, what is current and the one before.

    All releases of such a day stay: a correction is shown beside what it corrects.
    """
    last_of_week: dict[tuple[int, int], date] = {}
    for one in releases:
        week = one.as_of.isocalendar()[:2]
        last_of_week[week] = max(one.as_of, last_of_week.get(week, one.as_of))
    days = _recent((one.as_of for one in releases), span) | set(last_of_week.values())
    before: HeldRelease | None = None
    leads_back: set[str] = set()
    for one in sorted(releases, key=lambda one: (one.as_of, one.built_at, one.release_id)):
        if one.is_current:
            leads_back = {one.release_id} | ({before.release_id} if before else set())
        before = one
    for one in releases:
        if one.as_of in days or one.release_id in leads_back or not one.is_archived:
            yield one


def _needed_nights(held: Holdings, kept: Iterable[HeldRelease]) -> set[TrackedNight]:
    """Return the nights that made numbers which a kept release shows, or a decision rests on.

    A night with nothing new shows the numbers of an earlier one.
    """
    shown = {(run_id, one.as_of) for one in kept for run_id in one.run_ids}
    needed = set()
    for run_id, day in shown | held.decided:
        made = [
            night
            for night in held.tracked
            if night.run_id == run_id and night.as_of <= day and night.is_finished
        ]
        if made:
            needed.add(max(made, key=lambda night: night.as_of))
    return needed


def _old_forecasts(held: Holdings) -> Iterator[HeldForecasts]:
    """Yield all but the newest, and those that the current release shows."""
    current = {run_id for one in held.releases if one.is_current for run_id in one.run_ids}
    whole = sorted(
        (one for one in held.forecasts if one.is_whole), key=lambda one: one.used_at, reverse=True
    )
    newest = {one.folder for one in whole[:KEPT_FORECASTS]}
    for one in held.forecasts:
        is_shown = any(one.folder.startswith(run_id) for run_id in current)
        if one.folder not in newest and not (one.is_whole and is_shown):
            yield one


def _old_runs(runs: tuple[HeldRun, ...], span: int, today: date) -> Iterator[HeldRun]:
    """Yield runs that are over and old; the newest night stays, however old."""
    newest = max((run.began for run in runs if run.is_night), default=None)
    for run in runs:
        is_old = bool(span) and run.began <= today - timedelta(days=span)
        is_newest_night = run.is_night and run.began == newest
        if is_old and not run.is_alive and not is_newest_night:
            yield run
