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
"""All kinds by name, once the modules that hold them are loaded (`faults.py`)."""


def kind(make: Kind) -> Kind:
    """Register a kind under the name of its function."""
    KINDS[make.__name__] = make
    return make
