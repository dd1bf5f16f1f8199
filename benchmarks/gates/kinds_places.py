"""Kinds: places that are lost, exchanged, or written in another way."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from .dates import day_in
from .kinds import kind
from .kinds_dates import changed
from .kinds_rows import commonest

if TYPE_CHECKING:
    from .grounds import Ground
    from .wire import Record

ALPHA3 = {
    "US": "USA", "GB": "GBR", "DE": "DEU", "FR": "FRA", "IT": "ITA", "CA": "CAN", "ES": "ESP",
    "BR": "BRA", "IN": "IND", "AU": "AUS", "JP": "JPN", "NL": "NLD", "CH": "CHE", "MX": "MEX",
    "TW": "TWN", "TH": "THA", "AR": "ARG", "BE": "BEL", "CN": "CHN", "AT": "AUT",
}  # fmt: skip


def _name(ground: Ground) -> str:
    shape = ground.copy.shape
    return "" if shape.is_reference else shape.place


@kind
def one_place_for_all(ground: Ground) -> bytes | None:
    name = _name(ground)
    if not name:
        return None
    place = Counter(value for value in ground.copy.values(name) if value).most_common(2)[1][0]
    return changed(ground, lambda _, one: one.update({name: place}))


@kind
def newest_places_blank(ground: Ground) -> bytes | None:
    name, day = _name(ground), ground.copy.shape.day
    if not name:
        return None
    since = ground.day - timedelta(weeks=4 if ground.copy.shape.weekly >= 20 else 26)

    def change(_: int, one: Record) -> None:
        if (day_in(one.get(day)) or since) >= since:
            one[name] = ""

    return changed(ground, change)


@kind
def all_places_blank(ground: Ground) -> bytes | None:
    name = _name(ground)
    return changed(ground, lambda _, one: one.update({name: ""})) if name else None


@kind
def places_permuted(ground: Ground) -> bytes | None:
    """Write another country for each country, the same one everywhere: a code table mixed up."""
    name = _name(ground)
    if not name:
        return None
    places = sorted(set(ground.copy.values(name)) - {""})
    other = dict(zip(places, [*places[1:], places[0]], strict=True))
    return changed(ground, lambda _, one: one.update({name: other.get(one.get(name) or "", "")}))


@kind
def two_places_exchanged(ground: Ground) -> bytes | None:
    name = _name(ground)
    if not name:
        return None
    counts = Counter(value for value in ground.copy.values(name) if value).most_common(2)
    first, second = counts[0][0], counts[1][0]
    other = {first: second, second: first}
    return changed(
        ground, lambda _, one: one.update({name: other.get(one.get(name) or "", one.get(name))})
    )


@kind
def places_of_the_row_before(ground: Ground) -> bytes | None:
    name = _name(ground)
    if not name:
        return None
    places = ground.copy.values(name)
    return changed(ground, lambda number, one: one.update({name: places[number - 1]}))


@kind
def newest_places_of_the_largest(ground: Ground) -> bytes | None:
    """Write the commonest country wherever a record is new: a default that crept in."""
    name, day = _name(ground), ground.copy.shape.day
    if not name:
        return None
    place, since = commonest(ground.copy, name), ground.day - timedelta(weeks=4)

    def change(_: int, one: Record) -> None:
        if (day_in(one.get(day)) or since) >= since:
            one[name] = place

    return changed(ground, change)


@kind
def places_in_lower_case(ground: Ground) -> bytes | None:
    name = _name(ground)
    if not name:
        return None
    return changed(ground, lambda _, one: one.update({name: (one.get(name) or "").lower()}))


@kind
def places_as_other_codes(ground: Ground) -> bytes | None:
    name = _name(ground)
    if not name:
        return None
    return changed(
        ground, lambda _, one: one.update({name: ALPHA3.get(one.get(name) or "", one.get(name))})
    )
