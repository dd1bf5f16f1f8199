"""TweetFeed: posts of seven days in CSV without a header, with line ends of either kind.

A post is one line. Its tags and link are not read; hashes of files stay in raw, and staging takes
hosts alone. Whole columns at once, since a line by itself takes Python ten times as long; only
lines with quotes are read one by one.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.impostors import refuse_impostors
from threatcast_feeds.payload import ParseOutcome, PayloadSource, first_of
from threatcast_feeds.readers.addresses import ipv6_keys
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_columns

if TYPE_CHECKING:
    import pyarrow as pa

# what is read of posted, reporter, kind, value, tags, link
READ = ("posted", "reporter", "kind", "value")
CELLS = 6
VALUE = READ.index("value")
NOT_TEXT = "\ufffd"


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the posts of one payload that name something."""
    import pyarrow as pa
    import pyarrow.compute as pc

    refuse_impostors(source)
    text = source.read().decode("utf-8-sig", errors="replace")
    lines = text.splitlines()
    posts, rejected = _posts(lines)
    samples = [f"record {number} is no post" for number in rejected[:MOST_SAMPLES]]
    if not len(posts):
        raise source.refuse(f"it holds no post{first_of(samples)}")
    if rejected and rejected[-1] == len(lines) and text[-1] not in "\r\n":
        raise source.refuse(f"the CSV is cut: it ends in the middle of record {len(lines):,}")
    addresses = pc.if_else(pc.equal(posts["kind"], "ip"), posts["value"], "")
    keys, _ = ipv6_keys(addresses.combine_chunks())
    columns = {name: posts[name] for name in READ}
    rows = write_columns(source, {**columns, "ipv6_key": pa.array(keys, pa.string())}, target)
    return ParseOutcome(rows, len(rejected), samples)


def _posts(lines: Sequence[str]) -> tuple[pa.Table, list[int]]:
    """Return the columns of the lines that are posts, and the numbers of others, from 1."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pa.array(lines, pa.string())
    odd = pc.match_substring_regex(array, f'["{NOT_TEXT}]').to_numpy(zero_copy_only=False)
    cells = pc.split_pattern(array, ",")
    plain = pc.equal(pc.list_value_length(cells), CELLS).to_numpy(zero_copy_only=False) & ~odd
    texts = pc.utf8_trim_whitespace(cells.filter(pa.array(plain)).flatten())
    columns = [texts.take(np.arange(at, len(texts), CELLS)) for at in range(len(READ))]
    named = pc.not_equal(columns[VALUE], "").to_numpy(zero_copy_only=False)
    good = plain.copy()
    good[plain] = named
    table = pa.table(dict(zip(READ, columns, strict=True))).filter(pa.array(named))
    quoted: list[list[str]] = []
    for at in np.flatnonzero(odd).tolist():
        post = _quoted(lines[at])
        if post is not None:
            quoted.append(post)
            good[at] = True
    more = pa.table(
        {name: pa.array([post[at] for post in quoted], pa.string()) for at, name in enumerate(READ)}
    )
    rejected = [at + 1 for at in np.flatnonzero(~good).tolist() if lines[at].strip()]
    return pa.concat_tables([table, more]), rejected


def _quoted(line: str) -> list[str] | None:
    """Return what is read of a line with quotes; None if it is no post."""
    try:
        [cells] = csv.reader([line], strict=True)
    except (csv.Error, ValueError):
        return None
    post = [cell.strip() for cell in cells[: len(READ)]]
    is_post = len(cells) == CELLS and post[VALUE] and NOT_TEXT not in line
    return post if is_post else None
