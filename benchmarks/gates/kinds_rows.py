"""Kinds: records that are lost, and sources that stand still."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from .dates import day_in, moved
from .grounds import COMPANIONS, RELEASES
from .kinds import kind
from .wire import LIST, Copy, encode, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from .grounds import Ground
    from .wire import Record

BUSY = 20
"""Events a week from which three weeks without any are no calm."""


def kept(ground: Ground, keeps: Callable[[int, Record], bool]) -> bytes:
    """Return the payload with the records that are kept, by their number and content."""
    copy = ground.copy.twin()
    copy.records = [one for number, one in enumerate(copy.records) if keeps(number, one)]
    return encode(copy)


def commonest(copy: Copy, name: str) -> str:
    """Return the most frequent value of a column, empty ones left aside."""
    counts = Counter(value for value in copy.values(name) if value)
    return counts.most_common(1)[0][0] if counts else ""


@kind
def rows_half(ground: Ground) -> bytes | None:
    return kept(ground, lambda number, _: number % 2 == 0)


@kind
def rows_third_at_random(ground: Ground) -> bytes | None:
    chance = ground.chance("third")
    return kept(ground, lambda *_: chance.random() > 1 / 3)


@kind
def rows_first_tenth_lost(ground: Ground) -> bytes | None:
    first = len(ground.copy.records) // 10
    return kept(ground, lambda number, _: number >= first)


@kind
def rows_last_tenth_lost(ground: Ground) -> bytes | None:
    last = len(ground.copy.records) * 9 // 10
    return kept(ground, lambda number, _: number < last)


@kind
def rows_of_one_weekday_lost(ground: Ground) -> bytes | None:
    shape = ground.copy.shape
    if not shape.day:
        return None
    days = [day_in(value) for value in ground.copy.values(shape.day)]
    busiest = Counter(day.weekday() for day in days if day).most_common(1)[0][0]
    return kept(ground, lambda n, _: days[n] is None or days[n].weekday() != busiest)


@kind
def rows_of_one_place_lost(ground: Ground) -> bytes | None:
    shape = ground.copy.shape
    if not shape.place or shape.is_reference:
        return None
    lost = commonest(ground.copy, shape.place)
    return kept(ground, lambda _, one: one.get(shape.place) != lost)


@kind
def rows_of_one_group_lost(ground: Ground) -> bytes | None:
    shape = ground.copy.shape
    if not shape.category or shape.is_reference:
        return None
    lost = commonest(ground.copy, shape.category)
    return kept(ground, lambda _, one: one.get(shape.category) != lost)


@kind
def newest_weeks_lost(ground: Ground) -> bytes | None:
    shape = ground.copy.shape
    if not shape.day or ground.feed in RELEASES or shape.form in ("orders", "posts"):
        return None
    weeks = 3 if shape.weekly >= BUSY else 8
    since = ground.day - timedelta(weeks=weeks)
    return kept(ground, lambda _, one: (day_in(one[shape.day]) or since) < since)


@kind
def bundle_days_lost(ground: Ground) -> bytes | None:
    if ground.copy.shape.form != "orders":
        return None
    days = sorted({day_in(name) for name in ground.copy.values(LIST)} - {None})
    return packed([one for one in unpacked(ground.honest.content) if day_in(one[0]) in days[:2]])


def _can_freeze(ground: Ground) -> bool:
    return ground.feed not in COMPANIONS and ground.feed not in RELEASES


@kind
def frozen_but_for_white_space(ground: Ground) -> bytes | None:
    if not _can_freeze(ground):
        return None
    if ground.before.ext != "zip":
        return ground.before.content + b" \n"
    return packed([(name, part + b"\n") for name, part in unpacked(ground.before.content)])


@kind
def frozen_in_another_order(ground: Ground) -> bytes | None:
    if not _can_freeze(ground):
        return None
    copy = ground.copy_before.twin()
    ground.chance("order").shuffle(copy.records)
    return encode(copy)


@kind
def frozen_less_one_record(ground: Ground) -> bytes | None:
    if not _can_freeze(ground):
        return None
    copy = ground.copy_before.twin()
    del copy.records[len(copy.records) // 2]
    return encode(copy)


@kind
def frozen_with_a_new_header(ground: Ground) -> bytes | None:
    copy = ground.copy_before.twin()
    if copy.shape.form == "orders":
        for one in copy.records:
            one[LIST] = moved(one[LIST], (ground.day - ground.before.day).days)
        copy.shell = sorted({one[LIST] for one in copy.records})
        return encode(copy)
    if not isinstance(copy.shell, dict):
        return None
    stamp = f"{ground.day}T06:00:00Z"
    named = {name: stamp for name in copy.shell if "date" in name.lower()}
    copy.shell = {**copy.shell, **(named or {"generated": stamp})}
    return encode(copy)


@kind
def vintage_of_a_month_ago(ground: Ground) -> bytes | None:
    if not _can_freeze(ground):
        return None
    old = ground.past.by(ground.day - timedelta(days=30)) or ground.past.steps_before(ground.day, 1)
    return None if old is None else encode(old)


@kind
def truncated_text(ground: Ground) -> bytes | None:
    """Cut the bytes at 90 %, at a place where the format still holds."""
    content = ground.honest.content
    cut = content[: len(content) * 9 // 10]
    form = ground.copy.shape.form
    if form in ("lines", "ranges", "csv", "posts"):
        return cut[: cut.rfind(b"\n") + 1]
    if form == "json" and not ground.copy.shape.under:
        return json.dumps(ground.copy.records[: len(ground.copy.records) * 9 // 10]).encode()
    return None
