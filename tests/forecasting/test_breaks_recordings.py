"""Dated breaks of recorded feeds, looked at week by week as the nights would have."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from threatcast_feeds.catalog.c2_tracker.parse import tool_of
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.registry import load_feed
from threatcast_forecasting.breaks.shifts import level_shifts, shifts
from threatcast_forecasting.models.negative_binomial import MODEL
from threatcast_forecasting.panels import Batch
from threatcast_forecasting.scores import covered

# unroutable, private and multicast ranges, as the warehouse leaves out
RESERVED = re.compile(r"(0|10|127|22[4-9]|2[3-5]\d)\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.")
# publisher's gaps (seed `gaps`): first day, last day
C2_GAPS = [
    ("2023-03-13", "2023-04-02"),
    ("2023-06-19", "2023-07-02"),
    ("2023-09-18", "2023-10-08"),
    ("2024-07-22", "2024-08-04"),
]
Weekly = tuple[np.ndarray, np.ndarray]


def weekly(new: Counter[date], gaps: Iterable[tuple[str, str]] = ()) -> Weekly:
    """Return Mondays and counts from new records by Monday; NaN in a gap."""
    first, last = min(new), max(new)
    weeks = np.arange(np.datetime64(first), np.datetime64(last) + 1, 7)
    counts = np.array([new[week.item()] for week in weeks], dtype=float)
    for begin, end in gaps:
        counts[(weeks >= np.datetime64(begin)) & (weeks <= np.datetime64(end))] = np.nan
    return weeks, counts


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@pytest.fixture(scope="module")
def c2_servers(mirror: Path) -> Weekly:
    """Return new (tool, address) pairs a week of the whole feed; first runs of a tool are stock."""
    seen: dict[str, set[str]] = {}
    new: Counter[date] = Counter()
    for arrival in arrivals(load_feed("c2_tracker"), mirror, None, set()):
        # a run on Monday tells of the week before it
        week = monday(arrival.day - timedelta(days=1))
        bundle = zipfile.ZipFile(io.BytesIO(arrival.content))
        for name in bundle.namelist():
            tool = tool_of(name)
            if tool is None or tool.startswith("777"):
                continue
            found = set(bundle.read(name).decode().split())
            if tool in seen:
                new[week] += len(found - seen[tool])
            seen.setdefault(tool, set()).update(found)
        new[week] += 0
    return weekly(new, C2_GAPS)


@pytest.fixture(scope="module")
def malware_hosts(mirror: Path) -> Weekly:
    """Return addresses a week that were never listed before; the first list is stock."""
    seen: set[str] = set()
    new: Counter[date] = Counter()
    for arrival in arrivals(load_feed("threatfox_ips"), mirror, None, set()):
        found = set(arrival.content.decode().split())
        fresh = found - seen
        if seen:
            new[monday(arrival.day)] += sum(not RESERVED.match(address) for address in fresh)
        seen |= fresh
    return weekly(new)


@pytest.fixture(scope="module")
def series(c2_servers: Weekly, malware_hosts: Weekly) -> dict[str, Weekly]:
    # the first week is short, and so is ThreatFox's last: it was recorded on a Saturday
    return {
        "c2_tracker": (c2_servers[0][1:], c2_servers[1][1:]),
        "threatfox_ips": (malware_hosts[0][1:-1], malware_hosts[1][1:-1]),
    }


# first week at the new level, and what the publisher did
BREAKS = [
    ("c2_tracker", "2023-02-27", "a search of Cobalt Strike removed on 2023-03-02"),
    ("c2_tracker", "2025-06-02", "Censys off since 2025-06-04"),
    ("threatfox_ips", "2026-03-30", "half as many since 2026-03-30"),
]
names = [f"{feed} {what}" for feed, _, what in BREAKS]


def noticed(counts: np.ndarray, at: int, evidence: float) -> int:
    """Return the week at whose end a night first says that the level shifted about week `at`."""
    for week in range(at, len(counts)):
        start = level_shifts(counts[None, : week + 1], evidence)[0]
        if abs(start - at) <= 2 and start > 0:
            return week
    return len(counts)


@pytest.mark.parametrize(("feed", "first", "what"), BREAKS, ids=names)
def test_dated_break_is_noticed_within_three_observed_weeks(
    series: dict[str, Weekly], feed: str, first: str, what: str
) -> None:
    weeks, counts = series[feed]
    at = int(np.searchsorted(weeks, np.datetime64(first)))
    week = noticed(counts, at, 9.0)
    # three weeks of early 2023 are a gap of the publisher
    assert (~np.isnan(counts[at : week + 1])).sum() <= 3, (what, weeks[week])


@pytest.mark.parametrize(("feed", "first", "what"), BREAKS, ids=names)
def test_intervals_hold_again_from_eight_weeks_after_a_dated_break(
    series: dict[str, Weekly], feed: str, first: str, what: str
) -> None:
    weeks, counts = series[feed]
    at = int(np.searchsorted(weeks, np.datetime64(first)))
    inside = []
    for origin in range(at + 8, min(at + 21, len(counts) - 1)):
        seen = counts[: origin + 1].copy()
        seen[: level_shifts(seen[None])[0]] = np.nan
        batch = Batch(("a",), ("t",), ("WORLD",), weeks[: origin + 1], seen[None])
        quantiles = MODEL.predict(batch, 12, seed=1).quantiles[0]
        came = counts[origin + 1 : origin + 13]
        inside.append(covered(came, quantiles[: len(came)], 0.95))
    held = np.concatenate(inside)
    assert np.nanmean(held) >= 0.9, what


def test_years_of_recordings_bring_few_shifts_of_a_whole_feed(series: dict[str, Weekly]) -> None:
    found = {feed: len(shifts(counts[None]).start) for feed, (_, counts) in series.items()}
    assert 2 <= found["c2_tracker"] <= 5
    assert 1 <= found["threatfox_ips"] <= 4
