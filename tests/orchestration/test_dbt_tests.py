"""What checks made of dbt's tests say."""

from __future__ import annotations

from typing import Any

import pytest
from threatcast_orchestration.assets.dbt_tests import words_of


def node(kind: str, description: str = "", **given: Any) -> dict[str, Any]:
    return {
        "description": description,
        "config": {"meta": {}},
        "test_metadata": {"name": kind, "kwargs": given},
    }


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (node("not_null", column_name="week"), "`week` is never null."),
        (node("never_null", columns=["week", "place"]), "`week` and `place` are never null."),
        (node("unique", column_name="feed"), "No two rows have the same `feed`."),
        (
            node("accepted_values", column_name="kind", values=["a", 2]),
            "`kind` is null or one of: a, 2.",
        ),
        (
            node("relationships", column_name="feed", to="source('raw', 'feeds')", field="feed"),
            "Every `feed` is null or found in `feed` of `raw.feeds`.",
        ),
        (
            node("unique_key", columns=["feed", "place", "lower(name)"]),
            "No two rows have the same `feed`, `place` and `lower(name)`, and none of these is "
            "null.",
        ),
        (
            node("unique_key", columns=["event_key"]),
            "No two rows have the same `event_key`, and it is never null.",
        ),
        (node("holds", rule="isodow(week) = 1"), "True of every row: `isodow(week) = 1`."),
        (node("holds", rule="a\nb"), "True of every row:\n\n```sql\na\nb\n```"),
    ],
)
def test_words_come_from_kind_and_arguments(test: dict[str, Any], words: str) -> None:
    assert words_of(test) == words


def test_words_of_a_persons_own_come_first() -> None:
    assert words_of(node("not_null", "Because.", column_name="week")) == "Because."
    singular = {"description": "", "config": {"meta": {"description": "It adds up."}}}
    assert words_of(singular) == "It adds up."


def test_kind_without_words_has_none() -> None:
    # `test_definitions` refuses it, so that whoever adds a kind writes its words
    assert words_of(node("no_such_kind")) == ""
