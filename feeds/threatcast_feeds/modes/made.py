"""Folders of generated feeds in the layout of a mirror, written aside and moved when whole."""

from __future__ import annotations

import gzip
import io
import lzma
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from threatcast_feeds.errors import FeedError
from threatcast_feeds.modes.mirror import ARCHIVE

# feeds with more vintages than this have the older ones in an archive
MOST_LOOSE = 20
_COMPRESSED = {"zip", "xlsx"}
# a dictionary that holds the vintage before is what makes the archive small
_FILTERS: list[dict[str, Any]] = [
    {"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 4 << 20, "nice_len": 273}
]

Vintage = tuple[date, str, bytes]


@contextmanager
def made_folder(folder: Path, notice: str, text: str) -> Iterator[Path]:
    """Give a folder to write to, which takes the place of `folder` in the end.

    Parameters
    ----------
    folder : Path
        The folder to make. What was made under the same notice before is replaced.
    notice : str
        Name of the file that says what the folder holds.
    text : str
        What that file says.

    Raises
    ------
    FeedError
        If the folder holds anything else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / notice).is_file():
        raise FeedError(
            "",
            str(folder),
            f"is not empty and has no {notice}",
            kept="all that is in it",
            cure="Name another folder, or take away what is there",
        )
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / notice).write_text(text, encoding="utf-8")
    yield partial
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)


def write_feed(folder: Path, vintages: Iterable[Vintage], *, archive: bool = True) -> None:
    """Write one feed's vintages; if there are many, all but the newest two as an archive.

    Without an archive all lie as they are: larger, and read sooner.
    """
    folder.mkdir(parents=True)
    known = sorted(vintages, key=lambda vintage: vintage[0])
    loose = known if len(known) <= MOST_LOOSE or not archive else known[-2:]
    for day, ext, content in loose:
        if ext in _COMPRESSED or not archive:
            (folder / f"{day}.{ext}").write_bytes(content)
        else:
            packed = gzip.compress(content, compresslevel=6, mtime=0)
            (folder / f"{day}.{ext}.gz").write_bytes(packed)
    older = known[: len(known) - len(loose)]
    if older:
        _write_archive(folder / ARCHIVE, older)


def _write_archive(path: Path, vintages: list[Vintage]) -> None:
    with (
        lzma.open(path, "wb", filters=_FILTERS) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for day, ext, content in vintages:
            member = tarfile.TarInfo(f"{day}.{ext}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
