"""One landed payload as its parser sees it, and what the parser makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds import database
from threatcast_feeds.errors import ParseError
from threatcast_feeds.landing import compress, damaged, decompress
from threatcast_feeds.outside import MOST_MESSAGE, MOST_SAMPLE, shown
from threatcast_feeds.registry import FeedSpec

if TYPE_CHECKING:
    import duckdb

KEPT = "the payload in landing and the rows of all earlier ones"


@dataclass
class PayloadSource:
    """One landed payload as its parser sees it.

    Attributes
    ----------
    path : Path
        The landed, zstd-compressed file.
    ext : str
        Extension of the plain bytes.
    payload : str
        First twelve hex digits of the plain bytes' SHA-256; goes into the column `payload`.
    day : date
        The vintage day.
    spec : FeedSpec
        The feed's catalog entry.
    """

    path: Path
    ext: str
    payload: str
    day: date
    spec: FeedSpec
    connection: duckdb.DuckDBPyConnection | None = field(default=None, repr=False)

    @classmethod
    def of_bytes(
        cls, spec: FeedSpec, content: bytes, folder: Path, *, day: date, ext: str = ""
    ) -> PayloadSource:
        """Put bytes into a folder as the landing would, and return them as a source."""
        ext = ext or spec.extensions[0]
        payload = sha256(content).hexdigest()[:12]
        path = folder / f"{day.isoformat()}-{payload}.{ext}.zst"
        path.write_bytes(compress(content))
        return cls(path, ext, payload, day, spec)

    @property
    def place(self) -> str:
        """How messages name this payload."""
        return f"payload of {self.day} ({self.payload})"

    def read(self) -> bytes:
        """Return the plain bytes, checked against the payload's name (its hash).

        Raises
        ------
        LandingError
            If the landed file is missing, cut or altered.
        """
        content = decompress(self.path, self.spec.key)
        if sha256(content).hexdigest()[:12] != self.payload:
            raise damaged(self.spec.key, self.path, "does not match its hash")
        return content

    def head(self, most: int) -> bytes:
        """Return the first plain bytes, without decompressing the rest."""
        return decompress(self.path, self.spec.key, most)

    def text(self) -> str:
        """Return the payload as text, without byte order mark.

        Raises
        ------
        ParseError
            If it is not UTF-8; names the first byte that is not.
        """
        return self.decode(self.read())

    def decode(self, content: bytes, place: str = "") -> str:
        """Return some of its bytes as text; a byte order mark is left out.

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
            raise self.refuse(
                f"the text is not UTF-8: byte {error.start}{inside} is 0x{value:02x}",
                cure="If the source changed its character set for good, its parser must follow",
            ) from error

    def refuse(self, problem: str, cure: str = "") -> ParseError:
        """Return the error that sets this payload aside whole."""
        cure = cure or f"See what the source serves now: {self.spec.homepage}"
        return ParseError(self.spec.key, self.place, problem, kept=KEPT, cure=cure)

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """Return the DuckDB connection that this feed's payloads share."""
        if self.connection is None:
            self.connection = connect()
        return self.connection


@dataclass(frozen=True)
class ParseOutcome:
    """What a parser made of one payload.

    `samples` say place and reason of some rejected records, never personal data. `message` is
    for things worth knowing that cost nothing, such as a new column.
    """

    rows: int
    rejected: int = 0
    samples: list[str] = field(default_factory=list)
    message: str = ""

    def __post_init__(self) -> None:
        """Escape and cut what may quote the payload."""
        object.__setattr__(self, "samples", [shown(one, MOST_SAMPLE) for one in self.samples])
        object.__setattr__(self, "message", shown(self.message, MOST_MESSAGE))


def first_of(rejected: Sequence[str]) -> str:
    """Return the first reason for rejecting a record, to stand behind that none is left."""
    return f" ({rejected[0]})" if rejected else ""


def connect() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB in memory that keeps the order of what it reads."""
    # a payload is too small to share out; workers with a thread each do not wait for each other
    connection = database.connect(threads=1)
    connection.execute("SET preserve_insertion_order = true")
    return connection
