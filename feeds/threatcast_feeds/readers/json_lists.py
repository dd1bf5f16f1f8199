"""JSON lists of records, bare or under a key, loaded by DuckDB into the table `records`.

A list that DuckDB reads as it is costs a pass for its keys and one for its values. If it refuses
the list, for one bad text is enough for that, the list is read record by record in Python
(`json_records`), and only the records that cannot be read are lost. `rowid + 1` is a record's
place in the list.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.errors import ParseError
from threatcast_feeds.exact_paths import ONE_FILE, literal
from threatcast_feeds.impostors import refuse_impostors
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.readers.columns import check_columns
from threatcast_feeds.readers.json_records import (
    BOM,
    DamagedJsonError,
    Document,
    as_text,
    keys_of,
    read_document,
)
from threatcast_feeds.readers.tables import MOST_SAMPLES, copy_query, run_query

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

# as much as a payload may have unless its feed says otherwise
LARGEST_OBJECT = 200_000_000
_TAIL_BYTES = 64
_MENDED = "mended"


def is_bare_list(source: PayloadSource) -> bool:
    """Return whether the outermost thing is a list; refuses what is no JSON document at all.

    Raises
    ------
    ParseError
        If the payload is empty, a web page or an archive, begins with something else than a
        list or an object, or ends in the middle of its text.
    """
    opening = refuse_impostors(source).removeprefix(BOM).lstrip()[:1]
    if opening not in (b"[", b"{"):
        raise source.refuse("the payload is not the feed: it is no JSON list or object")
    content = source.read()
    # DuckDB takes a list that ends after one of its commas for a whole one
    if not content[-_TAIL_BYTES:].rstrip().endswith(b"]" if opening == b"[" else b"}"):
        raise _cut(source, len(content), "it ends in the middle of its text")
    return opening == b"["


class RecordList:
    """The list of records of a JSON payload.

    Parameters
    ----------
    source : PayloadSource
        A JSON payload that `is_bare_list` has looked at.
    key : str or None
        Key of the list in the outermost object; None for a bare list.

    Attributes
    ----------
    keys : dict of str to int
        The keys of all records, and how many records have each.
    total : int
        Number of records, readable or not.

    Raises
    ------
    ParseError
        If the payload has no such list, or is cut.
    """

    def __init__(self, source: PayloadSource, key: str | None) -> None:
        self._source = source
        self._key = key
        self._document: Document | None = None
        self._notes: list[str] = []
        try:
            self.keys, self.total = self._scan()
        except ParseError as error:
            document = self._mend(error)
            self.keys = Counter(keys_of(document.records))
            self.total = len(document.records)

    def check(self, required: Sequence[str], known: Sequence[str]) -> None:
        """Refuse a list that lost a column; notes new ones, and those that few records have.

        Raises
        ------
        ParseError
            If no record has a required column; names it and those that are there.
        """
        if not self.keys:
            return
        self.note(check_columns(self._source, list(self.keys), required, known))
        rare = [name for name in required if 2 * self.keys[name] < self.total]
        for name in rare:
            self.note(f"only {self.keys[name]:,} of {self.total:,} records have {name}")

    def load(self, columns: Mapping[str, str], outer: Sequence[str] = ()) -> None:
        """Load the list into the table `records` of the feed's connection.

        Parameters
        ----------
        columns : mapping
            Keys of a record and their DuckDB types. A key that a record lacks is null, and so
            is a bare `NaN`, which some mirrors write for missing values.
        outer : sequence of str
            Members of the outermost object to repeat with each record, as texts.

        Raises
        ------
        ParseError
            If the payload cannot be read as such a list.
        """
        if self._document is None:
            try:
                self._create(columns, self._strict(columns, outer), outer)
            except ParseError as error:
                self._mend(error)
            else:
                return
        self._load_mended(columns, outer)

    def copy(self, target: Path, *, columns: str, needed: Sequence[str]) -> ParseOutcome:
        """Write the loaded records that have what makes them a record; set the others aside.

        Parameters
        ----------
        target : Path
            The raw Parquet file to write.
        columns : str
            What to select from `records`; must give the feed's columns.
        needed : sequence of str
            Columns of `records` without which a record is none.

        Raises
        ------
        ParseError
            If no record is left.
        """
        source = self._source
        given = {
            name: f"coalesce(trim(CAST({_name(name)} AS VARCHAR)), '') <> ''" for name in needed
        }
        whole = " AND ".join(given.values())
        rows = copy_query(source, f"SELECT {columns} FROM records WHERE {whole}", target)
        message = "; ".join(self._notes)
        if rows == self.total > 0:
            return ParseOutcome(rows, message=message)
        lacking = " || ".join(
            f"CASE WHEN {test} THEN '' ELSE {literal(f', {name}')} END"
            for name, test in given.items()
        )
        found = run_query(
            source,
            f"SELECT rowid + 1, substr({lacking}, 3) FROM records WHERE NOT ({whole}) "
            f"ORDER BY rowid LIMIT {MOST_SAMPLES}",
        )
        problems = self._problems()
        samples = [
            f"record {place}: {problems.get(place) or f'no {names}'}" for place, names in found
        ]
        if rows == 0:
            some = f"none of its {self.total:,} records has {', '.join(needed)}"
            some += f" (record {min(problems)}: {problems[min(problems)]})" if problems else ""
            raise source.refuse(some if self.total else "the list holds no record")
        return ParseOutcome(rows, self.total - rows, samples, message)

    def note(self, text: str) -> None:
        """Add what is worth knowing of the payload, if anything, to the outcome's message."""
        if text:
            self._notes.append(text)

    def _problems(self) -> dict[int, str]:
        records = self._document.records if self._document else []
        return {record.place: record.problem for record in records if record.problem}

    def _scan(self) -> tuple[dict[str, int], int]:
        """Return the keys of all records and the number of records, as DuckDB reads them."""
        if self._key is None:
            listed = _read("array", {"json": "JSON"}, ", records = false")
            origin = f"SELECT json AS record FROM {listed}"
        else:
            listed = _read("unstructured", {self._key: "JSON[]"})
            origin = f"SELECT unnest({_name(self._key)}) AS record FROM {listed}"
        found = run_query(
            self._source,
            "SELECT CASE WHEN json_type(record) = 'OBJECT' THEN json_keys(record) END, count(*) "
            f"FROM ({origin}) GROUP BY 1",
        )
        if not found:
            # an empty list, or none: DuckDB does not tell them apart
            self._mend()
        keys: Counter[str] = Counter()
        for names, count in found:
            for name in names or ():
                keys[name] += count
        return keys, sum(count for _, count in found)

    def _mend(self, error: ParseError | None = None) -> Document:
        """Read the list record by record in Python.

        Raises
        ------
        ParseError
            If the document is cut, or has no such list.
        """
        try:
            document = read_document(self._source.read(), self._key)
        except DamagedJsonError as damage:
            raise _cut(self._source, damage.byte, str(damage)) from damage
        if document.listed == "nothing":
            problem = f"the payload is not the feed: it has no list {self._key!r}"
            raise self._source.refuse(problem)
        if document.listed == "other":
            raise error or self._source.refuse(f"its {self._key!r} is no list")
        # beside its records a document of another character set has nothing to be lost singly
        if document.problem and not any("UTF-8" in one.problem for one in document.records):
            raise self._source.refuse(document.problem)
        self._document = document
        return document

    def _strict(self, columns: Mapping[str, str], outer: Sequence[str]) -> str:
        if self._key is None:
            return f"SELECT * FROM {_read('array', columns)}"
        struct = ", ".join(f"{_name(name)} {kind}" for name, kind in columns.items())
        members = dict.fromkeys(outer, "VARCHAR") | {self._key: f"STRUCT({struct})[]"}
        beside = "".join(f", {_name(name)}" for name in outer)
        return (
            f"SELECT unnest(record){beside} FROM (SELECT unnest({_name(self._key)}) AS record"
            f"{beside} FROM {_read('unstructured', members)})"
        )

    def _load_mended(self, columns: Mapping[str, str], outer: Sequence[str]) -> None:
        """Load what was read in Python; a value that does not fit its column's type is null."""
        import pyarrow as pa

        document = self._document or Document()
        texts: list[str] = []
        halved: list[int] = []
        for record in document.records:
            readable = isinstance(record.value, dict) and not record.problem
            text, half = as_text(record.value) if readable else ("{}", False)
            texts.append(text)
            if half:
                halved.append(record.place)
        connection = self._source.duckdb()
        connection.register(_MENDED, pa.table({"record": pa.array(texts, pa.large_string())}))
        structure = literal(json.dumps(dict(columns)))
        beside = "".join(
            f", CAST({_constant(document.others.get(name))} AS VARCHAR) AS {_name(name)}"
            for name in outer
        )
        try:
            origin = f"SELECT json_transform(record, {structure}) AS record FROM {_MENDED}"
            self._create(columns, f"SELECT unnest(record){beside} FROM ({origin})", outer)
            self._note_lost(columns)
        finally:
            connection.unregister(_MENDED)
        if halved:
            named = ", ".join(str(place) for place in halved[:MOST_SAMPLES])
            more = f" and {len(halved) - MOST_SAMPLES:,} more" if len(halved) > MOST_SAMPLES else ""
            self.note(f"half characters replaced by U+FFFD in record {named}{more}")

    def _note_lost(self, columns: Mapping[str, str]) -> None:
        """Note that values were given up because they do not fit their column's type."""
        typed = [name for name, kind in columns.items() if kind != "VARCHAR"]
        lost = " OR ".join(
            f"({_name(name)} IS NULL AND "
            f"coalesce(json_type(record, {literal(_path(name))}), 'NULL') <> 'NULL')"
            for name in typed
        )
        if lost and run_query(
            self._source,
            f"SELECT 1 FROM records POSITIONAL JOIN {_MENDED} WHERE {lost} LIMIT 1",
        ):
            self.note("values that do not fit their column's type are null")

    def _create(self, columns: Mapping[str, str], origin: str, outer: Sequence[str]) -> None:
        values = [_value(name, kind) for name, kind in columns.items()]
        values += [_name(name) for name in outer]
        run_query(
            self._source,
            f"CREATE OR REPLACE TEMP TABLE records AS SELECT {', '.join(values)} FROM ({origin})",
        )


def _cut(source: PayloadSource, byte: int, how: str) -> ParseError:
    return source.refuse(f"the JSON is cut or damaged at byte {byte}: {how}")


def _read(layout: str, columns: Mapping[str, str], more: str = "") -> str:
    fields = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    # an object holds the whole list; the buffer for it would slow down a list read by records
    largest = f", maximum_object_size = {LARGEST_OBJECT}" if layout == "unstructured" else ""
    return (
        f"read_json({{file}}, format = '{layout}', compression = 'zstd'{largest}, {ONE_FILE}, "
        f"columns = {{{fields}}}{more})"
    )


def _value(name: str, kind: str) -> str:
    quoted = _name(name)
    return f"nullif({quoted}, 'NaN') AS {quoted}" if kind == "VARCHAR" else quoted


def _constant(value: Any) -> str:
    return "NULL" if value is None else literal(str(value))


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _path(name: str) -> str:
    return f'$."{name}"'
