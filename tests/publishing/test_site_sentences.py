"""The sentence of a place and threat: cases with the words that must come out, and rules."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threatcast_publishing.site.languages import LANGUAGES, language
from threatcast_publishing.site.sentences import SCALE, degree, likelihood, sentence

ENGLISH = language("en")
END = date(2026, 9, 20)
NEWEST = date(2026, 8, 23)
PLACES = {"Western Africa": "M49-011"}


def row(**other) -> dict:
    return {
        "state": "published",
        "reason": None,
        "expected_4w": 43.2,
        "low80_4w": 25.0,
        "high80_4w": 74.4,
        "usual_4w": 36.0,
        "p_above_usual_4w": 0.62,
        "data_through": NEWEST,
    } | other


def said(code: str = "en", **other) -> str:
    return sentence(
        row(**other),
        language(code),
        threat="Malware hosts",
        place="Germany",
        end=END,
        newest=NEWEST,
        places=PLACES,
    )


STALE = "threatfox_ips is stale: nothing since 2026-05-01, limit 21 days"
FEW = "3 events in the last 104 weeks (20 needed)"
BEGINNING = (
    "Malware hosts, Germany: about 43 expected in the 4 weeks to 20 September 2026 "
    "(80% range: 25 to 74; usual in 4 weeks: 36). "
)


@pytest.mark.parametrize(
    ("given_row", "words"),
    [
        ({}, f"{BEGINNING}More than usual is likely (62%)."),
        ({"p_above_usual_4w": 0.97}, f"{BEGINNING}More than usual is almost certain (97%)."),
        ({"p_above_usual_4w": 0.999}, f"{BEGINNING}More than usual is almost certain (over 99%)."),
        ({"p_above_usual_4w": 0.87}, f"{BEGINNING}More than usual is very likely (87%)."),
        (
            {"p_above_usual_4w": 0.5},
            f"{BEGINNING}The chance of more than usual is roughly even (50%).",
        ),
        ({"p_above_usual_4w": 0.3}, f"{BEGINNING}More than usual is unlikely (30%)."),
        ({"p_above_usual_4w": 0.1}, f"{BEGINNING}More than usual is very unlikely (10%)."),
        (
            {"p_above_usual_4w": 0.001},
            f"{BEGINNING}There is almost no chance (under 1%) of more than usual.",
        ),
        (
            {"data_through": date(2026, 8, 2)},
            f"{BEGINNING}More than usual is likely (62%). The counts end on 2 August 2026.",
        ),
        (
            {"reason": "borrows from Western Africa: 3 events in the last 104 weeks"},
            f"{BEGINNING}More than usual is likely (62%). Too sparse for a model of its own, it "
            "borrows from Western Africa.",
        ),
        (
            {"reason": "drift: its last forecasts were worse"},
            f"{BEGINNING}More than usual is likely (62%). These are the baseline's numbers: the "
            "usual model's last forecasts fared worse.",
        ),
        (
            {"expected_4w": 0.0, "low80_4w": 0.0, "high80_4w": 2.0, "usual_4w": 0.6,
             "p_above_usual_4w": 0.31},
            "Malware hosts, Germany: most likely none in the 4 weeks to 20 September 2026 "
            "(80% range: 0 to 2; usual in 4 weeks: 0.6). More than usual is unlikely (31%).",
        ),
        (
            {"state": "source_failure", "reason": STALE},
            f"Malware hosts, Germany: no outlook, source failed: {STALE}.",
        ),
        (
            {"state": "insufficient_evidence", "reason": FEW},
            f"Malware hosts, Germany: no outlook, too little evidence: {FEW}.",
        ),
        (
            {"state": "withheld", "reason": "fixed_size_window"},
            "Malware hosts, Germany: no outlook, withheld: the feed is a window of fixed size, "
            "whose volume says nothing.",
        ),
    ],
)  # fmt: skip
def test_sentence_is_the_one_that_the_rules_give(given_row, words):
    assert said(**given_row) == words


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (0.0, "almost no chance"), (0.049, "almost no chance"), (0.05, "very unlikely"),
        (0.199, "very unlikely"), (0.20, "unlikely"), (0.449, "unlikely"),
        (0.45, "roughly even chance"), (0.549, "roughly even chance"), (0.55, "likely"),
        (0.80, "likely"), (0.801, "very likely"), (0.95, "very likely"),
        (0.951, "almost certain"), (1.0, "almost certain"),
    ],
)  # fmt: skip
def test_word_is_that_of_the_published_scale(probability, word):
    assert likelihood(probability, ENGLISH).startswith(f"{word}, ")


numbers = st.floats(0, 1e7, allow_nan=False)
shares = st.floats(0, 1, allow_nan=False)


@given(
    code=st.sampled_from(sorted(LANGUAGES)),
    low=numbers,
    middle=numbers,
    high=numbers,
    usual=numbers,
    chance=shares,
)
def test_no_sentence_contradicts_its_row(code, low, middle, high, usual, chance):
    low, middle, high = sorted((low, middle, high))
    of = language(code)
    text = said(
        code,
        low80_4w=low,
        expected_4w=middle,
        high80_4w=high,
        usual_4w=usual,
        p_above_usual_4w=chance,
    )
    own = SCALE[degree(chance)]
    assert of.words(own[2], p=of.percent(chance)) in text
    for _, _, other in SCALE:
        if other != own[2]:
            assert of.words(other, p=of.percent(chance)) not in text
    lower = ([0.0] + [upper for upper, _, _ in SCALE])[degree(chance)]
    assert lower <= chance <= own[0]
    assert of.ends(of.whole, low, high) in text
    assert of.count(usual) in text
    assert (of.whole(middle) in text) or round(middle) == 0
    assert of.day(END) in text


@given(chance=shares)
def test_no_number_stands_without_its_period(chance):
    text = said(p_above_usual_4w=chance)
    assert "in the 4 weeks to" in text
    assert "usual in 4 weeks" in text
    assert not re.search(r"\b(because|caused|due to)\b", text)
