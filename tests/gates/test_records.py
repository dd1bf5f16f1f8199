"""What stays of a night's gates: JSON, and pages that ask no one outside for anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from threatcast_orchestration.gates.gate_results import GateResult
from threatcast_orchestration.gates.records import KEPT_NIGHTS, GateRecords
from threatcast_orchestration.gates.runner import run_suite
from threatcast_orchestration.gates.suites import KINDS, Suite, load_suites
from threatcast_publishing.privacy import kind_of

MakeSuite = Callable[..., Suite]
NIGHT = date(2026, 6, 14)


@pytest.fixture
def records(tmp_path: Path) -> GateRecords:
    return GateRecords(tmp_path / "gates", NIGHT)


def failing(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(value=frame["value"] + 5)


def strict() -> dict[str, Any]:
    """Return a rule that the frame breaks."""
    return {
        "frame": "rows",
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "value", "max_value": 3},
        "severity": "critical",
        "meta": {"why": "Too high.", "cure": "Look at it."},
    }


def test_result_is_kept_as_json_below_its_night(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords
) -> None:
    run_suite(make_suite(), frame, records=records)
    path = records.folder / "2026-06-14" / "payloads.counts.json"
    assert json.loads(path.read_text(encoding="utf-8"))["success"] is True
    assert [result["suite"] for result in records.results()] == ["payloads.counts"]
    assert not list(records.night.glob("*.tmp"))


def test_repeated_night_replaces_its_result(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords
) -> None:
    run_suite(make_suite(), frame, records=records)
    run_suite(make_suite(), failing(frame), records=records)
    (kept,) = records.results()
    assert kept["success"] is False


def test_same_rows_are_told_of_again_and_not_judged_again(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords
) -> None:
    first = run_suite(make_suite(strict()), frame, records=records)
    page = records.page("payloads.counts", "rows")
    moment = page.stat().st_mtime_ns
    again = run_suite(make_suite(strict()), frame.copy(), records=records)
    assert again == first
    assert [one.sample for one in again.failures] != [[]]
    assert page.stat().st_mtime_ns == moment


@pytest.mark.parametrize("changed", ["row", "order", "rule", "record", "page", "night"])
def test_a_gate_judges_anew_once_anything_is_not_the_same(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords, changed: str
) -> None:
    run_suite(make_suite(), frame, records=records)
    page = records.page("payloads.counts", "rows")
    page.write_text(page.read_text("utf-8") + "<!-- an earlier look -->", encoding="utf-8")
    suite, night = make_suite(), records
    if changed == "row":
        frame.loc[3, "code"] = "C0"
    elif changed == "order":
        frame = frame.iloc[::-1]
    elif changed == "rule":
        suite = make_suite(strict())
    elif changed == "record":
        path = records.night / "payloads.counts.json"
        facts = json.loads(path.read_text("utf-8"))
        del facts["expectations"][0]["severity"]
        path.write_text(json.dumps(facts), encoding="utf-8")
    elif changed == "page":
        page.unlink()
    else:
        night = GateRecords(records.folder, NIGHT + timedelta(days=1))
    run_suite(suite, frame, records=night)
    assert "an earlier look" not in night.page("payloads.counts", "rows").read_text("utf-8")


def test_a_crash_is_looked_at_again(make_suite: MakeSuite, records: GateRecords) -> None:
    rows = pd.DataFrame({"value": [True, None], "week": "2026-01-05", "code": "C1"})
    assert run_suite(make_suite(), rows, records=records).error
    assert records.kept(make_suite(), "") is None


def test_no_warning_of_any_suite_reads_like_an_indicator(records: GateRecords) -> None:
    """A release withholds the words of a warning that seems to name a host."""
    records.night.mkdir(parents=True)
    for suite in (suite for kind in KINDS for suite in load_suites(kind)):
        rules = [
            {"why": rule.meta.why, "type": rule.type, "unexpected_count": 1, "element_count": 2,
             "success": False, "severity": "warning", "sample": []}
            for rule in suite.expectations
        ]  # fmt: skip
        result = GateResult(suite.key, suite.protects, ()).as_dict()
        facts = result | {"expectations": rules}
        (records.night / f"{suite.key}.json").write_text(json.dumps(facts), encoding="utf-8")
    said = records.warnings()
    assert len(said) > 50
    assert {warning: kind_of(warning) for warning in said if kind_of(warning)} == {}


def test_warning_names_the_first_rows_that_it_is_about(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords
) -> None:
    (rule,) = make_suite().expectations
    kwargs = rule.kwargs | {"max_value": 4}
    warned = make_suite(rule.model_dump() | {"kwargs": kwargs, "severity": "warning"})
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE counts AS SELECT * FROM frame ORDER BY hash(code)")
        run_suite(warned, connection, records=records)
    (said,) = records.warnings()
    assert said == (
        "payloads gate, counts: value is too high. (expect_column_values_to_be_between, 5 of 10; "
        "week=2026-02-09, code=C5; week=2026-02-16, code=C6; week=2026-02-23, code=C7)"
    )


def test_crash_is_kept_too(make_suite: MakeSuite, records: GateRecords) -> None:
    run_suite(make_suite(), {"lines": pd.DataFrame()}, records=records)
    (kept,) = records.results()
    assert kept["severity"] == "critical"


def test_page_shows_the_failed_rule_and_is_named_in_the_result(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords
) -> None:
    result = run_suite(make_suite(), failing(frame), records=records)
    assert records.site.is_file()
    assert "value" in Path(result.docs).read_text(encoding="utf-8")


def test_pages_reach_nothing_outside_and_need_no_script(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords
) -> None:
    run_suite(make_suite(), failing(frame), records=records)
    pages = list((records.folder / "data_docs").rglob("*.html"))
    assert len(pages) == 2
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "http://" not in text.replace("http://www.w3.org", ""), page
        assert "https://" not in text, page
        assert "<script" not in text, page


def test_index_shows_every_gate_of_the_night_and_links_its_pages(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords
) -> None:
    run_suite(make_suite(), failing(frame), records=records)
    text = records.site.read_text(encoding="utf-8")
    assert "2026-06-14" in text
    assert "failed: critical" in text
    (link,) = re.findall(r'href="([^"]+)"', text)
    page = records.site.parent / link
    assert "unexpected values found" in page.read_text(encoding="utf-8")
    linked = re.findall(r'(?:href|src)="([^#"]+)"', page.read_text(encoding="utf-8"))
    assert {(page.parent / other).resolve() for other in linked} == {records.site.resolve()}


def test_crash_is_in_the_index_too(make_suite: MakeSuite, records: GateRecords) -> None:
    result = run_suite(make_suite(), {"lines": pd.DataFrame()}, records=records)
    assert Path(result.docs) == records.site
    assert "crashed: KeyError" in records.site.read_text(encoding="utf-8")


def test_day_of_the_night_and_no_clock_names_the_page(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords
) -> None:
    first = run_suite(make_suite(), frame, records=records).docs
    assert run_suite(make_suite(), frame, records=records).docs == first
    assert first.endswith("data_docs/2026-06-14/payloads.counts.rows.html")
    assert "2026-06-14T00:00:00Z" in Path(first).read_text(encoding="utf-8")


def test_pages_of_old_nights_go_and_their_json_stays(
    make_suite: MakeSuite, frame: pd.DataFrame, tmp_path: Path
) -> None:
    nights = [NIGHT + timedelta(days=day) for day in range(KEPT_NIGHTS + 2)]
    for night in nights:
        run_suite(make_suite(), frame, records=GateRecords(tmp_path, night))
    assert len(list(tmp_path.glob("2026-*"))) == len(nights)
    shown = sorted(path.name for path in (tmp_path / "data_docs").glob("2026-*"))
    assert shown == [night.isoformat() for night in nights[-KEPT_NIGHTS:]]
    assert nights[0].isoformat() not in (tmp_path / "data_docs" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("content", [b"", b'{"suite": ', b"[1]", b"{}", b"\xff\xfe"])
def test_no_file_below_gates_changes_what_a_gate_says(
    make_suite: MakeSuite, frame: pd.DataFrame, records: GateRecords, content: bytes
) -> None:
    run_suite(make_suite(), frame, records=records)
    written = [path for path in records.folder.rglob("*") if path.is_file()]
    assert len(written) == 3
    older = records.folder / "2026-06-13" / "payloads.counts.json"
    # as earlier versions kept their suites
    store = records.folder / "store" / "expectations" / "payloads" / "counts" / "rows.json"
    for path in (*written, older, store):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert records.results() == []
    assert run_suite(make_suite(), frame, records=records).success
    assert [result["success"] for result in records.results()] == [True]
    assert "holds" in records.site.read_text(encoding="utf-8")
