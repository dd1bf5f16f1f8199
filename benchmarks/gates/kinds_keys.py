"""Kinds: keys and categories that no longer tell apart, and records that are none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from .dates import day_in, with_day
from .grounds import RELEASES
from .kinds import kind
from .kinds_dates import changed
from .kinds_rows import commonest
from .turnover import host_of
from .wire import LIST, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from .grounds import Ground
    from .wire import Record

FORMS = {"json", "csv"}


def _keyed(ground: Ground) -> bool:
    shape = ground.copy.shape
    return shape.form in FORMS and not shape.is_reference and not shape.is_address


def _rekeyed(ground: Ground, new: Callable[[int, str], str]) -> bytes | None:
    name = ground.copy.shape.key
    if not _keyed(ground):
        return None
    return changed(ground, lambda number, one: one.update({name: new(number, str(one[name]))}))


@kind
def keys_all_alike(ground: Ground) -> bytes | None:
    return _rekeyed(ground, lambda *_: "withheld")


@kind
def keys_with_a_suffix(ground: Ground) -> bytes | None:
    return _rekeyed(ground, lambda _, key: f"{key}#1")


@kind
def keys_numbered_anew(ground: Ground) -> bytes | None:
    return _rekeyed(ground, lambda number, _: f"{900_000 + number}")


@kind
def keys_of_the_newest_alike(ground: Ground) -> bytes | None:
    shape = ground.copy.shape
    if not _keyed(ground) or ground.feed in RELEASES:
        return None
    since = ground.day - timedelta(weeks=4)

    def change(_: int, one: Record) -> None:
        if (day_in(one.get(shape.day)) or since) > since:
            one[shape.key] = "withheld"

    return changed(ground, change)


def _newest(ground: Ground, weeks: int) -> list[Record]:
    name, since = ground.copy.shape.day, ground.day - timedelta(weeks=weeks)
    found = [one for one in ground.copy.records if (day_in(one.get(name)) or since) > since]
    return found or ground.copy.records[:1]


def _added(ground: Ground, records: list[Record]) -> bytes:
    copy = ground.copy.twin()
    copy.records = copy.records + records
    if copy.shape.form == "orders":
        copy.shell = sorted({one[LIST] for one in copy.records})
    return encode(copy)


@kind
def twins_of_the_newest(ground: Ground) -> bytes | None:
    """Write every record of the newest four weeks twice, the second under another key."""
    key = ground.copy.shape.key
    if not _keyed(ground) or ground.feed in RELEASES:
        return None
    return _added(ground, [one | {key: f"{one[key]} (2)"} for one in _newest(ground, 4)])


@kind
def newest_week_fifty_times(ground: Ground) -> bytes | None:
    key = ground.copy.shape.key
    if not ground.copy.shape.day or ground.feed in RELEASES:
        return None
    newest = _newest(ground, 1)
    return _added(
        ground,
        [one | {key: _twin_of(ground, one[key], number)} for one in newest for number in range(49)],
    )


def _twin_of(ground: Ground, key: str, number: int) -> str:
    """Return another key that is one of the feed."""
    if ground.copy.shape.is_address:
        return f"{key.rpartition('.')[0]}.{number + 1}"
    if ground.copy.shape.form == "posts":
        return key.replace(host_of(key), f"{number}-{host_of(key)}")
    return f"{number}-{key}"


@kind
def bulk_of_one_day(ground: Ground) -> bytes | None:
    """Add ten weeks' worth of one record, under keys of their own, on one day."""
    shape = ground.copy.shape
    if not _keyed(ground) or ground.feed in RELEASES:
        return None
    one, day = _newest(ground, 8)[0], ground.day - timedelta(days=3)
    dated = {shape.day: with_day(one[shape.day], day)}
    return _added(
        ground,
        [one | dated | {shape.key: f"{one[shape.key]}{n:05d}"} for n in range(10 * shape.weekly)],
    )


@kind
def old_records_come_again(ground: Ground) -> bytes | None:
    """Add last year's records of eight weeks as new ones of this week, under other keys."""
    shape = ground.copy.shape
    if not _keyed(ground) or ground.feed in RELEASES:
        return None
    last, first = (ground.day - timedelta(weeks=weeks) for weeks in (52, 60))
    old = [one for one in ground.copy.records if first < (day_in(one[shape.day]) or last) < last]
    day = ground.day - timedelta(days=1)
    return _added(
        ground,
        [
            one | {shape.day: with_day(one[shape.day], day), shape.key: f"{one[shape.key]}-r"}
            for one in old
        ],
    )


def _categories(ground: Ground, change: Callable[[str], str]) -> bytes | None:
    shape = ground.copy.shape
    if not shape.category or shape.is_reference:
        return None
    copy = ground.copy.twin()
    for one in copy.records:
        one[shape.category] = change(str(one.get(shape.category) or ""))
    if shape.form == "tools":
        copy.shell = [change(name) for name in copy.shell]
        copy.shell = list(dict.fromkeys(copy.shell))
    return encode(copy)


@kind
def categories_renamed(ground: Ground) -> bytes | None:
    return _categories(
        ground,
        lambda name: name.replace(" IPs", " Hosts IPs") if " IPs" in name else f"{name} group",
    )


@kind
def categories_merged(ground: Ground) -> bytes | None:
    largest = commonest(ground.copy, ground.copy.shape.category)
    return _categories(ground, lambda _: largest)


@kind
def largest_category_renamed(ground: Ground) -> bytes | None:
    largest = commonest(ground.copy, ground.copy.shape.category)
    return _categories(
        ground,
        lambda name: (
            name.replace(" IPs", " v2 IPs") + "2" * (" IPs" not in name)
            if name == largest
            else name
        ),
    )


@kind
def texts_decoded_wrongly(ground: Ground) -> bytes | None:
    """Read UTF-8 as Latin-1 and write it as UTF-8: what is not ASCII comes out as two letters."""
    if ground.honest.ext not in ("json", "csv", "txt"):
        return None
    text = ground.honest.content.decode()
    if text.isascii():
        return None
    marked = text.startswith("\ufeff")
    return b"\xef\xbb\xbf" * marked + text.lstrip("\ufeff").encode().decode("latin-1").encode()
