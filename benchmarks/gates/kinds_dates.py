"""Kinds: dates that are shifted, exchanged, or say something else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from .dates import day_in, moved, moved_hours, with_day
from .grounds import RELEASES
from .kinds import kind
from .wire import LIST, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from .grounds import Ground
    from .wire import Record


def changed(ground: Ground, change: Callable[[int, Record], object]) -> bytes:
    """Return the payload after a change of every record, by its number and content."""
    copy = ground.copy.twin()
    for number, one in enumerate(copy.records):
        change(number, one)
    if copy.shape.form == "orders":
        copy.shell = sorted({one[LIST] for one in copy.records})
    return encode(copy)


def _shifted(ground: Ground, days: int) -> bytes | None:
    name = ground.copy.shape.day
    if not name:
        return None
    return changed(ground, lambda _, one: one.update({name: moved(one.get(name), days)}))


@kind
def dates_a_day_earlier(ground: Ground) -> bytes | None:
    return _shifted(ground, -1)


@kind
def dates_a_week_earlier(ground: Ground) -> bytes | None:
    return _shifted(ground, -7)


@kind
def dates_a_month_earlier(ground: Ground) -> bytes | None:
    return _shifted(ground, -30)


@kind
def dates_a_year_earlier(ground: Ground) -> bytes | None:
    return _shifted(ground, -364)


@kind
def dates_a_week_later(ground: Ground) -> bytes | None:
    return _shifted(ground, 7)


@kind
def date_columns_exchanged(ground: Ground) -> bytes | None:
    shape = ground.copy.shape
    if not shape.known:
        return None

    def change(_: int, one: Record) -> None:
        one[shape.day], one[shape.known] = one.get(shape.known), one.get(shape.day)

    return changed(ground, change)


@kind
def date_is_the_other_date(ground: Ground) -> bytes | None:
    shape = ground.copy.shape
    if not shape.known:
        return None
    return changed(
        ground, lambda _, one: one.update({shape.day: one.get(shape.known) or one[shape.day]})
    )


@kind
def day_and_month_exchanged(ground: Ground) -> bytes | None:
    shape = ground.copy.shape
    if not shape.day:
        return None

    def change(_: int, one: Record) -> None:
        day = day_in(one.get(shape.day))
        if day is not None and day.day <= 12:
            one[shape.day] = with_day(one[shape.day], day.replace(month=day.day, day=day.month))

    return changed(ground, change)


@kind
def all_of_one_day(ground: Ground) -> bytes | None:
    name = ground.copy.shape.day
    if not name:
        return None
    last = ground.day - timedelta(days=2)
    return changed(
        ground, lambda _, one: one.update({name: with_day(one.get(name) or str(last), last)})
    )


@kind
def some_dated_anew(ground: Ground) -> bytes | None:
    """Date one record in twenty on the newest day: a partial re-import."""
    name = ground.copy.shape.day
    if not name or ground.feed in RELEASES:
        return None

    def change(number: int, one: Record) -> None:
        if number % 20 == 0 and one.get(name):
            one[name] = with_day(one[name], ground.day - timedelta(days=1))

    return changed(ground, change)


@kind
def times_of_another_zone(ground: Ground) -> bytes | None:
    """Write times of day nine hours later as if they were UTC."""
    name = ground.copy.shape.day
    if not name or name == LIST:
        return None
    return changed(ground, lambda _, one: one.update({name: moved_hours(one.get(name), 9)}))


@kind
def one_date_out_of_range(ground: Ground) -> bytes | None:
    name = ground.copy.shape.day
    if not name or name == LIST:
        return None

    def change(number: int, one: Record) -> None:
        if number == len(ground.copy.records) // 2:
            one[name] = re.sub(r"^\d{4}", "294247", one.get(name) or "2026-01-11")

    return changed(ground, change)


@kind
def years_of_two_digits(ground: Ground) -> bytes | None:
    name = ground.copy.shape.day
    if not name or name == LIST:
        return None
    return changed(
        ground, lambda _, one: one.update({name: re.sub(r"^20", "00", one.get(name) or "")})
    )
