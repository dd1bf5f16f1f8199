"""Which columns of a payload's rows are filled, beside those of the payload before it.

A parser sees one payload and cannot know that a column was never so empty. Told from the Parquet
files' own statistics, so that no row is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threatcast_feeds.landing import Landed
    from threatcast_feeds.registry import FeedSpec

# a column that few rows ever fill may well be empty for once
MOSTLY = 0.5
# filled in less than this share of what it was
LOST = 0.1


def lost_columns(spec: FeedSpec, folder: Path, landed: Landed, earlier: Sequence[Landed]) -> str:
    """Say which columns, filled in most rows of the payload before, are (nearly) empty now.

    Parameters
    ----------
    spec : FeedSpec
        The feed; its columns are looked at.
    folder : Path
        Its raw Parquet files, named by payload.
    landed : Landed
        The payload, whose rows are there.
    earlier : sequence of Landed
        Those accepted before it; the last one of its format is held against it.

    Returns
    -------
    str
        A message; empty if nothing was lost, or if there is nothing to hold it against.
    """
    # a workbook knows of sheets, a CSV file of none
    alike = [one for one in earlier if one.ext == landed.ext]
    if not alike:
        return ""
    before = alike[-1]
    then, now = (_filled(folder / f"{one.sha12}.parquet") for one in (before, landed))
    return "; ".join(
        f"column {name} is filled in {now[name]:.0%} of the rows ({then[name]:.0%} on {before.day})"
        for name in spec.columns
        if then.get(name, 0) >= MOSTLY and name in now and now[name] < LOST * then[name]
    )


def _filled(path: Path) -> dict[str, float]:
    """Return the share of rows that fill each plain column; those without statistics are left out.

    A file without rows fills none and loses none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        facts: Any = pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return {}
    nulls: dict[str, int] = {}
    unknown: set[str] = set()
    for group in range(facts.num_row_groups):
        for at in range(facts.num_columns):
            column = facts.row_group(group).column(at)
            name, statistics = column.path_in_schema, column.statistics
            if statistics is None or not statistics.has_null_count:
                unknown.add(name)
            else:
                nulls[name] = nulls.get(name, 0) + statistics.null_count
    rows = facts.num_rows
    return {name: 1 - count / rows for name, count in nulls.items() if name not in unknown and rows}
