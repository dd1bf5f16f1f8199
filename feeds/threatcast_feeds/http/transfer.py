"""One body from the wire: never more bytes than allowed, packed or unpacked, never for ever.

Bodies are unpacked here and not by the HTTP library, because a library that unpacks whatever
comes would fill the memory from a few kilobytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

_STEP = 1 << 18
_GZIP_WINDOW = 31
# what we ask for; anything else comes unasked
ENCODINGS = "gzip"


class BodyError(Exception):
    """A body that cannot be taken; `again` says that it may come whole the next time."""

    def __init__(self, problem: str, *, again: bool = False) -> None:
        super().__init__(problem)
        self.again = again


@dataclass(frozen=True)
class Bounds:
    """How much and how long a body may be: bytes, seconds, and the clock that tells them."""

    most: int
    seconds: float
    clock: Callable[[], float]


def read_body(response: httpx.Response, bounds: Bounds) -> bytes:
    """Return a response's body, unpacked.

    Raises
    ------
    BodyError
        If it is larger than allowed, comes too slowly, is packed in a way that was not asked
        for, or is cut.
    """
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > bounds.most:
        problem = f"the body has {int(announced):,} bytes; at most {bounds.most:,} are taken"
        raise BodyError(problem)
    encoding = response.headers.get("content-encoding", "").strip().lower()
    raw = _bounded(response.iter_raw(_STEP), bounds)
    if encoding in ("", "identity"):
        return b"".join(raw)
    if encoding in ("gzip", "x-gzip"):
        return b"".join(_unpacked(raw, bounds.most))
    problem = f"the body is packed as {encoding!r}; only {ENCODINGS} was asked for"
    raise BodyError(problem)


def _bounded(chunks: Iterator[bytes], bounds: Bounds) -> Iterator[bytes]:
    end = bounds.clock() + bounds.seconds
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        if taken > bounds.most:
            problem = f"the body goes on after {bounds.most:,} bytes, the most that is taken"
            raise BodyError(problem)
        if bounds.clock() > end:
            problem = f"only {taken:,} bytes came within {bounds.seconds:,.0f} seconds"
            raise BodyError(problem, again=True)
        yield chunk


def _unpacked(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Unpack gzip, one or several streams in a row, up to `most` bytes in all."""
    stream = zlib.decompressobj(wbits=_GZIP_WINDOW)
    taken = packed = 0
    begun = False
    try:
        for chunk in chunks:
            packed += len(chunk)
            rest = chunk
            while rest:
                if stream.eof:
                    stream = zlib.decompressobj(wbits=_GZIP_WINDOW)
                begun = True
                piece = stream.decompress(rest, _STEP)
                taken += len(piece)
                if taken > most:
                    problem = f"the body unpacks to more than {most:,} bytes from {packed:,}"
                    raise BodyError(problem)
                yield piece
                rest = stream.unused_data if stream.eof else stream.unconsumed_tail
        while not stream.eof and (piece := stream.decompress(b"", _STEP)):
            taken += len(piece)
            if taken > most:
                problem = f"the body unpacks to more than {most:,} bytes from {packed:,}"
                raise BodyError(problem)
            yield piece
    except zlib.error as error:
        problem = f"the packed body is damaged after {packed:,} bytes ({error})"
        raise BodyError(problem, again=True) from error
    if begun and not stream.eof:
        problem = f"the packed body is cut after {packed:,} bytes"
        raise BodyError(problem, again=True)
