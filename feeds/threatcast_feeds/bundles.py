"""Many small files of one moment as one payload, the same bytes whenever the files are the same.

A zip's usual time stamps, permissions and order would make a new payload of unchanged files.
Members are stored, not deflated: a deflated stream depends on the zlib at hand, and the landing
compresses the whole payload better.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha1
from pathlib import PurePosixPath
from typing import Any

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_OWNER_MAY_READ = 0o600 << 16
# the union of its neighbours says nothing and doubles the bundle
LEFT_OUT = frozenset({"all.txt"})
_DATED = re.compile(
    r"(?:(\d{4})-(\d{2})-(\d{2})|(\d{2})-(\d{2})-(\d{4}))(?:_(\d{2})-(\d{2})-(\d{2}))?_[A-Za-z].*"
)
# the contents API of GitHub names no more files of a folder, and does not say that it stops
CONTENTS_CAP = 1000


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return the files as a zip archive that depends on their names and bytes alone.

    Examples
    --------
    >>> pack({"b.txt": b"2", "a.txt": b"1"}) == pack({"a.txt": b"1", "b.txt": b"2"})
    True
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _OWNER_MAY_READ
            archive.writestr(entry, members[name])
    return target.getvalue()


@dataclass(frozen=True)
class Member:
    """One file that a listing names; `size` and `blob` are None and empty where it does not say.

    `blob` is the file's name in git, a SHA-1 over its length and bytes.
    """

    name: str
    path: str
    size: int | None = None
    blob: str = ""
    url: str = ""

    def mismatch(self, content: bytes) -> str:
        """Say in what way these bytes are not the file that was listed; empty if they are."""
        if self.size is not None and self.size != len(content):
            return f"it has {len(content):,} bytes and the listing says {self.size:,}"
        if self.blob and self.blob != blob_name(content):
            return "it is another version than the one listed"
        return ""


def blob_name(content: bytes) -> str:
    """Return the name that git gives these bytes."""
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class ListingError(ValueError):
    """A listing that is none; the text says in what way."""


def read_listing(content: bytes) -> list[Member]:
    """Return the files that a listing names.

    Parameters
    ----------
    content : bytes
        JSON in the form of GitHub's contents API (a list of files) or of its trees API (an
        object with `tree`), which also holds for folders of more than a thousand files.

    Raises
    ------
    ListingError
        If it is neither, says that it is cut, or names a file outside its folder.
    """
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        problem = f"the listing is not JSON ({error})"
        raise ListingError(problem) from error
    if isinstance(answer, dict) and isinstance(answer.get("tree"), list):
        if answer.get("truncated"):
            problem = "the listing says of itself that it is cut"
            raise ListingError(problem)
        entries = answer["tree"]
    elif isinstance(answer, list):
        entries = answer
    else:
        problem = "the listing is neither a list of files nor an object with `tree`"
        raise ListingError(problem)
    members = [member for entry in entries if (member := _member(entry)) is not None]
    return sorted(members, key=lambda one: one.path)


def _member(entry: Any) -> Member | None:
    """Return a listing's entry as a file, None for a folder or a link."""
    if not isinstance(entry, dict) or not isinstance(entry.get("path") or entry.get("name"), str):
        problem = f"the listing has an entry without name: {str(entry)[:80]!r}"
        raise ListingError(problem)
    path = str(entry.get("path") or entry["name"])
    name = str(entry.get("name") or PurePosixPath(path).name)
    if entry.get("type", "file") not in ("file", "blob"):
        return None
    if not safe(path) or not safe(name) or "/" in name:
        problem = f"the listing names a file outside its folder: {path!r}"
        raise ListingError(problem)
    size, blob, url = entry.get("size"), entry.get("sha"), entry.get("download_url")
    return Member(
        name,
        path,
        size if isinstance(size, int) else None,
        blob
        if isinstance(blob, str) and len(blob) == sha1(usedforsecurity=False).digest_size * 2
        else "",
        url if isinstance(url, str) else "",
    )


def safe(path: str) -> bool:
    """Whether a member's path stays inside the folder it is unpacked to."""
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not re.search(r"^/|[\\\0:]", path)


@dataclass(frozen=True, order=True)
class DatedFile:
    """A file whose name begins with the moment it is of."""

    moment: datetime
    name: str

    @property
    def day(self) -> date:
        """The UTC day of the file."""
        return self.moment.date()

    @property
    def monday(self) -> date:
        """The week of the file."""
        return week_of(self.day)


def week_of(day: date) -> date:
    """Return the Monday of a day's ISO week."""
    return day - timedelta(days=day.weekday())


def dated(names: Iterable[str]) -> list[DatedFile]:
    """Return the files named `<date>[_<time>]_<title>` in the order of their moments.

    Dates are `YYYY-MM-DD`, or `DD-MM-YYYY` as in the oldest lists of DDoSia. A name without a
    title is no list. Without a time the end of the day counts.

    Examples
    --------
    >>> [one.moment.isoformat() for one in dated(["05-06-2023_20-15-12_list.json", "notes.md"])]
    ['2023-06-05T20:15:12+00:00']
    """
    return sorted(one for name in names if (one := _dated(name)) is not None)


def newest_of(members: Iterable[Member]) -> tuple[Member | None, date | None]:
    """Return the file that is the newest by its name, with its day.

    Where no name bears a day it is the first that holds anything, without a day.
    """
    by_name = {one.name: one for one in members if one.name not in LEFT_OUT}
    if files := dated(by_name):
        return by_name[files[-1].name], files[-1].day
    return next((one for one in by_name.values() if one.size != 0), None), None


def _dated(name: str) -> DatedFile | None:
    match = _DATED.fullmatch(PurePosixPath(name).name)
    if match is None:
        return None
    year, month, day = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    hour, minute, second = match.group(7, 8, 9) if match[7] else ("23", "59", "59")
    try:
        moment = datetime.combine(
            date(int(year), int(month), int(day)), time(int(hour), int(minute), int(second)), UTC
        )
    except ValueError:
        return None
    return DatedFile(moment, name)
