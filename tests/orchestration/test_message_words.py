"""Messages say what the pages say, in the language of their playbook, and lead to the pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from response_kit import FILE, FIRST, NOW, SILENCE, SURGE, frame, home_with
from threatcast_forecasting.warning.warning_kinds import KINDS
from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.response.playbook_files import read_playbook
from threatcast_orchestration.response.telling import respond
from threatcast_orchestration.response.warning_rows import LEVELS, WarningRow
from threatcast_orchestration.response.wording import said_of, sentence, words_of
from threatcast_orchestration.run.home import Home
from threatcast_publishing.site.languages import LANGUAGES
from threatcast_publishing.site.speech import Speech
from threatcast_publishing.site.views import ReleaseViews
from threatcast_publishing.site.warning_words import WarningWords
from threatcast_publishing.source import ReleaseContext

SITE = "https://example.org/outlook/"


def told(home: Home, *rows: dict[str, Any], public_url: str = "") -> list[dict[str, Any]]:
    respond(home, frame(*rows), FIRST, NOW, {}, public_url=public_url)
    return [json.loads(line) for line in (home.root / "told.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "elevated: Surge: Ransomware claims, Germany"),
        ("es", "elevado: "),
        ("ru", "повышенный: "),
        ("zh", "升高\N{FULLWIDTH COLON}"),
    ],
)
def test_message_is_in_the_language_of_its_playbook(
    tmp_path: Path, language: str, subject: str
) -> None:
    home = home_with(tmp_path, duty=FILE + f"language: {language}\n")
    (message,) = told(home, SURGE)
    assert message["language"] == language
    first, *rest = message["text"].splitlines()
    assert first.startswith(f"Threatcast: {subject}")
    assert any("threatcast warnings ack ID" in line for line in rest)
    # codes stay for programs
    assert message["warnings"][0]["target"] == "ransomware_claims"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", LEVELS)
def test_every_kind_and_level_has_words_in_every_language(
    language: str, kind: str, level: str
) -> None:
    evidence = 31.4 if kind in ("surge", "drop") else None
    row = WarningRow.model_validate(SURGE | {"kind": kind, "level": level, "evidence": evidence})
    said = sentence(row, language)
    assert said
    assert "%(" not in said
    assert "None" not in said
    english = sentence(row, "en")
    assert (said == english) == (language == "en")


def test_message_says_what_the_page_says() -> None:
    row = WarningRow.model_validate(SURGE)
    context = ReleaseContext(NOW.date(), "live", "", {}, {})
    page = WarningWords(Speech(LANGUAGES["fr"], ReleaseViews(context)))
    assert page.unusual(said_of(row)) in sentence(row, "fr")
    assert page.sure(said_of(row)) in sentence(row, "fr")


def test_digest_is_in_the_language_too(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE + "language: fr\ndigest: {above: 1}\n")
    (digest,) = told(home, SURGE, SILENCE)
    assert digest["form"] == "digest"
    first = digest["text"].splitlines()[0].replace("\N{NO-BREAK SPACE}", " ")
    assert first == "Threatcast: 1 avertissement (élevé : 1) ; 1 défaut des données"
    # a line a warning: how sure it is stands in the body, and on the page
    row = said_of(WarningRow.model_validate(SURGE))
    lines = digest["text"].splitlines()
    assert f"[{SURGE['warning_id']}] {words_of('fr').in_short(row)}" in lines
    assert words_of("fr").in_short(row) != digest["warnings"][0]["sentence"]


def test_unknown_language_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    home = home_with(tmp_path, duty=FILE + "language: de\n")
    with pytest.raises(OrchestrationError, match="there is no language 'de'; known are en, ar"):
        read_playbook(home.playbooks / "duty.yaml")


def test_message_leads_to_the_page_and_to_what_can_be_done_if_the_site_has_an_address(
    tmp_path: Path,
) -> None:
    home = home_with(tmp_path, duty=FILE + "language: fr\n")
    surge, silence = told(home, SURGE, SILENCE, public_url=SITE)
    page = f"{SITE}fr/warnings.html#w{SURGE['warning_id']}"
    (row,) = surge["warnings"]
    assert row["page"] == page
    assert row["guidance"] == [
        f"{SITE}fr/guidance.html#{part}" for part in ("extortion", "level-elevated", "M49-150")
    ]
    assert page in surge["text"]
    assert row["guidance"][0] in surge["text"]
    assert silence["warnings"][0]["guidance"] == []


def test_message_leads_nowhere_if_nobody_knows_where_the_site_is(tmp_path: Path) -> None:
    (message,) = told(home_with(tmp_path, duty=FILE), SURGE)
    assert "html" not in json.dumps(message)


def test_texts_of_a_row_are_made_safe() -> None:
    row = WarningRow.model_validate(SILENCE | {"kind": "odd\nkind\x1b[31m"})
    said = words_of("en").sentence(said_of(row))
    assert "\n" not in said
    assert "\x1b" not in said
