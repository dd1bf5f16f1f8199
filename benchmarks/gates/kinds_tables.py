"""Kinds: tables that others look places up in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .kinds import kind
from .kinds_dates import changed
from .kinds_rows import kept

if TYPE_CHECKING:
    from .grounds import Ground

LARGE = {"ip_country": ("US", "GB", "DE"), "country_codes": ("US", "GB", "DE"),
         "misp_galaxy": ("CN", "RU", "IR")}  # fmt: skip


@kind
def one_country_is_another(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_reference:
        return None
    first, second, _ = LARGE[ground.feed]
    name = ground.copy.shape.place
    return changed(
        ground, lambda _, one: one.update({name: second}) if one[name] == first else None
    )


@kind
def two_countries_exchanged(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_reference:
        return None
    first, second, _ = LARGE[ground.feed]
    name, other = ground.copy.shape.place, {first: second, second: first}
    return changed(ground, lambda _, one: one.update({name: other.get(one[name], one[name])}))


@kind
def countries_slip_a_row(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_reference:
        return None
    name = ground.copy.shape.place
    places = ground.copy.values(name)
    return changed(ground, lambda number, one: one.update({name: places[number - 1]}))


@kind
def a_large_country_missing(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_reference:
        return None
    name, lost = ground.copy.shape.place, LARGE[ground.feed][2]
    return kept(ground, lambda _, one: one[name] != lost)


@kind
def one_country_for_all(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_reference:
        return None
    name, place = ground.copy.shape.place, LARGE[ground.feed][0]
    return changed(ground, lambda _, one: one.update({name: place}))


@kind
def countries_blank(ground: Ground) -> bytes | None:
    if not ground.copy.shape.is_reference:
        return None
    name = ground.copy.shape.place
    return changed(ground, lambda _, one: one.update({name: ""}))


@kind
def regions_slip_a_row(ground: Ground) -> bytes | None:
    if ground.feed != "country_codes":
        return None
    names = ("Region Code", "Sub-region Code", "Region Name", "Sub-region Name")
    rows = ground.copy.records
    return changed(
        ground, lambda number, one: one.update({name: rows[number - 1][name] for name in names})
    )


@kind
def ranges_slip_by_one(ground: Ground) -> bytes | None:
    """The ends of ranges are those of the row before: every range is empty or another's."""
    if ground.feed != "ip_country":
        return None
    rows = ground.copy.records
    return changed(ground, lambda number, one: one.update(end=rows[number - 1]["end"]))
