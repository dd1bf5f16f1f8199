"""What a body is when it is not the feed that was asked for.

These checks are cheap and look at a body's two ends only. `trouble` serves the visitor: enough to
take the next address, or an older version, instead of landing a web page or a cut file;
`refuse_impostors` serves the parsers. Whether records make sense is each parser's own business.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Sequence
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

_BOM = b"\xef\xbb\xbf"
_ARCHIVES = ("zip", "xlsx")
_MAGIC = {b"\x1f\x8b": "a gzip file", b"PK\x03\x04": "a zip archive", b"\xfd7zXZ": "an xz file"}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_PAIRS = {b"{": b"}", b"[": b"]"}
_PAGE = re.compile(rb"\s*(<!doctype\s+html|<html|<head|<body)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_HEAD = 65_536


def trouble(content: bytes, ext: str, *, may_be_empty: bool = False) -> str:
    """Say why a body cannot be a file of this kind; empty if it may well be one.

    Parameters
    ----------
    content : bytes
        The whole body, decoded.
    ext : str
        Extension of the file it should be: `json`, `txt`, `csv`, `zip` or `xlsx`.
    may_be_empty : bool
        Whether a file without a single byte means "nothing found" here.

    Examples
    --------
    >>> trouble(b"<html><title>Access Denied</title></html>", "json")
    "the body is a web page titled 'Access Denied', not json"
    >>> trouble(b'{"count": 2, "items": [1,', "json")
    'the JSON is cut: it ends after 25 bytes in the middle of its text'
    """
    if not content.strip():
        return "" if may_be_empty else f"the body is empty ({len(content)} bytes)"
    if _web_page(content):
        title = _title(content)
        said = f" titled {title!r}" if title else ""
        return f"the body is a web page{said}, not {ext}"
    if ext in _ARCHIVES:
        return _archive_trouble(content, ext)
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            return f"the body is {kind}, not {ext}"
    text = content.removeprefix(_BOM).strip()
    if ext == "json":
        return _json_trouble(text, len(content))
    if text[:1] == b"{":
        return f"the body is a JSON message, not {ext}: {spoken(content)!r}"
    return ""


def _archive_trouble(content: bytes, ext: str) -> str:
    if not content.startswith(b"PK"):
        return f"the body is not a {ext} archive: it begins with {content[:8]!r}"
    # the index is at the end, so an archive without one was cut
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return f"the {ext} archive is cut: its index is missing after {len(content):,} bytes"
    return ""


def _json_trouble(text: bytes, size: int) -> str:
    close = _PAIRS.get(text[:1])
    if close is None:
        return f"the body is not a JSON document: it begins with {text[:20]!r}"
    if text[-1:] != close:
        return f"the JSON is cut: it ends after {size:,} bytes in the middle of its text"
    return ""


def spoken(content: bytes) -> str:
    """Return what a short refusal says: its page's title, its JSON message or its first words."""
    if _web_page(content):
        return _title(content)
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        for key in ("message", "error", "detail", "description", "status"):
            if isinstance(answer.get(key), str):
                return str(answer[key])[:160]
    return " ".join(content[:400].decode("utf-8", errors="replace").split())[:160]


def _web_page(content: bytes) -> bool:
    return _PAGE.match(content[:_HEAD].removeprefix(_BOM)) is not None


def _title(content: bytes) -> str:
    found = _TITLE.search(content[:_HEAD].decode("utf-8", errors="replace"))
    return " ".join(unescape(found[1]).split())[:80] if found else ""


def kind_of(content: bytes, extensions: Sequence[str]) -> str:
    """Return which of a feed's extensions a body has; the first if its bytes do not tell."""
    archive = content.startswith(b"PK")
    document = content.removeprefix(_BOM).lstrip()[:1] in _PAIRS
    for ext in extensions:
        if archive == (ext in _ARCHIVES) and (document == (ext == "json") or archive):
            return ext
    return extensions[0]


def refuse_impostors(source: PayloadSource, *, binary: bool = False) -> bytes:
    """Return the first bytes of a landed payload, unless they show that it is not the feed.

    Parameters
    ----------
    source : PayloadSource
        What is to be parsed.
    binary : bool
        Whether the feed itself is an archive, so that one is no surprise.

    Raises
    ------
    ParseError
        If the payload is empty, a web page, or a compressed file where text is expected.
    """
    head = source.head(_HEAD)
    if not head.strip():
        raise source.refuse("the payload is empty")
    if head.startswith(_UTF16):
        source.decode(head)
    if _web_page(head):
        title = _title(head)
        said = f" titled {title!r}" if title else ""
        expected = "/".join(source.spec.extensions)
        raise source.refuse(f"the payload is a web page{said}, not {expected}")
    if not binary:
        for magic, kind in _MAGIC.items():
            if head.startswith(magic):
                raise source.refuse(f"the payload is {kind}, not {source.ext}")
    return head
