"""Payloads from a folder of recordings: one file a vintage, or many in a tar.

    MIRROR/<feed>/<YYYY-MM-DD>[THHMM].<ext>[.gz]
    MIRROR/<feed>/vintages.tar.xz            members named in the same way
    MIRROR/mirror.toml                       when files without an hour were taken

The tar is read as a stream and never written out: unpacked it is hundreds of megabytes, and its
dictionary alone takes 128 MiB of memory. One damaged file costs that file: what lies before and
beside it is still handed over, and then the first damage is raised.
"""

from __future__ import annotations

import gzip
import heapq
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Protocol

from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.errors import FeedError, FetchError, UnpackError
from threatcast_feeds.modes.mirror_label import KEPT, MirrorLabel, ahead, parse_name, read_label
from threatcast_feeds.registry import FeedSpec

ARCHIVE = "vintages.tar.xz"
_DAMAGE = (tarfile.TarError, lzma.LZMAError, EOFError, gzip.BadGzipFile, zlib.error)
_CHUNK = 1 << 20
_LAST = datetime.max.replace(tzinfo=UTC)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, order=True)
class _Vintage:
    """One recorded payload; `read` gives its plain bytes."""

    moment: datetime
    name: str
    ext: str = field(compare=False)
    read: Callable[[], bytes] = field(compare=False, repr=False)

    @property
    def day(self) -> date:
        return self.moment.date()


def arrivals(
    spec: FeedSpec,
    mirror: Path,
    until: date | None,
    known: Set[datetime],
    *,
    today: date | None = None,
    mode: str = "mirror",
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Arrival]:
    """Yield a feed's recorded payloads in the order of their moments.

    Parameters
    ----------
    spec : FeedSpec
        The feed.
    mirror : Path
        The folder that holds a folder a feed.
    until : date or None
        Later vintages are neither read nor yielded. A reference feed without any vintage by
        then gives its earliest one: places do not change with the events counted in them.
    known : set of datetime
        Moments already landed; their payloads are not read again.
    today : date or None
        Vintages named by a later day are told of and left out: nobody can have taken them.
    mode : str
        What to write down as the origin: `mirror`, or `sample` for simulated recordings.
    tell : callable
        Takes what is wrong with files whose loss leaves the newest vintage in place: a stranger
        beside the vintages, or an older vintage that is damaged.

    Raises
    ------
    FetchError
        If the folder is missing or holds no payload, or (after all good ones) if the newest
        vintage cannot be read.
    UnpackError
        After all good payloads: if the newest vintage or the archive is cut, too large or hostile.
    """
    folder = mirror / spec.key
    label = read_label(mirror)
    plain, strangers = _listing(spec, folder, label)
    archive = folder / ARCHIVE
    if not plain and not archive.is_file():
        raise FetchError(
            spec.key,
            str(folder),
            "there is no payload" if folder.is_dir() else "there is no such folder",
            kept="all landed before",
            cure=f"Put files named YYYY-MM-DD.{spec.extensions[0]}[.gz] there, "
            "or point --mirror at the folder that holds the feeds",
        )
    for stranger in strangers:
        tell(str(stranger))
    last = _last_day(spec, plain, archive, until, {moment.date() for moment in known})
    problems: list[tuple[datetime, FeedError]] = []
    packed: Iterator[_Vintage] = iter(())
    if archive.is_file():
        packed = _archived(spec, archive, label, last, today, known, problems)
    done = set(known)
    for vintage in heapq.merge(plain, packed):
        if today and vintage.day > today:
            tell(str(ahead(spec, folder / vintage.name, today)))
            continue
        if vintage.moment in done or (last and vintage.day > last):
            continue
        try:
            content = vintage.read()
        except FeedError as error:
            problems.append((vintage.moment, error))
            continue
        done.add(vintage.moment)
        yield Arrival(
            feed=spec.key,
            day=vintage.day,
            ext=vintage.ext,
            content=content,
            retrieved_at=vintage.moment,
            mode=mode,
            url=f"{mode}:{spec.key}/{vintage.name}",
        )
    good = (moment for moment in done if not last or moment.date() <= last)
    _complain(problems, max(good, default=None), tell)


def _complain(
    problems: list[tuple[datetime, FeedError]], newest: datetime | None, tell: Callable[[str], None]
) -> None:
    """Raise the first problem that may have cost the newest vintage; tell of the others."""
    grave = [error for moment, error in problems if newest is None or moment > newest]
    for _, error in problems:
        if not grave or error is not grave[0]:
            tell(str(error))
    if grave:
        raise grave[0]


def _listing(
    spec: FeedSpec, folder: Path, label: MirrorLabel
) -> tuple[list[_Vintage], list[FeedError]]:
    """Return the plain files of a feed's folder by moment, and a complaint about any other."""
    vintages: list[_Vintage] = []
    strangers: list[FeedError] = []
    try:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise FetchError(
            spec.key, str(folder), f"cannot be read: {error.strerror}", kept="all landed before"
        ) from error
    for path in paths:
        if path.name.startswith(".") or path.name == ARCHIVE:
            continue
        named = parse_name(spec, path.name, label)
        if named is None or not path.is_file():
            strangers.append(
                FetchError(
                    spec.key,
                    str(path),
                    "is not a vintage: names are YYYY-MM-DD[THHMM] and one of "
                    + ", ".join(f".{ext}[.gz]" for ext in spec.extensions),
                    kept=KEPT,
                    cure="Rename it or take it away",
                )
            )
            continue
        moment, ext = named
        vintages.append(_Vintage(moment, path.name, ext, _file_reader(spec, path)))
    return sorted(vintages), strangers


def _file_reader(spec: FeedSpec, path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        opener = gzip.open if path.suffix == ".gz" else open
        try:
            with opener(path, "rb") as file:
                return _bounded(spec, path.name, file)
        except _DAMAGE as error:
            raise _damaged(spec, str(path), error) from error
        except OSError as error:
            raise FetchError(
                spec.key, str(path), f"cannot be read: {error.strerror or error}", kept=KEPT
            ) from error

    return read


def _bounded(spec: FeedSpec, name: str, file: _Readable) -> bytes:
    """Read a file to its end, but not past what a payload of this feed may hold."""
    most = spec.limits.max_bytes
    content = file.read(most + 1)
    if len(content) > most:
        raise UnpackError(
            spec.key,
            name,
            f"unpacks to more than {most:,} bytes",
            kept=KEPT,
            cure="If the feed really grew so large, raise limits.max_bytes in its defs.yaml",
        )
    return content


def _archived(
    spec: FeedSpec,
    archive: Path,
    label: MirrorLabel,
    last: date | None,
    today: date | None,
    known: Set[datetime],
    problems: list[tuple[datetime, FeedError]],
) -> Iterator[_Vintage]:
    """Yield the wanted members of the archive; damage ends it and is noted in `problems`."""
    try:
        for member, file in _stream(archive):
            moment, ext = _check_member(spec, archive, member, label)
            day = moment.date()
            is_ahead = today is not None and day > today
            if file is None or moment in known or (last and day > last and not is_ahead):
                continue
            plain: _Readable = gzip.GzipFile(fileobj=file) if member.name.endswith(".gz") else file
            content = _bounded(spec, f"{ARCHIVE}, member {member.name}", plain)
            yield _Vintage(moment, member.name, ext, lambda content=content: content)  # type: ignore[misc]
    except _DAMAGE as error:
        problems.append((_LAST, _damaged(spec, str(archive), error)))
    except UnpackError as error:
        problems.append((_LAST, error))


def _stream(archive: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """Yield the members of a compressed tar one after the other, without seeking."""
    # tarfile's own xz stream takes a cut file for a finished one; LZMAFile does not
    with lzma.open(archive) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
        for member in tar:
            yield member, tar.extractfile(member) if member.isfile() else None
        while unpacked.read(_CHUNK):
            pass


def _check_member(
    spec: FeedSpec, archive: Path, member: tarfile.TarInfo, label: MirrorLabel
) -> tuple[datetime, str]:
    """Return moment and extension of a member; anything but a plain file so named is refused."""
    named = parse_name(spec, member.name.removeprefix("./"), label)
    if not member.isfile() or named is None:
        raise UnpackError(
            spec.key,
            str(archive),
            f"member {member.name!r} is not a plain file named YYYY-MM-DD[THHMM] and one of "
            + ", ".join(f".{ext}" for ext in spec.extensions),
            kept=KEPT,
            cure="Make the archive again, with vintages only and without folders or links",
        )
    return named


def _last_day(
    spec: FeedSpec, plain: list[_Vintage], archive: Path, until: date | None, known: set[date]
) -> date | None:
    """Return the last day to hand over: `until`, or a reference feed's earliest vintage."""
    if until is None or spec.role != "reference":
        return until
    days = {vintage.day for vintage in plain} | known
    if archive.is_file() and not any(day <= until for day in days):
        try:
            days |= {
                _check_member(spec, archive, member, MirrorLabel())[0].date()
                for member, _ in _stream(archive)
            }
        except (*_DAMAGE, UnpackError):
            # the second reading names the damage, after all that is still good
            pass
    return max(until, min(days)) if days else until


def _damaged(spec: FeedSpec, place: str, error: Exception) -> UnpackError:
    return UnpackError(
        spec.key,
        place,
        f"the file is cut or damaged ({error})",
        kept=KEPT,
        cure="Copy it again from where it came, then run again",
    )
