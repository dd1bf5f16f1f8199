"""The six languages: whole catalogues, names of places, numbers and days, reasons."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from threatcast_publishing.site.languages import LANGUAGES, SOURCE, catalogue_file, language
from threatcast_publishing.site.reasons import FORMS, merged, shape_of, spoken
from threatcast_publishing.site.update_catalogues import template_of

ROOT = Path(__file__).parents[2]
OTHERS = [code for code in LANGUAGES if code != SOURCE]
FIELD = re.compile(r"%\(\w+\)s|%%")


@pytest.fixture(scope="module", params=OTHERS)
def catalogue(request):
    with catalogue_file(request.param).open("rb") as file:
        return read_po(file, locale=request.param)


def texts(message) -> list[str]:
    return list(message.string) if isinstance(message.string, (list, tuple)) else [message.string]


def test_catalogue_holds_every_text_of_the_site_and_no_other(catalogue):
    wanted = {message.id for message in template_of(None) if message.id}
    held = {message.id for message in catalogue if message.id}
    assert wanted - held == set(), "run: python -m threatcast_publishing.site.update_catalogues"
    of_site = {
        message.id
        for message in catalogue
        if message.id and any(not place.startswith(TABLES) for place, _ in message.locations)
    }
    assert of_site - wanted == set()


TABLES = ("targets.", "models.", "groupings.", "locations.")


def test_every_text_is_translated_in_all_its_forms(catalogue):
    lacking = [m.id for m in catalogue if m.id and not all(texts(m))]
    assert lacking == []
    assert not [m.id for m in catalogue if m.id and m.fuzzy]


def test_translation_has_the_fields_of_its_text(catalogue):
    wrong = []
    for message in catalogue:
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[1]
        fields = set(FIELD.findall(source))
        for text in texts(message):
            missing = fields - set(FIELD.findall(text))
            if isinstance(message.id, tuple):
                missing -= {"%(num)s"}  # "one place" needs no number in some languages
            strange = set(FIELD.findall(text)) - fields
            if missing or strange:
                wrong.append((source, text))
    assert wrong == []


def test_texts_of_the_targets_are_translated(catalogue):
    with (ROOT / "dbt_project/seeds/targets.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = ("title", "description", "unit", "event", "zero_means", "over_represents",
               "under_represents", "publishes")  # fmt: skip
    lacking = {
        row[column]
        for row in rows
        for column in columns
        if row[column] and not (catalogue.get(row[column]) and catalogue.get(row[column]).string)
    }
    assert lacking == set()


@pytest.mark.parametrize(
    ("code", "location", "name"),
    [
        ("fr", "DE", "Allemagne"), ("es", "M49-155", "Europa occidental"), ("zh", "KE", "肯尼亚"),
        ("ru", "WORLD", "Весь мир"), ("ar", "M49-011", "غرب أفريقيا"), ("en", "CI", "as written"),
    ],
)  # fmt: skip
def test_place_bears_the_name_of_the_language(code, location, name):
    assert language(code).place(location, "as written") == name


def test_name_that_no_list_knows_stays_as_the_tables_write_it():
    assert language("fr").place("Q9", "Somewhere") == "Somewhere"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not known"), (0.0, "0"), (0.04, "below 0.1"), (0.06, "0.1"), (2.25, "2.2"),
        (9.96, "10"), (12345.0, "12,345"), (12345.6, "12,346"),
    ],
)  # fmt: skip
def test_unknown_or_small_count_is_not_written_as_zero(value, text):
    assert language("en").count(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "not known"), (0.0, "0%"), (0.004, "under 1%"), (0.624, "62%"),
        (0.994, "over 99%"), (1.0, "100%"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_never_called_certain(share, text):
    assert language("en").percent(share) == text


def test_numbers_and_days_are_those_of_cldr():
    assert language("fr").count(12345.0) == "12\N{NARROW NO-BREAK SPACE}345"
    assert language("es").percent(0.62) == "62\N{NO-BREAK SPACE}%"
    assert language("zh").day(date(2026, 6, 8)) == "2026年6月8日"
    assert language("ru").day(date(2026, 6, 8)).startswith("8 июня 2026")


# reasons


def example(form: str) -> str:
    """Return a reason of a form, with something in each place."""
    given = {"n": "12", "day": "2026-05-01", "place": "Western Africa", "feed": "openphish",
             "word": "comb_two", "rest": "x"}  # fmt: skip
    filled = re.sub(r"%\((\w+?)\d*\)s", lambda match: given[match.group(1)], form)
    return filled.replace("%%", "%")


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_reason_is_said_in_every_language(form, code):
    reason = example(form)
    text, is_own = spoken(reason, language(code), {"Western Africa": "M49-011"})
    assert is_own
    assert text != reason


def test_reason_of_several_forms_is_said_as_a_whole():
    reason = "52 weeks watched (78 needed), 3 events in the last 104 weeks (20 needed)"
    text, is_own = spoken(reason, language("fr"), {})
    assert is_own
    assert re.findall(r"\d+", text) == ["52", "78", "3", "104", "20"]


def test_reason_of_an_unknown_form_stays_english_and_is_told_to_be():
    assert spoken("the moon was full", language("fr"), {}) == ("the moon was full", False)


def test_english_keeps_the_words_of_the_tables():
    reason = "52 weeks watched (78 needed)"
    assert spoken(reason, language("en"), {}) == (reason, True)


@pytest.mark.parametrize(
    ("reasons", "text"),
    [
        (["3 events, 20 needed", "11 events, 20 needed"], "3 to 11 events, 20 needed"),
        (["since 2026-05-01", "since 2026-03-01"], "since 2026-03-01 to 2026-05-01"),
        ([None], "no reason given"),
    ],
)  # fmt: skip
def test_reasons_that_differ_in_numbers_become_one(reasons, text):
    assert len({shape_of(reason) for reason in reasons}) == 1
    assert merged(reasons) == text


def test_merged_reason_is_said_in_every_language():
    reason = "3 to 11 events in the last 104 weeks (20 needed)"
    for code in OTHERS:
        text, is_own = spoken(reason, language(code), {})
        assert is_own
        assert sorted(re.findall(r"\d+", text)) == ["104", "11", "20", "3"]
