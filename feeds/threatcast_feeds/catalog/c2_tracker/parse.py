"""C2-Tracker: a bundle of plain lists, one a tool, each line an address.

The bundle is a zip inside our own compression, so its members are split in Python; Arrow does
the rest on whole columns. A tool's file without lines gives no rows: zero hits, as an absent
file. `all.txt` is the union of the others and `backup/` held stale copies: both are left out.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.addresses import ipv6_keys
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_columns
from threatcast_feeds.unpack import zip_members

if TYPE_CHECKING:
    import pyarrow as pa


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write tool and address of every hit of one run."""
    tools: list[str] = []
    lines: list[str] = []
    # of each list: its first line's place among all lines, and its name
    lists: list[tuple[int, str]] = []
    rejected: list[str] = []
    for name, content in zip_members(source, source.spec, rejected):
        tool = tool_of(name)
        if tool is None:
            continue
        # a line with bytes that are no text is no address, and told as such
        found = content.decode("utf-8-sig", errors="replace").splitlines()
        lists.append((len(lines), name))
        tools += [tool] * len(found)
        lines += found
    if not lists:
        raise source.refuse("the bundle holds no list of a tool (data/<tool> IPs.txt)")
    columns, strange = _addresses(tools, lines)
    if not len(columns["address"]) and strange:
        raise source.refuse(f"none of its {len(strange):,} lines is an address")
    rows = write_columns(source, columns, target)
    samples = rejected + [_sample(lists, place) for place in strange[:MOST_SAMPLES]]
    return ParseOutcome(rows, len(rejected) + len(strange), samples[:MOST_SAMPLES])


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


def _sample(lists: list[tuple[int, str]], place: int) -> str:
    first, name = max(one for one in lists if one[0] <= place)
    return f"{name}, line {place - first + 1} is not an address"


def _addresses(tools: list[str], lines: list[str]) -> tuple[dict[str, pa.Array], list[int]]:
    """Return the columns of the lines that are addresses, and which lines are something else."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    addresses = pc.utf8_trim_whitespace(pa.array(lines, pa.string()))
    keys, good = ipv6_keys(addresses)
    strange = [at for at in np.flatnonzero(~good).tolist() if addresses[at].as_py()]
    columns = {"tool": pa.array(tools, pa.string()), "address": addresses}
    columns["ipv6_key"] = pa.array(keys, pa.string())
    return {name: column.filter(pa.array(good)) for name, column in columns.items()}, strange
