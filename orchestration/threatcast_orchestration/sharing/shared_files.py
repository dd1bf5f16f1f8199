"""Which files of a home are records: what a next night needs and nobody can make again.

Settings and playbooks are not: people write them, and each machine is given the same. Everything
else of a home is made anew from the landing and the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.landing import ATTEMPTS
from threatcast_feeds.outcomes import digest_of

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home


def records_of(home: Home) -> dict[str, str]:
    """Return the hash of each record of a home, by its path in it."""
    return {path.relative_to(home.root).as_posix(): digest_of(path) for path in _paths(home)}


def _paths(home: Home) -> Iterator[Path]:
    """Yield the records: imported counts, acceptances, decisions, the archive, warnings."""
    single = (home.accepted, home.decisions, home.warnings)
    yield from (path for path in single if path.is_file())
    for folder in (home.imported, home.archive):
        yield from sorted(path for path in folder.rglob("*") if _is_kept(path))
    yield from sorted(home.landing.glob(f"*/{ATTEMPTS}"))


def payload_files(home: Home) -> list[str]:
    """Return the files of the landing, payloads and notes, by their paths in the home."""
    return sorted(
        path.relative_to(home.root).as_posix()
        for path in home.landing.glob("*/*")
        if _is_kept(path) and path.name != ATTEMPTS
    )


def payloads_first(names: Sequence[str]) -> Iterator[list[str]]:
    """Yield the payloads of some files, then the notes, which are never there before them."""
    for is_note in (False, True):
        yield [name for name in names if name.endswith(".meta.json") is is_note]


def _is_kept(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")
