"""Warnings on the site: what is told as a threat and what is not, and the same for programs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html import unescape
from xml.etree import ElementTree as Xml

import pyarrow as pa
import pytest
from small_release import AS_OF, write_warehouse
from threatcast_publishing.formats.warning_files import warning_files
from threatcast_publishing.site.assets import shared_files
from threatcast_publishing.site.languages import LANGUAGES
from threatcast_publishing.site.pages import render_pages
from threatcast_publishing.site.speech import Speech
from threatcast_publishing.site.views import ReleaseViews
from threatcast_publishing.site.warning_words import KINDS, LEVEL_NAMES, WarningWords
from threatcast_publishing.source import ReleaseContext, read_tables

SURGE, FAULT, BEHIND = "0123456789abcdef", "fedcba9876543210", "00112233445566aa"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return read_tables(write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb"))


def views_of(tables, rows: list[dict] | None = None, source: str = "mirror") -> ReleaseViews:
    if rows is not None:
        schema = tables["warnings"].data.schema
        data = pa.Table.from_pylist(rows, schema=schema)
        tables = {**tables, "warnings": replace(tables["warnings"], data=data)}
    return ReleaseViews(ReleaseContext(AS_OF, source, "0" * 40, {}, tables))


@pytest.fixture(scope="module")
def pages(tables) -> dict[str, str]:
    views = views_of(tables)
    assets, _ = shared_files(views)
    return {path: unescape(page) for path, page in render_pages(views, assets, [LANGUAGES["en"]])}


def part(page: str, start: str) -> str:
    return page.partition(f'<section id="{start}"')[2].partition("\n</section>")[0]


def test_unusual_count_is_told_with_its_range_and_its_chart(pages) -> None:
    told = part(pages["warnings.html"], f"w{SURGE}")
    assert "31 to 36 were counted, 12 were expected (80% range: 6 to 19)" in told
    assert "Evidence: 57" in told
    assert "about once a year" in told
    assert "It stands out among all series" in told
    assert "Less than a year of published forecasts" in told
    assert "The same way at this place: Targets of the DDoSia attacks." in told
    assert 'src="charts/' in told


def test_fault_is_no_threat_and_what_it_may_have_made_is_not_told(pages) -> None:
    page = pages["warnings.html"]
    assert f'id="w{SURGE}"' in page
    assert f'id="w{FAULT}"' not in page.partition('<section id="faults"')[0]
    assert "the source brings nothing new" in part(page, f"w{FAULT}")
    assert f'id="w{BEHIND}"' not in page
    assert "Not told as a threat: a fault of the data may have made it (Silent source)." in page


def test_front_page_and_place_lead_to_the_warnings(pages) -> None:
    assert "2 warnings stand</a>: 1 unusual count; 1 fault of the data" in pages["index.html"]
    linked = [path for path, page in pages.items() if f"warnings.html#w{SURGE}" in page]
    assert linked == ["places/world.html"]


def test_night_without_warnings_says_so(tables) -> None:
    views = views_of(tables, [])
    assets, _ = shared_files(views)
    calm = dict(render_pages(views, assets, [LANGUAGES["en"]]))
    assert "No warning stands" in calm["index.html"]
    assert "No source shows a fault." in calm["warnings.html"]
    assert "To watch" not in calm["warnings.html"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", LEVEL_NAMES)
@pytest.mark.parametrize("known", [True, False])
def test_every_kind_and_level_has_words(tables, kind: str, level: str, known: bool) -> None:
    number = 3.0 if known else None
    evidence = 4.0 if kind in ("surge", "drop") else None
    numbers = dict.fromkeys(("observed", "observed_upper", "expected"), number)
    row = {**views_of(tables).warnings.threats[0], **numbers, "kind": kind, "level": level}
    row |= {"expected_low": number, "expected_high": number, "evidence": evidence}
    words = WarningWords(Speech(LANGUAGES["en"], views_of(tables)))
    for say in (words.title, words.what, words.unusual, words.sure, words.others, words.ends):
        said = say(row)
        assert said
        assert "None" not in said
        assert "%(" not in said


def test_warning_whose_newest_count_fits_again_goes_last_and_says_so(tables) -> None:
    row = views_of(tables).warnings.threats[0]
    eased = row | {"warning_id": "eased", "level": "severe", "observed": 3.0, "observed_upper": 4.0}
    views = views_of(tables, [eased, row | {"stands_out": False}])
    assert [one["warning_id"] for one in views.warnings.threats] == [row["warning_id"], "eased"]
    words = WarningWords(Speech(LANGUAGES["en"], views))
    assert words.standing(eased) == "severe, eased"
    assert words.standing(row) == words.level(row)


@pytest.mark.parametrize(("kind", "word"), [("surge", "most"), ("drop", "least")])
def test_week_that_tells_most_is_named_if_it_is_not_the_newest(tables, kind, word) -> None:
    row = {**views_of(tables).warnings.threats[0], "kind": kind, "peak": 1234.0}
    row["peak_week"] = row["week"] - timedelta(weeks=2)
    words = WarningWords(Speech(LANGUAGES["en"], views_of(tables)))
    assert f"The {word} in a week since then: 1,234, in the week of " in words.what(row)
    assert "since then" not in words.what(row | {"peak_week": row["week"]})


def test_week_that_still_runs_is_told_as_one_that_may_grow(tables) -> None:
    row = views_of(tables).warnings.threats[0]
    row = row | {"week": row["reference_date"] + timedelta(days=1), "observed": 31.0,
                 "observed_upper": None, "expected_high": 19.0}  # fmt: skip
    words = WarningWords(Speech(LANGUAGES["en"], views_of(tables)))
    said = words.what(row)
    assert "which still runs, 31 have been counted so far, 12 were expected of the whole" in said
    assert "fits again" not in words.what(row | {"observed": 3.0})
    assert words.counted(row) == "31 so far"


def test_programs_get_what_the_page_tells(tables) -> None:
    files = warning_files(views_of(tables))
    told = json.loads(files["warnings.json"])
    assert [one["warning_id"] for one in told["warnings"]] == [SURGE, FAULT]
    assert told["warnings"][0]["page"] == f"warnings.html#w{SURGE}"
    feed = Xml.fromstring(files["warnings.atom"])  # noqa: S314 our own bytes
    entries = feed.findall("a:entry", ATOM)
    ids = [entry.findtext("a:id", "", ATOM) for entry in entries]
    assert ids == [f"urn:threatcast:warnings:{one}" for one in (SURGE, FAULT)]
    assert "Surge" in entries[0].findtext("a:title", "", ATOM)
    assert entries[0].findtext("a:updated", "", ATOM) == f"{AS_OF}T00:00:00Z"
    assert files == warning_files(views_of(tables))


def test_simulated_warnings_are_marked_wherever_they_are_met(tables) -> None:
    files = warning_files(views_of(tables, source="sample"))
    feed = Xml.fromstring(files["warnings.atom"])  # noqa: S314 our own bytes
    titles = [title.text for title in feed.iter(f"{{{ATOM['a']}}}title")]
    assert len(titles) == 3
    assert all(str(title).startswith("SIMULATED: ") for title in titles)
    assert "SIMULATED" in json.loads(files["warnings.json"])["mark"]


def outcomes_told(tables, rows: list[dict]) -> str:
    schema = tables["warning_outcomes"].data.schema
    held = replace(tables["warning_outcomes"], data=pa.Table.from_pylist(rows, schema=schema))
    views = views_of({**tables, "warning_outcomes": held})
    assets, _ = shared_files(views)
    page = unescape(dict(render_pages(views, assets, [LANGUAGES["en"]]))["warnings.html"])
    return part(page, "outcomes")


def test_outcomes_are_told_with_how_many_were_told_and_closed(pages) -> None:
    told = part(pages["warnings.html"], "outcomes")
    assert "Warnings told by earlier releases: 5. People closed 2 of them" in told
    assert '<th scope="row">Surge</th><td class="n">2</td><td class="n">2</td>' in told
    assert "1 (50%)" in told
    # none of the silent sources was closed: no share is told
    assert '<th scope="row">Silent source</th><td class="n">3</td><td class="n">0</td>' in told
    assert '<td class="n">\N{EN DASH}</td>' in told


def test_where_nobody_closed_one_false_alarms_are_not_known(tables) -> None:
    row = tables["warning_outcomes"].data.to_pylist()[0] | {"closed": 0}
    told = outcomes_told(tables, [row])
    assert "Nobody has closed one yet" in told
    assert "<table" not in told
    assert "No earlier release told a warning" in outcomes_told(tables, [row | {"told": 0}])


def test_record_that_could_not_be_read_is_told_as_not_known(tables) -> None:
    row = tables["warning_outcomes"].data.to_pylist()[0]
    unknown = dict.fromkeys(row) | {"scope": "all", "scope_value": "all"}
    assert "It is not known this time" in outcomes_told(tables, [unknown])


def test_warning_leads_to_what_can_be_done_about_its_kind_level_and_region(pages) -> None:
    told = part(pages["warnings.html"], f"w{SURGE}")
    for anchor in ("extortion", "level-elevated", "WORLD"):
        assert f'href="guidance.html#{anchor}"' in told
        assert f' id="{anchor}"' in pages["guidance.html"]
    assert "guidance.html#" not in part(pages["warnings.html"], f"w{FAULT}")


def test_programs_are_led_there_too(tables) -> None:
    surge, fault = json.loads(warning_files(views_of(tables))["warnings.json"])["warnings"]
    assert surge["guidance"][:2] == ["guidance.html#extortion", "guidance.html#level-elevated"]
    assert fault["guidance"] == []


def test_outcomes_stand_by_level_from_the_highest_and_then_by_kind(tables) -> None:
    row = tables["warning_outcomes"].data.to_pylist()[0]
    keys = [("kind", "surge"), ("level", "watch"), ("all", "all"), ("level", "severe")]
    told = outcomes_told(tables, [row | {"scope": a, "scope_value": b} for a, b in keys])
    places = [
        told.index(word) for word in ("All</th>", "Level: severe", "Level: to watch", ">Surge<")
    ]
    assert places == sorted(places)
