"""Which feeds count as alive on the days that the recordings were made for."""

from __future__ import annotations

import tarfile
from datetime import date
from pathlib import Path

import pytest
from threatcast_feeds.registry import load_catalog

CATALOG = load_catalog()
OBSERVED = sorted(key for key, spec in CATALOG.items() if spec.role == "observations")


@pytest.fixture(scope="module")
def recorded_days(mirror: Path) -> dict[str, list[date]]:
    return {key: _days(mirror / key) for key in OBSERVED}


def _days(folder: Path) -> list[date]:
    names = [path.name for path in folder.iterdir() if path.suffix != ".xz"]
    archive = folder / "vintages.tar.xz"
    if archive.is_file():
        with tarfile.open(archive, "r|xz") as members:
            names += [member.name for member in members]
    return sorted(date.fromisoformat(Path(name).name[:10]) for name in names)


@pytest.mark.parametrize(
    ("as_of", "alive"),
    [
        (
            date(2026, 8, 22),
            {
                *("cisa_kev", "openphish", "ransomware_live", "threatfox_ips"),
                *("xposedornot_breaches", "sefinek_ips", "tweetfeed", "honeypot_hosts"),
            },
        ),
        (
            date(2025, 11, 2),
            {
                *("cisa_kev", "ransomware_live", "threatfox_ips"),
                *("openphish", "c2_tracker", "ddosia_targets", "tweetfeed"),
            },
        ),
        (
            date(2025, 8, 22),
            {
                *("cisa_kev", "ransomware_live_press", "threatfox_ips"),
                *("openphish", "c2_tracker", "ddosia_targets", "sefinek_ips", "tweetfeed"),
            },
        ),
    ],
)
def test_feeds_alive_on_a_night_are_those_heard_of_within_their_limit(
    as_of: date, alive: set[str], recorded_days: dict[str, list[date]]
) -> None:
    heard = {key: [day for day in days if day <= as_of] for key, days in recorded_days.items()}
    fresh = {
        key
        for key, days in heard.items()
        if days and (as_of - days[-1]).days <= CATALOG[key].fresh_days
    }
    assert fresh == alive


@pytest.mark.parametrize("key", OBSERVED)
def test_every_observed_feed_says_what_it_counts_and_where_it_errs(key: str) -> None:
    spec = CATALOG[key]
    assert spec.targets
    assert len(spec.biases) >= 3
    assert spec.licence.publish in ("counts", "shares")
    assert spec.licence.note
