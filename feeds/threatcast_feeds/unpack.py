"""Reading archives that others made, without trusting them.

Nothing is ever written to disk: members are read into memory, one at a time, within the feed's
limits. Names that climb out of the archive are refused, and names that differ only in case stay
two members, which they would not on some disks. A member that has no name that can be read, or
that cannot be opened, costs itself; an archive that is cut or damaged is refused.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from threatcast_feeds.errors import UnpackError
from threatcast_feeds.impostors import refuse_impostors
from threatcast_feeds.outside import shown
from threatcast_feeds.payload import KEPT

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource
    from threatcast_feeds.registry import FeedSpec

MOST_MEMBERS = 20_000
# deflate cannot honestly pass 1,032 : 1; text lists stay below 30 : 1
MOST_RATIO = 200
# small members may be all one letter
RATIO_COUNTS_FROM = 1_000_000

# of a zip archive: how its index begins each entry, how it ends, how each member begins
_ENTRY, _END, _MEMBER = b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04"
_ENTRY_BYTES = 46
_NAME_IS_UTF8 = 0x800

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    # what zipfile says of versions of the format that it does not know
    NotImplementedError,
)


def zip_members(
    source: PayloadSource, spec: FeedSpec, rejected: list[str] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of a bundle's files in the order of their names.

    Parameters
    ----------
    source : PayloadSource
        A payload that is a zip archive.
    spec : FeedSpec
        Its feed; `limits.max_unpacked_bytes` is what all members together may hold.
    rejected : list of str, optional
        Told of members without a name that can be read, or that cannot be opened (encrypted,
        packed in an unknown way, begun under another name than the index says); they are left
        out.

    Raises
    ------
    UnpackError
        If the archive is cut or damaged, holds more than it may, or a member's name is
        absolute or climbs out of it.
    """
    refuse_impostors(source, binary=True)
    yield from zip_bytes_members(source.read(), spec, source.place, rejected)


def zip_bytes_members(
    content: bytes, spec: FeedSpec, place: str, rejected: list[str] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the files of a zip archive held in memory; see `zip_members`."""
    left_out = rejected if rejected is not None else []
    try:
        content, unreadable = _readable_names(content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = []
            for number, member in enumerate(archive.infolist(), start=1):
                if number in unreadable:
                    left_out.append(
                        f"member {number} ({unreadable[number]}): its name is not UTF-8"
                    )
                elif not PurePosixPath(member.filename).parts:
                    left_out.append(f"member {number} has no name")
                elif not member.filename.endswith("/"):
                    members.append(member)
            if len(members) > MOST_MEMBERS:
                raise _refused(
                    spec, place, f"holds {len(members):,} files; at most {MOST_MEMBERS:,}"
                )
            for member in members:
                check_name(spec, place, member.filename)
            left = spec.limits.max_unpacked_bytes
            for member in sorted(members, key=lambda one: one.filename):
                file = _opened(archive, member, content)
                if isinstance(file, str):
                    left_out.append(f"member {shown(member.filename)}: {file}")
                    continue
                with file:
                    data = _read_member(file, member, spec, place, left)
                left -= len(data)
                yield member.filename, data
    except _DAMAGE as error:
        raise _refused(spec, place, f"is cut or damaged ({error})") from error


def _readable_names(content: bytes) -> tuple[bytes, dict[int, str]]:
    """Return an archive whose index can be read, and the names that could not, by number from 1.

    zipfile gives up the whole index for one name that is said to be UTF-8 and is not. Such
    entries lose that mark in the copy.
    """
    end = content.rfind(_END)
    at = end - int.from_bytes(content[end + 12 : end + 16], "little")
    mended: bytearray | None = None
    unreadable: dict[int, str] = {}
    number = 0
    while at >= 0 and content[at : at + 4] == _ENTRY and at + _ENTRY_BYTES <= len(content):
        number += 1
        (flags,) = struct.unpack_from("<H", content, at + 8)
        name_bytes, extra_bytes, comment_bytes = struct.unpack_from("<3H", content, at + 28)
        name = content[at + _ENTRY_BYTES : at + _ENTRY_BYTES + name_bytes]
        if flags & _NAME_IS_UTF8 and not _is_text(name):
            unreadable[number] = shown(name.decode("utf-8", errors="backslashreplace"))
            mended = mended or bytearray(content)
            struct.pack_into("<H", mended, at + 8, flags & ~_NAME_IS_UTF8)
        at += _ENTRY_BYTES + name_bytes + extra_bytes + comment_bytes
    return (bytes(mended) if mended else content), unreadable


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo, content: bytes) -> IO[bytes] | str:
    """Return a member opened for reading, or in words why it alone cannot be.

    Raises
    ------
    BadZipFile
        If no member begins where the index says that this one does.
    """
    try:
        return archive.open(member)
    except RuntimeError:
        return "it is encrypted, or packed in a way that is not known"
    except (UnicodeDecodeError, zipfile.BadZipFile):
        if not content.startswith(_MEMBER, member.header_offset):
            raise
        return "it begins under another name than the index gives it"


def _read_member(
    file: IO[bytes], member: zipfile.ZipInfo, spec: FeedSpec, place: str, left: int
) -> bytes:
    packed = max(member.compress_size, 1)
    most = (
        left if left < RATIO_COUNTS_FROM else min(left, max(RATIO_COUNTS_FROM, MOST_RATIO * packed))
    )
    # the size in the archive's index may lie, so only what is really read counts
    data = file.read(most + 1)
    if len(data) > most:
        raise _refused(
            spec,
            place,
            f"member {shown(member.filename)!r} unpacks to more than {most:,} bytes from "
            f"{packed:,} (limits: {MOST_RATIO} times, {spec.limits.max_unpacked_bytes:,} bytes "
            "in all)",
        )
    return data


def check_name(spec: FeedSpec, place: str, name: str) -> None:
    """Refuse a member's name that is absolute, climbs, or is made to look like another.

    Raises
    ------
    UnpackError
        Names the member.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    drive = bool(path.parts) and path.parts[0][1:2] == ":"
    if drive or path.is_absolute() or ".." in path.parts or "\0" in name:
        raise _refused(spec, place, f"member {shown(name)!r} points outside the archive")


def _refused(spec: FeedSpec, place: str, what: str) -> UnpackError:
    return UnpackError(
        spec.key,
        place,
        f"the archive {what}",
        kept=KEPT,
        cure="Get the file again; if it stays so, set it aside and tell the publisher",
    )
