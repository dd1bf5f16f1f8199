"""The landing: what a source served, byte for byte, with a note of where it came from.

Bytes are written once and never changed. They go to a temporary name, are forced to disk and
renamed; only then is their note (`.meta.json`) written in the same way. A note therefore never
points at bytes that are not there, and a killed run leaves at most a temporary file that the
next one overwrites. zstd is our storage compression; hashes and sizes are of the plain bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.durable import write_durably
from threatcast_feeds.errors import DamagedError, LandingError
from threatcast_feeds.moments import whole_day

# beyond level 3 a recorded KEV file shrinks by a tenth and takes four times as long
ZSTD_LEVEL = 3
ATTEMPTS = "attempts.json"
"""How the last attempt to get a feed ended; the one file of its folder that changes."""


@dataclass(frozen=True)
class Landed:
    """A landed payload: where its bytes are and what is known of them.

    `is_repeat` says that the same bytes had been landed for another moment before; `path` then
    names that first file.
    """

    feed: str
    day: date
    sha256: str
    ext: str
    size: int
    path: Path
    retrieved_at: datetime
    mode: str
    url: str
    etag: str
    last_modified: str
    is_repeat: bool

    @property
    def sha12(self) -> str:
        """The payload's name everywhere after the landing."""
        return self.sha256[:12]


class Landing:
    """All landed payloads of a home.

    Parameters
    ----------
    root : Path
        The folder `landing` of the home; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def land(self, arrival: Arrival) -> Landed:
        """Write a payload down; the same bytes at another moment are noted, not stored.

        On the day of a note with these bytes, another one is made only if it tells something:
        that they came back after others, or that they still held when the day was over.

        Raises
        ------
        LandingError
            If the disk is full or cannot be written. What was landed before is untouched and
            no half-written file stays.
        """
        digest = sha256(arrival.content).hexdigest()
        folder = self.root / arrival.feed
        stem = f"{arrival.day.isoformat()}-{digest[:12]}"
        note = folder / f"{stem}.meta.json"
        # a damaged note is written anew: these are the very bytes that it was about
        if note.is_file() and self._read(note) is not None:
            told = self._told(arrival, digest)
            if told is not None:
                return told
            stem = f"{arrival.day.isoformat()}T{arrival.retrieved_at:%H%M%S}-{digest[:12]}"
            note = folder / f"{stem}.meta.json"
        first = self._first_copy(folder, digest)
        facts = {
            "feed": arrival.feed,
            "day": arrival.day.isoformat(),
            "retrieved_at": arrival.retrieved_at.isoformat(),
            "url": arrival.url,
            "etag": arrival.etag,
            "last_modified": arrival.last_modified,
            "sha256": digest,
            "size": len(arrival.content),
            "mode": arrival.mode,
            "ext": first.ext if first else arrival.ext,
            "stored_as": first.path.name.split(".")[0] if first else stem,
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if first is None:
                write_durably(folder / f"{stem}.{arrival.ext}.zst", compress(arrival.content))
            write_durably(note, json.dumps(facts, indent=1).encode())
        except OSError as error:
            raise LandingError(
                arrival.feed,
                str(folder),
                f"the payload of {arrival.day} cannot be written: {error.strerror or error}",
                kept="all payloads landed before",
                cure="Free space on this disk or make the folder writable, then run again",
            ) from error
        return self._landed(note)

    def payloads(self, feed: str, until: date | None = None) -> list[Landed]:
        """Return the landed payloads of a feed by day, those after `until` left out.

        A payload whose note is damaged ends them (`damage` names it): without it, what came later
        would be taken for new.
        """
        first = self._first_damaged(feed)
        last = until.isoformat() if until else "9999-12-31"
        return [
            landed
            for landed in self._all(feed)
            if landed.day.isoformat() <= last
            and (first is None or landed.day.isoformat() < first.name[:10])
        ]

    def damage(self, feed: str) -> DamagedError | None:
        """Return what is wrong with the earliest note that cannot be read; None if all can."""
        note = self._first_damaged(feed)
        if note is None:
            return None
        return damaged(feed, note, "cannot be read, so that it and all later ones are not used")

    def newest(self, feed: str, until: date | None = None) -> Landed | None:
        """Return the newest landed payload of a feed, or None."""
        payloads = self.payloads(feed, until)
        return payloads[-1] if payloads else None

    def read(self, landed: Landed) -> bytes:
        """Return the plain bytes of a payload, checked against its hash.

        Raises
        ------
        LandingError
            If the file is missing, cut or altered.
        """
        return check_intact(landed)

    def open_path(self, landed: Landed) -> Path:
        """Return the compressed file, which DuckDB reads with `compression = 'zstd'`.

        Raises
        ------
        LandingError
            If it is no longer there.
        """
        if not landed.path.is_file():
            raise damaged(landed.feed, landed.path, "is gone")
        return landed.path

    def note_attempt(
        self,
        feed: str,
        *,
        attempted_at: datetime,
        ok: bool,
        error: str = "",
        not_modified: bool = False,
    ) -> None:
        """Write down how the last attempt to get the feed ended."""
        folder = self.root / feed
        facts = {
            "attempted_at": attempted_at.isoformat(),
            "ok": ok,
            "error": error,
            "not_modified": not_modified,
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_durably(folder / ATTEMPTS, json.dumps(facts, indent=1).encode())
        except OSError as failure:
            raise LandingError(
                feed,
                str(folder),
                f"the attempt cannot be noted: {failure.strerror or failure}",
                kept="all payloads landed before",
                cure="Free space on this disk or make the folder writable, then run again",
            ) from failure

    def attempt(self, feed: str) -> dict[str, Any] | None:
        """Return the note of the last attempt; None if there was none, or a damaged one."""
        try:
            facts = json.loads((self.root / feed / ATTEMPTS).read_text("utf-8"))
        except (OSError, ValueError):
            return None  # the next attempt writes it anew
        return facts if isinstance(facts, dict) else None

    def _told(self, arrival: Arrival, digest: str) -> Landed | None:
        """Return the note of the day that says all that an arrival says, if there is one."""
        today = [one for one in self._all(arrival.feed) if one.day == arrival.day]
        same = [one for one in today if one.sha256 == digest]
        if not same:
            return None
        last = same[-1]
        came_back = last != today[-1] and arrival.retrieved_at > today[-1].retrieved_at
        held = whole_day(arrival.retrieved_at) > whole_day(last.retrieved_at)
        return None if came_back or held else last

    def _first_copy(self, folder: Path, digest: str) -> Landed | None:
        """Return the earliest noted payload with these very bytes, if its file is there."""
        if not folder.is_dir():
            return None
        for note in sorted(folder.glob(f"*-{digest[:12]}.meta.json")):
            landed = self._read(note)
            if landed is not None and landed.sha256 == digest and landed.path.is_file():
                return landed
        return None

    def _notes(self, feed: str) -> list[Path]:
        folder = self.root / feed
        return sorted(folder.glob("*.meta.json")) if folder.is_dir() else []

    def _all(self, feed: str) -> list[Landed]:
        """Return all payloads whose notes can be read, by day and moment."""
        landed = [one for note in self._notes(feed) if (one := self._read(note)) is not None]
        return sorted(landed, key=lambda one: (one.day, one.retrieved_at, one.sha256))

    def _first_damaged(self, feed: str) -> Path | None:
        return next((note for note in self._notes(feed) if self._read(note) is None), None)

    def _read(self, note: Path) -> Landed | None:
        """Return what a note says, or None if it is damaged."""
        try:
            return self._landed(note)
        except LandingError:
            return None

    def _landed(self, note: Path) -> Landed:
        try:
            facts = json.loads(note.read_text(encoding="utf-8"))
            stem = note.name.removesuffix(".meta.json")
            return Landed(
                feed=facts["feed"],
                day=date.fromisoformat(facts["day"]),
                sha256=facts["sha256"],
                ext=facts["ext"],
                size=facts["size"],
                path=note.parent / f"{facts['stored_as']}.{facts['ext']}.zst",
                retrieved_at=datetime.fromisoformat(facts["retrieved_at"]),
                mode=facts["mode"],
                url=facts["url"],
                etag=facts["etag"],
                last_modified=facts["last_modified"],
                is_repeat=facts["stored_as"] != stem,
            )
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise damaged(note.parent.name, note, f"cannot be read ({error})") from error


def check_intact(landed: Landed) -> bytes:
    """Return the plain bytes of a payload; raises LandingError if they are not what was landed."""
    content = decompress(landed.path, landed.feed)
    if sha256(content).hexdigest() != landed.sha256:
        raise damaged(landed.feed, landed.path, "does not match its hash")
    return content


def damaged(feed: str, path: Path, what: str) -> DamagedError:
    """Return the error for a landed file that is no longer what was landed."""
    return DamagedError(
        feed,
        str(path),
        f"the landed file {what}",
        kept="the rows parsed from it, and all other payloads",
        cure="Restore it from a backup, or remove it with its .meta.json and pull again",
    )


def compress(content: bytes) -> bytes:
    """Return the bytes as one zstd frame, which DuckDB reads as it is."""
    import pyarrow as pa

    packed: bytes = pa.Codec("zstd", compression_level=ZSTD_LEVEL).compress(content, asbytes=True)
    return packed


def decompress(path: Path, feed: str, most: int | None = None) -> bytes:
    """Return the plain bytes of a landed file, at most `most` of them.

    Raises
    ------
    LandingError
        If the file is missing or cut.
    """
    import pyarrow as pa

    try:
        with pa.OSFile(str(path)) as file, pa.CompressedInputStream(file, "zstd") as stream:
            content: bytes = stream.read(most)
    except (OSError, pa.ArrowException) as error:
        raise damaged(feed, path, f"cannot be read: {error}") from error
    return content
