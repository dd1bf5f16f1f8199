"""One bad text costs its record, whichever JSON feed it comes in; never the feed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from payload_reading import Rows, read_payload
from threatcast_feeds.errors import ParseError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.readers.json_records import DamagedJsonError, read_document
from threatcast_feeds.registry import load_feed

HALF = "half characters replaced by U+FFFD in record 2"


@dataclass(frozen=True)
class Form:
    """A feed's list: a good record, the key that names it, and how the list is wrapped."""

    feed: str
    record: dict[str, Any]
    name: str
    key: str | None = None
    column: str = ""

    def wrap(self, texts: list[str]) -> bytes:
        listed = "[" + ", ".join(texts) + "]"
        if self.key is not None:
            listed = f'{{"before": "x", "{self.key}": {listed}, "after": {{"n": [1]}}}}'
        return listed.encode("utf-8", errors="surrogateescape")

    def read(self, *records: dict[str, Any] | str, folder: Path) -> tuple[ParseOutcome, Rows]:
        texts = [one if isinstance(one, str) else json.dumps(one) for one in records]
        return read_payload(load_feed(self.feed), self.wrap(texts), folder)

    def names(self, rows: Rows) -> list[str]:
        return [row[self.column or self.name] for row in rows]

    def named(self, name: str) -> dict[str, Any]:
        return self.record | {self.name: name}


CVE = {"cveID": "", "vendorProject": "v", "product": "p", "dateAdded": "2026-08-21"}
CVE |= {"dueDate": "2026-09-11", "cwes": ["CWE-77"]}
CLAIM = {"post_title": "", "group_name": "g", "discovered": "d", "published": "2026-08-21"}
CLAIM |= {"country": "MX", "activity": ""}
PRO = {"victim": "", "group": "g", "discovered": "d", "attackdate": "2026-08-21", "country": "MX"}
REPORT = {"victim": "", "date": "2026-08-21", "country": "CAN", "added": "2026-08-21"}
BREACH = {"breachID": "", "breachedDate": "2025-11-01", "addedDate": "2026-07-24", "domain": "d"}
BREACH |= {"industry": "i", "exposedRecords": 3, "verified": True, "sensitive": False}
FORMS = {
    "cisa_kev": Form("cisa_kev", CVE, "cveID", "vulnerabilities"),
    "claims": Form("ransomware_live", CLAIM, "post_title"),
    "pro claims": Form("ransomware_live", PRO, "victim", "victims", "post_title"),
    "press": Form("ransomware_live_press", REPORT, "victim"),
    "wrapped press": Form("ransomware_live_press", REPORT, "victim", "results"),
    "breaches": Form("xposedornot_breaches", BREACH, "breachID", "exposedBreaches"),
}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> Form:
    return FORMS[request.param]


def test_half_a_character_is_replaced_and_said(form: Form, tmp_path: Path) -> None:
    cut = form.named("b \ud83d")
    outcome, rows = form.read(form.named("a"), cut, form.named("c"), folder=tmp_path)
    assert form.names(rows) == ["a", "b \ufffd", "c"]
    assert (outcome.rejected, outcome.message) == (0, HALF)


def test_half_a_character_in_a_key_or_an_unread_text_costs_nothing(
    form: Form, tmp_path: Path
) -> None:
    odd = form.named("b") | {"\udc00": 1, "note": "\ud83d"}
    outcome, rows = form.read(form.named("a"), odd, folder=tmp_path)
    assert form.names(rows) == ["a", "b"]
    assert outcome.rejected == 0


Spoil = Callable[[str], str]
# what is done to the text of the second of three records, and what is said of it
SPOILT: dict[str, tuple[Spoil, str]] = {
    "not UTF-8": (lambda text: text.replace('"b"', '"b\udce9"'), "it is not UTF-8: byte "),
    "nested too deep": (
        lambda text: text[:-1] + ', "x": ' + "[" * 10_000 + "]" * 10_000 + ', "y": 1e4}',
        "it is nested too deep",
    ),
    "not JSON": (lambda text: text.replace('"b"', "b"), "it is not JSON: byte "),
    "single quotes": (lambda text: text.replace('"', "'"), "it is not JSON: byte "),
    "stray quote": (lambda text: text.replace('"b"', '"b "quoted" or "'), "it is not JSON: byte "),
    "one quote": (lambda text: text.replace('"b"', '"b'), "it is not JSON: byte "),
    "a number with a zero before it": (lambda text: text[:-1] + ', "x": 01}', "it is not JSON"),
    "no object": (lambda text: json.dumps([text]), "no "),
    "null": (lambda _: "null", "no "),
}


@pytest.mark.parametrize("how", SPOILT)
def test_record_that_cannot_be_read_costs_itself(form: Form, how: str, tmp_path: Path) -> None:
    spoil, said = SPOILT[how]
    # without this DuckDB reads deep records too, and they cost nothing
    odd = spoil(json.dumps(form.named("b"))).replace("1e4}", '"\\ud83d"}')
    outcome, rows = form.read(form.named("a"), odd, form.named("c"), folder=tmp_path)
    assert form.names(rows) == ["a", "c"]
    assert outcome.rejected == 1
    assert outcome.samples[0].startswith(f"record 2: {said}")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"b"', '"x", "NAME": "b"'),
        lambda text: text[:-1] + ', "x": 1e400}',
        lambda text: text[:-1] + ', "x": -Infinity, "y": NaN}',
        lambda text: text[:-1] + f', "x": {"9" * 5000}}}',
        lambda text: text[:-1] + ', "x": "line\nfeed and \x00"}',
        lambda text: text[:-1] + ', "x": ' + "[" * 10_000 + "]" * 10_000 + "}",
        lambda text: text[:-1] + f', "x": "{"y" * 3_000_000}"}}',
    ],
    ids=["key twice", "1e400", "infinity", "5000 digits", "line feed", "deep", "3 MB"],
)
def test_odd_record_is_read(form: Form, spoil: Spoil, tmp_path: Path) -> None:
    odd = spoil(json.dumps(form.named("b"))).replace("NAME", form.name)
    outcome, rows = form.read(form.named("a"), odd, form.named("c"), folder=tmp_path)
    assert form.names(rows) == ["a", "b", "c"]
    assert outcome.rejected == 0


def test_first_record_without_a_key_does_not_speak_for_the_others(
    form: Form, tmp_path: Path
) -> None:
    for gone in ("country", "vendorProject", "industry"):
        if gone not in form.record:
            continue
        first = {key: value for key, value in form.named("a").items() if key != gone}
        outcome, rows = form.read(first, form.named("b"), folder=tmp_path)
        assert [row[gone] for row in rows] == [None, form.record[gone]]
        assert (outcome.rejected, outcome.message) == (0, "")


def test_key_that_only_few_records_have_is_said(form: Form, tmp_path: Path) -> None:
    gone = next(key for key in ("country", "vendorProject", "industry") if key in form.record)
    less = {key: value for key, value in form.record.items() if key != gone}
    others = [less | {form.name: name} for name in "bcde"]
    outcome, rows = form.read(form.named("a"), *others, folder=tmp_path)
    assert len(rows) == 5
    assert outcome.message == f"only 1 of 5 records have {gone}"


def test_new_key_of_a_later_record_is_noted(form: Form, tmp_path: Path) -> None:
    outcome, _ = form.read(form.named("a"), form.named("b") | {"colour": 1}, folder=tmp_path)
    assert outcome.message == "new column: colour"


def test_names_of_keys_are_escaped_and_cut(form: Form, tmp_path: Path) -> None:
    odd = {"\x1b[31m\x07\u202ered": 1, "x" * 3_000_000: 2}
    outcome, _ = form.read(form.named("a") | odd, folder=tmp_path)
    assert outcome.message == (
        "new column: \\x1b[31m\\x07\\u202ered, " + "x" * 60 + "… (3,000,000 characters)"
    )


def test_list_without_a_needed_column_names_few_of_the_keys_that_are_there(
    form: Form, tmp_path: Path
) -> None:
    odd = {f"\x1b{number}": 1 for number in range(10_000)}
    with pytest.raises(ParseError) as caught:
        form.read(odd, folder=tmp_path)
    assert "is gone; there are \\x1b0, \\x1b1, " in str(caught.value)
    assert " and 9,990 more" in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("end", ["", ", ", "}", '{"a": ', '"'])
def test_list_with_a_bad_record_that_is_cut_as_well_is_refused(form: Form, end: str) -> None:
    content = form.wrap([json.dumps(form.named("a\ud83d")), json.dumps(form.named("b"))])
    cut = content[: content.index(b'"b"')] + end.encode()
    with pytest.raises(DamagedJsonError):
        read_document(cut, form.key)
