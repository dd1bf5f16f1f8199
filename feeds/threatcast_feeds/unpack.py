"""Reading archives that others made, without trusting them.

Nothing is ever written to disk: members are read into memory, one at a time, within the feed's
limits. Names that climb out of the archive are refused, and names that differ only in case stay
two members, which they would not on some disks.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from threatcast_feeds.errors import UnpackError
from threatcast_feeds.outside import shown
from threatcast_feeds.readers.diagnosis import KEPT, refuse_impostors

if TYPE_CHECKING:
    from threatcast_feeds.payload import PayloadSource
    from threatcast_feeds.registry import FeedSpec

MOST_MEMBERS = 20_000
# deflate cannot honestly pass 1,032 : 1; text lists stay below 30 : 1
MOST_RATIO = 200
# small members may be all one letter
RATIO_COUNTS_FROM = 1_000_000

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    # zipfile says so of encrypted members and of ways of compression that it does not know
    RuntimeError,
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
        Told of members without a name, which are left out.

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
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = []
            nameless = rejected if rejected is not None else []
            for number, member in enumerate(archive.infolist(), start=1):
                if not PurePosixPath(member.filename).parts:
                    nameless.append(f"member {number} has no name")
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
                data = _read_member(archive, member, spec, place, left)
                left -= len(data)
                yield member.filename, data
    except _DAMAGE as error:
        raise _refused(spec, place, f"is cut or damaged ({error})") from error


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, spec: FeedSpec, place: str, left: int
) -> bytes:
    packed = max(member.compress_size, 1)
    most = (
        left if left < RATIO_COUNTS_FROM else min(left, max(RATIO_COUNTS_FROM, MOST_RATIO * packed))
    )
    with archive.open(member) as file:
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
