"""Does a copy of a release still hold what its manifest says? Works on any folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from threatcast_publishing.duckdb_content import content_digest
from threatcast_publishing.errors import DamagedReleaseError
from threatcast_publishing.files import plain_files, sha256_of
from threatcast_publishing.manifest import MANIFEST, content_hash, read_manifest, source_of
from threatcast_publishing.marks import prefix_of


@dataclass(frozen=True)
class Problem:
    """One thing that does not fit: `kind` is missing, extra, changed or manifest."""

    kind: str
    path: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.path}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True)
class Verification:
    """Outcome of one check; `release_id` is empty if the manifest could not be read."""

    folder: Path
    release_id: str
    checked: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """True if nothing is missing, extra or changed."""
        return not self.problems

    def summary(self) -> str:
        """Return one line for a person: what was checked, or the first problems."""
        if self.ok:
            return f"{self.release_id}: {self.checked} files as the manifest says"
        named = "; ".join(str(problem) for problem in self.problems[:5])
        more = len(self.problems) - 5
        return named + (f"; and {more} more" if more > 0 else "")


def verify(folder: Path) -> Verification:
    """Compare every file under `folder` with the manifest, and the manifest with its own hash.

    A release's own name is not compared with its folder's: a copy may lie anywhere.
    """
    try:
        manifest = read_manifest(folder)
    except DamagedReleaseError as error:
        return Verification(folder, "", 0, (Problem("manifest", MANIFEST, error.problem),))
    problems = [
        *_manifest_problems(manifest.raw),
        *_file_problems(folder, manifest.files),
    ]
    return Verification(folder, manifest.release_id, len(manifest.files), tuple(problems))


def _manifest_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        computed = content_hash(raw)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        yield Problem("manifest", MANIFEST, f"has no usable list of files: {error}")
        return
    if computed != raw["content_hash"]:
        yield Problem("manifest", MANIFEST, "was changed: its content hash does not fit")
        return
    manifest_id = str(raw["release_id"])
    name, source = f"{raw['as_of']}-{computed[:12]}", source_of(raw)
    if not manifest_id.endswith(name):
        yield Problem("manifest", MANIFEST, f"its id {manifest_id} does not fit its content")
    elif (manifest_id.removesuffix(name), bool(raw["simulated"])) != (
        prefix_of(source),
        source == "sample",
    ):
        yield Problem("manifest", MANIFEST, f"its id {manifest_id} hides its source, {source!r}")


def _file_problems(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    present = {path.relative_to(folder).as_posix(): path for path in plain_files(folder)}
    for name, entry in sorted(files.items()):
        path = present.get(name)
        if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
            yield Problem("manifest", name, "climbs out of the release")
        elif path is None:
            yield Problem("missing", name)
        elif path.is_symlink() or not path.is_file():
            yield Problem("changed", name, "is not a plain file")
        elif (size := path.stat().st_size) != entry.get("bytes"):
            yield Problem("changed", name, f"{size} bytes, not {entry.get('bytes')}")
        elif sha256_of(path) != entry.get("sha256"):
            yield Problem("changed", name, "other bytes of the same size")
        elif "content_sha256" in entry and content_digest(path) != entry["content_sha256"]:
            # its bytes are outside the content hash, so somebody could change them and the manifest
            yield Problem("changed", name, "other rows than the content hash was made of")
    for name in sorted(present.keys() - files.keys() - {MANIFEST}):
        yield Problem("extra", name)
