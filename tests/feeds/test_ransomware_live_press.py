"""Press reports of attacks: three shapes, and countries that were cut to two letters."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from payload_reading import IMPOSTORS, Rows, ask, read_json, read_payload, read_recordings
from threatcast_feeds.errors import ParseError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.registry import load_feed

SPEC = load_feed("ransomware_live_press")
DOUBT = "its countries are alpha-3 codes cut to two letters, not to be trusted"
REPORT = {
    "date": "2024-05-30",
    "victim": "Example Town",
    "domain": "example.org",
    "country": "CAN",
    "summary": "",
    "title": "Town attacked",
    "url": "https://example.org/",
    "added": "2024-05-31",
}
CUT = REPORT | {
    "claim_gang": False,
    "claim_url": False,
    "has_infostealer_info": False,
    "infostealer_data": float("nan"),
    "link": "https://www.example.org/",
    "country": "CA",
}
WRAPPED = REPORT | {"country": "CA", "infostealer": {"employees": 3}, "ransomware": None}


def wrap(*records: Any) -> dict[str, Any]:
    filters = {"year": None, "month": None, "country": None}
    return {"filters": filters, "count": len(records), "results": list(records)}


def read(document: Any, folder: Path) -> tuple[ParseOutcome, Rows]:
    return read_json(SPEC, document, folder)


@pytest.mark.parametrize(
    ("document", "shape", "country", "message"),
    [
        ([REPORT], "2024-06", "CAN", ""),
        ([CUT], "2025-05", "CA", DOUBT),
        (wrap(WRAPPED), "2025-07", "CA", ""),
    ],
)
def test_each_shape_is_told_by_its_content(
    document: Any, shape: str, country: str, message: str, tmp_path: Path
) -> None:
    outcome, rows = read(document, tmp_path)
    assert outcome == ParseOutcome(1, message=message)
    assert rows == [
        {
            "victim": "Example Town",
            "date": "2024-05-30",
            "added": "2024-05-31",
            "country": country,
            "shape": shape,
        }
    ]


@pytest.mark.parametrize("code", ["SW", "DN", "JA"])
def test_code_that_only_cutting_makes_gives_the_cut_shape_away(code: str, tmp_path: Path) -> None:
    plain = REPORT | {"country": "AU"}
    outcome, rows = read([plain, plain, REPORT | {"country": code}], tmp_path)
    assert {row["shape"] for row in rows} == {"2025-05"}
    assert outcome.message == DOUBT


def test_true_codes_in_a_bare_list_are_trusted(tmp_path: Path) -> None:
    codes = ["SE", "DK", "JM", "AU"]
    outcome, rows = read([REPORT | {"country": code} for code in codes], tmp_path)
    assert {row["shape"] for row in rows} == {"2025-07"}
    assert outcome.message == ""


def test_cut_codes_in_the_new_wrapping_are_not_trusted_but_one_slip_is(tmp_path: Path) -> None:
    slip = wrap(*[WRAPPED] * 9, WRAPPED | {"country": "SW"}, WRAPPED | {"country": "SGN"})
    assert {row["shape"] for row in read(slip, tmp_path)[1]} == {"2025-07"}
    cut = wrap(*[WRAPPED] * 9, WRAPPED | {"country": "SW"}, WRAPPED | {"country": "DN"})
    assert {row["shape"] for row in read(cut, tmp_path)[1]} == {"2025-05"}


def test_missing_added_is_null_whether_absent_nan_or_null(tmp_path: Path) -> None:
    without = {key: value for key, value in CUT.items() if key != "added"}
    records = [without, CUT | {"added": float("nan")}, CUT | {"added": None}, CUT]
    assert [row["added"] for row in read(records, tmp_path)[1]] == [None, None, None, "2024-05-31"]


def test_infostealer_may_be_an_object_or_an_empty_text(tmp_path: Path) -> None:
    other = WRAPPED | {"infostealer": "", "ransomware": {"group": "g", "permalink": "p"}}
    assert len(read(wrap(WRAPPED, other), tmp_path)[1]) == 2


@pytest.mark.parametrize("day", ["2025-04-01 00:00:00", "2025-02-30", "2099-01-01"])
def test_dates_pass_as_written(day: str, tmp_path: Path) -> None:
    assert read([REPORT | {"date": day}], tmp_path)[1][0]["date"] == day


def test_namibia_and_repeats_pass(tmp_path: Path) -> None:
    rows = read(wrap(*[WRAPPED | {"country": "NA"}] * 2), tmp_path)[1]
    assert [row["country"] for row in rows] == ["NA", "NA"]


@pytest.mark.parametrize(
    ("strange", "said"),
    [
        (REPORT | {"victim": ""}, "victim"),
        (REPORT | {"date": None}, "date"),
        (None, "victim, date"),
        (5, "victim, date"),
        ("text", "victim, date"),
    ],
)
def test_bad_record_costs_itself(strange: Any, said: str, tmp_path: Path) -> None:
    outcome, rows = read([REPORT, strange, REPORT], tmp_path)
    assert (outcome.rows, outcome.rejected, len(rows)) == (2, 1, 2)
    assert outcome.samples == [f"record 2: no {said}"]


@pytest.mark.parametrize("gone", ["victim", "date", "country"])
def test_missing_column_is_named(gone: str, tmp_path: Path) -> None:
    record = {key: value for key, value in WRAPPED.items() if key != gone}
    with pytest.raises(ParseError, match=f"column {gone} is gone; there are "):
        read(wrap(record), tmp_path)


def test_new_column_is_noted(tmp_path: Path) -> None:
    assert read([REPORT | {"sector": "x"}], tmp_path)[0].message == "new column: sector"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        *IMPOSTORS,
        (b"[]", "the list holds no record"),
        (b'{"message": "rate limit"}', "it has no list 'results'"),
        (b'{"results": []}', "the list holds no record"),
        (json.dumps([REPORT] * 9).encode()[:-1], "the JSON is cut or damaged at byte"),
        (json.dumps(wrap(WRAPPED)).encode()[:-2], "the JSON is cut or damaged at byte"),
        ('[{"victim": "Société"}]'.encode("latin-1"), "column date, country is gone"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParseError) as caught:
        read_payload(SPEC, content, tmp_path)
    assert said in str(caught.value)


def test_wrong_character_set_is_told_by_its_byte(tmp_path: Path) -> None:
    content = json.dumps([REPORT | {"victim": "Île"}], ensure_ascii=False).encode("latin-1")
    with pytest.raises(ParseError, match=f"byte {content.index(0xCE)} is 0xce"):
        read_payload(SPEC, content, tmp_path)


def test_all_recorded_states_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    outcomes = read_recordings(SPEC, mirror, tmp_path)
    assert len(outcomes) == 38
    assert {(outcome.state, outcome.rejected) for outcome in outcomes.values()} == {("accepted", 0)}
    odd = date(2025, 5, 27)
    assert {day for day, outcome in outcomes.items() if outcome.message} == {odd}
    shapes = {
        day: ask(tmp_path, SPEC, "SELECT any_value(shape) FROM raw", outcome)[0]
        for day, outcome in outcomes.items()
    }
    assert Counter(shapes.values()) == {"2024-06": 7, "2025-05": 1, "2025-07": 30}
    assert shapes[odd] == "2025-05"
    last = outcomes[date(2025, 8, 29)]
    facts = "SELECT count(*), count(added), count_if(country = 'SGN') FROM raw"
    assert ask(tmp_path, SPEC, facts, last) == (2627, 1955, 1)
    in_may = "SELECT count(*), count_if(length(date) = 19), count(added) FROM raw"
    assert ask(tmp_path, SPEC, in_may, outcomes[odd]) == (2082, 18, 1414)
