"""C2-Tracker: a bundle of plain lists, one a tool, each line an address.

The bundle is a zip inside our own compression, so its members are split in Python; Arrow does
the rest on whole columns. A tool's file without lines gives no rows: zero hits, as an absent
file. `all.txt` is the union of the others and `backup/` held stale copies: both are left out.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.addresses import ipv6_key, is_ipv4
from threatcast_feeds.readers.diagnosis import decode, refuse
from threatcast_feeds.readers.tables import write_columns
from threatcast_feeds.unpack import zip_members

MOST_SAMPLES = 5


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write tool and address of every hit of one run."""
    tools: list[str] = []
    addresses: list[str] = []
    keys: list[str | None] = []
    rejected: list[str] = []
    lists = 0
    for name, content in zip_members(source, source.spec):
        tool = tool_of(name)
        if tool is None:
            continue
        lists += 1
        lines = decode(source, content, name).splitlines()
        found, found_keys, strange = _addresses(lines)
        tools += [tool] * len(found)
        addresses += found
        keys += found_keys
        rejected += [f"{name}, line {line} is not an address" for line in strange]
    if lists == 0:
        raise refuse(source, "the bundle holds no list of a tool (data/<tool> IPs.txt)")
    if not addresses and rejected:
        raise refuse(source, f"none of its {len(rejected):,} lines is an address")
    values = {"tool": tools, "address": addresses, "ipv6_key": keys}
    rows = write_columns(source, values, target)
    return ParseOutcome(rows, len(rejected), rejected[:MOST_SAMPLES])


def tool_of(name: str) -> str | None:
    """Return the tool that a member of the bundle lists; None for a member to be left out.

    Examples
    --------
    >>> tool_of("data/Browser Exploitation Framework (BeEF) IPs.txt")
    'Browser Exploitation Framework (BeEF)'
    """
    path = PurePosixPath(name)
    if path.suffix != ".txt" or path.name == "all.txt" or path.parent.name not in ("", "data"):
        return None
    return path.name.removesuffix(".txt").removesuffix(" IPs")


def _addresses(lines: list[str]) -> tuple[list[str], list[str | None], list[int]]:
    """Return addresses, their IPv6 keys, and the numbers of lines that are neither."""
    found: list[str] = []
    keys: list[str | None] = []
    strange: list[int] = []
    for number, line in enumerate(lines, start=1):
        address = line.strip()
        if not address:
            continue
        key = None
        if not is_ipv4(address):
            key = ipv6_key(address)
            if key is None:
                strange.append(number)
                continue
        found.append(address)
        keys.append(key)
    return found, keys, strange
