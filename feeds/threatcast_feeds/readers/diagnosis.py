"""What a payload is when it is not the feed it should be, in words a person can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import TYPE_CHECKING

from threatcast_feeds.errors import ParseError

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource

HEAD_BYTES = 65_536
KEPT = "the payload in landing and the rows of all earlier ones"
_MAGIC = {b"\x1f\x8b": "a gzip file", b"PK\x03\x04": "a zip archive", b"\xfd7zXZ": "an xz file"}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(rb"\s*(<!doctype\s+html|<html|<head|<body)", re.IGNORECASE)


def refuse(source: PayloadSource, problem: str, cure: str = "") -> ParseError:
    """Return the error that sets this payload aside whole."""
    cure = cure or f"See what the source serves now: {source.spec.homepage}"
    return ParseError(source.spec.key, source.place, problem, kept=KEPT, cure=cure)


def first_of(rejected: Sequence[str]) -> str:
    """Return the first reason for rejecting a record, to stand behind that none is left."""
    return f" ({rejected[0]})" if rejected else ""


def refuse_impostors(source: PayloadSource, *, binary: bool = False) -> bytes:
    """Return the first bytes of a payload, unless they already show that it is not the feed.

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
    head = source.head(HEAD_BYTES)
    if not head.strip():
        raise refuse(source, "the payload is empty")
    if head.startswith(_UTF16):
        decode(source, head)
    if _PAGE.match(head.removeprefix(b"\xef\xbb\xbf")):
        title = _TITLE.search(head.decode("utf-8", errors="replace"))
        said = f" titled {' '.join(unescape(title[1]).split())[:80]!r}" if title else ""
        expected = "/".join(source.spec.extensions)
        raise refuse(source, f"the payload is a web page{said}, not {expected}")
    if not binary:
        for magic, kind in _MAGIC.items():
            if head.startswith(magic):
                raise refuse(source, f"the payload is {kind}, not {source.ext}")
    return head


def decode(source: PayloadSource, content: bytes, place: str = "") -> str:
    """Return bytes as text; a byte order mark is left out.

    Raises
    ------
    ParseError
        If the bytes are not UTF-8; names the first byte that is not.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        value = content[error.start] if error.start < len(content) else 0
        inside = f" of {place}" if place else ""
        raise refuse(
            source,
            f"the text is not UTF-8: byte {error.start}{inside} is 0x{value:02x}",
            cure="If the source changed its character set for good, its parser must follow",
        ) from error
