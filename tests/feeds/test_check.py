"""One look at every address: what is gone, what is old, and what is well."""

from __future__ import annotations

import json
import socket
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import pytest
from feed_server import FeedServer, Patience, Said
from threatcast_feeds.http.github import hosted
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.modes.check import AddressReport, check
from threatcast_feeds.registry import FeedSpec, load_feed

NOW = datetime(2026, 8, 22, 2, 0, tzinfo=UTC)
LIST = load_feed("threatfox_ips")
DATED = load_feed("cisa_kev")
ARCHIVE = load_feed("ddosia_targets")
BUNDLE = load_feed("c2_tracker")
REPOSITORY = "https://api.github.com/repos/elliotwutingfeng/ThreatFox-IOC-IPs"


def looks(
    spec: FeedSpec, server: FeedServer, newest: date | None = None, rewrite: Any = None
) -> list[AddressReport]:
    around = Surroundings(
        rewrite=rewrite or server.rewrite,
        sleep=Patience().sleep,
        resolve=lambda _host: (),
    )
    return list(check(spec, now=NOW, read=lambda _arrival: newest, around=around))


def hold(server: FeedServer, changed: str = "2026-08-21", **facts: Any) -> None:
    """Let GitHub say how the list's repository stands."""
    standing = {"full_name": "elliotwutingfeng/ThreatFox-IOC-IPs", "archived": False} | facts
    server.answer(REPOSITORY, Said(json.dumps(standing).encode()))
    commit = [{"commit": {"committer": {"date": f"{changed}T10:00:00Z"}}}]
    server.answer(f"{REPOSITORY}/commits", Said(json.dumps(commit).encode()))


def test_list_that_lives_is_as_new_as_its_last_commit(feed_server: FeedServer) -> None:
    feed_server.answer(LIST.live.urls[0], Said(b"192.0.2.1\n", media_type="text/plain"))
    hold(feed_server)
    (look,) = looks(LIST, feed_server)
    assert (look.state, look.newest, look.told_by) == ("ok", date(2026, 8, 21), "commit")
    assert (look.reason, look.cure) == ("", "")
    assert look.licence == LIST.licence.name


def test_every_address_is_asked_once(feed_server: FeedServer) -> None:
    feed_server.answer(LIST.live.urls[0], Said(status=503))
    (look,) = looks(LIST, feed_server)
    assert (look.state, len(feed_server.asked)) == ("unreachable", 1)
    assert "503" in look.reason


@pytest.mark.parametrize(
    ("said", "state", "reason"),
    [
        (Said(status=404), "moved", "404"),
        (Said(status=410), "moved", "410"),
        (Said(status=403), "refused", "403"),
        (Said(status=429, headers={"Retry-After": "3600"}), "refused", "3,600 seconds"),
    ],
)
def test_address_that_gives_nothing_says_why(
    feed_server: FeedServer, said: Said, state: str, reason: str
) -> None:
    feed_server.answer(LIST.live.urls[0], said)
    (look,) = looks(LIST, feed_server)
    assert look.state == state
    assert reason in look.reason
    assert look.cure


def test_old_content_is_told_apart_from_a_source_that_is_down(feed_server: FeedServer) -> None:
    feed_server.answer(LIST.live.urls[0], Said(b"192.0.2.1\n"))
    hold(feed_server, changed="2026-01-05")
    (look,) = looks(LIST, feed_server)
    assert (look.state, look.newest) == ("old", date(2026, 1, 5))
    assert "it answers, but its newest content is 229 days old" in look.reason
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        (look,) = looks(LIST, feed_server, rewrite=lambda _: nobody)
    assert (look.state, look.newest) == ("unreachable", None)


def test_records_tell_how_new_a_dated_feed_is_whatever_its_header_says(
    feed_server: FeedServer,
) -> None:
    fresh = Said(b'{"a": 1}', last_modified="Fri, 21 Aug 2026 17:46:43 GMT")
    feed_server.answer(DATED.live.urls[0], fresh)
    first, second = looks(DATED, feed_server, newest=date(2025, 1, 1))
    assert (first.state, first.told_by, first.newest) == ("old", "records", date(2025, 1, 1))
    assert second.state == "moved", "nobody answers at the copy's address"


def test_page_in_place_of_the_feed_is_wrong(feed_server: FeedServer) -> None:
    feed_server.answer(DATED.live.urls[0], Said(b"<html><title>Sign in</title></html>"))
    assert looks(DATED, feed_server, newest=date(2026, 8, 21))[0].state == "wrong"


def test_redirect_for_good_is_a_move_and_one_for_now_is_none(feed_server: FeedServer) -> None:
    new = "https://lists.example.org/ips.txt"
    feed_server.answer(new, Said(b"192.0.2.1\n"))
    hold(feed_server)
    for status, state in ((301, "moved"), (308, "moved"), (302, "ok"), (307, "ok")):
        feed_server.answer(LIST.live.urls[0], Said(status=status, headers={"Location": new}))
        (look,) = looks(LIST, feed_server)
        assert look.state == state, status
        assert (new in look.reason) == (state == "moved")


def test_archived_and_renamed_repositories_are_said(feed_server: FeedServer) -> None:
    feed_server.answer(LIST.live.urls[0], Said(b"192.0.2.1\n"))
    hold(feed_server, archived=True)
    assert looks(LIST, feed_server)[0].state == "archived"
    hold(feed_server, full_name="somebody/else")
    (look,) = looks(LIST, feed_server)
    assert (look.state, look.reason) == ("moved", "its repository is somebody/else now")


def test_feed_that_wants_a_key_says_so_without_asking(feed_server: FeedServer) -> None:
    live = LIST.live.model_copy(update={"auth_env": "SOME_KEY"})
    (look,) = looks(LIST.model_copy(update={"live": live}), feed_server)
    assert look.state == "refused"
    assert "SOME_KEY" in look.reason
    assert not feed_server.asked


def list_files(server: FeedServer, spec: FeedSpec, *names: str) -> None:
    """Let GitHub name the files of a feed's folder, and say how its repository stands."""
    assert spec.live.listing
    files = [{"path": name, "type": "blob", "size": 14} for name in names]
    is_tree = "/git/trees/" in spec.live.listing
    server.answer(
        spec.live.listing, Said(json.dumps({"tree": files} if is_tree else files).encode())
    )
    place = hosted(spec.live.listing)
    assert place is not None
    repository = f"https://api.github.com/repos/{place.repository}"
    standing = {"full_name": place.repository, "archived": False}
    server.answer(repository, Said(json.dumps(standing).encode()))
    commit = [{"commit": {"committer": {"date": "2026-08-21T10:00:00Z"}}}]
    server.answer(f"{repository}/commits", Said(json.dumps(commit).encode()))


def address_of(spec: FeedSpec, name: str) -> str:
    return spec.live.member_url.replace("{name}", quote(name))


def test_newest_file_of_an_archive_is_asked_and_its_name_tells_its_day(
    feed_server: FeedServer,
) -> None:
    old, new = (f"2026-08-{day}_08-00-00_DDoSia-target-list-full.json" for day in (18, 20))
    list_files(feed_server, ARCHIVE, new, old, "README.md")
    feed_server.answer(address_of(ARCHIVE, new), Said(b'{"targets":[]}'))
    listing, newest = looks(ARCHIVE, feed_server)
    assert (listing.state, listing.told_by) == ("ok", "commit")
    assert (newest.state, newest.newest, newest.told_by) == ("ok", date(2026, 8, 20), "name")
    assert newest.address == address_of(ARCHIVE, new)
    assert not any(old in asked.path for asked in feed_server.asked)


def test_archive_that_only_its_repository_keeps_alive_is_old(feed_server: FeedServer) -> None:
    name = "2025-11-05_08-00-00_DDoSia-target-list-full.json"
    list_files(feed_server, ARCHIVE, name)
    feed_server.answer(address_of(ARCHIVE, name), Said(b'{"targets":[]}'))
    states = [look.state for look in looks(ARCHIVE, feed_server)]
    assert states == ["ok", "old"]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (Said(b"198.51.100.10\n"), "ok"),
        (Said(status=404), "moved"),
        (Said(status=503), "unreachable"),
        (Said(b"192.0.2.1\n"), "wrong"),
        (Said(b"<html></html>\n"), "wrong"),
    ],
)
def test_file_that_is_listed_and_not_to_be_had_is_told_apart_from_its_listing(
    feed_server: FeedServer, said: Said, state: str
) -> None:
    list_files(feed_server, BUNDLE, "Example C2 IPs.txt", "all.txt")
    feed_server.answer(address_of(BUNDLE, "Example C2 IPs.txt"), said)
    listing, first = looks(BUNDLE, feed_server)
    assert (listing.state, first.state) == ("ok", state)


def test_listing_that_names_no_file_is_wrong(feed_server: FeedServer) -> None:
    list_files(feed_server, BUNDLE)
    assert [look.state for look in looks(BUNDLE, feed_server)] == ["wrong"]
