"""What goes and what stays, by the rules alone: no file is touched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from threatcast_orchestration.retention.rules import (
    KEPT_FORECASTS,
    HeldForecasts,
    HeldRelease,
    HeldRun,
    Holdings,
    Spans,
    TrackedNight,
    outgoing,
)

SUNDAY = date(2026, 8, 30)
"""The newest night."""
SPANS = Spans(nights=14, runs=30)


def nights(count: int, last: date = SUNDAY) -> list[date]:
    return [last - timedelta(days=back) for back in reversed(range(count))]


def release(day: date, **facts: object) -> HeldRelease:
    built = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    made = HeldRelease(f"{day}-0123456789ab", day, built, run_ids=frozenset({f"run{day}"}))
    return replace(made, **facts)


def year() -> tuple[HeldRelease, ...]:
    days = nights(365)
    return tuple(release(day, is_current=day == SUNDAY) for day in days)


def gone(held: Holdings, spans: Spans = SPANS) -> set[date]:
    return {one.as_of for one in outgoing(held, spans, SUNDAY).releases}


def test_nights_of_a_year_become_fourteen_and_one_a_week():
    held = Holdings(releases=year())
    stay = {one.as_of for one in held.releases} - gone(held)
    assert {day for day in stay if day > SUNDAY - timedelta(days=14)} == set(nights(14))
    assert all(day.isoweekday() == 7 for day in stay - set(nights(14)))
    assert len(stay) == 14 + 51, "365 days touch 53 weeks; the last two are among the fourteen"


def test_zero_keeps_all_for_ever():
    held = Holdings(
        releases=year(),
        gate_days=tuple(nights(365)),
        tracked=tuple(TrackedNight(day, "r") for day in nights(365)),
        runs=tuple(HeldRun(str(day), day) for day in nights(365)),
    )
    goes = outgoing(held, Spans(nights=0, runs=0), SUNDAY)
    assert (goes.releases, goes.gate_days, goes.tracked, goes.runs) == ((), (), (), ())


def test_rules_applied_twice_take_nothing_more():
    held = Holdings(releases=year())
    left = tuple(one for one in held.releases if one.as_of not in gone(held))
    assert gone(Holdings(releases=left)) == set()


OLD = date(2026, 3, 4)
"""A Wednesday long ago."""


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"is_current": True}, "it is current"),
        ({"is_archived": False}, "its forecast or outlook would be lost with it"),
    ],
)
def test_old_release_stays_if(facts, why):
    others = [replace(one, is_current=False) for one in year() if one.as_of != OLD]
    assert OLD in gone(Holdings(releases=(*others, release(OLD)))), "else it goes"
    assert OLD not in gone(Holdings(releases=(*others, release(OLD, **facts)))), why


@pytest.mark.parametrize("day", [OLD, SUNDAY, SUNDAY - timedelta(days=20)])
def test_release_that_a_rollback_leads_to_stays(day):
    releases = tuple(replace(one, is_current=one.as_of == day) for one in year())
    stay = {one.as_of for one in releases} - gone(Holdings(releases=releases))
    assert {day, day - timedelta(days=1)} <= stay


def test_correction_stays_beside_what_it_corrects():
    sunday = SUNDAY - timedelta(weeks=9)
    first = next(one for one in year() if one.as_of == sunday)
    second = replace(first, release_id="other", built_at=first.built_at + timedelta(hours=1))
    assert sunday not in gone(Holdings(releases=(*year(), second)))


def test_last_night_of_a_week_stays_whatever_its_weekday():
    days = [day for day in nights(100) if day.isoweekday() in (2, 4)]
    held = Holdings(releases=tuple(release(day) for day in days))
    assert {day.isoweekday() for day in gone(held)} == {2}


def test_gate_results_stay_for_recent_nights_and_kept_releases():
    held = Holdings(releases=year(), gate_days=tuple(nights(365)))
    assert set(outgoing(held, SPANS, SUNDAY).gate_days) == gone(held)


def test_gate_results_of_nights_without_a_release_go_by_age():
    held = Holdings(releases=year()[:100], gate_days=tuple(nights(365)))
    kept = set(nights(365)) - set(outgoing(held, SPANS, SUNDAY).gate_days)
    released = {one.as_of for one in held.releases} - gone(held)
    assert kept == set(nights(14)) | released


def tracked(**facts: object) -> TrackedNight:
    return replace(TrackedNight(OLD, "abc"), **facts)


@pytest.mark.parametrize(
    ("night", "held", "goes"),
    [
        (tracked(), Holdings(), True),
        (tracked(serves=True), Holdings(), False),
        (tracked(as_of=SUNDAY - timedelta(days=13)), Holdings(), False),
        (tracked(as_of=SUNDAY - timedelta(days=14)), Holdings(), True),
        (tracked(), Holdings(decided=frozenset({("abc", OLD)})), False),
        (tracked(), Holdings(decided=frozenset({("abc", OLD - timedelta(days=1))})), True),
        (tracked(is_finished=False), Holdings(decided=frozenset({("abc", OLD)})), True),
        (tracked(), Holdings(releases=(release(OLD, run_ids=frozenset({"abc"})),)), False),
        (tracked(), Holdings(releases=(release(OLD, run_ids=frozenset({"xyz"})),)), True),
    ],
    ids=[
        "old",
        "a model with an alias came from it",
        "last day of the span",
        "first day beyond it",
        "a decision rests on it",
        "a decision rests on an earlier one",
        "unfinished",
        "a kept release shows it",
        "a kept release shows another",
    ],
)
def test_night_in_mlflow(night, held, goes):
    newest = TrackedNight(SUNDAY, "new")
    found = outgoing(replace(held, tracked=(night, newest)), SPANS, SUNDAY).tracked
    assert (night in found) == goes
    assert newest not in found


def test_release_with_nothing_new_keeps_the_night_that_made_its_numbers():
    made = TrackedNight(OLD, "abc")
    later = release(OLD + timedelta(days=2), run_ids=frozenset({"abc"}))
    held = Holdings(releases=(later,), tracked=(made, TrackedNight(SUNDAY, "new")))
    assert outgoing(held, SPANS, SUNDAY).tracked == ()


def test_forecasts_stay_if_new_or_shown_by_the_current_release():
    folders = [f"{number:04d}" for number in range(KEPT_FORECASTS + 3)]
    held = tuple(HeldForecasts(name, float(age)) for age, name in enumerate(folders))
    torn = HeldForecasts("0000.partial", 1e9, is_whole=False)
    current = release(SUNDAY, is_current=True, run_ids=frozenset({"0000"}))
    goes = outgoing(Holdings(releases=(current,), forecasts=(*held, torn)), SPANS, SUNDAY)
    assert [one.folder for one in goes.forecasts] == ["0001", "0002", "0000.partial"]


@pytest.mark.parametrize(
    ("run", "goes"),
    [
        (HeldRun("a", SUNDAY - timedelta(days=30)), True),
        (HeldRun("a", SUNDAY - timedelta(days=29)), False),
        (HeldRun("a", SUNDAY - timedelta(days=90), is_alive=True), False),
        (HeldRun("a", SUNDAY - timedelta(days=40), is_night=True), False),
        (HeldRun("a", SUNDAY - timedelta(days=41), is_night=True), True),
    ],
    ids=["old", "recent", "alive", "newest night", "older night"],
)
def test_run_of_dagster(run, goes):
    night = HeldRun("night", SUNDAY - timedelta(days=40), is_night=True)
    found = outgoing(Holdings(runs=(run, night)), SPANS, SUNDAY).runs
    assert found == ((run,) if goes else ())


def test_rotated_logs_go():
    assert outgoing(Holdings(rotated_logs=("dbt.log.1",)), SPANS, SUNDAY).rotated_logs == (
        "dbt.log.1",
    )
