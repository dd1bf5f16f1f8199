"""Warnings in the words of the site, of the columns of their rows alone.

Titles of targets and names of places are those that the project ships, so that a message says the
same whatever a release holds.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from threatcast_feeds.outside import shown

from threatcast_orchestration.response.warning_rows import WarningRow
from threatcast_orchestration.run.project import SEEDS

if TYPE_CHECKING:
    from threatcast_publishing.site.message_words import MessageWords
    from threatcast_publishing.source import PublishedTable

ENGLISH = "en"


@cache
def words_of(language: str) -> MessageWords:
    """Return what messages say in one of the site's languages."""
    from threatcast_publishing.site.languages import LANGUAGES
    from threatcast_publishing.site.message_words import MessageWords
    from threatcast_publishing.site.speech import Speech
    from threatcast_publishing.site.views import ReleaseViews
    from threatcast_publishing.source import ReleaseContext

    tables = {name: _table(name) for name in ("targets", "locations")}
    views = ReleaseViews(ReleaseContext(date.min, "live", "", {}, tables))
    return MessageWords(Speech(LANGUAGES[language], views))


def said_of(row: WarningRow) -> dict[str, Any]:
    """Return a row as the words of the site take it; texts that nobody should trust are made safe.

    Examples
    --------
    >>> words_of("en").headline(said_of(WarningRow.model_construct(kind="surge", level="severe",
    ...     target="ddos_targets", location="DE")))
    'severe: Surge: Targets of the DDoSia attacks, Germany'
    """
    facts: dict[str, Any] = dict.fromkeys(WarningRow.model_fields)
    facts |= {name: value for name, value in row if value is not None}
    for name in ("kind", "target", "location", "detail", "behind", "forecasts_of"):
        facts[name] = shown(facts[name] or "")
    for name in ("agrees", "disagrees"):
        facts[name] = ",".join(map(shown, facts[name] or ()))
    return facts


def sentence(row: WarningRow, language: str = ENGLISH) -> str:
    """Return what a warning says, in one line."""
    return words_of(language).sentence(said_of(row))


def in_order(rows: Sequence[WarningRow]) -> list[WarningRow]:
    """Return warnings as people read them: threats before faults of data, the gravest first."""
    grave = {"severe": 0, "elevated": 1, "watch": 2}
    return sorted(
        rows, key=lambda row: (not row.is_threat, grave[row.level], row.target, row.location)
    )


def _table(name: str) -> PublishedTable:
    import pyarrow as pa
    from threatcast_publishing.source import PublishedTable

    return PublishedTable(name, (), pa.Table.from_pylist([*_rows(name)]), "", {})


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
