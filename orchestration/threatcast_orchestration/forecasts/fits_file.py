"""Fits of earlier nights, one row a fit, in a file of the home that may be lost at any time."""

from __future__ import annotations

import logging
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threatcast_forecasting.backtesting.engine import BatchForecast
from threatcast_forecasting.models.card import PARTS
from threatcast_forecasting.quantiles import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOG = logging.getLogger(__name__)

KEPT_DAYS = 35
"""A fit that no night of so many days used goes: past origins come round every four weeks."""
_TABLES = """
CREATE TABLE made_by (code TEXT NOT NULL);
CREATE TABLE fits (key BLOB PRIMARY KEY, fit BLOB NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX by_use ON fits (used);
"""
_AT_ONCE = 500
"""Keys in one question."""


@contextmanager
def open_fits(path: Path, code: str, night: date) -> Iterator[FitsFile]:
    """Open the fits that this code made, for the block; those of other code are forgotten.

    Parameters
    ----------
    path
        A file that is only kept to save time: a damaged one is made anew, and one that cannot be
        written keeps nothing.
    code
        Key of all code that a fit depends on.
    night
        Its as-of day, by which fits grow old.
    """
    fits = FitsFile(path, code, night)
    try:
        yield fits
        fits.forget_old()
    finally:
        fits.close()


class FitsFile:
    """Implements `threatcast_forecasting.backtesting.kept_fits.KeptFits` with SQLite."""

    def __init__(self, path: Path, code: str, night: date) -> None:
        self._path = path
        self._night = night.toordinal()
        self._rows: sqlite3.Connection | None = None
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(sqlite3.Error):
                self._rows = _opened(path, code)
            if self._rows is None:
                path.unlink(missing_ok=True)
                with suppress(sqlite3.Error):
                    self._rows = _opened(path, code)

    def has(self, keys: Sequence[bytes]) -> NDArray[np.bool_]:
        """Return of which keys a fit is kept."""
        found = set[bytes]()
        with self._or_nothing() as rows:
            if rows is not None:
                found = {key for (key,) in _ask(rows, "SELECT key FROM fits", keys)}
        return np.array([key in found for key in keys], dtype=bool)

    def find(self, keys: Sequence[bytes]) -> BatchForecast | None:
        """Return the fits of some keys as one batch; None if one is gone or damaged."""
        with self._or_nothing() as rows, suppress(LookupError, ValueError, zlib.error):
            if rows is None:
                return None
            kept = dict(_ask(rows, "SELECT key, fit FROM fits", keys))
            fits = [_unpacked(key, kept[key]) for key in keys]
            stale = f"UPDATE fits SET used = {self._night}"
            list(_ask(rows, stale, keys, f"AND used < {self._night}"))
            rows.commit()
            parts = None
            if fits[0][2] is not None:
                parts = np.stack([part for _, _, part in fits if part is not None])
            quantiles = np.stack([quantiles for quantiles, _, _ in fits])
            return BatchForecast(quantiles, tuple(state for _, state, _ in fits), 0.0, parts)
        return None

    def add(self, keys: Sequence[bytes], made: BatchForecast) -> None:
        """Keep the fits of a batch, whose series have these keys."""
        with self._or_nothing() as rows:
            if rows is None:
                return
            packed = (_packed(key, made, place) for place, key in enumerate(keys))
            rows.executemany(
                "INSERT OR REPLACE INTO fits VALUES (?, ?, ?)",
                ((key, fit, self._night) for key, fit in zip(keys, packed, strict=True)),
            )
            rows.commit()

    def forget_old(self) -> None:
        """Remove what no night of the last `KEPT_DAYS` used."""
        with self._or_nothing() as rows:
            if rows is not None:
                rows.execute("DELETE FROM fits WHERE used < ?", [self._night - KEPT_DAYS])
                rows.commit()

    def close(self) -> None:
        """Let go of the file."""
        if self._rows is not None:
            self._rows.close()

    @contextmanager
    def _or_nothing(self) -> Iterator[sqlite3.Connection | None]:
        """Give the block the open file; one that fails is removed, and no more is kept."""
        try:
            yield self._rows
        except sqlite3.Error as error:
            LOG.warning("%s cannot be used (%s): all fits are made anew", self._path, error)
            self.close()
            self._rows = None
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def _opened(path: Path, code: str) -> sqlite3.Connection:
    """Open a file of fits made by this code.

    Raises
    ------
    sqlite3.Error
        If it is damaged or was made by other code.
    """
    rows = sqlite3.connect(path)
    try:
        # nothing in it is worth waiting for the disk
        rows.execute("PRAGMA synchronous = OFF")
        if rows.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            rows.executescript(_TABLES)
            rows.execute("INSERT INTO made_by VALUES (?)", [code])
            rows.commit()
        if rows.execute("SELECT code FROM made_by").fetchall() != [(code,)]:
            raise sqlite3.DatabaseError("made by other code")
    except sqlite3.Error:
        rows.close()
        raise
    return rows


def _ask(
    rows: sqlite3.Connection, words: str, keys: Sequence[bytes], more: str = ""
) -> Iterator[tuple[Any, ...]]:
    """Yield the answers to a statement about some keys, which are put to it in parts."""
    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        with closing(rows.execute(f"{words} WHERE key IN ({marks}) {more}", some)) as answers:
            yield from answers


def _packed(key: bytes, made: BatchForecast, place: int) -> bytes:
    """Return a fit as bytes that tell of damage, and whose they are."""
    state = made.states[place].encode()
    parts = b"" if made.parts is None else np.ascontiguousarray(made.parts[place]).tobytes()
    head = key + bytes([made.parts is not None]) + len(state).to_bytes(2, "little")
    return zlib.compress(head + state + made.quantiles[place].tobytes() + parts, 1)


def _unpacked(
    key: bytes, packed: bytes
) -> tuple[NDArray[np.int32], str, NDArray[np.float32] | None]:
    """Return quantiles (horizon, 23), the state, and parts (horizon, 2) if there are any.

    Raises
    ------
    ValueError, zlib.error
        If the bytes are damaged or another fit's.
    """
    content = zlib.decompress(packed)
    size = len(key)
    if content[:size] != key:
        raise ValueError("another fit")
    has_parts, begins = content[size] == 1, size + 3
    ends = begins + int.from_bytes(content[size + 1 : begins], "little")
    state, numbers = content[begins:ends].decode(), content[ends:]
    horizon = len(numbers) // (4 * (len(LEVELS) + has_parts * len(PARTS)))
    cut = 4 * horizon * len(LEVELS)
    quantiles = np.frombuffer(numbers[:cut], dtype=np.int32).reshape(horizon, len(LEVELS))
    if not has_parts:
        return quantiles, state, None
    return quantiles, state, np.frombuffer(numbers[cut:], dtype=np.float32).reshape(horizon, -1)
