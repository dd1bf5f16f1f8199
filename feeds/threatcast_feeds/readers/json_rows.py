"""Big JSON documents: a list of records, bare or inside an object, read by DuckDB."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from threatcast_feeds.readers.diagnosis import decode, refuse, refuse_impostors

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

# as much as a payload may have unless its feed says otherwise
LARGEST_OBJECT = 200_000_000


def read_json(columns: dict[str, str], layout: str = "unstructured") -> str:
    """Return `read_json(...)` over the landed file, to stand after FROM in `copy_query`.

    Parameters
    ----------
    columns : dict
        Keys of the outermost object (or of the records, for a bare list with
        `layout = 'array'`) and their DuckDB types.
    layout : str
        DuckDB's `format`: `unstructured` for one object, `array` for a bare list.
    """
    fields = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return (
        f"read_json({{file}}, format = '{layout}', compression = 'zstd', "
        f"maximum_object_size = {LARGEST_OBJECT}, columns = {{{fields}}})"
    )


def first_record(source: PayloadSource, key: str | None) -> dict[str, Any]:
    """Return the first record of a payload's list, to see which columns there are.

    Parameters
    ----------
    source : PayloadSource
        A JSON payload.
    key : str or None
        Key of the list in the outermost object; None for a bare list.

    Raises
    ------
    ParseError
        If the payload is empty or a web page, or has no such list.
    """
    head = refuse_impostors(source).removeprefix(b"\xef\xbb\xbf")
    text = head.decode("utf-8", errors="ignore")
    start = 0
    if key is not None:
        start = text.find(f'"{key}"')
        if start < 0:
            raise refuse(source, f"the payload is not the feed: it has no list {key!r}")
    opening = text.find("[", start)
    record = text.find("{", opening) if opening >= 0 else -1
    if record < 0:
        return {}
    try:
        found, _ = json.JSONDecoder().raw_decode(text, record)
    except json.JSONDecodeError as error:
        # longer than the head, cut, or in another character set: look at the whole
        whole = decode(source, source.read())
        try:
            found, _ = json.JSONDecoder().raw_decode(whole, record)
        except json.JSONDecodeError:
            raise refuse(
                source, f"the JSON is cut or damaged at character {error.pos}: {error.msg}"
            ) from error
    return found if isinstance(found, dict) else {}


def check_columns(
    source: PayloadSource, record: dict[str, Any], required: list[str], optional: list[str]
) -> str:
    """Return a message on columns never seen before; refuse a payload that lost one.

    Raises
    ------
    ParseError
        If a required column is gone; names it and those that are there.
    """
    if not record:
        return ""
    gone = [name for name in required if name not in record]
    if gone:
        raise refuse(
            source,
            f"column {', '.join(gone)} is gone; there are {', '.join(record)}",
            cure="If the source renamed it, its parser and defs.yaml must follow",
        )
    new = [name for name in record if name not in required and name not in optional]
    return f"new column: {', '.join(new)}" if new else ""
