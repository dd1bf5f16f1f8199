"""Writing files so that a crash cannot leave half of one, and hashing them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BLOCK = 1 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def json_bytes(value: Any) -> bytes:
    """Return JSON that is the same for the same value: sorted keys, UTF-8, one final newline."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    return text.encode() + b"\n"


def let_read(folder: Path) -> None:
    """Let everybody read what lies under `folder`, whatever the umask was: a web server serves it.

    Folders become 755, files 644. What lies there already so, and links, are left as they are.
    """
    for path in (folder, *folder.rglob("*")):
        mode = 0o755 if path.is_dir() else 0o644
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)


def let_through(folder: Path) -> None:
    """Let everybody into a folder that was made under a strict umask; takes nothing away."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode | 0o055 != mode:
        folder.chmod(mode | 0o055)


def sync_file(path: Path) -> None:
    """Make a file's bytes safe against a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make all files and folder entries under `folder` safe against a power cut."""
    for path in sorted(folder.rglob("*")):
        sync_file(path)
    sync_file(folder)


def plain_files(folder: Path) -> Iterator[Path]:
    """Yield all files under `folder`, sorted by their relative POSIX path; no folders."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    yield from sorted(found, key=lambda path: path.relative_to(folder).as_posix())
