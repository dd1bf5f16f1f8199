"""The site in a real browser: looks, keyboard, comfort of the script, and what axe finds."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_release import make_release, write_warehouse
from threatcast_publishing.serve import make_server
from threatcast_publishing.site.languages import LANGUAGES

pytestmark = pytest.mark.browser
KINDS = (
    "index.html", "places/index.html", "places/de.html", "places/fr.html",
    "threats/ransomware_claims.html", "groupings/eu.html", "record.html", "feeds.html",
    "methods.html", "archive.html", "about.html", "governance.html", "glossary.html",
    "guidance.html",
    "sheets/ransomware_live.html", "models/champion.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    release = make_release(write_warehouse(folder / "w.duckdb"), folder / "releases")
    return release.info.folder / "site"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs the program chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def opened(tab: Any, site: Path, path: str) -> Any:
    tab.goto((site / path).as_uri())
    return tab


# what axe finds


@pytest.mark.parametrize("code", LANGUAGES)
def test_axe_finds_nothing_on_any_kind_of_page_light_dark_or_forced(browser, site, code):
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), []
    for look in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        context = browser.new_context(**look)
        tab = context.new_page()
        for path in KINDS:
            opened(tab, site, LANGUAGES[code].folder + path)
            results = axe.run(tab).response["violations"]
            found += [(path, look, one["id"], one["nodes"][0]["html"][:120]) for one in results]
        context.close()
    assert found == []


# how it looks


@pytest.mark.parametrize("code", ["en", "ar", "ru"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_asks_for_anything_complains_or_scrolls_sideways(browser, site, code, width):
    asked: list[str] = []
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900})
    tab = context.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text))
    for path in KINDS:
        opened(tab, site, LANGUAGES[code].folder + path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()
    assert complaints == []
    assert not [url for url in asked if not url.startswith((site.as_uri(), "data:"))]


def test_text_at_twice_its_size_stays_within_the_page(browser, site):
    # 1280 CSS pixels at 200 % are 640
    context = browser.new_context(viewport={"width": 640, "height": 450}, device_scale_factor=2)
    tab = context.new_page()
    for path in KINDS:
        opened(tab, site, path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 640, path
    context.close()


def test_banner_of_what_was_not_observed_stays_in_sight(tab, site):
    opened(tab, site, "index.html")
    tab.mouse.wheel(0, 800)
    tab.wait_for_function("window.scrollY > 300")
    assert tab.locator("#simulated").bounding_box()["y"] == 0


def test_print_holds_the_content_and_none_of_the_controls(tab, site):
    opened(tab, site, "places/de.html")
    tab.emulate_media(media="print")
    for hidden in ("nav.main", ".skip", ".theme", ".copy"):
        assert not tab.locator(hidden).first.is_visible(), hidden
    assert tab.locator("table").first.is_visible()
    assert len(tab.pdf()) > 10_000


def test_arabic_is_read_from_the_right(tab, site):
    opened(tab, site, "ar/places/de.html")
    brand = tab.locator(".brand").bounding_box()
    languages = tab.locator("nav.languages").bounding_box()
    assert brand["x"] > languages["x"]


# without the script, and with it


def test_page_without_script_holds_all_rows_and_links(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = opened(context.new_page(), site, "threats/ransomware_claims.html")
    assert tab.locator("tbody tr[id]").count() == 5
    tab.get_by_role("link", name="Germany").first.click()
    assert tab.url.endswith("places/de.html")
    context.close()


@pytest.mark.parametrize("said", ["Germany", "germany", "DE", "Allemagne", "德国", "ألمانيا"])
def test_search_opens_a_place_by_any_of_its_names_or_its_code(tab, site, said):
    opened(tab, site, "index.html")
    tab.get_by_role("searchbox").or_(tab.locator("#search")).first.fill(said)
    tab.get_by_role("button", name="Open").click()
    tab.wait_for_url("**/places/de.html")


def test_search_keeps_the_language(tab, site):
    opened(tab, site, "fr/index.html")
    tab.locator("#search").fill("Germany")
    tab.locator("#search").press("Enter")
    tab.wait_for_url("**/fr/places/de.html")


def test_search_for_no_place_says_so_and_stays(tab, site):
    opened(tab, site, "index.html")
    tab.locator("#search").fill("Atlantis")
    tab.get_by_role("button", name="Open").click()
    assert tab.locator("#search").evaluate("one => one.validationMessage") == (
        "No place of this name"
    )


def test_table_is_sorted_by_numbers_both_ways_by_keyboard(tab, site):
    opened(tab, site, "threats/ransomware_claims.html")
    head = tab.locator("th", has_text="Expected, 4 weeks").first
    head.locator("button").focus()
    tab.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    rising = [row.get_attribute("id") for row in tab.locator("tbody tr[id]").all()]
    tab.keyboard.press("Enter")
    falling = [row.get_attribute("id") for row in tab.locator("tbody tr[id]").all()]
    assert rising[-1] == falling[0] == "ransomware_claims.WORLD"
    assert falling == rising[::-1]


def test_link_to_a_row_can_be_copied(tab, site):
    opened(tab, site, "threats/ransomware_claims.html")
    tab.locator("tr[id='ransomware_claims.DE'] .copy").click()
    assert tab.url.endswith("#ransomware_claims.DE")


def test_chosen_theme_stays_on_the_next_page(tab, site):
    opened(tab, site, "index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = tab.evaluate(ground)
    tab.locator("button.theme").click()
    dark = tab.evaluate(ground)
    assert dark != light
    opened(tab, site, "about.html")
    assert tab.evaluate(ground) == dark
    assert tab.locator("button.theme").get_attribute("aria-pressed") == "true"


def test_language_is_switched_on_the_same_page(tab, site):
    opened(tab, site, "places/de.html")
    tab.get_by_role("link", name="Español").click()
    assert tab.url.endswith("/es/places/de.html")
    assert tab.locator("h1").inner_text().endswith("Alemania")


# by keyboard


def test_first_stop_of_the_keyboard_skips_to_the_content(tab, site):
    opened(tab, site, "index.html")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.locator(".skip").bounding_box()["x"] >= 0
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#main")


def test_place_is_opened_from_the_map_by_keyboard(tab, site):
    opened(tab, site, "index.html")
    tab.locator("svg.map a[href='places/de.html']").focus()
    outline = tab.evaluate(
        "getComputedStyle(document.activeElement.querySelector('path, circle')).strokeWidth"
    )
    assert outline == "3px"
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/places/de.html")


# files


@pytest.fixture
def served(tab, site) -> Iterator[tuple[str, list[str]]]:
    """A server of the release, and what the tab's console complains about."""
    server = make_server(site.parents[1], "127.0.0.1", 0, log=lambda _: None)
    thread = threading.Thread(target=server.run)
    thread.start()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    yield f"http://127.0.0.1:{server.port}/", complaints
    server.stop()
    thread.join(10)


def test_rows_of_a_page_are_downloaded_from_a_server_that_allows_nothing_else(tab, served):
    address, complaints = served
    tab.goto(address)
    tab.locator("svg.map a[href='places/de.html']").focus()
    tab.keyboard.press("Enter")
    _download(tab)
    assert complaints == []


def test_server_answers_the_form_for_a_pair_with_a_page_that_axe_finds_nothing_on(
    tab, site, served
):
    from axe_playwright_python.sync_playwright import Axe

    address, complaints = served
    name = site.parent.name
    tab.goto(f"{address}fr/diff/{name}/{name}")
    assert Axe().run(tab).response["violations"] == []
    tab.goto(f"{address}diff/{name}/{name}")
    with tab.expect_navigation():
        tab.get_by_role("button", name="Show the difference").click()
    assert tab.url == f"{address}diff/{name}/{name}"
    assert "Both are the same release." in tab.locator("main").text_content()
    assert complaints == []


def _download(tab: Any) -> None:
    tab.wait_for_url("**/places/de.html")
    with tab.expect_download() as told:
        tab.get_by_role("link", name="JSON").click()
    rows = json.loads(Path(told.value.path()).read_text("utf-8"))["rows"]
    assert {row["location"] for row in rows} == {"DE"}


def test_chart_is_drawn_and_has_words(tab, site):
    opened(tab, site, "places/de.html")
    picture = tab.locator("figure img").first
    picture.scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelector('figure img').naturalWidth > 0")
    assert "weeks missing" in picture.get_attribute("alt")
