"""Which columns of a payload's rows are filled, beside those of payloads before it.

A parser sees one payload and cannot know that a column was never so empty. Two looks: at all rows,
told from the Parquet files' own statistics, and at the rows that are new, because in a list of
thousands ten new records without a column do not show among all. Rows are read only where the
statistics say that more are empty than before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.database import connect
from threatcast_feeds.exact_paths import ONE_FILE, exact

if TYPE_CHECKING:
    from threatcast_feeds.landing import Landed
    from threatcast_feeds.registry import FeedSpec

# a column that few rows ever fill may well be empty for once
MOSTLY = 0.5
# filled in less than this share of what it was
LOST = 0.1
# so many new rows are empty by chance at most this often, if they are as the rows before
CHANCE = 1e-4
FEWEST_NEW = 3


@dataclass(frozen=True)
class Filling:
    """How many rows of a file there are, and how many of each column are empty.

    `constant` are the columns that say the same in every row, such as the day of a release.
    """

    rows: int
    empty: Mapping[str, int]
    constant: frozenset[str]

    def share(self, name: str) -> float:
        """Return the share of rows that fill a column; 0 where that is not known."""
        return max(0.0, 1 - self.empty[name] / self.rows) if name in self.empty else 0.0


def lost_columns(spec: FeedSpec, folder: Path, landed: Landed, earlier: Sequence[Landed]) -> str:
    """Say which columns, filled in most rows before, are (nearly) empty in all rows or in new ones.

    Parameters
    ----------
    spec : FeedSpec
        The feed; its columns are looked at.
    folder : Path
        Its raw Parquet files, named by payload.
    landed : Landed
        The payload, whose rows are there.
    earlier : sequence of Landed
        Those accepted before it. The last one of its format is held against it, and for new rows
        older ones, until enough are new.

    Returns
    -------
    str
        A message; empty if nothing was lost, or if there is nothing to hold it against.
    """
    # a workbook knows of sheets, a CSV file of none
    alike = [one for one in earlier if one.ext == landed.ext]
    if not alike:
        return ""
    path = folder / f"{landed.sha12}.parquet"
    now, then = filling(path), filling(folder / f"{alike[-1].sha12}.parquet")
    found = []
    for name in spec.columns:
        if now is None or then is None or name not in now.empty or then.share(name) < MOSTLY:
            continue
        share, before = now.share(name), then.share(name)
        if share < LOST * before:
            found.append(
                f"column {name} is filled in {share:.0%} of the rows "
                f"({before:.0%} on {alike[-1].day})"
            )
        elif told := _lost_of_new(name, path, now, folder, alike):
            found.append(told)
    return "; ".join(found)


def _lost_of_new(
    name: str, path: Path, now: Filling, folder: Path, earlier: Sequence[Landed]
) -> str:
    """Say that new rows lack a column; goes back twice as far each time, until enough are new."""
    back = 1
    while back <= len(earlier):
        before = earlier[-back]
        old = folder / f"{before.sha12}.parquet"
        then = filling(old)
        if then is None or then.share(name) < MOSTLY:
            return ""
        more_empty = now.empty[name] - then.empty[name]
        if more_empty >= FEWEST_NEW:
            rows, filled = _new_rows(name, path, now, old, then)
            by_chance = (then.empty[name] + 1) / (then.rows + 2)
            if rows >= max(FEWEST_NEW, math.log(CHANCE) / math.log(by_chance)):
                if filled < LOST * then.share(name) * rows:
                    return (
                        f"column {name} is filled in {filled:,} of {rows:,} new rows "
                        f"({then.share(name):.0%} of all on {before.day})"
                    )
                return ""
        back *= 2
    return ""


def _new_rows(name: str, path: Path, now: Filling, old: Path, then: Filling) -> tuple[int, int]:
    """Return how many rows say what none before said, this column aside, and how many fill it."""
    others = [
        f'"{one}"'
        for one in now.empty
        if one in then.empty and one != name and one not in now.constant | then.constant
    ]
    if not others:
        return 0, 0
    said = f"hash({', '.join(others)})"
    with connect() as connection:
        row = connection.execute(
            f'SELECT count(*), count(*) FILTER (len("{name}"::VARCHAR) > 0 '
            f"AND \"{name}\"::VARCHAR <> '[]') FROM read_parquet($now, {ONE_FILE}) "
            f"WHERE {said} NOT IN (SELECT {said} FROM read_parquet($old, {ONE_FILE}))",
            {"now": exact(path), "old": exact(old)},
        ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def filling(path: Path) -> Filling | None:
    """Return what a Parquet file's statistics say; None if it has no rows or cannot be read.

    Columns without statistics are left out. Of a list, null and empty ones are empty; of texts,
    null and those without a character, which are counted where the statistics show that one is.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        facts: Any = pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return None
    empty: dict[str, int] = {}
    values: dict[str, set[Any]] = {}
    unknown: set[str] = set()
    for group in range(facts.num_row_groups):
        for at in range(facts.num_columns):
            column = facts.row_group(group).column(at)
            # the values of a list lie below it: cwes.list.element
            name, statistics = column.path_in_schema.partition(".")[0], column.statistics
            if statistics is None or not statistics.has_null_count:
                unknown.add(name)
                continue
            empty[name] = empty.get(name, 0) + statistics.null_count
            ends = {statistics.min, statistics.max} if statistics.has_min_max else {name, None}
            values.setdefault(name, set()).update(ends)
    if not facts.num_rows:
        return None
    known = {name: count for name, count in empty.items() if name not in unknown}
    blank = [name for name in known if "" in values.get(name, ())]
    for name, count in _blanks(path, blank).items():
        known[name] += count
    return Filling(
        facts.num_rows, known, frozenset(name for name, ends in values.items() if len(ends) == 1)
    )


def _blanks(path: Path, names: Sequence[str]) -> dict[str, int]:
    """Return how many texts without a character each of these columns has."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not names:
        return {}
    table = pq.read_table(path, columns=list(names), partitioning=None)
    return {name: pc.sum(pc.equal(table[name], "")).as_py() or 0 for name in names}
