"""What a page says an expected number is made of: in words and in a table, never as a cause."""

from __future__ import annotations

import pytest
from threatcast_publishing.site.languages import language
from threatcast_publishing.site.outlook_details import Outlook
from threatcast_publishing.site.outlook_parts import PARTS, made_of, told_parts

ENGLISH = language("en")
ORDER = tuple(PARTS)


def outlook(expected: float, **events: float) -> Outlook:
    """Return an outlook with parts of so many events in 4 weeks, and thrice as many in 12."""
    parts = [
        {
            "driver": name,
            "position": ORDER.index(name) + 1,
            "events_4w": near,
            "events_12w": 3 * near,
        }
        for name, near in events.items()
    ]
    return Outlook({"target": "claims", "expected_4w": expected}, {}, parts=tuple(parts))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            outlook(120, usual=100.0, level=6.0, season=17.4, middle=-3.4),
            "Usual are 100 in 4 weeks, expected 120. The largest step from the one to the other is "
            "+17: season and calendar.",
        ),
        (
            outlook(3, usual=6.0, level=0.2, late_reports=0.0, middle=-3.2),
            "Usual are 6 in 4 weeks, expected 3. The largest step from the one to the other is "
            "-3.2: from the mean to the middle of the range, and rounding.",
        ),
        (
            outlook(100, usual=100.0, level=1.9, middle=-1.9),
            "Usual are 100 in 4 weeks, expected 100. No step from the one to the other comes to "
            "half an event or to 2% of the usual.",
        ),
        (
            outlook(0, usual=0.4, borrowed=0.03, middle=-0.43),
            "Usual are 0.4 in 4 weeks, expected 0. No step from the one to the other comes to half "
            "an event or to 2% of the usual.",
        ),
    ],
)
def test_sentence_says_the_largest_step_or_that_all_are_small(one: Outlook, said: str) -> None:
    assert made_of(one, ENGLISH) == said


def test_table_leaves_out_what_rounds_to_nothing() -> None:
    one = outlook(
        101, usual=100.0, level=1.03, trend=0.01, season=0.0, coherence=-0.02, middle=-0.02
    )
    assert told_parts(one, ENGLISH) == [
        (PARTS["usual"], "100", "300"),
        (PARTS["level"], "+1", "+3.1"),
        (PARTS["coherence"], "0", "-0.1"),
        (PARTS["middle"], "0", "-0.1"),
    ]


@pytest.mark.parametrize("code", ["ar", "zh", "fr", "ru", "es"])
def test_every_part_has_a_name_of_its_own_in_every_language(code: str) -> None:
    of = language(code)
    names = {of.words(text) for text in PARTS.values()}
    assert len(names) == len(PARTS)
    assert not names & set(PARTS.values())
    assert of.signed(-12.0) != of.signed(12.0)
