"""One payload of each feed as records that can be changed, and back in the feed's own format.

Nothing is cleaned on the way: `encode(decode(feed, ext, content))` says the same as the content.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from .shapes import LIST, MEMBER, SHAPES, Record, Shape

__all__ = ["LIST", "SHAPES", "Copy", "Record", "Shape", "decode", "encode", "packed", "unpacked"]


@dataclass
class Copy:
    """One payload: its records, and what is around them.

    Attributes
    ----------
    ext : str
        Extension of the bytes.
    shell : any
        What the format needs beside the records.
    """

    feed: str
    ext: str
    records: list[Record]
    shell: Any = field(repr=False, default=None)

    @property
    def shape(self) -> Shape:
        return SHAPES[self.feed]

    def twin(self) -> Copy:
        """Return one that can be changed without changing this."""
        return replace(self, records=[dict(one) for one in self.records])

    def values(self, name: str) -> list[str]:
        """Return a column as texts, in the order of the records."""
        return [str(one.get(name) or "") for one in self.records]


def decode(feed: str, ext: str, content: bytes) -> Copy:
    """Return a payload's records.

    Raises
    ------
    ValueError
        If it is none of the formats that the newest payloads of the feed have.
    """
    shape = SHAPES[feed]
    records, shell = _FORMS[shape.form][0](shape, content)
    return Copy(feed, ext, records, shell)


def encode(copy: Copy) -> bytes:
    """Return the bytes of a payload."""
    return _FORMS[copy.shape.form][1](copy.shape, copy.records, copy.shell)


def unpacked(content: bytes) -> list[tuple[str, bytes]]:
    """Return the files of a bundle in their order."""
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return [(info.filename, bundle.read(info)) for info in bundle.infolist()]


def packed(members: list[tuple[str, bytes]]) -> bytes:
    """Return files as a bundle; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        for name, content in members:
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            bundle.writestr(info, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    return out.getvalue()


def _from_json(shape: Shape, content: bytes) -> tuple[list[Record], Any]:
    document = json.loads(content)
    if not shape.under:
        return document, None
    return document[shape.under], {
        name: value for name, value in document.items() if name != shape.under
    }


def _to_json(shape: Shape, records: list[Record], shell: Any) -> bytes:
    if not shape.under:
        rows = ",\n".join(json.dumps(one, separators=(",", ":")) for one in records)
        return f"[\n{rows}\n]\n".encode()
    counted = {"count": len(records)} if "count" in shell else {}
    return json.dumps({**shell, **counted, shape.under: records}, indent=1).encode()


def _from_csv(shape: Shape, content: bytes) -> tuple[list[Record], Any]:
    del shape
    csv.field_size_limit(1 << 24)
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    facts = (list(reader.fieldnames or ()), content.startswith(b"\xef\xbb\xbf"))
    return list(reader), facts


def _to_csv(shape: Shape, records: list[Record], shell: Any) -> bytes:
    del shape
    names, marked = shell
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(records)
    return (b"\xef\xbb\xbf" if marked else b"") + out.getvalue().encode()


def _lines(content: bytes) -> list[str]:
    return [line for line in content.decode().splitlines() if line]


def _from_lines(shape: Shape, content: bytes) -> tuple[list[Record], Any]:
    return [{shape.key: line} for line in _lines(content)], content.endswith(b"\n")


def _to_lines(shape: Shape, records: list[Record], shell: Any) -> bytes:
    return ("\n".join(one[shape.key] for one in records) + "\n" * bool(shell)).encode()


def _from_ranges(shape: Shape, content: bytes) -> tuple[list[Record], Any]:
    del shape
    rows = (line.split(",") for line in _lines(content))
    return [{"start": first, "end": last, "country": place} for first, last, place in rows], None


def _to_ranges(shape: Shape, records: list[Record], shell: Any) -> bytes:
    del shape, shell
    return "".join(f"{one['start']},{one['end']},{one['country']}\n" for one in records).encode()


POST = ("posted", "reporter", "kind", "value", "tags", "link")


def _from_posts(shape: Shape, content: bytes) -> tuple[list[Record], Any]:
    del shape
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [dict(zip(POST, row, strict=True)) for row in rows if row], None


def _to_posts(shape: Shape, records: list[Record], shell: Any) -> bytes:
    del shape, shell
    out = io.StringIO()
    csv.DictWriter(out, POST, lineterminator="\n").writerows(records)
    return out.getvalue().encode()


def _from_tools(shape: Shape, content: bytes) -> tuple[list[Record], Any]:
    members = unpacked(content)
    records = [{LIST: name, shape.key: line} for name, part in members for line in _lines(part)]
    return records, [name for name, _ in members]


def _to_tools(shape: Shape, records: list[Record], shell: Any) -> bytes:
    # a tool without any hit has a file of 0 bytes; one that is gone from the shell has none
    lists: dict[str, list[str]] = {name: [] for name in shell}
    for one in records:
        lists.setdefault(one[LIST], []).append(one[shape.key])
    return packed(
        [(name, "".join(f"{line}\n" for line in lines).encode()) for name, lines in lists.items()]
    )


def _from_orders(shape: Shape, content: bytes) -> tuple[list[Record], Any]:
    del shape
    members = [(name, json.loads(part)) for name, part in unpacked(content)]
    return [
        {LIST: name, **target} for name, listed in members for target in listed["targets"] or []
    ], [name for name, _ in members]


def _to_orders(shape: Shape, records: list[Record], shell: Any) -> bytes:
    del shape
    lists: dict[str, list[Record]] = {name: [] for name in shell}
    for one in records:
        target = {name: value for name, value in one.items() if name != LIST}
        lists.setdefault(one[LIST], []).append(target)
    return packed(
        [
            (name, json.dumps({"targets": targets, "randoms": []}, indent=4).encode())
            for name, targets in sorted(lists.items())
        ]
    )


def _from_clusters(shape: Shape, content: bytes) -> tuple[list[Record], Any]:
    del shape
    members = [(name, json.loads(part)) for name, part in unpacked(content)]
    records = [
        {MEMBER: name, "country": value.get("meta", {}).get("country", ""), **value}
        for name, cluster in members
        for value in cluster["values"]
    ]
    return records, [(name, {**cluster, "values": []}) for name, cluster in members]


def _to_clusters(shape: Shape, records: list[Record], shell: Any) -> bytes:
    del shape
    members = []
    for name, cluster in shell:
        values = [_cluster_value(one) for one in records if one[MEMBER] == name]
        members.append((name, json.dumps({**cluster, "values": values}).encode()))
    return packed(members)


def _cluster_value(record: Record) -> Record:
    value = {
        name: deepcopy(part) for name, part in record.items() if name not in (MEMBER, "country")
    }
    if record["country"]:
        value.setdefault("meta", {})["country"] = record["country"]
    return value


def tool_of(name: str) -> str:
    """Return the tool that a file of C2-Tracker's bundle is about.

    >>> tool_of("data/Sliver C2 IPs.txt")
    'Sliver C2'
    """
    return PurePosixPath(name).stem.removesuffix(" IPs")


_Reader = Callable[[Shape, bytes], tuple[list[Record], Any]]
_Writer = Callable[[Shape, list[Record], Any], bytes]
_FORMS: dict[str, tuple[_Reader, _Writer]] = {
    "json": (_from_json, _to_json),
    "csv": (_from_csv, _to_csv),
    "lines": (_from_lines, _to_lines),
    "tools": (_from_tools, _to_tools),
    "orders": (_from_orders, _to_orders),
    "ranges": (_from_ranges, _to_ranges),
    "clusters": (_from_clusters, _to_clusters),
    "posts": (_from_posts, _to_posts),
}
