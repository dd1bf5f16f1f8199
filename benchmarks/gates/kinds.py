"""Kinds of faults: each is put on every feed whose records have what it spoils.

A kind takes the ground of a feed and returns spoilt bytes, or None where it does not fit. Each
payload parses well, or could; none should become numbers without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .grounds import Ground

Kind = Callable[["Ground"], bytes | None]
KINDS: dict[str, Kind] = {}
"""All kinds by name, in the order in which they are written down."""


def kind(make: Kind) -> Kind:
    """Register a kind under the name of its function."""
    KINDS[make.__name__] = make
    return make


def all_kinds() -> dict[str, Kind]:
    """Return all kinds; the modules that hold them register them when they are loaded."""
    from . import kinds_dates, kinds_keys, kinds_lists, kinds_places, kinds_rows, kinds_tables

    del kinds_dates, kinds_keys, kinds_lists, kinds_places, kinds_rows, kinds_tables
    return KINDS


def spoilt(ground: Ground) -> dict[str, bytes]:
    """Return every fault that fits a feed, by its kind; one that changes no byte is none."""
    found = {}
    for name, make in all_kinds().items():
        content = make(ground)
        if content is not None and content != ground.honest.content:
            found[name] = content
    return found
