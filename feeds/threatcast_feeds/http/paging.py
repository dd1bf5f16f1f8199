"""A source that answers in pages, put together into the one document it would have been."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from threatcast_feeds.http.fetch import Answer, Session
from threatcast_feeds.impostors import trouble
from threatcast_feeds.registry import Paging


@dataclass
class _Book:
    """What the pages read so far hold."""

    first: Any = None
    items: list[Any] = field(default_factory=list)
    size: int = 0
    before: bytes = b""
    linked: bool = False


def read_pages(session: Session, url: str, *, etag: str = "", last_modified: str = "") -> Answer:
    """Return all pages of an address as one JSON document in the form of the first page.

    `spec.live.paging` says how: `parameter` carries the page's number (from `first` on),
    `size_parameter` the wished size, `items` is the key of the list in a page (empty if a page
    is a list), `last` the key that holds the number of the last page. Without `last` a page
    that is not full ends the book; a `Link` header with `rel="next"` is followed in any case.

    Raises
    ------
    NotModified
        If the first page has not changed.
    FetchError
        If a page cannot be had or is no such page, if the source gives the same page for every
        number, or if there are more pages or bytes than the feed may have.
    """
    paging = session.spec.live.paging or Paging()
    book = _Book()
    answer = session.get(
        _page_url(url, paging, paging.first), etag=etag, last_modified=last_modified
    )
    opening = answer
    for number in range(paging.first, paging.first + paging.max_pages):
        count = _add(session, book, paging, answer)
        if not count or not _goes_on(answer, paging, book, number, count):
            return Answer(
                url,
                _bound(book, paging),
                opening.media_type,
                opening.etag,
                opening.last_modified,
            )
        answer = session.get(answer.next_url or _page_url(url, paging, number + 1))
    raise session.refuse(
        url,
        f"it has more than {paging.max_pages:,} pages",
        "If the feed really grew so large, raise paging.max_pages in its defs.yaml",
    )


def _add(session: Session, book: _Book, paging: Paging, answer: Answer) -> int:
    """Add a page to the book and return how many items it has."""
    problem = trouble(answer.content, "json")
    if problem:
        raise session.refuse(answer.url, problem)
    if answer.content == book.before:
        raise session.refuse(
            answer.url,
            f"it gives the same page again; it seems not to know {paging.parameter!r}",
            "Correct paging.parameter in the feed's defs.yaml",
        )
    book.before = answer.content
    book.size += len(answer.content)
    most = session.spec.limits.max_bytes
    if book.size > most:
        raise session.refuse(answer.url, f"its pages hold more than {most:,} bytes")
    try:
        # a byte that is no UTF-8 is the parser's to judge, with the record that holds it
        page = json.loads(answer.content.decode("utf-8-sig", errors="surrogateescape"))
    except (ValueError, RecursionError) as error:
        raise session.refuse(answer.url, f"the page is not JSON ({error})") from error
    items = page
    if paging.items:
        items = page.get(paging.items) if isinstance(page, dict) else None
    if not isinstance(items, list):
        wanted = f"list {paging.items!r}" if paging.items else "list"
        raise session.refuse(answer.url, f"the page holds no {wanted}")
    if book.first is None:
        book.first = page
    book.items += items
    return len(items)


def _goes_on(answer: Answer, paging: Paging, book: _Book, number: int, count: int) -> bool:
    if answer.next_url or book.linked:
        book.linked = True
        return bool(answer.next_url)
    last = book.first.get(paging.last) if paging.last and isinstance(book.first, dict) else None
    if isinstance(last, int) or (isinstance(last, str) and last.isdigit()):
        return number < int(last)
    return count >= paging.size


def _bound(book: _Book, paging: Paging) -> bytes:
    whole = {**book.first, paging.items: book.items} if paging.items else book.items
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode(
        # half a character can only stand in a text, and there an escape says the same
        errors="backslashreplace"
    )


def _page_url(url: str, paging: Paging, number: int) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query[paging.parameter] = str(number)
    if paging.size_parameter:
        query[paging.size_parameter] = str(paging.size)
    return urlunsplit(parts._replace(query=urlencode(query)))
