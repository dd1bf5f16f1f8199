"""Sefinek's list: an address of either family a line, read as whole columns by Arrow.

Line ends vary, and some versions hold an address twice. For a week of 2025 rows of another file
stood between the addresses: a line that is no address is left out and counted, and the gate sets
a payload aside if more than a fifth are none.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.impostors import refuse_impostors
from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.addresses import ipv6_keys
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_columns


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the addresses of one state of the list, in its order, repeats included."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    refuse_impostors(source)
    # a line with bytes that are no text is no address, and told as such
    lines = source.read().decode("utf-8-sig", errors="replace").splitlines()
    addresses = pc.utf8_trim_whitespace(pa.array(lines, pa.string()))
    keys, good = ipv6_keys(addresses)
    strange = [at for at in np.flatnonzero(~good).tolist() if addresses[at].as_py()]
    if not good.any():
        raise source.refuse(f"none of its {len(strange):,} lines is an address")
    columns = {"address": addresses, "ipv6_key": pa.array(keys, pa.string())}
    kept = {name: column.filter(pa.array(good)) for name, column in columns.items()}
    rows = write_columns(source, kept, target)
    samples = [f"line {at + 1} is not an address" for at in strange[:MOST_SAMPLES]]
    return ParseOutcome(rows, len(strange), samples)
