"""How the rows of a table lie in files that readers ask for parts of: Parquet and DuckDB.

Who reads a release wants one place far more often than one target, and a place's rows lie far apart
in the order of a key that begins with the target. So rows of one place lie together, and stretches
of rows (row groups) are as long as makes the least work: a reader first loads a line about each
stretch, then all stretches in which the place may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

PLACE = "location"
LONG, WIDE = 131_072, 8_192
"""Rows in a stretch of a table of a few numbers a row, and of one with sentences."""
WIDE_COLUMNS = 20
"""Columns from which a table counts as wide."""


def by_place(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Return rows with those of one place together, if the place is part of their key.

    Parameters
    ----------
    rows : pa.Table
        In the order of the key, which they keep within a place.
    key : sequence of str
        Columns.
    """
    import pyarrow.compute as pc

    if PLACE not in key:
        return rows
    # Arrow sorts stably: rows in the order of their key are in that order within a place
    return rows.take(pc.sort_indices(rows, [(PLACE, "ascending")])).combine_chunks()


def stretch(rows: pa.Table) -> int:
    """Return how many rows lie in one row group of a Parquet file.

    Examples
    --------
    >>> import pyarrow as pa
    >>> stretch(pa.table({"week": [1], "value": [2]}))
    131072
    """
    return WIDE if rows.num_columns >= WIDE_COLUMNS else LONG
