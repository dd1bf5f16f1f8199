from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from feed_server import FeedServer, Patience, Said
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.bundles import blob_name, dated, pack, read_listing
from threatcast_feeds.errors import FetchError, NotModified
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.landing import Landed, Landing
from threatcast_feeds.modes.live import arrivals, fetch
from threatcast_feeds.registry import FeedSpec, load_feed

NOW = datetime(2026, 3, 18, 2, 0, tzinfo=UTC)
LISTING = "https://api.example.org/repos/a/b/contents/data"
MEMBERS = "https://raw.example.org/a/b/main/data/"
TOOLS = {
    "Sliver C2 IPs.txt": b"192.0.2.17\n2001:db8::5\n",
    "Browser Exploitation Framework (BeEF) IPs.txt": b"198.51.100.9\n",
    "BlackNET Botnet IPs.txt": b"203.0.113.1\n",
    "BlackNet Botnet IPs.txt": b"203.0.113.2\n",
    "Caldera C2 IPs.txt": b"",
}


def feed(**live: Any) -> FeedSpec:
    facts = load_feed("c2_tracker").model_dump()
    facts["live"] |= {"urls": [], "listing": LISTING, "member_url": MEMBERS + "{name}", **live}
    facts["key"] = "some_feed"
    return FeedSpec.model_validate(facts)


def archive(**live: Any) -> FeedSpec:
    return feed(method="archive", **live)


def entry(name: str, content: bytes, folder: str = "data") -> dict[str, object]:
    return {
        "name": name,
        "path": f"{folder}/{name}",
        "type": "file",
        "size": len(content),
        "sha": blob_name(content),
        "download_url": MEMBERS + quote(name),
    }


def serve(server: FeedServer, files: Mapping[str, bytes], etag: str = '"1"') -> None:
    entries = [entry(name, content) for name, content in files.items()]
    server.answer(LISTING, Said(json.dumps(entries).encode(), etag=etag))
    for name, content in files.items():
        url = MEMBERS + quote(name)
        server.answer(url, Said(content, media_type="text/plain"))


def unpacked(arrival: Arrival) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(arrival.content)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def around(feed_server: FeedServer, patience: Patience, told: list[str]) -> Surroundings:
    return Surroundings(
        rewrite=feed_server.rewrite, sleep=patience.sleep, clock=patience.clock, tell=told.append
    )


@pytest.fixture
def land(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


def test_bundle_depends_on_names_and_bytes_alone() -> None:
    packed = pack(TOOLS)
    assert packed == pack(dict(reversed(TOOLS.items())))
    with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
        assert bundle.namelist() == sorted(TOOLS)
        assert {one.date_time for one in bundle.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_blob_name_is_the_one_git_gives() -> None:
    assert blob_name(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_all_listed_files_come_as_one_bundle(feed_server: FeedServer, around: Surroundings) -> None:
    serve(feed_server, TOOLS)
    arrival = fetch(feed(), now=NOW, around=around)
    assert (arrival.ext, arrival.day, arrival.url) == ("zip", NOW.date(), LISTING)
    assert unpacked(arrival) == {f"data/{name}": content for name, content in TOOLS.items()}
    assert fetch(feed(), now=NOW, around=around).content == arrival.content


def test_union_of_all_lists_is_left_out(feed_server: FeedServer, around: Surroundings) -> None:
    serve(feed_server, {**TOOLS, "all.txt": b"192.0.2.17\n"})
    assert "data/all.txt" not in unpacked(fetch(feed(), now=NOW, around=around))
    assert not any(path.endswith("all.txt") for path in feed_server.paths())


def test_unchanged_listing_spares_the_members(
    feed_server: FeedServer, around: Surroundings, land: Landing
) -> None:
    serve(feed_server, TOOLS)
    first = land.land(fetch(feed(), now=NOW, around=around))
    calls = len(feed_server.asked)
    with pytest.raises(NotModified):
        fetch(feed(), now=NOW + timedelta(days=1), previous=first, around=around)
    assert len(feed_server.asked) == calls + 1


def test_file_of_another_run_than_the_listing_is_not_mixed_in(
    feed_server: FeedServer, around: Surroundings
) -> None:
    serve(feed_server, TOOLS)
    feed_server.answer(MEMBERS + "Sliver%20C2%20IPs.txt", Said(b"192.0.2.18\n2001:db8::5\n"))
    with pytest.raises(FetchError, match="another version than the one listed") as caught:
        fetch(feed(), now=NOW, around=around)
    assert caught.value.retryable
    feed_server.answer(MEMBERS + "Sliver%20C2%20IPs.txt", Said(b"192.0.2.18\n"))
    with pytest.raises(FetchError, match="it has 11 bytes and the listing says 23"):
        fetch(feed(), now=NOW, around=around)


def test_missing_member_costs_the_bundle(feed_server: FeedServer, around: Surroundings) -> None:
    serve(feed_server, TOOLS)
    feed_server.answer(MEMBERS + "Caldera%20C2%20IPs.txt", Said(b"no", status=404))
    with pytest.raises(FetchError, match=r"Caldera%20C2%20IPs\.txt: it answers 404"):
        fetch(feed(), now=NOW, around=around)


def test_page_instead_of_a_member_is_refused(feed_server: FeedServer, around: Surroundings) -> None:
    serve(feed_server, TOOLS)
    page = Said(b"<html><title>Sign in</title></html>", media_type="text/html")
    feed_server.answer(MEMBERS + "Caldera%20C2%20IPs.txt", page)
    with pytest.raises(FetchError, match=r"Caldera C2 IPs\.txt: the body is a web page titled"):
        fetch(feed(), now=NOW, around=around)


def test_bundle_of_nothing_but_empty_files_is_refused(
    feed_server: FeedServer, around: Surroundings
) -> None:
    serve(feed_server, {"a.txt": b"", "b.txt": b"\n"})
    with pytest.raises(FetchError, match="all of its 2 files are empty"):
        fetch(feed(), now=NOW, around=around)


def test_files_together_stay_within_the_limit(
    feed_server: FeedServer, around: Surroundings
) -> None:
    facts = feed().model_dump() | {"limits": {"max_bytes": 2000}}
    serve(feed_server, {f"{letter}.txt": letter.encode() * 600 for letter in "abcd"})
    with pytest.raises(FetchError, match="the files hold more than 2,000 bytes"):
        fetch(FeedSpec.model_validate(facts), now=NOW, around=around)


@pytest.mark.parametrize(
    ("listing", "problem"),
    [
        (b"[]", "the listing names no file"),
        (b'{"message": "API rate limit"}', "neither a list of files nor an object with `tree`"),
        (b'{"tree": [], "truncated": true}', "the listing says of itself that it is cut"),
        (b'[{"size": 3}]', "an entry without name"),
        (b'[{"name": "x", "path": "../x"}]', "a file outside its folder: '../x'"),
        (b'[{"name": "/etc/x"}]', "a file outside its folder: '/etc/x'"),
        (b'[{"name": "x"', "the JSON is cut"),
        (b"[1, }]", "the listing is not JSON"),
        (b"<html><title>Unicorn!</title></html>", "a web page titled 'Unicorn!'"),
    ],
    ids=["empty", "message", "cut tree", "nameless", "climbing", "absolute", "cut", "odd", "page"],
)
def test_listing_that_is_none_is_refused(
    feed_server: FeedServer, around: Surroundings, listing: bytes, problem: str
) -> None:
    feed_server.answer(LISTING, Said(listing))
    with pytest.raises(FetchError, match=problem):
        fetch(feed(), now=NOW, around=around)


def test_listing_goes_on_over_its_pages(feed_server: FeedServer, around: Surroundings) -> None:
    serve(feed_server, TOOLS)
    entries = [entry(name, content) for name, content in TOOLS.items()]
    onward = {"Link": f'<{LISTING}?page=2>; rel="next", <{LISTING}?page=9>; rel="last"'}
    feed_server.answer(LISTING, Said(json.dumps(entries[:2]).encode(), etag='"1"', headers=onward))
    feed_server.answer(f"{LISTING}?page=2", Said(json.dumps(entries[2:]).encode()))
    arrival = fetch(feed(), now=NOW, around=around)
    assert len(unpacked(arrival)) == len(TOOLS)
    # the first page's ETag knows nothing of the second page
    assert arrival.etag == ""


def test_listing_cut_in_silence_is_noticed(feed_server: FeedServer, around: Surroundings) -> None:
    entries = [{"name": f"{number}.txt", "type": "file"} for number in range(1000)]
    feed_server.answer(LISTING, Said(json.dumps(entries).encode()))
    with pytest.raises(FetchError, match=r"exactly 1,000 files.*trees API"):
        fetch(feed(), now=NOW, around=around)


def test_addresses_of_a_listing_are_used_if_the_feed_names_none(
    feed_server: FeedServer, around: Surroundings
) -> None:
    serve(feed_server, WEEK_45)
    assert unpacked(fetch(archive(member_url=None), now=THURSDAY, around=around)) == WEEK_45


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("https://169.254.169.254/latest", "lists '.*' from a public host to 169.254.169.254"),
        ("file:///etc/passwd", "which is not a web address"),
        ("https://[broken/", "to what is not a web address"),
        (None, "the listing gives no address for"),
    ],
    ids=["inside", "file", "broken", "none"],
)
def test_listing_cannot_send_us_anywhere(
    feed_server: FeedServer, around: Surroundings, address: str | None, problem: str
) -> None:
    [name] = lists("2025-11-05_12-05-11")
    listing = [{"name": name, "type": "file", "download_url": address}]
    feed_server.answer(LISTING, Said(json.dumps(listing).encode()))
    with pytest.raises(FetchError, match=problem):
        fetch(archive(member_url=None), now=THURSDAY, around=around)
    assert len(feed_server.asked) == 1


@pytest.mark.parametrize("link", ["https://10.0.0.1/next", "https://[broken/"])
def test_link_to_the_next_page_cannot_either(
    feed_server: FeedServer, around: Surroundings, link: str
) -> None:
    serve(feed_server, TOOLS)
    onward = {"Link": f'<{link}>; rel="next"'}
    feed_server.answer(LISTING, Said(b"[]", headers=onward))
    with pytest.raises(FetchError, match="it goes on"):
        fetch(feed(), now=NOW, around=around)
    assert len(feed_server.asked) == 1


def test_trees_listing_is_read_too() -> None:
    tree = {
        "truncated": False,
        "tree": [
            {"path": "a.json", "type": "blob", "size": 2, "sha": blob_name(b"{}")},
            {"path": "old", "type": "tree", "sha": "0" * 40},
        ],
    }
    [member] = read_listing(json.dumps(tree).encode())
    assert (member.name, member.path, member.size) == ("a.json", "a.json", 2)
    assert member.mismatch(b"{}") == ""
    assert member.mismatch(b"[]") == "it is another version than the one listed"


def test_fixed_addresses_come_as_one_bundle(feed_server: FeedServer, around: Surroundings) -> None:
    urls = ["https://a.example.org/clusters/threat-actor.json", "https://a.example.org/r.json"]
    for url in urls:
        feed_server.answer(url, Said(b'{"values": []}'))
    spec = feed(urls=urls, listing=None, member_url=None)
    arrival = fetch(spec, now=NOW, around=around)
    assert sorted(unpacked(arrival)) == ["r.json", "threat-actor.json"]
    feed_server.answer(urls[1], Said(b'{"values": ['))
    with pytest.raises(FetchError, match=r"r\.json: the JSON is cut"):
        fetch(spec, now=NOW, around=around)


def lists(*moments: str) -> dict[str, bytes]:
    return {
        f"{moment}_DDoSia-target-list-full.json": json.dumps({"at": moment}).encode()
        for moment in moments
    }


WEEK_44 = lists("2025-10-27_07-20-08", "2025-11-02_07-15-10")
WEEK_45 = lists("2025-11-03_07-10-09", "2025-11-05_12-05-11")
THURSDAY = datetime(2025, 11, 6, 2, 0, tzinfo=UTC)


def landed_week(land: Landing, day: date, files: Mapping[str, bytes]) -> Landed:
    at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    return land.land(Arrival("some_feed", day, "zip", pack(files), at, "live", LISTING, '"0"', ""))


def test_running_week_of_an_archive_is_named_by_the_day_of_its_last_list(
    feed_server: FeedServer, around: Surroundings
) -> None:
    serve(feed_server, {**WEEK_44, **WEEK_45, "README.md": b"x"})
    arrival = fetch(archive(), now=THURSDAY, around=around)
    assert arrival.day == date(2025, 11, 5)
    assert unpacked(arrival) == WEEK_45
    assert arrival.retrieved_at == THURSDAY


def test_weeks_missed_since_the_last_visit_come_one_by_one(
    feed_server: FeedServer, around: Surroundings, land: Landing
) -> None:
    last_week = lists("2025-10-20_07-00-00")
    before = landed_week(land, date(2025, 10, 20), last_week)
    serve(feed_server, {**last_week, **WEEK_44, **WEEK_45})
    weeks = list(arrivals(archive(), now=THURSDAY, previous=before, around=around))
    assert [week.day for week in weeks] == [date(2025, 11, 2), date(2025, 11, 5)]
    assert [week.etag for week in weeks] == ["", '"1"']
    assert unpacked(weeks[0]) == WEEK_44


def test_week_that_grew_is_fetched_whole_again(
    feed_server: FeedServer, around: Surroundings, land: Landing
) -> None:
    before = landed_week(land, date(2025, 11, 3), lists("2025-11-03_07-10-09"))
    serve(feed_server, {**WEEK_44, **WEEK_45})
    [arrival] = arrivals(archive(), now=THURSDAY, previous=before, around=around)
    assert unpacked(arrival) == WEEK_45


def test_archive_without_a_new_list_is_not_modified(
    feed_server: FeedServer, around: Surroundings, land: Landing
) -> None:
    before = landed_week(land, date(2025, 11, 5), WEEK_45)
    serve(feed_server, {**WEEK_44, **WEEK_45})
    with pytest.raises(NotModified, match="nothing new since 2025-11-05"):
        list(arrivals(archive(), now=THURSDAY, previous=before, around=around))
    feed_server.answer(LISTING, Said(b"[]", etag='"0"'))
    with pytest.raises(NotModified):
        list(arrivals(archive(), now=THURSDAY, previous=before, around=around))


def test_more_weeks_than_a_visit_takes_are_left_to_the_backfill(
    feed_server: FeedServer, around: Surroundings, land: Landing, told: list[str]
) -> None:
    before = landed_week(land, date(2025, 10, 20), lists("2025-10-20_07-00-00"))
    serve(feed_server, {**WEEK_44, **WEEK_45, **lists("2025-11-10_07-00-00")})
    later = datetime(2025, 11, 10, 12, tzinfo=UTC)
    weeks = list(arrivals(archive(), now=later, previous=before, around=around, weeks=2))
    assert [week.day for week in weeks] == [date(2025, 11, 5), date(2025, 11, 10)]
    assert told == [
        "some_feed: 3 weeks are new; the newest 2 are fetched now. "
        "The others: threatcast feeds backfill some_feed --since 2025-10-20"
    ]


def test_list_of_tomorrow_is_not_taken_today(feed_server: FeedServer, around: Surroundings) -> None:
    serve(feed_server, {**WEEK_44, **WEEK_45})
    monday = datetime(2025, 11, 3, 12, tzinfo=UTC)
    assert fetch(archive(), now=monday, around=around).day == date(2025, 11, 3)


def test_folder_without_dated_files_is_no_archive(
    feed_server: FeedServer, around: Surroundings
) -> None:
    serve(feed_server, TOOLS)
    with pytest.raises(FetchError, match="no file that begins with its date"):
        fetch(archive(), now=NOW, around=around)


def test_dates_of_the_oldest_lists_are_day_first() -> None:
    names = [
        "2023-06-06_08-00-00_DDoSia-target-list-full.json",
        "05-06-2023_20-15-12_DDoSia-target-list-full.json",
        "2024-11-18_07-05-12.json",
        "2023-13-01_00-00-00_list.json",
        "all.json",
    ]
    assert [one.name for one in dated(names)] == [names[1], names[0]]
    assert [one.day for one in dated(names)] == [date(2023, 6, 5), date(2023, 6, 6)]


def test_recorded_week_keeps_its_lists(
    feed_server: FeedServer, around: Surroundings, mirror: Path
) -> None:
    with zipfile.ZipFile(mirror / "ddosia_targets" / "2025-11-05.zip") as recorded:
        files = {name: recorded.read(name) for name in recorded.namelist()}
    serve(feed_server, files)
    arrival = fetch(archive(), now=THURSDAY, around=around)
    assert arrival.day == date(2025, 11, 5)
    assert unpacked(arrival) == files
