"""Breaches added to a public index: one object with one list."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from payload_reading import IMPOSTORS, Rows, ask, read_json, read_payload, read_recordings
from threatcast_feeds.errors import ParseError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.registry import load_feed

SPEC = load_feed("xposedornot_breaches")
BREACH = {
    "breachID": "ExampleSite",
    "breachedDate": "2025-11-01T00:00:00+00:00",
    "addedDate": "2026-07-24T06:15:49+00:00",
    "domain": "example.org",
    "industry": "Education",
    "logo": "",
    "passwordRisk": "unknown",
    "searchable": True,
    "sensitive": False,
    "verified": True,
    "breachType": "DataBreach",
    "exposedData": ["Email addresses", "", "ail addresses"],
    "exposedRecords": 850784,
    "exposureDescription": "",
    "referenceURL": "",
}


def read(*records: Any, folder: Path) -> tuple[ParseOutcome, Rows]:
    document = {"status": "success", "message": None, "exposedBreaches": list(records)}
    return read_json(SPEC, document, folder)


def test_breach_is_read_whole(tmp_path: Path) -> None:
    outcome, rows = read(BREACH, folder=tmp_path)
    assert outcome == ParseOutcome(1)
    assert rows == [{name: BREACH[name] for name in SPEC.columns}]


def test_number_beyond_32_bits_is_kept(tmp_path: Path) -> None:
    rows = read(BREACH | {"exposedRecords": 5_000_000_000}, folder=tmp_path)[1]
    assert rows[0]["exposedRecords"] == 5_000_000_000


@pytest.mark.parametrize(
    ("column", "value"),
    [("exposedRecords", "many"), ("verified", "perhaps"), ("exposedRecords", 10**30)],
)
def test_value_of_another_type_is_null_and_said(column: str, value: Any, tmp_path: Path) -> None:
    outcome, rows = read(BREACH, BREACH | {column: value}, folder=tmp_path)
    assert [row[column] for row in rows] == [BREACH[column], None]
    assert outcome.message == "values that do not fit their column's type are null"
    assert outcome.rejected == 0


@pytest.mark.parametrize(
    ("strange", "said"),
    [
        (BREACH | {"breachID": ""}, "breachID"),
        (BREACH | {"addedDate": None}, "addedDate"),
        (4, "breachID, addedDate"),
        (None, "breachID, addedDate"),
    ],
)
def test_bad_record_costs_itself(strange: Any, said: str, tmp_path: Path) -> None:
    outcome, rows = read(BREACH, strange, folder=tmp_path)
    assert (len(rows), outcome.rejected, outcome.samples) == (1, 1, [f"record 2: no {said}"])


@pytest.mark.parametrize("gone", list(SPEC.columns))
def test_missing_column_is_named(gone: str, tmp_path: Path) -> None:
    record = {key: value for key, value in BREACH.items() if key != gone}
    with pytest.raises(ParseError, match=f"column {gone} is gone; there are "):
        read(record, folder=tmp_path)


def test_new_column_is_noted(tmp_path: Path) -> None:
    assert read(BREACH | {"country": ""}, folder=tmp_path)[0].message == "new column: country"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        *IMPOSTORS,
        (b'{"Error": "Rate limit exceeded"}', "it has no list 'exposedBreaches'"),
        (json.dumps([BREACH]).encode(), "it has no list 'exposedBreaches'"),
        (b'{"exposedBreaches": []}', "the list holds no record"),
        (b'{"exposedBreaches": null}', "the list holds no record"),
        (json.dumps({"exposedBreaches": [BREACH]}).encode()[:-3], "the JSON is cut or damaged at"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParseError) as caught:
        read_payload(SPEC, content, tmp_path)
    assert said in str(caught.value)


def test_all_recorded_states_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    outcomes = read_recordings(SPEC, mirror, tmp_path)
    # nine days, of which 13 and 14 July have the same bytes
    assert len(outcomes) in (8, 9)
    assert {(one.state, one.rejected, one.message) for one in outcomes.values()} == {
        ("accepted", 0, "")
    }
    assert (outcomes[date(2026, 7, 9)].rows, outcomes[date(2026, 7, 24)].rows) == (763, 769)
    facts = ask(
        tmp_path,
        SPEC,
        "SELECT count(DISTINCT breachID), count_if(breachedDate[9:10] = '01'), "
        "count_if(addedDate[:10] = '2023-11-08') FROM raw",
        outcomes[date(2026, 7, 24)],
    )
    assert facts == (769, 769, 462)
