"""`site/`: static pages for people, in six languages. No request to anywhere, printable.

site/index.html, places/, threats/, groupings/, record.html, …   English
site/<language>/…                                                the same pages in the others
site/charts/, data/, style.*.css, site.*.js, map.*.png           shared by all of them
site/warnings.json, warnings.atom                                the warnings, for programs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from threatcast_publishing.marks import mark_of
from threatcast_publishing.site.page_checks import site_problems
from threatcast_publishing.source import ReleaseContext

FOLDER = "site"
PAGE = f"{FOLDER}/index.html"


class Site:
    """The pages and what they share; checked against the tables that lie beside them."""

    name = "site"
    after: tuple[str, ...] = ("parquet",)
    content_types: Mapping[str, str] = {
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".atom": "application/atom+xml; charset=utf-8",
    }

    def write(self, release: ReleaseContext, folder: Path) -> Sequence[Path]:
        """Write `site/`; charts that the current release has already are taken from it."""
        from threatcast_publishing.formats.place_files import place_files
        from threatcast_publishing.formats.warning_files import warning_files
        from threatcast_publishing.site.assets import shared_files
        from threatcast_publishing.site.fans import draw
        from threatcast_publishing.site.pages import render_pages
        from threatcast_publishing.site.views import ReleaseViews

        site = folder / FOLDER
        views = ReleaseViews(release)
        fans = [one.fan for one in views.outlooks.values() if one.fan]
        assets, contents = shared_files(views)
        with ThreadPoolExecutor(1) as beside:  # other processes draw while pages are filled in
            charts = beside.submit(
                draw, {fan.key(): fan for fan in fans}, folder.parent / "current"
            )
            pages = [
                _write(site / path, page.encode()) for path, page in render_pages(views, assets)
            ]
            contents |= place_files(views) | warning_files(views)
        contents |= {f"charts/{key}.svg": drawn for key, drawn in charts.result().items()}
        written = [_write(site / name, content) for name, content in sorted(contents.items())]
        return [*written, *pages]

    def validate(self, folder: Path) -> Sequence[str]:
        """Check that pages load nothing from elsewhere, lead nowhere wrong and are marked right."""
        try:
            published, mark = _published_rows(folder)
        except (OSError, ValueError, KeyError) as error:
            return [f"what {FOLDER} shows cannot be read: {error}"]
        return list(site_problems(folder, published, mark))


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


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
