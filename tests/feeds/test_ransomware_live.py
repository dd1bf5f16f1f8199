"""Claims of leak sites: three wire formats, two styles of dates, bare NaN."""

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

SPEC = load_feed("ransomware_live")
A = {
    "activity": "Energy & Utilities",
    "country": "MX",
    "description": "",
    "discovered": "2026-08-21T15:01:00+00:00",
    "group_name": "examplelocker",
    "post_title": "Example Ltd",
    "post_url": "",
    "published": "2026-08-21T14:55:56.695559+00:00",
    "screenshot": "",
    "website": "",
}
B = {
    "activity": "Energy & Utilities",
    "attackdate": "2026-08-21T14:55:56.695559+00:00",
    "claim_url": "",
    "country": "MX",
    "description": "",
    "discovered": "2026-08-21T15:01:00+00:00",
    "domain": "",
    "group": "examplelocker",
    "infostealer": "",
    "press": None,
    "screenshot": "",
    "url": "",
    "victim": "Example Ltd",
}
ROW = {
    "post_title": "Example Ltd",
    "group_name": "examplelocker",
    "discovered": "2026-08-21T15:01:00+00:00",
    "published": "2026-08-21T14:55:56.695559+00:00",
    "country": "MX",
    "activity": "Energy & Utilities",
}


def read(document: Any, folder: Path) -> tuple[ParseOutcome, Rows]:
    return read_json(SPEC, document, folder)


def claim(form: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (form | changes).items() if value is not ...}


@pytest.mark.parametrize(
    "document",
    [[A], [B], {"client": "c", "count": 1, "order": "discovered", "victims": [B]}],
    ids=["A", "B", "C"],
)
def test_all_three_wire_formats_give_the_same_row(document: Any, tmp_path: Path) -> None:
    outcome, rows = read(document, tmp_path)
    assert outcome == ParseOutcome(1)
    assert rows == [ROW]


def test_pro_object_may_carry_no_client(tmp_path: Path) -> None:
    assert read({"count": 1, "order": "x", "victims": [B]}, tmp_path)[1] == [ROW]


@pytest.mark.parametrize("form", [A, B], ids=["A", "B"])
def test_activity_is_null_where_it_was_not_yet_written(form: Any, tmp_path: Path) -> None:
    outcome, rows = read([claim(form, activity=...)], tmp_path)
    assert (outcome.message, rows[0]["activity"]) == ("", None)


@pytest.mark.parametrize(
    "moment",
    [
        "2024-12-16 21:20:33.878129",
        "2026-07-18T11:46:41+00:00",
        "2026-07-18T11:46:41.123456+00:00",
        "2026-07-18",
        "2024-02-30 00:00:00",
        "2099-01-01T00:00:00+00:00",
    ],
)
def test_dates_of_every_style_pass_as_written(moment: str, tmp_path: Path) -> None:
    outcome, rows = read([A, claim(A, published=moment)], tmp_path)
    assert (outcome.rejected, rows[1]["published"]) == (0, moment)


def test_bare_nan_of_a_mirror_is_missing(tmp_path: Path) -> None:
    nan = float("nan")
    strange = claim(B, infostealer=nan, press=nan, modifications=nan, country=nan, activity=nan)
    outcome, rows = read([strange, B], tmp_path)
    assert (outcome.rows, outcome.rejected) == (2, 0)
    assert (rows[0]["country"], rows[0]["activity"], rows[1]["country"]) == (None, None, "MX")


@pytest.mark.parametrize("country", ["", "NA", "UK", "??", "us", "Turkey", "N/A", "Unknown"])
def test_country_passes_as_written_and_namibia_is_one(country: str, tmp_path: Path) -> None:
    assert read([claim(A, country=country)], tmp_path)[1][0]["country"] == country


def test_repeats_of_title_and_group_are_kept_for_the_history(tmp_path: Path) -> None:
    again = claim(A, published="2026-08-22T00:00:00+00:00")
    assert len(read([A, again, A], tmp_path)[1]) == 3


def test_infostealer_may_be_an_object_in_some_rows(tmp_path: Path) -> None:
    rows = read([claim(B, infostealer={"users": 3}), claim(B, infostealer=...)], tmp_path)[1]
    assert rows == [ROW, ROW]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"post_title": ""}, "post_title"),
        ({"post_title": None}, "post_title"),
        ({"group_name": "  "}, "group_name"),
        ({"published": None}, "published"),
        ({"post_title": ..., "published": ""}, "post_title, published"),
    ],
)
def test_record_that_lacks_what_makes_a_claim_costs_itself(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    outcome, rows = read([A, claim(A, **change), A], tmp_path)
    assert rows == [ROW, ROW]
    assert (outcome.rejected, outcome.samples) == (1, [f"record 2: no {said}"])


@pytest.mark.parametrize("strange", [None, 7, "text", ["list"], {}])
@pytest.mark.parametrize("wrapped", [False, True])
def test_record_that_is_no_object_costs_itself(strange: Any, wrapped: bool, tmp_path: Path) -> None:
    records = [B, strange, B]
    outcome, rows = read({"victims": records} if wrapped else records, tmp_path)
    assert rows == [ROW, ROW]
    assert (outcome.rejected, outcome.message) == (1, "")
    assert outcome.samples == ["record 2: no victim, group, attackdate"]


def test_samples_name_no_victim(tmp_path: Path) -> None:
    outcome, _ = read([A, *[claim(A, group_name="")] * 9], tmp_path)
    assert (outcome.rejected, len(outcome.samples)) == (9, 5)
    assert "Example" not in " ".join(outcome.samples)


@pytest.mark.parametrize(
    ("form", "gone"),
    [(A, "post_title"), (A, "country"), (A, "published"), (B, "attackdate"), (B, "victim")],
)
def test_missing_column_is_named(form: dict[str, Any], gone: str, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=f"column {gone} is gone; there are ") as caught:
        read([claim(form, **{gone: ...})] * 2, tmp_path)
    assert "its parser and defs.yaml must follow" in str(caught.value)


def test_new_column_is_noted_and_costs_nothing(tmp_path: Path) -> None:
    outcome, rows = read([claim(A, severity=3)], tmp_path)
    assert (outcome.message, rows) == ("new column: severity", [ROW])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        *IMPOSTORS,
        (b"[]", "the list holds no record"),
        (b'{"victims": null}', "the list holds no record"),
        (b"[1, 2]", "none of its 2 records has post_title, group_name, published"),
        (b'{"error": "1 per 1 minute"}', "it has no list 'victims'"),
        (b"null", "it is no JSON list or object"),
        (b"post_title,group_name\na,b\n", "it is no JSON list or object"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParseError) as caught:
        read_payload(SPEC, content, tmp_path)
    assert said in str(caught.value)
    assert "Kept: the payload in landing and the rows of all earlier ones." in str(caught.value)


RECORDS = json.dumps([A] * 50)


@pytest.mark.parametrize("end", [RECORDS.index("}") + 1, RECORDS.index("}") + 2, 700, -1, -5])
def test_list_that_was_cut_is_refused_wherever_the_cut_is(end: int, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="the JSON is cut or damaged at byte"):
        read_payload(SPEC, RECORDS[:end].encode(), tmp_path)


def test_wrong_character_set_is_told_by_its_byte(tmp_path: Path) -> None:
    content = json.dumps([claim(A, post_title="Société")], ensure_ascii=False).encode("latin-1")
    with pytest.raises(ParseError, match=f"byte {content.index(0xE9)} is 0xe9"):
        read_payload(SPEC, content, tmp_path)


def test_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + json.dumps([A]).encode()
    assert read_payload(SPEC, content, tmp_path)[1] == [ROW]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("2024-06-01", 100),
        ("2024-06-16", 100),
        ("2025-05-27", 285),
        ("2025-07-12", 100),
        ("2025-09-30", 100),
        ("2025-12-08", 100),
        ("2026-04-21", 100),
        ("2026-04-28", 100),
        ("2026-05-04", 100),
        ("2026-08-22", 20),
    ],
)
def test_recorded_answers_of_all_endpoints_are_read_whole(
    name: str, count: int, extra: Path, tmp_path: Path
) -> None:
    content = (extra / "ransomware_live_recent" / f"{name}.json").read_bytes()
    outcome, rows = read_payload(SPEC, content, tmp_path)
    assert outcome == ParseOutcome(count)
    assert all(row["post_title"] and row["group_name"] for row in rows)
    assert {len(row["published"]) for row in rows} <= {19, 25, 26, 32}
    assert "NaN" not in {value for row in rows for value in row.values()}


def test_oldest_rows_came_first_when_the_dates_changed(extra: Path, tmp_path: Path) -> None:
    content = (extra / "ransomware_live_recent" / "2026-04-28.json").read_bytes()
    rows = read_payload(SPEC, content, tmp_path)[1]
    assert rows[0]["published"] == "2019-05-04T00:00:00+00:00"


def test_all_recorded_states_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    outcomes = read_recordings(SPEC, mirror, tmp_path)
    assert len(outcomes) == 67
    assert Counter(outcome.state for outcome in outcomes.values()) == {"accepted": 67}
    assert {(outcome.rejected, outcome.message) for outcome in outcomes.values()} == {(0, "")}
    sizes = [outcomes[date(*day)].rows for day in ((2026, 5, 10), (2026, 5, 17), (2026, 8, 22))]
    assert sizes == [27996, 27837, 30205]
    last = outcomes[date(2026, 8, 22)]
    styles = ask(
        tmp_path,
        SPEC,
        "SELECT count_if(published LIKE '% %'), count_if(published LIKE '%+00:00') FROM raw",
        last,
    )
    assert styles == (19, 30186)
    repeats = ask(
        tmp_path,
        SPEC,
        "SELECT count(*) FROM "
        "(SELECT 1 FROM raw GROUP BY post_title, group_name HAVING count(*) > 1)",
        last,
    )
    assert repeats == (71,)
    activity = "SELECT count(activity), count(*) FROM raw"
    assert ask(tmp_path, SPEC, activity, outcomes[date(2024, 5, 31)])[0] == 0
    later = ask(tmp_path, SPEC, activity, outcomes[date(2024, 6, 30)])
    assert later[0] == later[1]
