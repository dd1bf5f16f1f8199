"""Known Exploited Vulnerabilities: every form in which the catalog was ever served."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from threatcast_feeds.catalog.cisa_kev.parse import parse
from threatcast_feeds.errors import FeedError, ParseError
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.parsing import ParseOutcome, parse_new
from threatcast_feeds.payload import PayloadSource
from threatcast_feeds.registry import load_feed

SPEC = load_feed("cisa_kev")
RECORD = {
    "cveID": "CVE-2099-0001",
    "vendorProject": "Example",
    "product": "Server",
    "vulnerabilityName": "Example Server Flaw",
    "dateAdded": "2026-08-21",
    "shortDescription": "A flaw.",
    "requiredAction": "Apply updates.",
    "dueDate": "2026-09-11",
    "knownRansomwareCampaignUse": "Unknown",
    "notes": "https://example.org/advisory ; https://example.org/cve",
    "cwes": ["CWE-77", "CWE-78"],
}


def record(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (RECORD | changes).items() if value is not ...}


def release(*records: Any, **changes: Any) -> dict[str, Any]:
    return {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": "2026.08.21",
        "dateReleased": "2026-08-21T17:46:43.6019Z",
        "count": len(records),
        "vulnerabilities": list(records),
    } | changes


def run(content: bytes, folder: Path) -> tuple[ParseOutcome, list[dict[str, Any]]]:
    source = PayloadSource.of_bytes(SPEC, content, folder, day=date(2026, 8, 22))
    target = folder / "rows.parquet"
    outcome = parse(source, target)
    found = duckdb.sql(f"SELECT * FROM '{target}'")
    assert found.columns == [*SPEC.columns, "payload"]
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    assert len(rows) == outcome.rows
    assert {row["payload"] for row in rows} == {source.payload}
    return outcome, rows


def read(document: Any, folder: Path) -> tuple[ParseOutcome, list[dict[str, Any]]]:
    return run(json.dumps(document, indent=4).replace("/", "\\/").encode(), folder)


def test_todays_release_is_read_whole(tmp_path: Path) -> None:
    outcome, rows = read(release(record()), tmp_path)
    assert (outcome.rows, outcome.rejected, outcome.message) == (1, 0, "")
    rows[0].pop("payload")
    assert rows[0] == {
        "cveID": "CVE-2099-0001",
        "vendorProject": "Example",
        "product": "Server",
        "dateAdded": "2026-08-21",
        "dueDate": "2026-09-11",
        "knownRansomwareCampaignUse": "Unknown",
        "cwes": ["CWE-77", "CWE-78"],
        "catalogVersion": "2026.08.21",
        "dateReleased": "2026-08-21T17:46:43.6019Z",
    }


@pytest.mark.parametrize("layout", ["crlf and two spaces", "two-space indent", "one line", "bom"])
def test_layout_of_the_text_does_not_matter(layout: str, tmp_path: Path) -> None:
    document = release(record(vendorProject="Société", cveID="CVE-2099-0002"), record())
    text = {
        "crlf and two spaces": json.dumps(
            document, indent=4, separators=(",", ":  "), ensure_ascii=False
        ).replace("\n", "\r\n"),
        "two-space indent": json.dumps(document, indent=2) + "\n\n",
        "one line": json.dumps(document),
        "bom": "\ufeff" + json.dumps(document, ensure_ascii=False),
    }[layout]
    outcome, rows = run(text.encode(), tmp_path)
    assert outcome.rows == 2
    assert rows[0]["vendorProject"] == "Société"


def test_columns_that_came_later_are_null_before(tmp_path: Path) -> None:
    old = record(knownRansomwareCampaignUse=..., cwes=...)
    outcome, rows = read(release(old), tmp_path)
    assert outcome.message == ""
    assert (rows[0]["knownRansomwareCampaignUse"], rows[0]["cwes"]) == (None, None)


def test_empty_list_of_weaknesses_stays_empty(tmp_path: Path) -> None:
    assert read(release(record(cwes=[])), tmp_path)[1][0]["cwes"] == []


def test_order_and_repeats_are_kept_for_the_history_to_judge(tmp_path: Path) -> None:
    first, again = record(dateAdded="2026-08-21"), record(dateAdded="2021-11-03")
    other = record(cveID="CVE-2099-0002")
    _, rows = read(release(first, other, again), tmp_path)
    assert [(row["cveID"], row["dateAdded"]) for row in rows] == [
        ("CVE-2099-0001", "2026-08-21"),
        ("CVE-2099-0002", "2026-08-21"),
        ("CVE-2099-0001", "2021-11-03"),
    ]


@pytest.mark.parametrize("day", ["2099-01-01", "2026-02-30", "", "soon"])
def test_impossible_and_future_dates_pass_as_they_are(day: str, tmp_path: Path) -> None:
    outcome, rows = read(release(record(dateAdded=day)), tmp_path)
    assert (outcome.rejected, rows[0]["dateAdded"]) == (0, day)


@pytest.mark.parametrize("nameless", [record(cveID=...), record(cveID=None), record(cveID=" "), {}])
def test_record_without_number_costs_that_record(nameless: Any, tmp_path: Path) -> None:
    outcome, rows = read(release(record(), nameless, record(cveID="CVE-2099-0003")), tmp_path)
    assert (outcome.rows, outcome.rejected) == (2, 1)
    assert outcome.samples == ["record 2: no cveID"]
    assert [row["cveID"] for row in rows] == ["CVE-2099-0001", "CVE-2099-0003"]


@pytest.mark.parametrize("strange", [None, 7, "CVE-2099-0002", ["CVE-2099-0002"]])
def test_record_that_is_no_record_costs_itself_only(strange: Any, tmp_path: Path) -> None:
    outcome, rows = read(release(record(), strange, record(cveID="CVE-2099-0003")), tmp_path)
    assert (outcome.rows, outcome.rejected) == (2, 1)
    assert outcome.samples == ["record 2: no cveID"]
    assert [row["cwes"] for row in rows] == [["CWE-77", "CWE-78"]] * 2


@pytest.mark.parametrize("strange", ["CWE-77", 77, {"a": 1}])
def test_value_of_another_type_is_null_and_said(strange: Any, tmp_path: Path) -> None:
    outcome, rows = read(release(record(), record(cwes=strange)), tmp_path)
    assert [row["cwes"] for row in rows] == [["CWE-77", "CWE-78"], None]
    assert outcome.message == "values that do not fit their column's type are null"
    assert outcome.rejected == 0


def test_bare_nan_is_missing(tmp_path: Path) -> None:
    outcome, rows = read(release(record(), record(cwes=float("nan"))), tmp_path)
    assert [row["cwes"] for row in rows] == [["CWE-77", "CWE-78"], None]
    assert (outcome.rejected, outcome.message) == (0, "")


@pytest.mark.parametrize("gone", ["cveID", "vendorProject", "product", "dateAdded", "dueDate"])
def test_missing_column_is_named(gone: str, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=f"column {gone} is gone; there are ") as caught:
        read(release(record(**{gone: ...}), record(**{gone: ...})), tmp_path)
    assert "its parser and defs.yaml must follow" in str(caught.value)


def test_new_column_is_noted_and_costs_nothing(tmp_path: Path) -> None:
    outcome, rows = read(release(record(epss=0.97)), tmp_path)
    assert (outcome.message, len(rows)) == ("new column: epss", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the payload is empty"),
        (b" \n", "the payload is empty"),
        (
            b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY></BODY></HTML>",
            "the payload is a web page titled 'Access Denied', not json",
        ),
        (b"<!DOCTYPE html><html></html>", "the payload is a web page, not json"),
        (gzip.compress(b"{}", mtime=0), "the payload is a gzip file, not json"),
        (b'{"error": "try later"}', "it has no list 'vulnerabilities'"),
        (b'{"vulnerabilities": []}', "the list holds no record"),
        (b'{"vulnerabilities": null}', "the list holds no record"),
        (
            b'{"vulnerabilities": {"a": {"cveID": "CVE-2099-0001"}}}',
            "Expected ARRAY, but got OBJECT",
        ),
        (b"[1, 2]", "it has no list 'vulnerabilities'"),
        (b"not json at all", "it is no JSON list or object"),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParseError) as caught:
        run(content, tmp_path)
    assert said in str(caught.value)


def test_wrong_character_set_is_told_by_its_byte(tmp_path: Path) -> None:
    text = json.dumps(release(record(vendorProject="Société")), ensure_ascii=False)
    content = text.encode("latin-1")
    with pytest.raises(ParseError, match=f"byte {content.index(0xE9)} is 0xe9"):
        run(content, tmp_path)


@pytest.mark.parametrize("kept", [0.4, 0.7, 0.999])
def test_cut_json_is_refused(kept: float, tmp_path: Path) -> None:
    records = [record(cveID=f"CVE-2099-{number:04}") for number in range(300)]
    content = json.dumps(release(*records)).encode()
    with pytest.raises(ParseError, match="the JSON is cut or damaged at"):
        run(content[: int(len(content) * kept)], tmp_path)


def test_recorded_page_that_says_access_denied_is_refused(extra: Path, tmp_path: Path) -> None:
    page = (extra / "cisa_kev_odd" / "2024-11-26-access-denied.html").read_bytes()
    with pytest.raises(ParseError, match="web page titled 'Access Denied', not json"):
        run(page, tmp_path)


def test_recorded_release_that_was_cut_is_refused(extra: Path, tmp_path: Path) -> None:
    path = extra / "cisa_kev_odd" / "2025-02-26-truncated.json.gz"
    with pytest.raises(FeedError, match="the JSON is cut or damaged at"):
        run(gzip.decompress(path.read_bytes()), tmp_path)


def test_all_recorded_releases_are_read_without_loss(mirror: Path, tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    listed: dict[str, int] = {}
    for arrival in arrivals(SPEC, mirror, None, set()):
        landed = landing.land(arrival)
        listed[landed.sha12] = len(json.loads(arrival.content)["vulnerabilities"])
    outcomes = parse_new(SPEC, landing, tmp_path / "raw")
    assert Counter(outcome.state for outcome in outcomes) == {"accepted": 202}
    assert {outcome.payload: outcome.rows for outcome in outcomes} == listed
    assert {outcome.message for outcome in outcomes} == {""}
    raw = f"read_parquet('{tmp_path}/raw/cisa_kev/*.parquet')"
    last = landing.payloads("cisa_kev")[-1].sha12
    facts = duckdb.sql(
        f"SELECT count(*), count(DISTINCT cveID), count_if(len(cwes) = 0), "
        f"count_if(knownRansomwareCampaignUse = 'Known') FROM {raw} WHERE payload = '{last}'"
    ).fetchone()
    assert facts == (1674, 1674, 171, 352)
    twice = duckdb.sql(
        f"SELECT count(*) FROM (SELECT payload, cveID FROM {raw} GROUP BY ALL HAVING count(*) > 1)"
    ).fetchone()
    assert twice == (0,)
