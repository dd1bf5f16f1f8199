"""From landed bytes to raw Parquet: once per payload and version of its parser.

Parsing is a pure function of the landed bytes, so a mended parser reads the past again. A
payload that cannot be read, or that is not believed, is set aside in `quarantine/`; its bytes
stay in landing and rows parsed before stay in raw. Nothing good is ever deleted.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.errors import FeedError, LandingError, ParseError, PayloadRefused
from threatcast_feeds.landing import (
    Landed,
    Landing,
    check_intact,
    compress,
    damaged,
    decompress,
    write_durably,
)
from threatcast_feeds.readers.diagnosis import KEPT, decode
from threatcast_feeds.readers.tables import write_empty
from threatcast_feeds.registry import FeedSpec, parser_of

if TYPE_CHECKING:
    import duckdb

MOST_SAMPLES = 5
WORKERS = 2
__all__ = ["Outcome", "ParseError", "ParseOutcome", "PayloadSource", "parse_new", "set_aside"]


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
        return decode(self, self.read())

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """Return the DuckDB connection that this feed's payloads share."""
        if self.connection is None:
            self.connection = _connect()
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


@dataclass(frozen=True)
class Outcome:
    """What became of one payload, as written to `raw/<feed>/<payload>.json`."""

    payload: str
    parser_version: str
    state: str
    rows: int
    rejected: int
    message: str
    samples: list[str]


def parse_new(
    spec: FeedSpec,
    landing: Landing,
    raw_root: Path,
    until: date | None = None,
    progress: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Parse every landed payload that this version of the feed's parser has not seen.

    Parameters
    ----------
    spec : FeedSpec
        The feed.
    landing : Landing
        Where its payloads are.
    raw_root : Path
        The folder `raw` of the home; `quarantine` is beside it.
    until : date, optional
        Payloads of later days are left alone.
    progress : callable, optional
        Called with every outcome.

    Returns
    -------
    list of Outcome
        Of the payloads parsed now, by day; empty if there was nothing new.
    """
    folder = raw_root / spec.key
    _prepare(folder, spec)
    version = parser_version(spec)
    payloads: dict[str, Landed] = {}
    for landed in landing.payloads(spec.key, until):
        payloads.setdefault(landed.sha12, landed)
    known = {payload: read_outcome(folder, payload) for payload in payloads}
    new = [
        landed
        for payload, landed in payloads.items()
        if (outcome := known[payload]) is None or outcome.parser_version != version
    ]
    if not new:
        return []
    outcomes: list[Outcome] = []
    accepted_size: int | None = None
    with _Workers(spec, folder) as workers:
        attempts = workers.parse(new)
        for payload, landed in payloads.items():
            outcome = known[payload]
            if outcome is None or outcome.parser_version != version:
                outcome = _settle(spec, landed, folder, version, accepted_size, next(attempts))
                outcomes.append(outcome)
                if progress:
                    progress(outcome)
            if outcome.state == "accepted":
                accepted_size = landed.size
    return outcomes


def _prepare(folder: Path, spec: FeedSpec) -> None:
    """Make the feed's raw folder, with a file without rows that any query can start from."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        empty = folder / "_empty.parquet"
        temporary = folder / "._empty.parquet.tmp"
        write_empty(spec, temporary)
        # the catalog's columns may have changed since
        if not empty.is_file() or empty.read_bytes() != temporary.read_bytes():
            temporary.replace(empty)
        temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(spec.key, folder, "the folder of raw rows", error) from error


class _Workers:
    """Two threads that parse payloads ahead, each with a DuckDB connection of its own.

    Reading one payload keeps one core busy; results come back in the order asked for.
    """

    def __init__(self, spec: FeedSpec, folder: Path) -> None:
        self._spec = spec
        self._folder = folder
        self._database = _connect()
        self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix=spec.key)
        self._local = threading.local()
        self._parse = parser_of(spec).parse

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._database.close()

    def parse(self, payloads: list[Landed]) -> Iterator[_Attempt]:
        """Yield what came of each payload, a few of them ahead of the one asked for."""
        waiting: deque[Future[_Attempt]] = deque()
        for landed in payloads:
            waiting.append(self._pool.submit(self._attempt, landed))
            if len(waiting) > 2 * WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _attempt(self, landed: Landed) -> _Attempt:
        if not hasattr(self._local, "connection"):
            self._local.connection = self._database.cursor()
        source = PayloadSource(
            landed.path, landed.ext, landed.sha12, landed.day, self._spec, self._local.connection
        )
        temporary = self._folder / f".{landed.sha12}.parquet.tmp"
        try:
            made = self._parse(source, temporary)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        except (FeedError, OSError) as error:
            temporary.unlink(missing_ok=True)
            return _Attempt(source, temporary, None, error)
        return _Attempt(source, temporary, made, None)


@dataclass(frozen=True)
class _Attempt:
    """A parsed payload that has not been accepted yet."""

    source: PayloadSource
    temporary: Path
    made: ParseOutcome | None
    error: FeedError | OSError | None


def _settle(
    spec: FeedSpec,
    landed: Landed,
    folder: Path,
    version: str,
    accepted_size: int | None,
    attempt: _Attempt,
) -> Outcome:
    """Accept or quarantine a parsed payload, and write that down."""
    try:
        _refuse_growth(attempt.source, landed.size, accepted_size)
        made = _believed(attempt, landed)
        attempt.temporary.replace(folder / f"{landed.sha12}.parquet")
        outcome = Outcome(
            landed.sha12,
            version,
            "accepted",
            made.rows,
            made.rejected,
            made.message,
            made.samples[:MOST_SAMPLES],
        )
        _write_outcome(folder, outcome)
    except LandingError as error:
        # nothing is written down: once the file is restored, it is read again
        return Outcome(landed.sha12, "", "quarantined", 0, 0, str(error), [])
    except FeedError as error:
        attempt.temporary.unlink(missing_ok=True)
        outcome = Outcome(landed.sha12, version, "quarantined", 0, 0, str(error), [])
        _write_quarantine(folder, spec.key, landed.day, outcome)
        _write_outcome(folder, outcome)
    except OSError as error:
        attempt.temporary.unlink(missing_ok=True)
        what = f"the rows of {attempt.source.place}"
        raise _unwritable(spec.key, folder, what, error) from error
    return outcome


def _believed(attempt: _Attempt, landed: Landed) -> ParseOutcome:
    """Return what the parser made; raises its error, or the damage on disk that explains it."""
    if attempt.made is not None:
        return attempt.made
    if isinstance(attempt.error, ParseError):
        check_intact(landed)
    raise attempt.error or RuntimeError("an attempt has either a result or an error")


def _unwritable(feed: str, folder: Path, what: str, error: OSError) -> LandingError:
    return LandingError(
        feed,
        str(folder),
        f"{what} cannot be written: {error.strerror or error}",
        kept="all landed payloads and all rows written before",
        cure="Free space on this disk or make the folder writable, then run again",
    )


def _refuse_growth(source: PayloadSource, size: int, accepted_size: int | None) -> None:
    """Refuse a payload that is much larger than the last one that was believed."""
    most = source.spec.limits.max_growth
    if accepted_size and size > most * accepted_size:
        raise PayloadRefused(
            source.spec.key,
            source.place,
            f"it has {size:,} bytes, {size / accepted_size:.0f} times the last accepted payload "
            f"({accepted_size:,} bytes); the limit is {most:g} times",
            kept=KEPT,
            cure="If the source really grew, raise limits.max_growth in its defs.yaml",
        )


def _replace(target: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` make a file under a temporary name, then put it in its place."""
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        write(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def read_outcome(folder: Path, payload: str) -> Outcome | None:
    """Return what became of a payload, or None if it was never parsed (or not to the end)."""
    try:
        facts = json.loads((folder / f"{payload}.json").read_text(encoding="utf-8"))
        return Outcome(**facts)
    except (OSError, ValueError, TypeError):
        return None


def set_aside(raw_root: Path, feed: str, payload: str, message: str) -> None:
    """Set an accepted payload aside after all, because a gate does not believe it.

    Its rows stay on disk, but nothing reads them while its outcome says `quarantined`.
    """
    folder = raw_root / feed
    known = read_outcome(folder, payload)
    version = known.parser_version if known else ""
    outcome = Outcome(
        payload,
        version,
        "quarantined",
        known.rows if known else 0,
        known.rejected if known else 0,
        message,
        known.samples if known else [],
    )
    _write_quarantine(folder, feed, None, outcome)
    _write_outcome(folder, outcome)


def _write_outcome(folder: Path, outcome: Outcome) -> None:
    text = json.dumps(asdict(outcome), indent=1, ensure_ascii=False)
    _replace(
        folder / f"{outcome.payload}.json", lambda path: path.write_text(text, encoding="utf-8")
    )


def _write_quarantine(folder: Path, feed: str, day: date | None, outcome: Outcome) -> None:
    aside = folder.parent.parent / "quarantine" / feed
    aside.mkdir(parents=True, exist_ok=True)
    facts = asdict(outcome) | {"feed": feed} | ({"day": day.isoformat()} if day else {})
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    write_durably(aside / f"{outcome.payload}.json", text.encode())


def parser_version(spec: FeedSpec) -> str:
    """Return a short hash of all that decides what a payload's rows look like."""
    module = parser_of(spec).__file__
    parts = [Path(str(module)).read_bytes(), *_reader_sources()]
    parts.append(json.dumps(spec.columns).encode())
    return sha256(b"\0".join(parts)).hexdigest()[:12]


@cache
def _reader_sources() -> tuple[bytes, ...]:
    here = Path(__file__).parent
    paths: Iterable[Path] = [here / "unpack.py", *sorted((here / "readers").glob("*.py"))]
    return tuple(path.read_bytes() for path in paths if path.is_file())


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect()
    # rows keep the payload's order, so that the same bytes give the same file
    connection.execute("SET preserve_insertion_order = true")
    return connection
