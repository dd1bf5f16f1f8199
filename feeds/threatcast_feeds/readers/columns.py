"""Which columns a payload has, beside those that its feed needs and knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from threatcast_feeds.outside import named

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource


def check_columns(
    source: PayloadSource,
    there: Sequence[str],
    required: Sequence[str],
    known: Sequence[str] = (),
    place: str = "",
) -> str:
    """Return a message on columns never seen before; refuse a payload that lost one.

    Parameters
    ----------
    source : PayloadSource
        The payload, for messages.
    there : sequence of str
        Its columns: a table's header, or the keys of all records of a list.
    required : sequence of str
        Those that must be there.
    known : sequence of str
        All others that have been there before; empty where that is not written down.
    place : str
        Which part of the payload it is, if it has several.

    Raises
    ------
    ParseError
        If a required column is gone; names it and those that are there.
    """
    inside = f" of {place}" if place else ""
    gone = [name for name in required if name not in there]
    if gone:
        raise source.refuse(
            f"column {', '.join(gone)}{inside} is gone; there are {named(there)}",
            cure="If the source renamed it, its parser and defs.yaml must follow",
        )
    new = [name for name in there if known and name and name not in (*required, *known)]
    return f"new column{inside}: {named(new)}" if new else ""
