"""The releases of a home: which there are, which one is current, and going back to an older one.

`releases/current` is a symbolic link. It is replaced by a rename, so that a reader sees the old
release or the new one and never none.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from threatcast_publishing.errors import (
    DamagedReleaseError,
    NoReleaseError,
    ReleaseError,
    UnknownReleaseError,
)
from threatcast_publishing.files import let_read, sync_file
from threatcast_publishing.manifest import Manifest, read_manifest
from threatcast_publishing.marks import Mark, mark_of
from threatcast_publishing.verify import verify

CURRENT = "current"
SET_ASIDE = ".set-aside-"
RELEASE_NAME = re.compile(r"(?:simulated-|starter-)?(?P<day>\d{4}-\d{2}-\d{2})-[0-9a-f]{12}")


@dataclass(frozen=True)
class ReleaseInfo:
    """One release on disk."""

    release_id: str
    folder: Path
    as_of: date
    source: str
    built_at: datetime
    content_hash: str
    commit: str
    files: int
    size_bytes: int
    current: bool

    @property
    def mark(self) -> Mark | None:
        """What must be said of it; None of observed counts."""
        return mark_of(self.source, self.as_of)


def info_of(folder: Path, *, current: bool) -> ReleaseInfo:
    """Return what a release's manifest says about it; raises DamagedReleaseError without one."""
    manifest = read_manifest(folder)
    return _info(manifest, folder, current=current)


def list_releases(releases: Path) -> list[ReleaseInfo]:
    """Return all releases that can be read, oldest first (by as-of day, then time of building)."""
    now = current(releases)
    found = []
    for folder in release_folders(releases):
        try:
            found.append(info_of(folder, current=folder.name == now))
        except DamagedReleaseError:
            continue  # `verify` is the place that speaks about damage; the others stay usable
    return sorted(found, key=lambda info: (info.as_of, info.built_at, info.release_id))


def current(releases: Path) -> str | None:
    """Return the id of the current release, or None before the first one."""
    try:
        target = (releases / CURRENT).readlink().name
    except OSError:
        return None
    return target if (releases / target).is_dir() else None


def day_of(release_id: str) -> date:
    """Return the as-of day in a release's name; raises ValueError if it is none.

    Examples
    --------
    >>> day_of("simulated-2026-06-14-0123456789ab")
    datetime.date(2026, 6, 14)
    """
    match = RELEASE_NAME.fullmatch(release_id)
    if match is None:
        raise ValueError(f"{release_id!r} is no release's name")
    return date.fromisoformat(match["day"])


def resolve(releases: Path, release_id: str | None = None) -> Path:
    """Return the folder of a release: the current one, or that of an id or its unique beginning.

    Raises
    ------
    NoReleaseError
        If there is no release at all, or none is current.
    UnknownReleaseError
        If nothing, or more than one release, goes by that name; lists the known ones.
    """
    known = [folder.name for folder in release_folders(releases)]
    if release_id is None or release_id == CURRENT:
        name = current(releases)
        if name is None:
            raise NoReleaseError(
                "there is no release yet" if not known else "no release is current",
                place=str(releases),
                cure="Make one: threatcast run."
                if not known
                else "Choose one: threatcast releases rollback ID. Known: " + ", ".join(known),
            )
        return releases / name
    matches = [name for name in known if name == release_id] or [
        name for name in known if release_id and name.startswith(release_id)
    ]
    if len(matches) == 1:
        return releases / matches[0]
    if not known:
        raise NoReleaseError(
            "there is no release yet", place=str(releases), cure="Make one: threatcast run."
        )
    problem = "is not known" if not matches else "is not unique"
    raise UnknownReleaseError(
        f"release {release_id!r} {problem}",
        place=str(releases),
        cure="Known: " + ", ".join(matches or known) + ".",
    )


def show(releases: Path, release_id: str | None = None) -> Manifest:
    """Return the manifest of a release (default: the current one)."""
    return read_manifest(resolve(releases, release_id))


def rollback(releases: Path, release_id: str | None = None) -> ReleaseInfo:
    """Make an older release current: the one named, else the one before the current one.

    The release must verify; nothing is deleted, so that rolling forward is the same command.

    Raises
    ------
    DamagedReleaseError
        If the release to go back to does not match its manifest; the current one stays.
    NoReleaseError, UnknownReleaseError
        As `resolve` says, or if there is none before the current one.
    """
    folder = resolve(releases, release_id or release_before(releases, resolve(releases)).name)
    outcome = verify(folder)
    if not outcome.ok:
        raise DamagedReleaseError(
            f"does not verify: {outcome.summary()}",
            place=str(folder),
            kept=f"Current is still {current(releases) or 'none'}.",
            cure="Choose another one: threatcast releases list.",
        )
    let_read(folder)
    make_current(releases, folder.name)
    return info_of(folder, current=True)


def remove(releases: Path, release_id: str) -> None:
    """Take a release off the disk: out of sight by one rename, then its files.

    What a kill leaves of it is out of sight too, and goes with the next call or release.

    Raises
    ------
    UnknownReleaseError
        If there is none of that name.
    ReleaseError
        If it is the current one, which stays.
    """
    folder = resolve(releases, release_id)
    if folder.name == current(releases):
        raise ReleaseError(
            "is the current release and is not removed",
            place=str(folder),
            kept="Nothing was changed.",
            cure="Make another one current first: threatcast releases rollback ID.",
        )
    set_aside(folder)
    sync_file(releases)
    remove_set_aside(releases)


def set_aside(folder: Path) -> None:
    """Rename a release's folder so that no reader finds it any more."""
    folder.rename(folder.with_name(f"{SET_ASIDE}{folder.name}-{secrets.token_hex(4)}"))


def remove_set_aside(releases: Path) -> None:
    """Remove what was set aside."""
    for path in releases.glob(f"{SET_ASIDE}*"):
        shutil.rmtree(path, ignore_errors=True)


def make_current(releases: Path, name: str) -> None:
    """Point `current` at a release, by a rename: readers see the old one or the new one."""
    fresh = releases / f".{CURRENT}-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(name, target_is_directory=True)
    try:
        fresh.replace(releases / CURRENT)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ReleaseError(
            f"cannot be replaced: {error}",
            place=str(releases / CURRENT),
            kept=f"The release {name} is complete in its folder.",
            cure="Remove what stands at that place (it must be a symbolic link) and run again.",
        ) from error
    sync_file(releases)


def release_before(releases: Path, folder: Path) -> Path:
    """Return the folder of the release made before the one in a folder.

    Raises
    ------
    UnknownReleaseError
        If there is none.
    """
    names = [info.release_id for info in list_releases(releases)]
    earlier = names[: names.index(folder.name)] if folder.name in names else []
    if not earlier:
        raise UnknownReleaseError(
            f"there is no release before {folder.name}",
            place=str(releases),
            kept=f"Current is still {current(releases) or 'none'}.",
        )
    return releases / earlier[-1]


def release_folders(releases: Path) -> list[Path]:
    """Return the folders of all releases on disk, damaged ones too, by name."""
    if not releases.is_dir():
        return []
    return sorted(
        path
        for path in releases.iterdir()
        if RELEASE_NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    )


def _info(manifest: Manifest, folder: Path, *, current: bool) -> ReleaseInfo:
    return ReleaseInfo(
        release_id=manifest.release_id,
        folder=folder,
        as_of=manifest.as_of,
        source=manifest.source,
        built_at=manifest.built_at,
        content_hash=manifest.content_hash,
        commit=manifest.commit,
        files=len(manifest.files),
        size_bytes=sum(int(entry["bytes"]) for entry in manifest.files.values()),
        current=current,
    )
