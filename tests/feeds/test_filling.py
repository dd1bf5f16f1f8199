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


def test_column_that_some_records_lack_is_not_lost(tmp_path: Path) -> None:
    assert said(tmp_path, claims(10), claims(5, "activity")) == ["", ""]
