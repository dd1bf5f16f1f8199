"""DDoSia's target lists: a bundle of small JSON files, one a list, a week of them a payload.

The time of a list is in its name. A list without targets gives one row without host: the feed
was watched then, and nothing was ordered. Only host, kind and port are read; how to attack
(method, path, body, headers, random parameters) stays in the landing.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.diagnosis import refuse
from threatcast_feeds.readers.tables import write_columns
from threatcast_feeds.unpack import zip_members

MOST_SAMPLES = 5
MOST_PORT = 65_535
# DD-MM-YYYY until the summer of 2023; a name without a title is no list
_NAME = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)-(\d\d)-(\d{4}))_(\d\d)-(\d\d)-(\d\d)_[A-Za-z].*\.json"
)


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write list, time, host, kind and port of every target of a week's lists."""
    columns: dict[str, list[Any]] = {name: [] for name in source.spec.columns}
    rejected: list[str] = []
    lists = others = read = 0
    for member, content in zip_members(source, source.spec):
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
        rows, strange = _rows(targets)
        rejected += [f"{name}, target {place} has no host" for place in strange]
        # a watched moment without orders is a fact, a list of rubbish is none
        if not rows and not strange:
            rows = [(None, None, None)]
        columns["list_name"] += [name] * len(rows)
        columns["list_time"] += [moment] * len(rows)
        for key, values in zip(("host", "type", "port"), zip(*rows, strict=True), strict=False):
            columns[key] += values
    if lists == 0:
        raise refuse(
            source,
            f"the bundle holds no list named <date>_<time>_<title>.json among {others} files",
        )
    if read == 0:
        raise refuse(source, f"none of its {lists} lists can be read ({rejected[0]})")
    written = write_columns(source, columns, target)
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


def _targets(content: bytes) -> list[Any] | str:
    """Return a list's targets, or in words why there are none to be had."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start}"
    except (ValueError, RecursionError):
        return "not JSON, or cut"
    if not isinstance(document, dict) or "targets" not in document:
        return "it has no `targets`"
    targets = document["targets"]
    if targets is None:
        return []
    return targets if isinstance(targets, list) else "its `targets` are no list"


def _rows(targets: list[Any]) -> tuple[list[tuple[str | None, str | None, int | None]], list[int]]:
    """Return host, kind and port of the targets, and the places of those without host."""
    rows: list[tuple[str | None, str | None, int | None]] = []
    strange: list[int] = []
    for place, one in enumerate(targets, start=1):
        host = one.get("host") if isinstance(one, dict) else None
        # in late 2023 a tenth of the hosts were written twice: a/a
        host = host.partition("/")[0].strip().lower() if isinstance(host, str) else ""
        if not host:
            strange.append(place)
            continue
        kind = one.get("type")
        rows.append((host, kind if isinstance(kind, str) else None, _port(one.get("port"))))
    return rows, strange


def _port(value: Any) -> int | None:
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= MOST_PORT else None
