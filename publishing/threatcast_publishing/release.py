"""Builds a release aside, then makes it visible and current in two renames.

    build    -> releases/.building-…/   everything written, checked and hashed; nobody sees it
    publish  -> releases/<id>/          one rename; then `current` is switched by another

A crash before the first rename leaves only a `.building-…` folder, which the next build removes; a
crash between the two leaves a complete release that the next run makes current.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_publishing.catalog import (
    ReleaseInfo,
    current,
    info_of,
    make_current,
    remove_set_aside,
    set_aside,
)
from threatcast_publishing.errors import FormatError, GateError, PrivacyError, ReleaseError
from threatcast_publishing.files import json_bytes, let_read, let_through, sync_file, sync_tree
from threatcast_publishing.formats import Format, discover
from threatcast_publishing.manifest import MANIFEST, make_manifest, read_manifest
from threatcast_publishing.privacy import findings, kind_of, known_hosts
from threatcast_publishing.source import PublishedTable, ReleaseContext, read_tables, unheard
from threatcast_publishing.verify import verify

if TYPE_CHECKING:
    import duckdb

BUILDING = ".building-"


@dataclass(frozen=True)
class StagedRelease:
    """A complete release that nobody sees yet; `publish` makes it visible, `discard` removes it."""

    release_id: str
    folder: Path
    releases: Path
    as_of: date
    source: str
    rows: Mapping[str, int]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """What `publish` did: `new` is False if the same content had been published before."""

    info: ReleaseInfo
    new: bool
    message: str


def build(
    warehouse: Path | duckdb.DuckDBPyConnection,
    releases: Path,
    *,
    as_of: date,
    source: str,
    settings: Mapping[str, Any],
    commit: str,
    built_at: datetime,
    warnings: Sequence[str] = (),
    public_url: str = "",
    contact: str = "",
    languages: Sequence[str] = (),
    prints: bool = False,
    progress: Callable[[str], None] | None = None,
    notice: Callable[[str], None] = unheard,
) -> StagedRelease:
    """Write a complete release into a folder of its own that is not visible yet.

    Parameters
    ----------
    warehouse
        Warehouse file, or an open connection to it; only the schema `published` is read.
    releases
        Folder of all releases; made if it is missing. Leftovers of earlier crashes are removed.
    as_of
        UTC day that the tables were computed for.
    source
        Where the rows come from: live, mirror, starter or sample; if it has a mark, every file
        bears it.
    settings, commit
        What the release was made with, for the manifest; part of the content hash.
    built_at
        The only wall clock of a release; outside the content hash.
    warnings
        What checks of severity warn said, one sentence each: the release goes out and says so, in
        the manifest and to every format; part of the content hash, whatever their order.
    public_url
        Where the world will find the site, for the tags that other sites read; empty for nowhere.
    contact
        The e-mail or https address where a number can be contested; empty if none is told.
    languages
        Codes of those that the site is written in beside English; none for all.
    prints
        Whether to print `bulletin.pdf` if a browser is at hand; outside the content hash.
    progress
        Called with the name of each format before it is written.
    notice
        Called with what is amiss and no part of the release, such as a missing browser.

    Raises
    ------
    WarehouseError, PrivacyError, FormatError
        Nothing becomes visible, and the current release stays.
    """
    if built_at.tzinfo is None:
        raise ReleaseError("built_at has no time zone", cure="Pass a UTC time.")
    tables = read_tables(warehouse)
    _refuse_indicators(tables)
    said = (*_safe(warnings, tables), *_undescribed(tables))
    context = ReleaseContext(
        as_of,
        source,
        commit,
        settings,
        tables,
        said,
        public_url=public_url,
        contact=contact,
        languages=tuple(languages),
        prints=prints,
        notice=notice,
    )
    folder = releases / f"{BUILDING}{as_of.isoformat()}-{secrets.token_hex(4)}"
    with _writing(releases):
        releases.mkdir(parents=True, exist_ok=True)
        let_through(releases)
        clean(releases)
        folder.mkdir()
        try:
            _write_formats(context, folder, progress)
            manifest = make_manifest(context, folder, built_at=built_at)
            (folder / MANIFEST).write_bytes(json_bytes(manifest))
            let_read(folder)
            sync_tree(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return StagedRelease(
        release_id=manifest["release_id"],
        folder=folder,
        releases=releases,
        as_of=as_of,
        source=source,
        rows={name: table.rows for name, table in tables.items()},
        warnings=said,
    )


def publish(
    staged: StagedRelease,
    *,
    failed_checks: Sequence[str] = (),
    gate: Callable[[StagedRelease], Sequence[str]] | None = None,
) -> Published:
    """Make a staged release visible and current, unless a gate refuses it.

    Parameters
    ----------
    staged
        What `build` returned.
    failed_checks
        Reasons of checks that failed elsewhere (severity error); any refuses the release.
    gate
        Called with the staged release before it is visible; returns reasons to refuse it.

    Raises
    ------
    GateError
        The last release stays current. The staged folder stays to be looked at until the next
        build removes it.
    """
    reasons = [*failed_checks, *(gate(staged) if gate else ())]
    if reasons:
        raise GateError(
            reasons,
            place=staged.release_id,
            kept=f"Current is still {current(staged.releases) or 'none'}; the refused files are in "
            f"{staged.folder} until the next run.",
        )
    target = staged.releases / staged.release_id
    with _writing(staged.releases):
        new = not _is_whole(target)
        if new:
            _move_into_place(staged.folder, target)
        else:
            let_read(target)
            discard(staged)
        return _now_current(target, new=new)


def stand(releases: Path, release_id: str) -> Published | None:
    """Leave a release current that was made of the very same before; nothing is written anew.

    Returns
    -------
    Published or None
        None if that release is not current, or not as its manifest says: it must be built again.
    """
    target = releases / release_id
    if current(releases) != release_id or not _is_whole(target):
        return None
    with _writing(releases):
        clean(releases)
        let_read(target)
        return _now_current(target, new=False)


def _now_current(target: Path, *, new: bool) -> Published:
    """Switch to a complete release, if another one is current, and say what became of it."""
    releases, release_id = target.parent, target.name
    switched = current(releases) != release_id
    if switched:
        make_current(releases, release_id)
    remove_set_aside(releases)
    if new:
        message = f"Published {release_id}."
    elif switched:
        message = f"Same content as {release_id}: nothing new was written; now current."
    else:
        message = f"Same content as {release_id}: nothing new was published."
    return Published(info_of(target, current=True), new, message)


def discard(staged: StagedRelease) -> None:
    """Remove a staged release that will not be published."""
    shutil.rmtree(staged.folder, ignore_errors=True)


def clean(releases: Path) -> list[str]:
    """Remove what crashed builds left behind and return the names; releases are never touched."""
    removed = []
    for path in sorted(releases.iterdir()):
        if path.name.startswith(BUILDING):
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.startswith(".current-"):
            path.unlink(missing_ok=True)
        else:
            continue
        removed.append(path.name)
    return removed


@contextmanager
def _writing(releases: Path) -> Iterator[None]:
    """Turn a failure to write into one that says what was kept and what to do."""
    try:
        yield
    except OSError as error:
        raise ReleaseError(
            f"cannot be written: {error.strerror or error}",
            place=str(error.filename or releases),
            kept=f"Current is still {current(releases) or 'none'}.",
            cure="Make room or mend the permissions, then run again.",
        ) from error


def _refuse_indicators(tables: Mapping[str, PublishedTable]) -> None:
    found = findings(tables)
    if found:
        raise PrivacyError(
            "refused, because it looks like victims or indicators: "
            + "; ".join(str(finding) for finding in found),
            kept="Nothing was published; the last release stays current.",
            cure="Drop the column or the text from the published model.",
        )


def _write_formats(
    context: ReleaseContext, folder: Path, progress: Callable[[str], None] | None
) -> None:
    formats: list[Format] = discover()
    for output in formats:
        if progress:
            progress(output.name)
        written = output.write(context, folder)
        absent = [path for path in written if not path.is_file()]
        problems = [f"{path.name} was not written" for path in absent]
        problems += output.validate(folder)
        if problems:
            raise FormatError(
                "; ".join(problems),
                place=f"format {output.name}",
                kept="Nothing was published; the last release stays current.",
                cure="This is a fault of the format's module.",
            )


def _safe(warnings: Sequence[str], tables: Mapping[str, PublishedTable]) -> Iterator[str]:
    """Yield each warning once, sorted; one that quotes an indicator is told without its words."""
    hosts = known_hosts(tables)
    kinds = ((warning, kind_of(warning, hosts)) for warning in sorted(set(warnings)))
    yield from (
        f"a warning is withheld, because it holds {kind}" if kind else warning
        for warning, kind in kinds
    )


def _undescribed(tables: Mapping[str, PublishedTable]) -> tuple[str, ...]:
    return tuple(
        f"{table.name}.{column} has no description"
        for table in tables.values()
        for column, text in table.columns.items()
        if not text
    )


def _is_whole(target: Path) -> bool:
    return target.is_dir() and verify(target).ok and read_manifest(target).release_id == target.name


def _move_into_place(staged: Path, target: Path) -> None:
    """Rename the staged folder to its name; a damaged folder of that name is set aside first."""
    if target.exists():
        set_aside(target)
    staged.rename(target)
    sync_file(target.parent)
