"""Text from outside in messages: escaped, and cut with its length said."""

from __future__ import annotations

import json

import pytest
from threatcast_feeds.errors import FeedError
from threatcast_feeds.outside import MOST_MESSAGE, escaped, named, safe_json, shown
from threatcast_feeds.payload import ParseOutcome

HOSTILE = "\x1b]0;owned\x07\u202egpj.exe\u2066\x9b31m\r\nERROR forged\u2028\x00\ud83d\ufeff"


def test_what_does_not_print_is_written_as_an_escape() -> None:
    assert escaped(HOSTILE).isprintable()
    assert escaped(HOSTILE).startswith("\\x1b]0;owned\\x07\\u202egpj.exe")
    assert escaped("Île, 東京, الجزائر") == "Île, 東京, الجزائر"
    assert escaped("a\n\x1b", keep="\n") == "a\n\\x1b"


def test_long_text_is_cut_and_its_length_said() -> None:
    assert shown("x" * 3_000_000) == "x" * 60 + "… (3,000,000 characters)"
    assert named([f"c{number}" for number in range(12)]).endswith("c9 and 2 more")


@pytest.mark.parametrize("part", ["place", "problem"])
def test_error_never_shows_raw_text_from_outside(part: str) -> None:
    given = {"place": "", "problem": ""} | {part: HOSTILE + "x" * 3_000_000}
    error = FeedError("feed", given["place"], given["problem"], "kept", "cure")
    assert str(error).isprintable()
    assert len(str(error)) < MOST_MESSAGE + 200


def test_outcome_never_shows_raw_text_from_outside() -> None:
    outcome = ParseOutcome(1, 1, [HOSTILE + "x" * 3_000_000], HOSTILE)
    assert outcome.message.isprintable()
    assert outcome.samples[0].isprintable()
    assert len(outcome.samples[0]) < 1000


def test_json_for_a_terminal_says_the_same() -> None:
    document = json.dumps({HOSTILE: ["Île", HOSTILE]}, ensure_ascii=False)
    assert json.loads(safe_json(document)) == json.loads(document)
    assert safe_json(document).isprintable()
