"""The picture and the tags by which other sites show a link to a page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from small_release import AS_OF, BUILT_AT, write_warehouse
from threatcast_publishing.release import build
from threatcast_publishing.site.assets import shared_files
from threatcast_publishing.site.languages import LANGUAGES
from threatcast_publishing.site.pages import render_pages
from threatcast_publishing.site.social_card import HEIGHT, WIDTH, card_svg, social_card
from threatcast_publishing.site.views import ReleaseViews
from threatcast_publishing.source import ReleaseContext, read_tables

PUBLIC = "https://threats.example.org/"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    return write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb")


@pytest.fixture(scope="module")
def release(warehouse) -> ReleaseContext:
    return ReleaseContext(AS_OF, "mirror", "0" * 40, {}, read_tables(warehouse))


def tags(page: str) -> dict[str, str]:
    return dict(
        re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"', page)
    )


def test_every_page_of_a_public_site_names_itself_and_the_picture_by_whole_addresses(release):
    views = ReleaseViews(replace(release, public_url=PUBLIC))
    assets, files = shared_files(views)
    pages = dict(render_pages(views, assets, [LANGUAGES["en"], LANGUAGES["fr"]]))
    for path, page in pages.items():
        told = tags(page)
        assert told["og:url"] == f"https://threats.example.org/{path}"
        assert told["og:image"] == f"https://threats.example.org/{assets.card}"
    assert assets.card in files
    assert tags(pages["fr/places/de.html"])["og:title"] == "Allemagne"


def test_public_release_holds_the_picture_and_passes_its_checks(warehouse, tmp_path):
    staged = build(
        warehouse, tmp_path, as_of=AS_OF, source="starter", settings={}, commit="0" * 40,
        built_at=BUILT_AT, public_url=PUBLIC,
    )  # fmt: skip
    (picture,) = (staged.folder / "site").glob("map.*.png")
    told = tags((staged.folder / "site" / "index.html").read_text("utf-8"))
    assert told["og:image"].endswith(f"/{picture.name}")
    assert told["og:title"].startswith("STARTER: ")


def test_site_without_a_public_address_has_no_picture_and_no_tags(release):
    views = ReleaseViews(release)
    assets, files = shared_files(views)
    assert not [name for name in files if name.endswith(".png")]
    assert not [
        path
        for path, page in render_pages(views, assets, [LANGUAGES["en"]])
        if "og:" in page or "twitter:" in page
    ]


def test_picture_has_its_size_and_the_same_bytes_each_time(release):
    png = social_card(ReleaseViews(release))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (WIDTH, HEIGHT)
    assert png == social_card(ReleaseViews(release))


@pytest.mark.parametrize(
    ("source", "word"), [("sample", "SIMULATED"), ("starter", "STARTER"), ("mirror", None)]
)
def test_picture_bears_the_day_and_the_mark_of_its_source(release, source, word):
    picture = card_svg(ReleaseViews(replace(release, source=source)))
    assert "Threatcast 2026-06-14" in picture
    words = re.findall(r"(SIMULATED|STARTER)</text>", picture)
    assert words == ([word] if word else [])


def test_picture_is_coloured_as_the_map_of_the_page(release):
    picture = card_svg(ReleaseViews(release))
    assert "$" not in picture
    assert ".map .up2 { fill: #b9500a; }" in picture
    assert not re.search(r"(?:href|src|url)\(?=?[\"\(](?!#)", picture), "needs a file of its own"
