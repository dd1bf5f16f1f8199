"""A JSON document read record by record in Python: slow, and stopped by no single record.

DuckDB and `json.loads` refuse a whole document for one bad text in it. Here each record of the
list is read by itself; one that cannot be read says why, and the next one is read all the same.
Only a document whose brackets do not close is given up, since it was cut.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

BOM = b"\xef\xbb\xbf"
# what surrogateescape makes of bytes that are no UTF-8
BAD_BYTE = re.compile("[\udc80-\udcff]")
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)
_SCALAR = re.compile(rf"{_STRING}|[^\s,\[\]{{}}\"]+", re.DOTALL)
_BETWEEN = re.compile(r"\}\s*,\s*(?=\{)")
_BLANK = re.compile(r"[ \t\r\n]*")
# Python refuses to read longer whole numbers, since that takes quadratic time
_MOST_DIGITS = 300
# to name a byte costs a pass over the text, and more examples than these are never shown
_MOST_BYTES = 5
# after so many objects that cannot be read either, the document is given up
_MOST_LOOKS = 100


class DamagedJsonError(ValueError):
    """A document that ends too early or does not hold together; `byte` says where."""

    def __init__(self, byte: int, reason: str) -> None:
        super().__init__(reason)
        self.byte = byte


@dataclass(frozen=True)
class Record:
    """A record of the list: its place from 1, what it holds, and why it cannot be read."""

    place: int
    value: Any
    problem: str = ""


@dataclass
class Document:
    """A document with a list of records.

    `others` are the plain members beside the list, by name; `listed` is what stands in the
    list's place: "list", "null", "other" or "nothing". `problem` says of a text that is not
    UTF-8 where it begins not to be.
    """

    records: list[Record] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    listed: str = "nothing"
    problem: str = ""


def read_document(content: bytes, key: str | None) -> Document:
    """Return a document's records, bad ones with the reason.

    Parameters
    ----------
    content : bytes
        A JSON document; texts that are no UTF-8 cost their record.
    key : str or None
        Key of the list in the outermost object; None for a bare list.

    Raises
    ------
    DamagedJsonError
        If the document is cut, or damaged between its records.

    Examples
    --------
    >>> document = read_document(b'{"all": [{"a": 1}, {"a": 01}, {"a": 3}], "n": 3}', "all")
    >>> [record.value for record in document.records], document.others
    ([{'a': 1}, None, {'a': 3}], {'n': 3})
    """
    reader = _Reader(content)
    start = reader.blank(0)
    opening = reader.text[start : start + 1]
    document = Document()
    bad = BAD_BYTE.search(reader.text)
    if bad is not None:
        document.problem = f"the text is not UTF-8{reader.at_byte(bad.start())}"
    if opening == "[" and key is None:
        document.listed = "list"
        end = reader.list_at(start, document.records)
    elif opening == "{":
        end = reader.object_at(start, key, document)
    elif opening == "[":
        end = reader.end_of(start)
    else:
        raise reader.damaged(start, "it is no list and no object")
    if reader.blank(end) < len(reader.text):
        raise reader.damaged(reader.blank(end), "something follows its end")
    return document


class _Reader:
    """Reads one text by places in it, without recursion of its own."""

    def __init__(self, content: bytes) -> None:
        self.skipped = len(BOM) if content.startswith(BOM) else 0
        self.text = content[self.skipped :].decode("utf-8", errors="surrogateescape")
        self.decode = json.JSONDecoder(
            parse_float=_number, parse_int=_whole, parse_constant=lambda _: None, strict=False
        ).raw_decode
        self.named = 0

    def byte_of(self, at: int) -> int:
        """Return which byte of the document the character at a place begins with."""
        return self.skipped + len(self.text[:at].encode("utf-8", errors="surrogateescape"))

    def damaged(self, at: int, reason: str) -> DamagedJsonError:
        return DamagedJsonError(self.byte_of(at), reason)

    def blank(self, at: int) -> int:
        """Return the first place from `at` on that is no blank."""
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def end_of(self, at: int) -> int:
        """Return the place after the value that begins at `at`, however deep it is."""
        if self.text[at : at + 1] not in ("[", "{"):
            found = _SCALAR.match(self.text, at)
            if found is None:
                raise self.damaged(at, "a value is missing or cut")
            return found.end()
        depth = 0
        for token in _TOKEN.finditer(self.text, at):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
            if depth == 0:
                return token.end()
        raise self.damaged(len(self.text), "it ends in the middle of its text")

    def object_at(self, start: int, key: str | None, document: Document) -> int:
        """Read the outermost object into a document; returns the place after it."""
        at = self.blank(start + 1)
        while self.text[at : at + 1] != "}":
            end = self.end_of(at)
            name = self._scalar(at, end)
            colon = self.blank(end)
            if not isinstance(name, str) or self.text[colon : colon + 1] != ":":
                raise self.damaged(at, "a member has no name")
            at = self.blank(colon + 1)
            opening = self.text[at : at + 1]
            if name == key and opening == "[":
                # of two lists of one name the last one counts, as everywhere in JSON
                document.records.clear()
                document.listed = "list"
                end = self.list_at(at, document.records)
            else:
                end = self.end_of(at)
                value = self._scalar(at, end)
                if name == key:
                    is_null = self.text[at:end] == "null"
                    document.listed = "null" if is_null else "other"
                else:
                    document.others[name] = value
            at = self._next(end, "}")
        return at + 1

    def list_at(self, start: int, records: list[Record]) -> int:
        """Read a list's records; returns the place after it."""
        at = self.blank(start + 1)
        before = None
        while self.text[at : at + 1] != "]":
            record, end = self._record(len(records) + 1, at, before)
            before = before if record.problem else record
            records.append(record)
            at = self._next(end, "]")
        return at + 1

    def _next(self, end: int, closing: str) -> int:
        """Return where the next member begins, or the closing bracket stands."""
        at = self.blank(end)
        follows = self.text[at : at + 1]
        if follows == ",":
            return self.blank(at + 1)
        if follows != closing:
            cut = "it ends in the middle of its text" if not follows else "a comma is missing"
            raise self.damaged(at, cut)
        return at

    def _record(self, place: int, at: int, before: Record | None) -> tuple[Record, int]:
        try:
            value, end = self.decode(self.text, at)
            problem = ""
        except RecursionError:
            end = self.end_of(at)
            value, problem = None, "it is nested too deep"
        except ValueError as error:
            end = self._end_of_bad(at, before)
            value, problem = None, f"it is not JSON{self.at_byte(at)}"
            problem += f" ({getattr(error, 'msg', error)})"
        bad = BAD_BYTE.search(self.text, at, end)
        if bad is not None:
            # the value's keys are still worth knowing
            problem = f"it is not UTF-8{self.at_byte(bad.start())}"
        return Record(place, value, problem), end

    def _end_of_bad(self, at: int, before: Record | None) -> int:
        """Return where a record that is not JSON ends, whose brackets may not be believed.

        A stray quote turns texts inside out up to the end of the document. So the record ends
        before the next object that can be read and has the keys of the record `before` it, or
        where its brackets close, whichever comes first.
        """
        known = before.value.keys() if before and isinstance(before.value, dict) else {}
        closed = self._closing(at)
        for between in islice(_BETWEEN.finditer(self.text, at), _MOST_LOOKS):
            end = between.start() + 1
            if closed is not None and end >= closed:
                break
            # without a record before it, an object within this one cannot be told from the next
            if known or closed is None:
                follower = self._value(between.end())
                if isinstance(follower, dict) and 2 * len(follower.keys() & known) >= len(known):
                    return end
        return self.end_of(at) if closed is None else closed

    def _closing(self, at: int) -> int | None:
        """Return where a value's brackets close, if a list may go on or end there."""
        try:
            end = self.end_of(at)
        except DamagedJsonError:
            return None
        follows = self.blank(end)
        return end if self.text[follows : follows + 1] in (",", "]") else None

    def at_byte(self, at: int) -> str:
        """Say where a place is and which byte is there, the first few times."""
        self.named += 1
        if self.named > _MOST_BYTES:
            return ""
        byte = self.text[at : at + 1].encode("utf-8", errors="surrogateescape")[:1]
        return f": byte {self.byte_of(at)} is 0x{byte.hex()}"

    def _scalar(self, at: int, end: int) -> Any:
        """Return the plain value between two places; None if it is none."""
        return None if self.text[at : at + 1] in ("[", "{") else self._value(at, end)

    def _value(self, at: int, end: int | None = None) -> Any:
        try:
            value, stop = self.decode(self.text, at)
        except (ValueError, RecursionError):
            return None
        return value if end in (None, stop) else None


_HALF = re.compile("[\ud800-\udfff]")


def as_text(value: Any) -> tuple[str, bool]:
    r"""Return a record as JSON that any reader takes, and whether half characters were replaced.

    Examples
    --------
    >>> as_text({"title": "x\ud83d"})
    ('{"title":"x�"}', True)
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    whole = _HALF.sub("\ufffd", text)
    return whole, whole != text


def is_whole(text: str) -> bool:
    """Return whether a text holds no half character (a lone surrogate)."""
    return _HALF.search(text) is None


def keys_of(records: list[Record]) -> Iterator[str]:
    """Yield every key of every record."""
    for record in records:
        if isinstance(record.value, dict):
            yield from record.value


def _number(text: str) -> float | str:
    """Return a number, or its text if it is larger than any."""
    number = float(text)
    return number if math.isfinite(number) else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _MOST_DIGITS else text
