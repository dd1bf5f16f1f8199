"""The page of the fairness audit: a sentence a region, and what lies beyond a bound."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import pytest
from small_release import AS_OF, write_warehouse
from threatcast_publishing.site.assets import shared_files
from threatcast_publishing.site.audit_answers import AuditAnswerError, read_answers
from threatcast_publishing.site.languages import LANGUAGES
from threatcast_publishing.site.pages import render_pages
from threatcast_publishing.site.views import ReleaseViews
from threatcast_publishing.source import ReleaseContext, read_tables


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return read_tables(write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb"))


def page_of(tables) -> str:
    views = ReleaseViews(ReleaseContext(AS_OF, "mirror", "0" * 40, {}, tables))
    assets, _ = shared_files(views)
    return unescape(dict(render_pages(views, assets, [LANGUAGES["en"]]))["fairness.html"])


def test_region_is_told_in_a_sentence_with_what_lies_beyond_its_bound(tables) -> None:
    page = page_of(tables)
    assert "It has 90% of the records and 20% of the people" in page
    assert "5 (45%)" in page
    assert "Beyond our bounds: share of the records by share of the people." in page


def test_what_was_done_about_a_measure_is_told_or_that_nothing_was(tables) -> None:
    page = page_of(tables)
    done = read_answers().of("region", "M49-002", "per_population")
    assert done is not None
    assert f"What was done: Since 28 November 2026: {done.text}" in page
    assert "What was done: Nothing was done yet about: error against the rival." in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"measure": "per_head"}, "unknown measures: per_head"),
        ({"grouping": "continent"}, "unknown groupings: continent"),
        ({"done": "much"}, "answers.0.done: Extra inputs"),
        ({"since": "soon"}, "answers.0.since"),
    ],
    ids=str,
)
def test_answer_that_does_not_fit_is_refused_with_its_place(tmp_path, changed, said) -> None:
    answer = {"grouping": "income", "measure": "covered_80", "since": "2026-11-28", "text": "Done."}
    path = tmp_path / "answers.yaml"
    path.write_text(json.dumps({"answers": [answer | changed]}), encoding="utf-8")
    with pytest.raises(AuditAnswerError, match=re.escape(said)):
        read_answers(path)


def test_measure_is_answered_once_and_a_group_before_its_grouping(tmp_path) -> None:
    answer = {"grouping": "income", "measure": "covered_80", "since": "2026-11-28", "text": "Any."}
    own = answer | {"group": "low_income", "text": "Own."}
    path = tmp_path / "answers.yaml"
    path.write_text(json.dumps({"answers": [answer, own]}), encoding="utf-8")
    found = read_answers(path)
    assert found.of("income", "low_income", "covered_80").text == "Own."
    assert found.of("income", "high_income", "covered_80").text == "Any."
    assert found.of("region", "M49-002", "covered_80") is None
    twice = tmp_path / "twice.yaml"
    twice.write_text(json.dumps({"answers": [answer, answer]}), encoding="utf-8")
    with pytest.raises(AuditAnswerError, match="answered twice"):
        read_answers(twice)


def test_night_without_an_audit_says_so(tables) -> None:
    none = replace(tables["fairness"], data=tables["fairness"].data.slice(0, 0))
    assert "No night has made the audit yet." in page_of({**tables, "fairness": none})


def section(page: str, name: str) -> str:
    return page.partition(f'<section id="{name}"')[2].partition("</section>")[0]


def test_income_groups_stand_from_the_least_income_up(tables) -> None:
    told = section(page_of(tables), "income")
    assert told.index("Low income") < told.index("High income")
    assert "World Bank, July 2022" in told
    assert "It has 30% of the records and 40% of the people" in told


def test_languages_are_named_and_what_they_cannot_see(tables) -> None:
    told = section(page_of(tables), "language")
    assert told.index("No language: lists that machines make") < told.index("English and French")
    assert "they hold 90% of all records" in told
    assert "Beyond our bounds: error against the rival." in told
    assert "cannot be seen" in told
