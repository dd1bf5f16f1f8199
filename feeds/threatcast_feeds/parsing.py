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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.errors import FeedError, LandingError, ParseError, PayloadRefused
from threatcast_feeds.filling import lost_columns
from threatcast_feeds.landing import Landed, Landing, check_intact
from threatcast_feeds.outcomes import (
    Outcome,
    digest_of,
    forget,
    forget_quarantine,
    read_outcome,
    read_refusal,
    write_outcome,
    write_quarantine,
)
from threatcast_feeds.payload import KEPT, ParseOutcome, PayloadSource, connect
from threatcast_feeds.readers.tables import write_empty
from threatcast_feeds.registry import FeedSpec, parser_of

if TYPE_CHECKING:
    import duckdb

MOST_SAMPLES = 5
WORKERS = 2
# a window that was nearly empty once must not make the next whole one look swollen
GROWTH_MEMORY = 5
# what a parser may stumble over in a payload that nobody foresaw; anything else is our mistake
_STUMBLES = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
__all__ = ["Outcome", "ParseError", "ParseOutcome", "PayloadSource", "parse_new", "prepare_rows"]


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
    prepare_rows(folder, spec)
    version = parser_version(spec)
    payloads: dict[str, Landed] = {}
    for landed in landing.payloads(spec.key, until):
        payloads.setdefault(landed.sha12, landed)
    known = {payload: _known(folder, payload) for payload in payloads}
    new = {
        payload: landed
        for payload, landed in payloads.items()
        if not _stands(folder, known[payload], version)
    }
    if not new:
        return []
    outcomes: list[Outcome] = []
    accepted: deque[Landed] = deque(maxlen=GROWTH_MEMORY)
    with _Workers(spec, folder) as workers:
        attempts = workers.parse(list(new.values()))
        for payload, landed in payloads.items():
            outcome = known[payload]
            if payload in new or outcome is None:
                outcome = _settle(spec, landed, outcome, version, accepted, next(attempts))
                outcomes.append(outcome)
                if progress:
                    progress(outcome)
            if outcome.state == "accepted":
                accepted.append(landed)
    return outcomes


def _known(folder: Path, payload: str) -> Outcome | None:
    """Return what became of a payload; of one set aside the copy for people stands in for it."""
    outcome = read_outcome(folder, payload) or read_refusal(folder, payload)
    return outcome if outcome is not None and outcome.payload == payload else None


def _stands(folder: Path, outcome: Outcome | None, version: str) -> bool:
    """Whether a payload needs no parsing: this parser saw it, and its rows are as it left them."""
    if outcome is None or outcome.parser_version != version:
        return False
    if read_outcome(folder, outcome.payload) is None:
        return False
    is_refused = outcome.state != "accepted" and not outcome.judged_by
    return is_refused or outcome.digest == digest_of(folder / f"{outcome.payload}.parquet")


def prepare_rows(folder: Path, spec: FeedSpec) -> None:
    """Make the feed's raw folder, with a file without rows that any query can start from.

    Raises
    ------
    LandingError
        If it cannot be written.
    """
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
        self._connections: list[duckdb.DuckDBPyConnection] = []
        self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix=spec.key)
        self._local = threading.local()
        self._parse = parser_of(spec).parse

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for connection in self._connections:
            connection.close()
        for ahead in self._folder.glob(".*.parquet.tmp"):
            ahead.unlink(missing_ok=True)

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
        import duckdb

        if not hasattr(self._local, "connection"):
            self._local.connection = connect()
            self._connections.append(self._local.connection)
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
        except (duckdb.Error, *_STUMBLES) as error:
            temporary.unlink(missing_ok=True)
            return _Attempt(source, temporary, None, _stumbled(source, error))
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
    before: Outcome | None,
    version: str,
    earlier: Sequence[Landed],
    attempt: _Attempt,
) -> Outcome:
    """Accept or quarantine a parsed payload, and write that down."""
    folder = attempt.temporary.parent
    try:
        largest = max((one.size for one in earlier), default=None)
        _refuse_growth(attempt.source, landed.size, largest)
        made = _believed(attempt, landed)
        digest = digest_of(attempt.temporary)
        attempt.temporary.replace(folder / f"{landed.sha12}.parquet")
        lost = lost_columns(spec, folder, landed, earlier)
        outcome = Outcome(
            landed.sha12,
            version,
            "accepted",
            made.rows,
            made.rejected,
            "; ".join(filter(None, [made.message, lost])),
            made.samples[:MOST_SAMPLES],
            digest=digest,
        )
        if before is not None and before.judged_by:
            # rows read again do not lift a gate's refusal: the gate judges them anew itself
            outcome = replace(
                outcome, state=before.state, message=before.message, judged_by=before.judged_by
            )
        write_outcome(folder, outcome)
        if outcome.state == "accepted":
            forget_quarantine(folder, landed.sha12)
    except LandingError as error:
        # nothing is written down: once the file is restored, it is read again; rows that were
        # damaged too are not shown until then
        if before is not None and before.digest != digest_of(folder / f"{landed.sha12}.parquet"):
            forget(folder, landed.sha12)
        return Outcome(landed.sha12, "", "quarantined", 0, 0, str(error), [])
    except FeedError as error:
        attempt.temporary.unlink(missing_ok=True)
        outcome = Outcome(landed.sha12, version, "quarantined", 0, 0, str(error), [])
        write_quarantine(folder, spec.key, landed.day, outcome)
        write_outcome(folder, outcome)
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


def _stumbled(source: PayloadSource, error: Exception) -> ParseError:
    """Return the error for a payload whose shape its parser did not foresee."""
    found = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return ParseError(
        source.spec.key,
        source.place,
        f"its shape is new to the parser ({found})",
        kept=KEPT,
        cure=f"Compare it with an earlier payload and mend catalog/{source.spec.key}/parse.py",
    )


def _unwritable(feed: str, folder: Path, what: str, error: OSError) -> LandingError:
    return LandingError(
        feed,
        str(folder),
        f"{what} cannot be written: {error.strerror or error}",
        kept="all landed payloads and all rows written before",
        cure="Free space on this disk or make the folder writable, then run again",
    )


def _refuse_growth(source: PayloadSource, size: int, largest: int | None) -> None:
    """Refuse a payload that is much larger than the last ones that were believed."""
    most = source.spec.limits.max_growth
    if largest and size > most * largest:
        raise PayloadRefused(
            source.spec.key,
            source.place,
            f"it has {size:,} bytes, {size / largest:.0f} times the last accepted payloads "
            f"({largest:,} bytes); the limit is {most:g} times",
            kept=KEPT,
            cure="If the source really grew, raise limits.max_growth in its defs.yaml",
        )


def parser_version(spec: FeedSpec) -> str:
    """Return a short hash of all that decides whether and how a payload becomes rows."""
    module = parser_of(spec).__file__
    parts = [Path(str(module)).read_bytes(), *_reader_sources()]
    # limits too: a payload refused by one is looked at again when it is raised
    parts.append(json.dumps([spec.columns, spec.limits.model_dump()]).encode())
    return sha256(b"\0".join(parts)).hexdigest()[:12]


@cache
def _reader_sources() -> tuple[bytes, ...]:
    here = Path(__file__).parent
    names = ("parsing.py", "payload.py", "impostors.py", "unpack.py")
    paths = [*(here / name for name in names), *sorted((here / "readers").glob("*.py"))]
    return tuple(path.read_bytes() for path in paths if path.is_file())
