"""`site/index.html`: one plain page for people. No script, no request to anywhere, printable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from threatcast_publishing.marks import mark_of
from threatcast_publishing.site.page_checks import page_problems
from threatcast_publishing.source import ReleaseContext

PAGE = "site/index.html"


class Site:
    """The page; checked against the tables that lie beside it."""

    name = "site"
    after: tuple[str, ...] = ("parquet",)
    content_types: Mapping[str, str] = {".html": "text/html; charset=utf-8"}

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `site/index.html`."""
        from threatcast_publishing.site.pages import render

        path = folder / PAGE
        path.parent.mkdir()
        path.write_bytes(render(release).encode())
        return [path]

    def validate(self, folder: Path) -> Sequence[str]:
        """Check that the page loads nothing, shows what is published alone, and is marked right."""
        try:
            page = (folder / PAGE).read_text(encoding="utf-8")
            published, mark = _published_rows(folder)
        except (OSError, ValueError, KeyError) as error:
            return [f"{PAGE} or what it shows cannot be read: {error}"]
        problems = page_problems(page, published, mark)
        return [f"{PAGE} {problem}" for problem in problems]


def _published_rows(folder: Path) -> tuple[set[str], str]:
    """Return the ids of rows that must be there, and the word that marks the tables, if any."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "parquet" / "outlook.parquet")
    keys = table.select(["target", "location", "state"]).to_pylist()
    said = table.schema.metadata or {}
    mark = mark_of(said[b"source"].decode(), date.fromisoformat(said[b"as_of"].decode()))
    rows = {f"{row['target']}.{row['location']}" for row in keys if row["state"] == "published"}
    return rows, mark.word if mark else ""


FORMAT = Site()
