"""Every kind of fault, put on a feed: the one place that knows all modules of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

# each registers its kinds when it is loaded, in this order
from . import kinds_dates, kinds_keys, kinds_lists, kinds_places, kinds_rows, kinds_tables
from .kinds import KINDS

if TYPE_CHECKING:
    from .grounds import Ground

__all__ = ["KINDS", "spoilt"]
del kinds_dates, kinds_keys, kinds_lists, kinds_places, kinds_rows, kinds_tables


def spoilt(ground: Ground) -> dict[str, bytes]:
    """Return every fault that fits a feed, by its kind; one that changes no byte is none."""
    found = {}
    for name, make in KINDS.items():
        content = make(ground)
        if content is not None and content != ground.honest.content:
            found[name] = content
    return found
