"""What a request for the difference of two releases is answered with: made for it, not a file.

    /diff?old=<id>&new=<id>    leads to the next; without `old`, the release before
    /diff/<old>/<new>          the page, as `releases diff` computes it; /fr/diff/… in French
    /diff/<old>/<new>.csv      all its rows
    /releases/<id>/site/diff   the same, asked from the pages of a release: it is the newer one

Ids must be those of releases on disk, letter for letter: nothing else of an address is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from threatcast_publishing.catalog import CURRENT, day_of, release_before, release_folders
from threatcast_publishing.difference import difference
from threatcast_publishing.errors import ReleaseError, UnknownReleaseError
from threatcast_publishing.manifest import read_manifest
from threatcast_publishing.marks import mark_of
from threatcast_publishing.query import QueryResult, render
from threatcast_publishing.request_paths import Refusal, current_name, path_parts, unknown
from threatcast_publishing.site.assets import Assets
from threatcast_publishing.site.difference_page import TABLES, ReleasePair, difference_page
from threatcast_publishing.site.languages import LANGUAGES, SOURCE, Language
from threatcast_publishing.source import PublishedTable, ReleaseContext

WORD = "diff"


@dataclass(frozen=True)
class MadeAnswer:
    """An answer that no file holds: its bytes, what they are, and the newer release."""

    content: bytes
    media_type: str
    release_id: str


def find_difference(releases: Path, address: str) -> MadeAnswer | None:
    """Return the answer to a request for a difference; None if it asks for something else.

    Raises
    ------
    Refusal
        If a release is not there or cannot be read, or to lead to the page of a pair.
    """
    asked = urlsplit(address)
    parts = path_parts(asked.path)
    above = "../" * (len(parts) - 1)
    this = ""
    if parts[:1] == ["releases"] and parts[2:3] == ["site"]:
        this, parts = parts[1], parts[3:]
    of = LANGUAGES.get(parts[0], None) if parts else None
    if of and of.code != SOURCE:
        parts = parts[1:]
    if parts[:1] != [WORD]:
        return None
    of = of or LANGUAGES[SOURCE]
    known = {folder.name: folder for folder in release_folders(releases)}
    if len(parts) == 1:
        old, new = _pair(releases, asked.query, this)
        _check(known, old, new)
        raise Refusal(
            HTTPStatus.FOUND,
            f"See {of.folder}{WORD}/{old}/{new}",
            {"Location": f"{above}{of.folder}{WORD}/{old}/{new}"},
        )
    if len(parts) != 3 or this or asked.path.endswith("/"):
        raise unknown("an address of a difference ends with two releases, the older one first")
    old, new = parts[1], parts[2].removesuffix(".csv")
    _check(known, old, new)
    if of.code != SOURCE and of.code not in _written_in(known[new]):
        raise unknown(f"the pages of {new} are not written in the language {of.code}")
    try:
        found = difference(releases, old, new)
        if parts[2] != new:
            return MadeAnswer(render(found, "csv"), "text/csv; charset=utf-8", new)
        page = _page(known, old, new, found, of)
    except (ReleaseError, OSError, ValueError) as error:
        raise Refusal(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "One of the two releases cannot be read. Their owner can see why with: "
            f"threatcast releases verify {old}, threatcast releases verify {new}",
        ) from error
    return MadeAnswer(page.encode(), "text/html; charset=utf-8", new)


def _pair(releases: Path, query: str, this: str) -> tuple[str, str]:
    """Return the two releases that a form asks for, or those that stand for a missing one."""
    try:
        given = parse_qs(query, max_num_fields=8)
    except ValueError as error:
        raise unknown("the question is too long") from error
    new = given.get("new", [this])[0]
    new = current_name(releases) if new in ("", CURRENT) else new
    if "old" in given:
        return given["old"][0], new
    try:
        return release_before(releases, releases / new).name, new
    except UnknownReleaseError as error:
        raise unknown("there is no release before that one") from error


def _check(known: Mapping[str, Path], *names: str) -> None:
    if not all(name in known for name in names):
        raise unknown(
            "there is no such release, or it was removed once it was old. "
            f"The two newest are compared at /{WORD}, whose form offers all others"
        )


def _page(known: Mapping[str, Path], old: str, new: str, found: QueryResult, of: Language) -> str:
    before, after = read_manifest(known[old]), read_manifest(known[new])
    days = sorted(((day_of(name), name) for name in known), reverse=True)
    pair = ReleasePair(
        old=old,
        new=new,
        old_day=before.as_of,
        old_mark=mark_of(before.source, before.as_of),
        rows=found.data.to_pylist(),
        known=[{"as_of": day, "release_id": name} for day, name in days],
    )
    release = ReleaseContext(
        after.as_of,
        after.source,
        after.commit,
        {},
        _tables(known[new] / "parquet"),
        languages=tuple(_written_in(known[new])),
    )
    shared = {
        Path(name).suffix: f"releases/{new}/{name}"
        for name in after.files
        if re.fullmatch(r"site/(style|site)\.\w+\.(css|js)", name)
    }
    assets = Assets(shared.get(".css", ""), shared.get(".js", ""))
    return difference_page(release, pair, assets, of)


def _written_in(release: Path) -> list[str]:
    """Return the codes of the languages that a release's site has."""
    return [
        code
        for code, one in LANGUAGES.items()
        if (release / "site" / one.folder / "index.html").is_file()
    ]


def _tables(folder: Path) -> dict[str, PublishedTable]:
    import pyarrow.parquet as pq

    return {
        name: PublishedTable(name, (), pq.read_table(folder / f"{name}.parquet"), "", {})
        for name in TABLES
    }
