"""Copies: the records of one payload as arrays, read from the feed's raw Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threatcast_feeds.database import connect
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

    def __init__(self, names: Sequence[str] = ("",)) -> None:
        self.names = list(names)
        self._codes = {name: code for code, name in enumerate(names) if code != NOWHERE}

    def code(self, name: str) -> int:
        """Return the code of a name; a new one if it was never seen."""
        if name not in self._codes:
            self._codes[name] = len(self.names)
            self.names.append(name)
        return self._codes[name]

    def name(self, code: int) -> str:
        """Return the name of a code."""
        return self.names[code]

    def __len__(self) -> int:
        return len(self.names)


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
        with connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            for batch in _batches(wanted):
                yield from self._batch(connection, batch)

    def _batch(self, connection: Any, batch: Sequence[tuple[str, int, int]]) -> Iterator[Copy]:
        table = connection.execute(_query(self.meaning), [self._files(batch)]).to_arrow_table()
        names, numbers = _packed(table.column("payload"))
        order = {payload: place for place, payload in enumerate(names)}
        by_payload = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[by_payload], np.arange(len(names) + 1))
        columns = {name: table.column(name).to_numpy() for name in ("key", "day", "twin")}
        places, place_numbers = _packed(table.column("place"))
        categories, category_numbers = _packed(table.column("category"))
        editions = table.column("edition")
        for payload, moment, _ in batch:
            place = order.get(payload, len(names))
            mine = by_payload[ends[place] : ends[place + 1]] if place < len(names) else ends[:0]
            yield _copy(
                payload,
                moment,
                str(editions[int(mine[0])].as_py() or "") if len(mine) else "",
                {name: column[mine] for name, column in columns.items()}
                | {
                    "place": _codes(places, place_numbers[mine], self.places),
                    "category": _codes(categories, category_numbers[mine], self.categories),
                },
            )

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


def _packed(column: Any) -> tuple[list[str], Array]:
    """Return the texts of a column, and for each row the number of its text; -1 for null."""
    packed = column.combine_chunks().dictionary_encode()
    if hasattr(packed, "chunks"):
        packed = packed.combine_chunks()
    numbers: Array = packed.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return packed.dictionary.to_pylist(), numbers


def _codes(texts: Sequence[str], numbers: Array, names: Names) -> Array:
    """Return the codes of one copy's texts, new ones in alphabetical order.

    They do not depend on what else was read beside the copy: a night that reads one alone gives
    the codes that reading all at once gives.
    """
    codes = np.full(len(texts) + 1, NOWHERE, np.int32)  # the last place is null's
    seen = np.unique(numbers[numbers >= 0])
    for text, number in sorted((texts[number], number) for number in seen.tolist()):
        codes[number] = names.code(text)
    found: Array = codes[numbers]
    return found


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
