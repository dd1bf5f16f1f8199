"""DDoSia's target lists: a bundle of small JSON files, one a list, a week of them a payload.

The time of a list is in its name. A list without targets gives one row without host: the feed
was watched then, and nothing was ordered. Only host, kind and port are read; how to attack
(method, path, body, headers, random parameters) stays in the landing.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from threatcast_feeds.payload import ParseOutcome, PayloadSource, first_of
from threatcast_feeds.readers.json_records import DamagedJsonError, Record, read_document
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_rows
from threatcast_feeds.unpack import zip_members

MOST_PORT = 65_535
_PORT = re.compile("[0-9]{1,5}")
# DD-MM-YYYY until the summer of 2023; a name without a title is no list
_NAME = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)-(\d\d)-(\d{4}))_(\d\d)-(\d\d)-(\d\d)_[A-Za-z].*\.json"
)


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write list, time, host, kind and port of every target of a week's lists."""
    rows: list[tuple[Any, ...]] = []
    places: list[str] = []
    rejected: list[str] = []
    lists = others = read = 0
    for member, content in zip_members(source, source.spec, rejected):
        name = PurePosixPath(member).name
        moment = time_of(name)
        if moment is None:
            others += 1
            continue
        lists += 1
        targets = _targets(content)
        if isinstance(targets, str):
            rejected.append(f"{name}: {targets}")
            continue
        read += 1
        # a watched moment without orders is a fact, a list of rubbish is none
        if not targets:
            rows.append((name, moment, None, None, None))
            places.append(name)
        for order in targets:
            place = f"{name}, target {order.place}"
            row = None if order.problem else _row(order.value)
            if row is None:
                why = f": {order.problem}" if order.problem else " has no host"
                rejected.append(f"{place}{why}")
            else:
                rows.append((name, moment, *row))
                places.append(place)
    if lists == 0:
        raise source.refuse(
            f"the bundle holds no list named <date>_<time>_<title>.json among {others} files",
        )
    if read == 0:
        raise source.refuse(f"none of its {lists} lists can be read{first_of(rejected)}")
    written = write_rows(source, rows, target, places=places, rejected=rejected)
    message = f"left out {others} files that are no lists" if others else ""
    return ParseOutcome(written, len(rejected), rejected[:MOST_SAMPLES], message)


def time_of(name: str) -> datetime | None:
    """Return the UTC time (without zone) in a list's name; None if it is not a list's.

    Examples
    --------
    >>> time_of("05-06-2023_20-15-12_DDoSia-target-list-full.json")
    datetime.datetime(2023, 6, 5, 20, 15, 12)
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    day = "-".join(match.group(1, 2, 3) if match[1] else match.group(6, 5, 4))
    try:
        # the column has no zone, as all times in the warehouse: they are UTC
        return datetime.fromisoformat(f"{day}T{':'.join(match.group(7, 8, 9))}")
    except ValueError:
        return None


def _targets(content: bytes) -> list[Record] | str:
    """Return a list's targets, or in words why there are none to be had."""
    try:
        document = read_document(content, "targets")
    except DamagedJsonError:
        return "not JSON, or cut"
    if document.listed == "nothing":
        return "it has no `targets`"
    return "its `targets` are no list" if document.listed == "other" else document.records


def _row(target: Any) -> tuple[str, str | None, int | None] | None:
    """Return host, kind and port of a target; None without host."""
    host = target.get("host") if isinstance(target, dict) else None
    # in late 2023 a tenth of the hosts were written twice: a/a
    host = host.partition("/")[0].strip().lower() if isinstance(host, str) else ""
    if not host:
        return None
    kind = target.get("type")
    return host, kind if isinstance(kind, str) else None, _port(target.get("port"))


def _port(value: Any) -> int | None:
    if isinstance(value, str) and _PORT.fullmatch(value):
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= MOST_PORT else None
