"""Address ranges and the country each is delegated to: `start,end,CC`, IPv4 and IPv6.

One file with both, or a bundle with a file for each, as the live source serves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.impostors import refuse_impostors
from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.addresses import are_ipv4, ipv4_numbers, ipv6_key
from threatcast_feeds.readers.tables import MOST_SAMPLES, write_columns
from threatcast_feeds.unpack import zip_members

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

CELLS = 3
ZIP_MAGIC = b"PK"
_COUNTRY = "^[A-Z]{2}$"


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the raw rows of one state of the table, in the order of the files."""
    import numpy as np
    import pyarrow as pa

    parts: list[pa.Table] = []
    rejected: list[str] = []
    for place, text in _texts(source, rejected):
        lines = text.splitlines()
        ranges, given = _ranges(lines)
        _refuse_cut(source, place, text, given)
        rejected += [
            f"{place}line {at + 1} is not `start,end,country`"
            for at in np.flatnonzero(~given).tolist()
            if lines[at].strip()
        ]
        parts.append(ranges)
    table = pa.concat_tables(parts) if parts else None
    if not table:
        raise source.refuse(f"none of its {len(rejected):,} lines is `start,end,country`")
    rows = write_columns(source, {name: table[name] for name in source.spec.columns}, target)
    families = set(table["family"].unique().to_pylist())
    lost = [f"IPv{family}" for family in (4, 6) if family not in families]
    message = f"it holds no range of {' or '.join(lost)}" if lost else ""
    return ParseOutcome(rows, len(rejected), rejected[:MOST_SAMPLES], message)


def _texts(source: PayloadSource, rejected: list[str]) -> Iterator[tuple[str, str]]:
    """Yield how messages name each file, and its text.

    A line with bytes that are no text is no range, and told as such.
    """
    head = refuse_impostors(source, binary=True)
    if not head.startswith(ZIP_MAGIC):
        refuse_impostors(source)
        yield "", source.read().decode("utf-8-sig", errors="replace")
        return
    for name, content in zip_members(source, source.spec, rejected):
        yield f"{name}, ", content.decode("utf-8-sig", errors="replace")


def _refuse_cut(source: PayloadSource, place: str, text: str, given: NDArray[np.bool_]) -> None:
    """Refuse a file that ends within a range; the ranges that it lost would be nobody's."""
    if len(given) and not text.endswith("\n") and given[0] and not given[-1]:
        raise source.refuse(f"{place}the CSV is cut: it ends in the middle of line {len(given):,}")


def _ranges(lines: list[str]) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Return the raw rows of lines, and which lines are a range of one family with a country.

    Whole columns at once, since a line by itself takes Python ten times as long; only IPv6
    addresses are turned into keys one by one.

    Examples
    --------
    >>> table, given = _ranges(["192.0.2.0,192.0.2.255,NA", "192.0.2.0,2001:db8::,NA"])
    >>> given.tolist(), [column[0].as_py() for column in table.columns]
    ([True, False], [4, '192.0.2.0', '192.0.2.255', 'NA', 3221225984, 3221226239, None, None])
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pc.split_pattern(pa.array(lines, pa.string()), ",")
    given = pc.equal(pc.list_value_length(cells), CELLS).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(given)
    texts = cells.filter(pa.array(given)).flatten()
    texts = pc.utf8_trim(pc.utf8_trim_whitespace(texts), characters='"')
    start, end, country = (texts.take(np.arange(at, len(texts), CELLS)) for at in range(CELLS))
    placed = pc.match_substring_regex(country, _COUNTRY).to_numpy(zero_copy_only=False)
    is_v4, numbers = _ipv4_ends(start, end, placed)
    is_v6, keys = _ipv6_ends(start, end, placed & ~is_v4)
    good = is_v4 | is_v6
    table = pa.table(
        {
            "family": pa.array(np.where(is_v4, 4, 6), pa.int16()),
            "range_start": start,
            "range_end": end,
            "country": country,
            "start_ipv4": pa.array(numbers[0], mask=~is_v4),
            "end_ipv4": pa.array(numbers[1], mask=~is_v4),
            "start_ipv6_key": pa.array(keys[0], pa.string()),
            "end_ipv6_key": pa.array(keys[1], pa.string()),
        }
    )
    given[places] = good
    return table.filter(pa.array(good)), given


def _ipv4_ends(
    start: pa.StringArray, end: pa.StringArray, asked: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
    """Return which of the ranges asked about are of IPv4, and their ends as two rows of numbers."""
    import numpy as np

    good = asked & are_ipv4(start) & are_ipv4(end)
    numbers = np.zeros((2, len(good)), np.uint32)
    for row, texts in zip(numbers, (start, end), strict=True):
        row[good] = ipv4_numbers(texts.filter(good))
    return good & (numbers[0] <= numbers[1]), numbers


def _ipv6_ends(
    start: pa.StringArray, end: pa.StringArray, asked: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], list[list[str | None]]]:
    """Return which of the ranges asked about are of IPv6, and their ends as two lists of keys."""
    import numpy as np

    good = np.zeros(len(asked), np.bool_)
    keys: list[list[str | None]] = [[None] * len(asked), [None] * len(asked)]
    pairs = zip(
        np.flatnonzero(asked).tolist(),
        start.filter(asked).to_pylist(),
        end.filter(asked).to_pylist(),
        strict=True,
    )
    for place, low, high in pairs:
        first, last = ipv6_key(low), ipv6_key(high)
        if first is not None and last is not None and first <= last:
            good[place] = True
            keys[0][place], keys[1][place] = first, last
    return good, keys
