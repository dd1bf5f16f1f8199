"""The simulated world: the same for a seed, and true to the rates it says it has."""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_right
from collections import Counter
from datetime import date
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from itertools import pairwise
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pytest
from threatcast_feeds.errors import FeedError
from threatcast_feeds.modes.made import write_feed
from threatcast_feeds.modes.sample import NOTICE, TRUTH, write_mirror
from threatcast_feeds.registry import load_catalog
from threatcast_feeds.simulation import FIRST_DAY, LAST_DAY, World, simulate
from threatcast_feeds.simulation.calendars import month_ends, recording_days, sundays
from threatcast_feeds.simulation.countries import countries
from threatcast_feeds.simulation.patterns import COUNTRIES, PATTERNS, UNLOCATED, WORLD
from threatcast_feeds.simulation.workbook_file import workbook


@pytest.fixture(scope="module")
def world() -> World:
    return simulate()


def test_world_lasts_six_years_of_whole_weeks(world: World) -> None:
    assert len(world.weeks) == 313
    assert (world.weeks[0], world.end) == (FIRST_DAY, LAST_DAY)
    assert {week.weekday() for week in world.weeks} == {0}


def test_same_seed_gives_the_same_world_and_another_seed_another(world: World) -> None:
    again, other = simulate(), simulate(seed=7)
    for target in world.targets:
        assert again.events(target) == world.events(target)
        assert other.events(target) != world.events(target)
    assert list(again.truth()) == list(world.truth())
    assert again.allocation == world.allocation
    assert other.allocation != world.allocation


def test_drawing_one_target_leaves_the_others_as_they_are(world: World) -> None:
    last_first = simulate()
    for target in reversed(world.targets):
        last_first.events(target)
    assert last_first.events("malware_hosts") == world.events("malware_hosts")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2024, 1, 2), date(2024, 1, 7)),
        (date(2024, 1, 1), date(2024, 1, 6)),
        (date(2024, 1, 8), date(2024, 1, 7)),
    ],
)
def test_world_of_part_weeks_is_refused(start: date, end: date) -> None:
    with pytest.raises(ValueError, match="from a Monday to a later Sunday"):
        simulate(start=start, end=end)


@pytest.mark.parametrize("target", list(PATTERNS))
def test_events_are_the_counts_of_their_weeks(world: World, target: str) -> None:
    rates = world.rates(target)
    seen = Counter(
        (event.location, event.day.toordinal() - event.day.weekday())
        for event in world.events(target)
    )
    expected = {
        (place, week.toordinal()): int(rates.count[row, column])
        for row, place in enumerate(rates.places)
        for column, week in enumerate(world.weeks)
        if rates.count[row, column]
    }
    assert seen == expected


@pytest.mark.parametrize("target", list(PATTERNS))
def test_counts_scatter_around_their_rates_as_the_dispersion_says(
    world: World, target: str
) -> None:
    rates = world.rates(target)
    plain = rates.count - rates.campaign
    error = np.sqrt((rates.rate + rates.rate**2 / rates.dispersion).sum())
    assert abs(plain.sum() - rates.rate.sum()) < 4 * error
    busy = rates.rate > 0.3
    spread = (plain - rates.rate)[busy] ** 2
    expected = (rates.rate + rates.rate**2 / rates.dispersion)[busy]
    assert 0.85 < (spread / expected).mean() < 1.15


def test_levels_are_met_in_the_long_run_without_growth_and_shift(world: World) -> None:
    pattern, rates = PATTERNS["state_cyber_incidents"], world.rates("state_cyber_incidents")
    assert pattern.growth == 0
    assert pattern.shift is None
    levels = sum(pattern.level(place) for place in rates.places)
    assert rates.rate.sum(axis=0).mean() == pytest.approx(levels, rel=0.1)


def test_level_shift_lasts_up_to_its_day(world: World) -> None:
    day, factor = PATTERNS["malware_hosts"].shift or (FIRST_DAY, 1.0)
    assert factor > 1.5
    column = world.weeks.index(day)
    rate = world.rates("malware_hosts").rate.sum(axis=0)
    assert rate[column - 1] / rate[column] == pytest.approx(factor, rel=0.12)


def test_rates_have_a_crest_in_the_week_of_the_year_that_the_pattern_names(world: World) -> None:
    pattern = PATTERNS["exploited_vulnerabilities"]
    rate = world.rates("exploited_vulnerabilities").rate[0]
    distance = [abs(week.isocalendar().week - pattern.peak) for week in world.weeks]
    near = np.mean([value for value, weeks in zip(rate, distance, strict=True) if weeks <= 4])
    far = np.mean([value for value, weeks in zip(rate, distance, strict=True) if 22 <= weeks <= 30])
    assert near > 1.3 * far


def test_campaign_is_one_place_and_one_day(world: World) -> None:
    campaigns: dict[int, set[tuple[str, date]]] = {}
    sizes: Counter[int] = Counter()
    for event in world.events("ransomware_claims"):
        if event.campaign:
            campaigns.setdefault(event.campaign, set()).add((event.location, event.day))
            sizes[event.campaign] += 1
    assert len(campaigns) > 5
    assert all(len(places) == 1 for places in campaigns.values())
    assert max(sizes.values()) >= 15
    assert sum(sizes.values()) == world.rates("ransomware_claims").campaign.sum()


def test_country_in_nobodys_sights_has_no_rate_for_weeks(world: World) -> None:
    rates = world.rates("ddos_targets")
    silent = (rates.rate == 0).mean(axis=1)
    for place, share in zip(rates.places, silent, strict=True):
        assert (share == 0) if place == UNLOCATED else (0.3 < share < 0.9), place


def test_vulnerabilities_are_listed_on_working_days(world: World) -> None:
    days = {event.day.weekday() for event in world.events("exploited_vulnerabilities")}
    assert days == {0, 1, 2, 3, 4}


def test_truth_has_each_week_once_and_the_world_is_the_sum(world: World) -> None:
    truth = list(world.truth())
    keys = [(target, place, week) for target, place, week, *_ in truth]
    assert len(keys) == len(set(keys))
    sums: Counter[tuple[str, date]] = Counter()
    worlds = {}
    for target, place, week, rate, _, dispersion in truth:
        assert rate >= 0
        if place == WORLD:
            worlds[target, week] = rate
            assert dispersion > 0
        else:
            sums[target, week] += rate
    assert len(worlds) == len(PATTERNS) * len(world.weeks)
    for key, rate in sums.items():
        assert worlds[key] == pytest.approx(rate)


def test_countries_cover_the_sub_regions_and_are_about_forty() -> None:
    covered = {countries()[code].subregion_code for code in COUNTRIES}
    every = {country.subregion_code for country in countries().values()} - {""}
    assert every - covered == {"57", "61"}
    assert 40 <= len(COUNTRIES) == len(set(COUNTRIES)) <= 55
    assert "NA" in COUNTRIES


def test_allocated_ranges_ascend_without_overlap(world: World) -> None:
    for ranges in (world.allocation.ipv4, world.allocation.ipv6):
        for one, following in pairwise(ranges):
            assert one.start <= one.end < following.start
        assert {one.country for one in ranges} == set(COUNTRIES)


def test_addresses_lie_in_their_countrys_ranges_and_are_given_once(world: World) -> None:
    chance = world.generator("a test")
    asked = [COUNTRIES[number % len(COUNTRIES)] for number in range(2000)]
    given = world.allocation.ipv4_addresses(asked, chance)
    assert len(set(given)) == len(given)
    starts = [one.start for one in world.allocation.ipv4]
    for country, text in zip(asked, given, strict=True):
        address = int(IPv4Address(text))
        place = world.allocation.ipv4[bisect_right(starts, address) - 1]
        assert place.start <= address <= place.end
        assert place.country == country
        assert IPv4Address(text).is_global


def test_ipv6_addresses_are_of_the_documentation_prefix(world: World) -> None:
    address = IPv6Address(world.allocation.ipv6_address("DE", 5))
    assert address in IPv6Network("2001:db8::/32")
    [block] = [one for one in world.allocation.ipv6 if one.country == "DE"]
    assert block.start <= int(address) <= block.end


def test_recording_days_are_month_ends_then_sundays() -> None:
    days = recording_days(date(2024, 1, 1), date(2024, 3, 18), date(2024, 4, 7))
    assert [day.isoformat() for day in days] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-24",
        "2024-03-31",
        "2024-04-07",
    ]
    assert list(month_ends(date(2024, 12, 31), date(2025, 1, 30))) == [date(2024, 12, 31)]
    assert sundays(date(2024, 1, 7), date(2024, 1, 13)) == [date(2024, 1, 7)]


def test_workbook_reads_back_and_depends_on_its_cells_alone() -> None:
    rows = [["country", *[f"c{number}" for number in range(27)]], ["A & B", "", date(2024, 2, 29)]]
    content = workbook({"2024 Data": rows, "Nothing": []})
    assert content == workbook({"2024 Data": rows, "Nothing": []})
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["2024 Data", "Nothing"]
    first, second = book["2024 Data"].iter_rows(values_only=True)
    assert first[27] == "c26"
    assert second[0] == "A & B"
    assert second[1] is None
    assert second[2].date() == date(2024, 2, 29)


def test_many_vintages_go_into_an_archive_and_the_newest_two_lie_beside_it(tmp_path: Path) -> None:
    days = sundays(date(2024, 1, 1), date(2024, 12, 31))
    write_feed(tmp_path / "many", [(day, "txt", b"x\n") for day in days])
    assert sorted(path.name for path in (tmp_path / "many").iterdir()) == [
        "2024-12-22.txt.gz",
        "2024-12-29.txt.gz",
        "vintages.tar.xz",
    ]
    write_feed(tmp_path / "few", [(days[0], "zip", b"PK"), (days[1], "txt", b"x\n")])
    assert sorted(path.name for path in (tmp_path / "few").iterdir()) == [
        "2024-01-07.zip",
        "2024-01-14.txt.gz",
    ]


def test_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_mirror(tmp_path / name)
    assert _hashes(tmp_path / "one") == _hashes(tmp_path / "two")
    assert {path.name for path in (tmp_path / "one").iterdir()} == {*load_catalog(), TRUTH, NOTICE}
    truth = pq.read_table(tmp_path / "one" / TRUTH)
    assert truth.schema.metadata[b"simulated"] == b"true"
    assert truth.num_rows == len(list(simulate().truth()))
    assert "Simulated" in (tmp_path / "one" / NOTICE).read_text(encoding="utf-8")


def test_sample_replaces_a_sample_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "simulated"
    folder.mkdir()
    (folder / NOTICE).write_text("an older one", encoding="utf-8")
    (folder / "left-over").mkdir()
    (tmp_path / "simulated.partial").mkdir()
    write_mirror(folder)
    assert not (folder / "left-over").exists()
    assert not (tmp_path / "simulated.partial").exists()
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FeedError, match=r"is not empty and has no SIMULATED\.txt"):
        write_mirror(own)
    assert (own / "thesis.txt").read_text(encoding="utf-8") == "mine"


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
