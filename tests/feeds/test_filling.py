"""A column that a feed filled until now and does not any more is said, in every format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.landing import Landing
from threatcast_feeds.parsing import parse_new
from threatcast_feeds.registry import load_feed

CLAIM = {"post_title": "t", "group_name": "g", "discovered": "d", "published": "2026-08-21"}
CLAIM |= {"country": "MX", "activity": "Energy"}


def claims(filled: int, *lost: str) -> list[dict[str, Any]]:
    """Return ten claims, of which only some have all columns."""
    less = {key: value for key, value in CLAIM.items() if key not in lost}
    return [CLAIM] * filled + [less] * (10 - filled)


def said(folder: Path, *nights: Sequence[dict[str, Any]]) -> list[str]:
    """Return what is said of each night's claims."""
    landing = Landing(folder / "landing")
    for number, records in enumerate(nights, start=1):
        day = date(2026, 8, number)
        content = json.dumps([*records, CLAIM | {"post_title": str(number)}]).encode()
        moment = datetime(2026, 8, number, 2, tzinfo=UTC)
        landing.land(Arrival("ransomware_live", day, "json", content, moment, "mirror", "", "", ""))
    outcomes = parse_new(load_feed("ransomware_live"), landing, folder / "raw")
    return [outcome.message for outcome in outcomes]


def test_column_that_came_later_is_not_lost(tmp_path: Path) -> None:
    assert said(tmp_path, claims(0, "activity"), claims(10)) == ["", ""]


@pytest.mark.parametrize("lost", ["activity", "discovered"])
def test_column_that_is_empty_from_now_on_is_said(lost: str, tmp_path: Path) -> None:
    last = [claim for claim in claims(0, lost) for _ in range(5)]
    messages = said(tmp_path, claims(10), last, [*last, *last])
    assert f"column {lost} is filled in 2% of the rows (100% on 2026-08-01)" in messages[1]
    # it is said once: the payload before lacked it too
    assert "is filled in" not in messages[2]


def test_column_of_texts_without_a_character_is_said(tmp_path: Path) -> None:
    last = [claim | {"activity": ""} for claim in claims(10) for _ in range(5)]
    messages = said(tmp_path, claims(10), last)
    assert "column activity is filled in 2% of the rows (100% on 2026-08-01)" in messages[1]


def test_column_that_some_records_lack_is_not_lost(tmp_path: Path) -> None:
    assert said(tmp_path, claims(10), claims(5, "activity")) == ["", ""]


CVE = {"vendorProject": "v", "product": "p", "dateAdded": "2026-08-01", "dueDate": "2026-09-01"}
CVE |= {"cwes": ["CWE-79"], "knownRansomwareCampaignUse": "Unknown"}


def catalogs(folder: Path, *nights: Sequence[dict[str, Any]]) -> list[str]:
    """Return what is said of each release of a catalog of vulnerabilities."""
    landing = Landing(folder / "landing")
    for number, records in enumerate(nights, start=1):
        release = {"catalogVersion": f"2026.08.{number:02d}", "dateReleased": f"2026-08-{number}"}
        content = json.dumps(release | {"vulnerabilities": records}).encode()
        day, moment = date(2026, 8, number), datetime(2026, 8, number, 2, tzinfo=UTC)
        landing.land(Arrival("cisa_kev", day, "json", content, moment, "mirror", "", "", ""))
    spec = load_feed("cisa_kev")
    return [one.message for one in parse_new(spec, landing, folder / "raw")]


def cves(first: int, count: int, **changes: Any) -> list[dict[str, Any]]:
    entry = {key: value for key, value in (CVE | changes).items() if value != "gone"}
    return [entry | {"cveID": f"CVE-2026-{first + at:05d}"} for at in range(count)]


@pytest.mark.parametrize("gone", ["gone", None, []])
def test_list_that_is_empty_from_now_on_is_said(gone: Any, tmp_path: Path) -> None:
    messages = catalogs(tmp_path, cves(0, 600), cves(0, 600, cwes=gone))
    assert "column cwes is filled in 0% of the rows (100% on 2026-08-01)" in messages[1]


@pytest.mark.parametrize("name", ["cwes", "knownRansomwareCampaignUse"])
def test_column_that_only_new_records_lack_is_said(name: str, tmp_path: Path) -> None:
    old = cves(0, 600)
    messages = catalogs(tmp_path, old, old + cves(600, 5, **{name: "gone"}))
    assert messages[1] == f"column {name} is filled in 0 of 5 new rows (100% of all on 2026-08-01)"


def test_column_that_few_records_a_night_lack_is_said_once_they_are_enough(tmp_path: Path) -> None:
    nights = [cves(0, 600) + cves(600, new, cwes="gone") for new in range(6)]
    messages = catalogs(tmp_path, *nights)
    assert messages[:3] == ["", "", ""]
    assert "of 4 new rows (100% of all on 2026-08-01)" in messages[4]


def test_new_records_of_which_some_fill_a_column_have_not_lost_it(tmp_path: Path) -> None:
    old = cves(0, 300) + cves(300, 300, cwes="gone")
    new = old + cves(600, 20, cwes="gone") + cves(620, 5)
    few = old + cves(600, 5, cwes="gone")
    assert catalogs(tmp_path / "some", old, new) == ["", ""]
    assert catalogs(tmp_path / "chance", old, few) == ["", ""], "half of them lack it by custom"
