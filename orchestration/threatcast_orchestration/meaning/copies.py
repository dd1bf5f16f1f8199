"""Copies: the records of one payload as arrays, read from the feed's raw Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threatcast_feeds.exact_paths import ONE_FILE, exact

if TYPE_CHECKING:
    from threatcast_orchestration.meaning.facts import Meaning

    Array = np.ndarray[Any, Any]

NO_DAY = -(10**6)
"""Stands for a day that is not known; days are counted from 1970-01-01."""
NOWHERE = 0
"""Code of a place or category that is not known."""
ROWS_AT_ONCE = 2_000_000


class Names:
    """Codes of places or categories: 0 is not known, the rest in order of first sight."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._names: list[str] = [""]

    def code(self, name: str) -> int:
        """Return the code of a name; a new one if it was never seen."""
        if name not in self._codes:
            self._codes[name] = len(self._names)
            self._names.append(name)
        return self._codes[name]

    def name(self, code: int) -> str:
        """Return the name of a code."""
        return self._names[code]

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Copy:
    """One payload's records, one a key, sorted by key.

    Attributes
    ----------
    payload, moment
        Which copy, and the last day that it knows wholly, as number of days.
    edition
        Records of another edition are not held against these.
    rows
        Rows with a key, repeats included.
    keys
        Hashes, unsigned 64 bits, rising.
    days
        Days since 1970-01-01; the earliest of a key; NO_DAY if none is known.
    places, categories
        Codes; NOWHERE if none is known.
    twins
        Hash of all that tells records apart but the key; 0 if the feed has no such columns.
    listed
        All days that rows name, rising; a key that stands in many lists has but one in `days`.
    """

    payload: str
    moment: int
    edition: str
    rows: int
    keys: Array
    days: Array
    places: Array
    categories: Array
    twins: Array
    listed: Array | None = None

    @property
    def listed_days(self) -> Array:
        """The days that rows name, rising; those of the records where nothing else is known."""
        if self.listed is not None:
            return self.listed
        days: Array = np.unique(self.days[self.days != NO_DAY])
        return days

    def __len__(self) -> int:
        return len(self.keys)


def day_number(day: date) -> int:
    """Return a day as number of days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def day_of(number: int) -> date:
    """Return the day of a number of days since 1970-01-01."""
    return date.fromordinal(int(number) + date(1970, 1, 1).toordinal())


def looked_up(before: Copy, copy: Copy) -> Copy:
    """Return what a table of ranges says of the places where the ranges of another one begin."""
    at = np.searchsorted(copy.keys, before.keys, side="right") - 1
    places = np.where(at < 0, NOWHERE, copy.places[at])
    return replace(
        copy,
        keys=before.keys,
        days=before.days,
        places=places,
        categories=before.categories,
        twins=before.twins,
    )


@dataclass
class Reader:
    """Reads the payloads of one feed; its names stay the same over all of them."""

    meaning: Meaning
    folder: Path
    places: Names
    categories: Names

    def read(self, wanted: Sequence[tuple[str, int, int]]) -> Iterator[Copy]:
        """Yield copies in the order asked for; each is payload, day number and count of rows."""
        import duckdb

        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            for batch in _batches(wanted):
                yield from self._batch(connection, batch)

    def _batch(self, connection: Any, batch: Sequence[tuple[str, int, int]]) -> Iterator[Copy]:
        table = connection.execute(_query(self.meaning), [self._files(batch)]).to_arrow_table()
        payloads = table.column("payload").to_numpy(zero_copy_only=False)
        columns = {
            "key": table.column("key").to_numpy(),
            "day": table.column("day").to_numpy(),
            "place": _codes(table.column("place"), self.places),
            "category": _codes(table.column("category"), self.categories),
            "twin": table.column("twin").to_numpy(),
        }
        editions = table.column("edition")
        names = sorted({payload for payload, _, _ in batch})
        order = {payload: place for place, payload in enumerate(names)}
        numbers = np.fromiter((order[payload] for payload in payloads), int, len(payloads))
        by_payload = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[by_payload], np.arange(len(names) + 1))
        for payload, moment, _ in batch:
            place = order[payload]
            mine = by_payload[ends[place] : ends[place + 1]]
            edition = str(editions[int(mine[0])].as_py() or "") if len(mine) else ""
            yield _copy(payload, moment, edition, {k: v[mine] for k, v in columns.items()})

    def _files(self, batch: Sequence[tuple[str, int, int]]) -> list[str]:
        names = sorted({payload for payload, _, _ in batch})
        return [exact(self.folder / f"{name}.parquet") for name in names]


def _batches(
    wanted: Sequence[tuple[str, int, int]],
) -> Iterator[Sequence[tuple[str, int, int]]]:
    start, rows = 0, 0
    for place, (_, _, count) in enumerate(wanted):
        rows += count
        if rows >= ROWS_AT_ONCE:
            yield wanted[start : place + 1]
            start, rows = place + 1, 0
    if start < len(wanted):
        yield wanted[start:]


def _query(meaning: Meaning) -> str:
    key = ", ".join(meaning.key)
    twin = f"hash({', '.join(meaning.alike)})" if meaning.alike else "cast(0 as ubigint)"
    plain = meaning.kind == "ranges"
    return f"""
        SELECT
            payload,
            {meaning.key[0] if plain else f"hash({key})"} AS key,
            coalesce(date_diff('day', date '1970-01-01', ({meaning.day})::date), {NO_DAY})::int
                AS day,
            ({meaning.place})::varchar AS place,
            ({meaning.category})::varchar AS category,
            ({meaning.edition})::varchar AS edition,
            {twin} AS twin
        FROM read_parquet(?, union_by_name = true, {ONE_FILE})
        WHERE {meaning.where}
    """


def _codes(column: Any, names: Names) -> Array:
    """Return the codes of a column of texts."""
    packed = column.combine_chunks().dictionary_encode()
    if hasattr(packed, "chunks"):
        packed = packed.combine_chunks()
    known = np.array([names.code(name) for name in packed.dictionary.to_pylist()] or [0])
    places = packed.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    codes: Array = np.where(places < 0, NOWHERE, known[places]).astype(np.int32)
    return codes


def _copy(payload: str, moment: int, edition: str, columns: dict[str, Array]) -> Copy:
    """Sort by key and keep one record a key: its earliest day, the rest of its first row."""
    keys = columns["key"]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.ones(len(keys), bool)
    first[1:] = keys[1:] != keys[:-1]
    starts = np.flatnonzero(first)
    days = columns["day"][order]
    known = np.where(days == NO_DAY, np.iinfo(np.int32).max, days)
    earliest = np.minimum.reduceat(known, starts) if len(starts) else known
    return Copy(
        payload=payload,
        moment=moment,
        edition=edition,
        rows=len(keys),
        keys=keys[starts],
        days=np.where(earliest == np.iinfo(np.int32).max, NO_DAY, earliest),
        places=columns["place"][order][starts],
        categories=columns["category"][order][starts],
        twins=columns["twin"][order][starts],
        listed=np.unique(days[days != NO_DAY]),
    )
