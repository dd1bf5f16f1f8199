"""Which bytes of a file a request asks for, as RFC 9110 (section 14) says.

Starlette, which sends them, refuses units that it does not know, and a list of which one range lies
beyond the end; the standard has both answered. So it is given what can be sent, written plainly.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from threatcast_publishing.request_paths import Refusal

UNIT = "bytes"
MOST = 100
"""Ranges in one request; more of them are answered with the whole file."""
# no file has a size of twenty digits; int() of thousands of them would be slow
_RANGE = re.compile(r"(\d{0,19})-(\d{0,19})", re.ASCII)


def range_to_send(asked: str, size: int) -> str | None:
    """Return the value of a `Range` field with what can be sent of it; None for the whole file.

    Parameters
    ----------
    asked : str
        The field as it came, empty if it did not.
    size : int
        Bytes of the file.

    Raises
    ------
    Refusal
        400 if it is no list of ranges, 416 if all of them lie beyond the end; says the size.
    """
    unit, equals, said = asked.partition("=")
    if not asked or (equals and unit.strip().lower() != UNIT):
        return None
    ranges = [_range(part, size) for part in said.split(",") if part.strip()]
    if not ranges:
        raise _no_range()
    if len(ranges) > MOST:
        return None
    there = [f"{first}-{last}" for first, last in ranges if first <= last]
    if not there:
        raise Refusal(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"The file has {size} bytes, none of which are in that range.",
            {"Content-Range": f"{UNIT} */{size}"},
        )
    return f"{UNIT}={','.join(there)}"


def _range(text: str, size: int) -> tuple[int, int]:
    """Return first and last byte; the first comes after the last if the file has none of them."""
    found = _RANGE.fullmatch(text.strip())
    if found is None or found.group() == "-":
        raise _no_range()
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size - 1)
    if last and int(last) < int(first):
        raise _no_range()
    return int(first), min(int(last), size - 1) if last else size - 1


def _no_range() -> Refusal:
    return Refusal(
        HTTPStatus.BAD_REQUEST,
        "The field Range is none that can be answered. Write it as bytes=FIRST-LAST, bytes=FIRST- "
        "or bytes=-COUNT, several with commas.",
    )
