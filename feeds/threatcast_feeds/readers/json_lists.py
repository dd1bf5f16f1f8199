"""JSON lists of records, bare or under a key, loaded by DuckDB into the table `records`.

A list that DuckDB reads as it is costs one pass. If single records are of another shape, the
list is read once more record by record, and what does not fit becomes null. `rowid + 1` is a
record's place in the list.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from threatcast_feeds.errors import ParseError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.readers.diagnosis import refuse, refuse_impostors
from threatcast_feeds.readers.json_rows import LARGEST_OBJECT
from threatcast_feeds.readers.tables import copy_query, run_query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from threatcast_feeds.payload import PayloadSource

MOST_SAMPLES = 5
_BOM = b"\xef\xbb\xbf"
_TAIL_BYTES = 64


def is_bare_list(source: PayloadSource) -> bool:
    """Return whether the outermost thing is a list; refuses what is no JSON document at all.

    Raises
    ------
    ParseError
        If the payload is empty, a web page or an archive, begins with something else than a
        list or an object, or ends in the middle of its text.
    """
    opening = refuse_impostors(source).removeprefix(_BOM).lstrip()[:1]
    if opening not in (b"[", b"{"):
        raise refuse(source, "the payload is not the feed: it is no JSON list or object")
    content = source.read()
    # DuckDB takes a list that ends after one of its commas for a whole one
    if not content[-_TAIL_BYTES:].rstrip().endswith(b"]" if opening == b"[" else b"}"):
        raise refuse(
            source,
            f"the JSON is cut or damaged at byte {len(content)}: it ends in the middle of its text",
        )
    return opening == b"["


def load_records(source: PayloadSource, key: str | None, columns: dict[str, str]) -> str:
    """Load a list into the table `records` of the feed's connection.

    Parameters
    ----------
    source : PayloadSource
        A JSON payload.
    key : str or None
        Key of the list in the outermost object; None for a bare list.
    columns : dict
        Keys of a record and their DuckDB types. A key that a record lacks is null, and so is
        a bare `NaN`, which some mirrors write for missing values.

    Returns
    -------
    str
        A message if values had to be given up; else empty.

    Raises
    ------
    ParseError
        If the payload cannot be read as such a list.
    """
    fields = ", ".join(f"{_literal(name)}: {_literal(kind)}" for name, kind in columns.items())
    values = ", ".join(_value(name, kind) for name, kind in columns.items())
    try:
        if key is None:
            origin = f"SELECT * FROM {_read('array', fields)}"
        else:
            struct = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            kinds = f"{_literal(key)}: {_literal(f'STRUCT({struct})[]')}"
            origin = _unnested(key, kinds)
        _create(source, values, origin)
    except ParseError as error:
        return _load_leniently(source, key, columns, values, error)
    return ""


def copy_records(
    source: PayloadSource, target: Path, *, columns: str, needed: Sequence[str], message: str = ""
) -> ParseOutcome:
    """Write the loaded records that have what makes them a record; set the others aside.

    Parameters
    ----------
    source : PayloadSource
        A payload whose list has been loaded with `load_records`.
    target : Path
        The raw Parquet file to write.
    columns : str
        What to select from `records`; must give the feed's columns.
    needed : sequence of str
        Columns of `records` without which a record is none.
    message : str
        What is worth knowing of the payload.

    Raises
    ------
    ParseError
        If no record is left.
    """
    given = {name: f"coalesce(trim(CAST({_name(name)} AS VARCHAR)), '') <> ''" for name in needed}
    whole = " AND ".join(given.values())
    rows = copy_query(source, f"SELECT {columns} FROM records WHERE {whole}", target)
    [(total,)] = run_query(source, "SELECT count(*) FROM records")
    if rows == 0:
        some = f"none of its {total:,} records has {', '.join(needed)}"
        raise refuse(source, some if total else "the list holds no record")
    if rows == total:
        return ParseOutcome(rows, message=message)
    lacking = " || ".join(
        f"CASE WHEN {test} THEN '' ELSE {_literal(f', {name}')} END" for name, test in given.items()
    )
    found = run_query(
        source,
        f"SELECT rowid + 1, substr({lacking}, 3) FROM records WHERE NOT ({whole}) "
        f"ORDER BY rowid LIMIT {MOST_SAMPLES}",
    )
    samples = [f"record {place}: no {names}" for place, names in found]
    return ParseOutcome(rows, total - rows, samples, message)


def _load_leniently(
    source: PayloadSource, key: str | None, columns: dict[str, str], values: str, error: ParseError
) -> str:
    """Read the list again, record by record; what does not fit its type becomes null.

    Raises
    ------
    ParseError
        The one that the strict reading gave, if it is not single records that are bad.
    """
    structure = _literal(json.dumps(columns))
    if key is None:
        record = "json"
        kinds = "'json': 'JSON'"
        origin = f"SELECT json FROM {_read('array', kinds, ', records = false')}"
    else:
        record = "record"
        kinds = f"{_literal(key)}: 'JSON[]'"
        origin = f"SELECT unnest({_name(key)}) AS record FROM {_read('unstructured', kinds)}"
    # a record that is a list or a number has nothing to give, and DuckDB would refuse them all
    one = f"CASE WHEN json_type({record}) = 'OBJECT' THEN {record} ELSE '{{}}'::JSON END"
    try:
        _create(
            source,
            values,
            f"SELECT unnest(record) FROM (SELECT json_transform({one}, {structure}) AS record "
            f"FROM ({origin}))",
        )
    except ParseError:
        raise error from None
    # every value is a text too, so there only a record that is none made the reading fail
    typed = any(kind != "VARCHAR" for kind in columns.values())
    return "values that do not fit their column's type are null" if typed else ""


def _create(source: PayloadSource, values: str, origin: str) -> None:
    run_query(source, f"CREATE OR REPLACE TEMP TABLE records AS SELECT {values} FROM ({origin})")


def _unnested(key: str, kinds: str) -> str:
    return (
        f"SELECT unnest(record) FROM (SELECT unnest({_name(key)}) AS record "
        f"FROM {_read('unstructured', kinds)})"
    )


def _read(layout: str, fields: str, more: str = "") -> str:
    # an object holds the whole list; the buffer for it would slow down a list read by records
    largest = f", maximum_object_size = {LARGEST_OBJECT}" if layout == "unstructured" else ""
    return (
        f"read_json({{file}}, format = '{layout}', compression = 'zstd'{largest}, "
        f"columns = {{{fields}}}{more})"
    )


def _value(name: str, kind: str) -> str:
    quoted = _name(name)
    return f"nullif({quoted}, 'NaN') AS {quoted}" if kind == "VARCHAR" else quoted


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
