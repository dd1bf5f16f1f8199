"""What a request names: which file of which release.

Only files that a release's manifest lists can be named, so that nothing beside them is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from threatcast_publishing.catalog import CURRENT, RELEASE_NAME, current
from threatcast_publishing.errors import ReleaseError
from threatcast_publishing.files import sha256_of
from threatcast_publishing.manifest import MANIFEST, read_manifest

SITE = "site"
PAGE = f"{SITE}/index.html"


@dataclass(frozen=True)
class ServedFile:
    """One file of a release, as its manifest knows it; or of another folder, without a release."""

    path: Path
    release_id: str
    sha256: str

    @property
    def etag(self) -> str:
        """The file's name among all versions, as HTTP writes it."""
        return f'"{self.sha256}"'


class Refusal(Exception):  # noqa: N818 an answer, not a fault
    """An answer without a file: its status, and a text that says what to do."""

    def __init__(self, status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None):
        self.status = status
        self.text = text
        self.headers = dict(headers or {})
        super().__init__(text)


def find_file(releases: Path, address: str) -> ServedFile:
    """Return the file behind the path of a URL.

    Raises
    ------
    Refusal
        If there is no such file, or it is no plain file of its release.
    """
    name, parts = _release_and_parts(releases, address)
    wanted = "/".join(parts)
    folder = releases / name
    path = folder / wanted
    try:
        known = _files_of(folder)
    except (ReleaseError, OSError) as error:
        raise Refusal(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            f"The manifest of {name} cannot be read. Its owner can see why with: "
            "threatcast releases verify",
        ) from error
    if wanted != MANIFEST and wanted not in known:
        # the front page is served at / as well: its relative links lead beside it
        wanted, path = f"{SITE}/{wanted}", folder / SITE / wanted
    if wanted != MANIFEST and wanted not in known:
        raise unknown(f"the release {name} has no file of that name")
    if path.resolve() != folder.resolve() / wanted or not path.is_file():
        raise unknown(f"the file is missing from the release {name}, or is no plain file")
    digest = sha256_of(path) if wanted == MANIFEST else str(known[wanted]["sha256"])
    return ServedFile(path, name, digest)


def path_parts(address: str) -> list[str]:
    """Return the parts of a URL's path, decoded; raises Refusal if it climbs."""
    text = unquote(urlsplit(address).path, errors="replace")
    parts = [part for part in text.split("/") if part]
    if any(part in (".", "..") or "\\" in part or "\0" in part for part in parts):
        raise unknown("a path may not climb")
    return parts


def _release_and_parts(releases: Path, address: str) -> tuple[str, list[str]]:
    """Return the release that a path is about, and the rest of the path."""
    parts = path_parts(address)
    if parts[:1] != ["releases"]:
        return current_name(releases), PAGE.split("/") if parts in ([], ["site"]) else parts
    name = parts[1] if len(parts) > 1 else ""
    if name == CURRENT:
        name = current_name(releases)
    folder = releases / name
    if not RELEASE_NAME.fullmatch(name) or folder.is_symlink() or not folder.is_dir():
        raise unknown("there is no such release")
    if parts[2:] in ([], ["site"]):
        # the page's links are relative: they hold at its own place only
        there = f"/releases/{name}/{PAGE}"
        raise Refusal(HTTPStatus.FOUND, f"See {there}", {"Location": there})
    return name, parts[2:]


def _files_of(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the files that a release's manifest lists; read again when the manifest changes."""
    state = (folder / MANIFEST).stat()
    return _files_at(folder, (state.st_mtime_ns, state.st_size, state.st_ino))


@lru_cache(maxsize=16)
def _files_at(folder: Path, version: tuple[int, int, int]) -> Mapping[str, Mapping[str, Any]]:  # noqa: ARG001
    return read_manifest(folder).files


def current_name(releases: Path) -> str:
    """Return the name of the current release; raises Refusal if there is none."""
    name = current(releases)
    if name is None or not RELEASE_NAME.fullmatch(name):
        raise Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "There is no release yet. Its owner makes one with: threatcast run",
            {"Retry-After": "60"},
        )
    return name


def unknown(why: str) -> Refusal:
    """Return the answer to an address that names nothing."""
    return Refusal(
        HTTPStatus.NOT_FOUND,
        f"Nothing is here: {why}. The page is at /, what there is stands in /{MANIFEST}; tables "
        "are /csv/<table>.csv and /parquet/<table>.parquet.",
    )
