"""The samples: each feed sees the simulated world in its own wire format, quirks included.

The counts that a careful reader takes from a sample are those of the world.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from bisect import bisect_right
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import import_module
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.made import write_feed
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.parsing import parse_new
from threatcast_feeds.registry import CATALOG, load_catalog
from threatcast_feeds.simulation import LAST_DAY, World, simulate
from threatcast_feeds.simulation.countries import countries
from threatcast_feeds.simulation.patterns import UNLOCATED

FEEDS = sorted(path.parent.name for path in CATALOG.glob("*/defs.yaml"))
REFERENCE = {"country_codes", "ip_country", "misp_galaxy"}
Vintages = dict[date, bytes]


@cache
def simulated() -> World:
    return simulate()


@cache
def sample(feed: str) -> list[tuple[date, str, bytes]]:
    module = import_module(f"threatcast_feeds.catalog.{feed}.sample")
    return list(module.payloads(simulated()))


def vintages(feed: str) -> Vintages:
    return {day: content for day, _, content in sample(feed)}


def newest(feed: str) -> bytes:
    return sample(feed)[-1][2]


def counted(target: str, first: date, last: date = LAST_DAY) -> Counter[tuple[str, date]]:
    """Return the world's events by place and week."""
    return Counter(
        (event.location, week_of(event.day))
        for event in simulated().events(target, first=first)
        if event.day <= last
    )


def week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def country_of(address: str) -> str:
    ranges = simulated().allocation.ipv4
    place = bisect_right(ranges, int(IPv4Address(address)), key=lambda one: one.start) - 1
    one = ranges[place]
    return one.country if place >= 0 and int(IPv4Address(address)) <= one.end else UNLOCATED


@pytest.mark.parametrize("feed", FEEDS)
def test_every_feed_has_a_sample_in_order_of_days(feed: str) -> None:
    spec = load_catalog()[feed]
    days = [day for day, _, _ in sample(feed)]
    assert all(one < following for one, following in pairwise(days))
    assert simulated().start <= days[0] <= days[-1] <= LAST_DAY
    assert {ext for _, ext, _ in sample(feed)} <= set(spec.extensions)
    assert all(content for _, _, content in sample(feed))


@pytest.mark.parametrize("feed", FEEDS)
def test_feeds_own_parser_reads_every_vintage_of_the_sample(feed: str, tmp_path: Path) -> None:
    spec = load_catalog()[feed]
    write_feed(tmp_path / "mirror" / feed, sample(feed))
    landing = Landing(tmp_path / "landing")
    for arrival in arrivals(spec, tmp_path / "mirror", None, set(), mode="sample"):
        landing.land(arrival)
    outcomes = parse_new(spec, landing, tmp_path / "raw", None)
    assert {outcome.state for outcome in outcomes} == {"accepted"}
    assert sum(outcome.rejected for outcome in outcomes) == 0
    assert all(outcome.rows > 0 for outcome in outcomes)
    assert len(outcomes) == len({content for _, _, content in sample(feed)})


@pytest.mark.parametrize("feed", FEEDS)
def test_samples_name_no_host_but_those_kept_for_examples(feed: str) -> None:
    text = newest(feed).decode("utf-8", errors="replace")
    if zipfile.is_zipfile(io.BytesIO(newest(feed))):
        with zipfile.ZipFile(io.BytesIO(newest(feed))) as bundle:
            text = "".join(bundle.read(name).decode() for name in bundle.namelist())
    for url in re.findall(r"https?:\\?/\\?/[^\s\"',;]+", text):
        assert ".example." in url or "//example." in url.replace("\\", ""), url


def test_first_listing_of_malware_hosts_is_the_worlds_count() -> None:
    seen: set[str] = set()
    found: Counter[tuple[str, date]] = Counter()
    first, *_ = sample("threatfox_ips")
    for day, content in vintages("threatfox_ips").items():
        addresses = content.decode().split("\n")
        assert addresses == sorted(set(addresses), key=lambda one: int(IPv4Address(one)))
        found.update((country_of(one), week_of(day)) for one in addresses if one not in seen)
        seen.update(addresses)
    stock = week_of(first[0])
    counts = {key: number for key, number in found.items() if key[1] > stock}
    assert counts == counted("malware_hosts", stock + timedelta(days=7))


def test_malware_hosts_expire_after_half_a_year_since_may_2025_and_may_return() -> None:
    lists = {day: set(text.decode().split("\n")) for day, text in vintages("threatfox_ips").items()}
    before, after = lists[date(2025, 4, 27)], lists[date(2025, 5, 4)]
    assert len(after) < 0.5 * len(before)
    assert all(
        lists[one] <= lists[following]
        for one, following in pairwise(lists)
        if following < date(2025, 5, 1)
    )
    gone = before - after
    assert gone & lists[date(2025, 9, 28)]
    assert not newest("threatfox_ips").endswith(b"\n")
    nowhere = [one for one in before if country_of(one) == UNLOCATED]
    assert {one.split(".")[0] for one in nowhere} == {"10", "100", "224", "240"}


def test_claims_come_late_and_all_but_the_withdrawn_come() -> None:
    early, late = _claims(date(2025, 5, 25)), _claims(LAST_DAY)
    by_then = {title for title, row in late.items() if row["published"] < "2025-05-26"}
    assert 0.003 * len(by_then) < len(by_then - set(early)) < 0.03 * len(by_then)
    known = set().union(*(set(_claims(day)) for day in vintages("ransomware_live")))
    assert 0.005 * len(late) < len(known - set(late)) < 0.03 * len(known)
    window = counted("ransomware_claims", date(2024, 1, 1), date(2025, 12, 31)).total()
    shown = [row for row in late.values() if "2024-01" <= row["published"] < "2026-01"]
    assert 0.95 * window < len(shown) <= window


def _claims(day: date) -> dict[str, dict[str, Any]]:
    """Return the claims of a vintage by title; of repeats the last."""
    return {row["post_title"]: row for row in json.loads(vintages("ransomware_live")[day])}


def test_some_claims_get_their_country_later_and_early_ones_hardly_ever() -> None:
    late = _claims(LAST_DAY)
    filled = {
        title
        for day in vintages("ransomware_live")
        for title, row in _claims(day).items()
        if not row["country"] and late.get(title, row)["country"]
    }
    assert 0.01 * len(late) < len(filled) < 0.07 * len(late)
    old = [row["country"] for row in late.values() if row["published"] < "2023-06"]
    new = [row["country"] for row in late.values() if row["published"] >= "2025-06"]
    assert sum(not one for one in old) > 0.6 * len(old)
    assert sum(not one for one in new) < 0.2 * len(new)
    assert {"UK", "us", "SP"} <= {row["country"] for row in late.values()}


def test_claims_change_style_with_time() -> None:
    rows = {day: json.loads(text) for day, text in vintages("ransomware_live").items()}
    assert all("activity" not in row for row in rows[date(2024, 5, 31)])
    assert all("activity" in row for row in rows[date(2024, 6, 30)])
    before = {len(row["published"]) for row in rows[date(2026, 4, 26)]}
    assert before == {len("2026-04-26 15:51:56.614186")}
    styles = Counter("T" in row["published"] for row in rows[date(2026, 5, 3)])
    assert styles[True] > 100 * styles[False] > 0
    for row in rows[LAST_DAY]:
        moment = datetime.fromisoformat(row["published"]).replace(tzinfo=UTC)
        assert moment.date() <= LAST_DAY


def test_claims_of_one_title_and_group_within_four_weeks_are_few() -> None:
    rows = json.loads(newest("ransomware_live"))
    repeats = Counter((row["post_title"], row["group_name"]) for row in rows)
    assert 5 < sum(number > 1 for number in repeats.values()) < 0.03 * len(rows)


def test_vulnerabilities_are_the_worlds_but_for_the_withdrawn() -> None:
    days: dict[str, list[date]] = {}
    for content in vintages("cisa_kev").values():
        for record in json.loads(content)["vulnerabilities"]:
            days.setdefault(record["cveID"], []).append(date.fromisoformat(record["dateAdded"]))
    found = Counter(week_of(min(listed)) for listed in days.values())
    world = counted("exploited_vulnerabilities", date(2022, 7, 4))
    shown = {week: number for week, number in found.items() if week >= date(2022, 7, 4)}
    missing = sum(
        (Counter({week: number for (_, week), number in world.items()}) - Counter(shown)).values()
    )
    assert missing == 0
    last = {record["cveID"] for record in json.loads(newest("cisa_kev"))["vulnerabilities"]}
    assert len(set(days) - last) == 7


def test_catalog_of_vulnerabilities_ages_in_style() -> None:
    texts = vintages("cisa_kev")
    old, new = texts[date(2022, 6, 30)], newest("cisa_kev")
    assert old.count(b"\r\n") == old.count(b"\n") > 1000
    assert b'"count":  ' in old
    assert b"\r" not in new
    assert rb"https:\/\/" in new
    assert not new.endswith(b"\n")
    record = {day: json.loads(text)["vulnerabilities"][0] for day, text in texts.items()}
    assert "knownRansomwareCampaignUse" not in record[date(2023, 9, 30)]
    assert "knownRansomwareCampaignUse" in record[date(2023, 10, 31)]
    assert "cwes" not in record[date(2024, 6, 23)]
    assert "cwes" in record[date(2024, 6, 30)]
    for day, text in texts.items():
        document = json.loads(text)
        records = document["vulnerabilities"]
        assert document["count"] == len(records)
        repeats = len(records) - len({one["cveID"] for one in records})
        assert repeats == (1 if day == date(2024, 9, 22) else 0)
        added = [one["dateAdded"] for one in records if repeats == 0]
        assert added == sorted(added, reverse=day >= date(2024, 9, 30))


def _runs() -> dict[date, dict[str, list[str]]]:
    runs = {}
    for day, content in vintages("c2_tracker").items():
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            runs[day] = {
                name.removeprefix("data/").removesuffix(" IPs.txt"): bundle.read(name)
                .decode()
                .splitlines()
                for name in bundle.namelist()
            }
    return runs


def test_first_finding_of_a_server_is_the_worlds_count_without_stock() -> None:
    seen: set[tuple[str, str]] = set()
    tools: set[str] = set()
    found: Counter[tuple[str, date]] = Counter()
    for day, lists in _runs().items():
        # a run on Monday shows the week before
        week = week_of(day - timedelta(days=1))
        for written, addresses in lists.items():
            tool = {"DcRat": "DcRAT"}.get(written, written)
            fresh = [one for one in addresses if (tool, one) not in seen]
            if tool in tools and tool != "7777 Botnet":
                found.update((_place(one), week) for one in fresh)
            seen.update((tool, one) for one in fresh)
        tools |= {{"DcRat": "DcRAT"}.get(written, written) for written in lists}
    world = counted("c2_servers", date(2022, 11, 28), date(2026, 6, 7))
    # what a new search finds in its first week is stock to whoever counts
    assert found - world == Counter()
    assert (world - found).total() <= 4


def _place(address: str) -> str:
    if ":" not in address:
        return country_of(address)
    return next(
        code
        for code in simulated().rates("c2_servers").places
        if any(
            address == simulated().allocation.ipv6_address(code, number)
            for number in range(0, 9000, 150)
        )
    )


def test_tools_come_go_and_are_renamed() -> None:
    runs = _runs()
    assert "DcRat" in runs[date(2024, 7, 29)]
    assert "DcRat" not in runs[date(2024, 8, 5)]
    assert len(set(runs[date(2024, 7, 29)]["DcRat"]) & set(runs[date(2024, 8, 5)]["DcRAT"])) > 5
    first = min(day for day, lists in runs.items() if "Paper Kite C2" in lists)
    assert len(runs[first]["Paper Kite C2"]) >= 30
    assert any(not addresses for lists in runs.values() for addresses in lists.values())
    assert any("Lantern RAT" not in lists for lists in runs.values())
    assert any(":" in one for lists in runs.values() for tool in lists.values() for one in tool)
    assert {day.weekday() for day in runs if day < date(2024, 7, 8)} == {6}
    assert {day.weekday() for day in runs if day >= date(2024, 7, 8)} == {0}


def _lists() -> dict[datetime, list[str]]:
    lists = {}
    for day, content in vintages("ddosia_targets").items():
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            for name in bundle.namelist():
                moment = name.removesuffix("_DDoSia-target-list-full.json")
                style = "%d-%m-%Y_%H-%M-%S" if moment[2] == "-" else "%Y-%m-%d_%H-%M-%S"
                when = datetime.strptime(moment, style).replace(tzinfo=UTC)
                assert timedelta() <= day - when.date() < timedelta(days=7)
                targets = json.loads(bundle.read(name))["targets"] or []
                lists[when] = [target["host"] for target in targets]
    return dict(sorted(lists.items()))


def test_hosts_new_in_four_weeks_are_the_worlds_count() -> None:
    last_seen: dict[str, datetime] = {}
    found: Counter[tuple[str, date]] = Counter()
    suffixes = {"com": UNLOCATED, "uk": "GB"}
    for when, hosts in _lists().items():
        for host in {written.split("/")[0] for written in hosts}:
            if host not in last_seen or when - last_seen[host] >= timedelta(days=28):
                suffix = host.rsplit(".", 1)[1]
                found[suffixes.get(suffix, suffix.upper()), week_of(when.date())] += 1
            last_seen[host] = when
    world = counted("ddos_targets", date(2023, 6, 5))
    down = {
        key: number
        for key, number in world.items()
        if date(2025, 6, 2) <= key[1] < date(2025, 6, 30)
    }
    assert found == world - Counter(down)
    assert down


def test_target_lists_have_the_oddities_of_the_real_ones() -> None:
    hosts = _lists()
    doubled = {when.date() for when, written in hosts.items() if any("/" in one for one in written)}
    assert doubled
    assert date(2023, 8, 11) <= min(doubled) <= max(doubled) <= date(2023, 11, 9)
    texts = b"".join(vintages("ddosia_targets").values())
    assert b'"targets": null' in texts
    assert b'"randoms": [],\n    "targets"' in texts
    bundles = [zipfile.ZipFile(io.BytesIO(text)) for text in vintages("ddosia_targets").values()]
    names = [name for bundle in bundles for name in bundle.namelist()]
    assert 10 < sum(re.match(r"\d\d-\d\d-2023_", name) is not None for name in names) < 20
    gap = [when.date() for when in hosts if date(2025, 6, 2) <= when.date() <= date(2025, 6, 29)]
    assert gap == []


def test_window_of_phishing_urls_has_a_fixed_size() -> None:
    sizes = {day: len(text.splitlines()) for day, text in vintages("openphish").items()}
    assert {size for day, size in sizes.items() if day < date(2025, 5, 2)} == {500}
    assert Counter(size for day, size in sizes.items() if day >= date(2025, 5, 2)).most_common(2)[
        1
    ] == (237, 1)
    assert date(2025, 4, 27) not in sizes
    for text in vintages("openphish").values():
        lines = text.decode("ascii").splitlines()
        assert len(set(lines)) == len(lines)
        assert all(line.startswith(("http://", "https://")) for line in lines)
    first = sample("openphish")[0][2].decode().splitlines()
    assert sum("campaign-0." in line for line in first) == 300


def test_press_reports_half_of_a_week_after_two_weeks() -> None:
    rows = json.loads(newest("ransomware_live_press"))["results"]
    delays = sorted(
        (date.fromisoformat(row["added"]) - date.fromisoformat(row["date"])).days
        for row in rows
        if "2024" <= row["date"] < "2026"
    )
    assert 4 <= delays[len(delays) // 2] <= 14
    assert delays[int(0.9 * len(delays))] > 40
    world = counted("reported_cyberattacks", date(2024, 1, 1), date(2025, 6, 30)).total()
    shown = [row for row in rows if "2024" <= row["date"] < "2025-07"]
    assert 0.93 * world < len(shown) <= world


def test_press_reports_have_had_three_shapes() -> None:
    texts = vintages("ransomware_live_press")
    first = json.loads(texts[date(2024, 6, 30)])
    assert {len(row["country"]) for row in first} == {3}
    assert any("added" not in row for row in first)
    cut = texts[date(2025, 5, 27)]
    assert b"NaN" in cut
    rows = json.loads(cut)
    assert {row["country"] for row in rows} <= {one.alpha3[:2] for one in countries().values()}
    assert any(row["date"].endswith(" 00:00:00") for row in rows)
    last = json.loads(newest("ransomware_live_press"))
    assert last["count"] == len(last["results"])
    assert {row["country"] for row in last["results"]} <= set(countries())


def test_breaches_go_silent_sixteen_weeks_before_the_end() -> None:
    added = [row["addedDate"][:10] for row in _breaches(newest("xposedornot_breaches"))]
    assert LAST_DAY - timedelta(weeks=20) < date.fromisoformat(max(added))
    assert date.fromisoformat(max(added)) <= LAST_DAY - timedelta(weeks=16)
    assert sample("xposedornot_breaches")[-1][0] == LAST_DAY
    found = Counter(("WORLD", week_of(date.fromisoformat(one))) for one in added if one >= "2024")
    silent = LAST_DAY - timedelta(weeks=16)
    assert found == counted("data_breaches", date(2024, 1, 1), silent)


def test_breaches_are_edited_known_by_their_month_and_imported_at_first() -> None:
    rows = _breaches(newest("xposedornot_breaches"))
    assert {row["breachedDate"][8:10] for row in rows} == {"01"}
    assert sum(row["addedDate"].startswith("2023-11-08") for row in rows) == 150
    names = [row["breachID"] for row in rows]
    assert len(set(names)) == len(names)
    before = {row["breachID"]: row for row in _breaches(sample("xposedornot_breaches")[-20][2])}
    assert any(before.get(row["breachID"], row) != row for row in rows)
    assert all(row["breachedDate"] <= row["addedDate"] for row in rows)


def _breaches(content: bytes) -> list[dict[str, Any]]:
    return list(json.loads(content)["exposedBreaches"])


def _incidents(day: date) -> list[dict[str, str]]:
    text = vintages("eurepoc")[day].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_state_incidents_go_stale_half_a_year_before_the_end() -> None:
    assert sample("eurepoc")[-1][0] == date(2025, 11, 30)


def test_state_incidents_have_two_forms() -> None:
    release, export = vintages("eurepoc")[date(2023, 11, 12)], newest("eurepoc")
    assert b"\r" not in release
    assert export.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in export
    rows = _incidents(date(2023, 11, 12))
    assert all(row["receiver_country"].startswith("['") for row in rows)
    assert len(rows[0]) == 81
    assert "added_to_DB" not in rows[0]
    rows = _incidents(date(2025, 11, 30))
    assert len(rows[0]) == 84
    assert len({row["ID"] for row in rows}) == len(rows)
    assert all("2022-08-15" <= row["added_to_DB"] <= "2025-11-30" for row in rows)
    assert all(row["added_to_DB"] <= row["updated_at"] <= "2025-11-30" for row in rows)
    assert "Korea, Republic of" in {row["receiver_country"] for row in rows}
    assert any("\n\n" in row["description"] for row in rows)


def test_state_incidents_by_receiver_are_the_worlds() -> None:
    rows = _incidents(date(2025, 11, 30))
    dated = [row for row in rows if re.fullmatch(r"\d{4}-\d\d-\d\d", row["start_date"])]
    assert any(row["start_date"].endswith("-01-01") for row in dated)
    assert len(dated) < len(rows)
    names = {"US": "United States", "DE": "Germany", "UA": "Ukraine"}
    for code, name in names.items():
        shown = sum(
            name in row["receiver_country"].split("; ")
            for row in dated
            if "2022-09" <= row["start_date"] < "2025-06" and row["start_date"][5:] != "01-01"
        )
        world = counted("state_cyber_incidents", date(2022, 9, 1), date(2025, 5, 31))
        happened = sum(number for (place, _), number in world.items() if place == code)
        # two on one day are one incident now and then, and some are not added yet
        assert 0.85 * happened < shown <= happened


def test_shutdowns_are_released_each_spring_with_the_year_before() -> None:
    days = [day for day, _, _ in sample("accessnow_keepiton")]
    assert [day.year for day in days] == [2023, 2024, 2025]
    assert [ext for _, ext, _ in sample("accessnow_keepiton")] == ["xlsx", "csv", "csv"]
    text = newest("accessnow_keepiton").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows[0]) == 47
    assert max(row["start_date"] for row in rows) < "2025"
    keys = {(row["start_date"], row["country"], row["area_name"]) for row in rows}
    assert len(keys) < len(rows)
    found = Counter(week_of(date.fromisoformat(start)) for start, _, _ in keys)
    world = counted("internet_shutdowns", simulated().start, date(2024, 12, 31))
    assert found == Counter(week_of(week) for (_, week) in world.elements())
    assert {"Iran (Islamic Republic of)", "India", "Russian Federation"} <= {
        country for _, country, _ in keys
    }


def test_workbook_of_shutdowns_has_a_sheet_a_year() -> None:
    book = openpyxl.load_workbook(io.BytesIO(sample("accessnow_keepiton")[0][2]))
    assert book.sheetnames == ["2022 Data", "2021 Data", "2020 Data"]
    header, first, *_ = book["2022 Data"].iter_rows(values_only=True)
    assert header[:3] == ("start_date_type", "start_date", "country")
    assert isinstance(first[1], datetime)


def test_table_of_countries_has_all_of_them_with_their_regions() -> None:
    rows = list(csv.DictReader(io.StringIO(newest("country_codes").decode(), newline="")))
    assert len(rows) == 249
    assert len(rows[0]) == 56
    by_code = {row["ISO3166-1-Alpha-2"]: row for row in rows}
    assert by_code["NA"]["CLDR display name"] == "Namibia"
    assert by_code["TW"]["Sub-region Code"] == "30"
    assert by_code["DE"]["Sub-region Name"] == "Western Europe"
    assert by_code["AQ"]["Region Code"] == ""
    assert all(row["Region Name"] for code, row in by_code.items() if code != "AQ")
    assert "XK" not in by_code


def test_table_of_ranges_is_the_allocation() -> None:
    rows = list(csv.reader(io.StringIO(newest("ip_country").decode(), newline="")))
    allocation = simulated().allocation
    assert len(rows) == len(allocation.ipv4) + len(allocation.ipv6)
    assert [row[2] for row in rows[: len(allocation.ipv4)]] == [
        one.country for one in allocation.ipv4
    ]
    assert all(":" in row[0] for row in rows[len(allocation.ipv4) :])


def test_galaxy_shares_a_name_between_two_actors() -> None:
    with zipfile.ZipFile(io.BytesIO(newest("misp_galaxy"))) as bundle:
        galaxies = {name: json.loads(bundle.read(name)) for name in bundle.namelist()}
    assert set(galaxies) == {"threat-actor.json", "ransomware.json"}
    synonyms = Counter(
        synonym
        for actor in galaxies["threat-actor.json"]["values"]
        for synonym in actor["meta"].get("synonyms", [])
    )
    assert synonyms["Paper Kite"] == 2
    groups = {row["group_name"] for row in json.loads(newest("ransomware_live"))}
    assert groups <= {family["value"] for family in galaxies["ransomware.json"]["values"]}


@pytest.mark.parametrize("feed", sorted(REFERENCE))
def test_reference_data_are_known_from_the_first_day_on_and_not_stale(feed: str) -> None:
    (first, _, content), (last, _, again) = sample(feed)
    assert first == simulated().start
    assert LAST_DAY - timedelta(days=21) < last <= LAST_DAY
    assert content == again


def test_first_listing_of_web_attackers_is_the_worlds_count_but_for_the_pauses() -> None:
    seen: set[str] = set()
    found: Counter[date] = Counter()
    lists = vintages("sefinek_ips")
    for day, content in lists.items():
        addresses = set(content.decode().split())
        found[week_of(day)] += len(addresses - seen)
        seen |= addresses
    world: Counter[date] = Counter()
    for (_, week), number in counted("web_attack_hosts", date(2024, 9, 9)).items():
        world[week] += number
    weeks = [week_of(day) for day in lists][1:]
    after_a_pause = {date(2025, 11, 10), date(2025, 11, 17), date(2026, 3, 23)}
    assert all(found[week] == world[week] for week in weeks if week not in after_a_pause)
    assert any(b"\r\n" in content for content in lists.values())
    assert any(len(content.split()) > len(set(content.split())) for content in lists.values())


def test_machines_leave_a_hundred_days_after_they_were_last_seen() -> None:
    first: dict[str, date] = {}
    for day, content in vintages("honeypot_hosts").items():
        for row in csv.DictReader(io.StringIO(content.decode())):
            last = date.fromisoformat(row["last_seen"])
            assert day - timedelta(days=100) <= last <= day
            first.setdefault(row["ip"], date.fromisoformat(row["first_seen"]))
    found = Counter((country_of(one), week_of(day)) for one, day in first.items())
    late = date(2026, 3, 2)
    shown = Counter({key: number for key, number in found.items() if key[1] >= late})
    assert shown == counted("honeypot_attackers", late)


def test_hosts_posted_first_are_the_worlds_count() -> None:
    first: dict[str, date] = {}
    for content in vintages("tweetfeed").values():
        for posted, _, kind, value, _, _ in csv.reader(io.StringIO(content.decode())):
            host = re.sub("^[a-z]+://|(:[0-9]+)?/.*$", "", value.lower())
            if kind != "sha256":
                first.setdefault(host, date.fromisoformat(posted[:10]))
    found = Counter(week_of(day) for day in first.values())
    world: Counter[date] = Counter()
    for (_, week), number in counted("reported_malicious_hosts", date(2024, 12, 16)).items():
        world[week] += number
    assert found == world
