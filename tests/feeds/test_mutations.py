"""Small seeded damage to one record of each feed: no crash, and no other record is lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from payload_reading import bundle, read_payload
from threatcast_feeds.errors import FeedError
from threatcast_feeds.registry import load_catalog, load_feed

# a record for each of these names, of which the middle one is damaged
NAMES = ("11", "22", "33", "44", "55")
ROUNDS = 12
NASTY = (
    *(b"\x00", b"\x1b", b"\x7f", b"\xff", b"\xc3", b"\xed\xa0\xbd", b"\xe2\x80\xae", b"\xf0\x9f"),
    *(b"9" * 400, b"-", b".", b"1e999", b"NaN", b" ", b"\t", b"'", b"\xef\xbb\xbf", b"\\ud83d"),
)
# what may also come to a table or a list without hurting its neighbours
IN_LINES = (*NASTY, b'"', b",", b"\n", b"\r\n", b";", b"<html>", b"{", b"[")
Wrap = Callable[[list[bytes]], bytes]


@dataclass(frozen=True)
class Feed:
    """How a feed's payload is made of records, and which column shows which record it was."""

    key: str
    record: str
    wrap: Wrap
    column: str
    nasty: tuple[bytes, ...] = NASTY

    def content(self, spoil: Callable[[bytes], bytes] = lambda record: record) -> bytes:
        records = [self.record.replace("NN", name).encode() for name in NAMES]
        records[2] = spoil(records[2])
        return self.wrap(records)

    def found(self, content: bytes, folder: Path) -> set[str]:
        # DuckDB remembers files by their names
        place = folder / sha256(content).hexdigest()
        place.mkdir(exist_ok=True)
        _, rows = read_payload(load_feed(self.key), content, place)
        shown = {str(row[self.column]) for row in rows}
        return {name for name in NAMES if any(name in text for text in shown)}


def lines(header: str = "") -> Wrap:
    return lambda records: b"".join([header.encode(), *(one + b"\n" for one in records)])


def listed(key: str = "") -> Wrap:
    opening, closing = (f'{{"{key}": ['.encode(), b"]}") if key else (b"[", b"]")
    return lambda records: opening + b", ".join(records) + closing


def member(name: str, wrap: Wrap, **others: str) -> Wrap:
    return lambda records: bundle({name: wrap(records), **others})


def table(record: dict[str, str]) -> tuple[str, str]:
    return ",".join(record.values()), ",".join(record) + "\n"


SHUTDOWN = {"start_date": "2025-12-29", "country": "Iran", "area_name": "area NN"}
SHUTDOWN |= {"end_date": "2026-01-01", "geo_scope": "one city", "count_year": "2025"}
INCIDENT = {"ID": "NN", "start_date": "2022-01-02", "end_date": "2022-01-03"}
INCIDENT |= {"incident_type": "x", "receiver_country": "France; Chad"}
ACTOR = json.dumps({"values": [{"uuid": "u", "value": "v"}]})
CVE: dict[str, Any] = {"cveID": "CVE-NN", "vendorProject": "v", "product": "p"}
CVE |= {"dateAdded": "2026-08-21", "dueDate": "2026-09-11", "cwes": ["CWE-77"]}
CLAIM = {"post_title": "t NN", "group_name": "g", "discovered": "d", "published": "2026-08-21"}
CLAIM |= {"country": "MX"}
REPORT = {"victim": "v NN", "date": "2026-08-21", "country": "CAN", "added": "2026-08-21"}
BREACH: dict[str, Any] = {"breachID": "b NN", "breachedDate": "2025-11-01", "domain": "d"}
BREACH |= {"addedDate": "2026-07-24", "industry": "i", "exposedRecords": 3}
BREACH |= {"verified": True, "sensitive": False}
MACHINE = {"ip": "192.0.2.NN", "category": "recon", "detail": "", "note": "", "tags": ""}
MACHINE |= {"first_seen": "2026-08-01", "last_seen": "2026-08-02"}
LIST_NAME = "2025-11-05_07-05-09_DDoSia-target-list-full.json"


def countries() -> tuple[str, str]:
    from threatcast_feeds.catalog.country_codes.parse import COLUMNS

    cells = dict.fromkeys(COLUMNS.values(), "x") | {"ISO3166-1-Alpha-2": "NA", "M49": "NN"}
    return table(cells)


FEEDS = [
    Feed(
        "accessnow_keepiton", table(SHUTDOWN)[0], lines(table(SHUTDOWN)[1]), "area_name", IN_LINES
    ),
    Feed("c2_tracker", "192.0.2.NN", member("data/A IPs.txt", lines()), "address", IN_LINES),
    Feed("cisa_kev", json.dumps(CVE), listed("vulnerabilities"), "cveID"),
    Feed("country_codes", countries()[0], lines(countries()[1]), "m49", IN_LINES),
    Feed(
        "ddosia_targets", '{"host": "NN.de", "type": "tcp", "port": 80}',
        member(LIST_NAME, listed("targets")), "host",
    ),
    Feed("eurepoc", table(INCIDENT)[0], lines(table(INCIDENT)[1]), "ID", IN_LINES),
    Feed("honeypot_hosts", table(MACHINE)[0], lines(table(MACHINE)[1]), "ip", IN_LINES),
    Feed("ip_country", "1.NN.0.0,1.NN.0.255,AU", lines(), "range_start", IN_LINES),
    Feed(
        "misp_galaxy", '{"uuid": "u NN", "value": "v", "meta": {"synonyms": ["s"]}}',
        member("ransomware.json", listed("values"), **{"threat-actor.json": ACTOR}), "uuid",
    ),
    Feed("openphish", "https://example.org/NN", lines(), "url", IN_LINES),
    Feed("ransomware_live", json.dumps(CLAIM), listed(), "post_title"),
    Feed("ransomware_live_press", json.dumps(REPORT), listed("results"), "victim"),
    Feed("sefinek_ips", "192.0.2.NN", lines(), "address", IN_LINES),
    Feed("threatfox_ips", "192.0.2.NN", lines(), "address", IN_LINES),
    Feed(
        "tweetfeed", "2026-08-21 00:11:04,r1,domain,aNN.example.org,#phishing,",
        lines(), "value", IN_LINES,
    ),
    Feed("xposedornot_breaches", json.dumps(BREACH), listed("exposedBreaches"), "breachID"),
]  # fmt: skip
OTHERS = {name for name in NAMES if name != "33"}


@pytest.fixture(params=FEEDS, ids=lambda feed: feed.key)
def feed(request: pytest.FixtureRequest) -> Feed:
    found: Feed = request.param
    return found


def test_every_feed_is_damaged_here() -> None:
    assert sorted(feed.key for feed in FEEDS) == sorted(load_catalog())


def test_undamaged_payload_is_read_whole(feed: Feed, tmp_path: Path) -> None:
    assert feed.found(feed.content(), tmp_path) == set(NAMES)


def test_damage_within_a_record_costs_that_record_at_most(feed: Feed, tmp_path: Path) -> None:
    dice = random.Random(feed.key)  # noqa: S311 damage, no secret

    def spoil(record: bytes) -> bytes:
        for _ in range(dice.randint(1, 3)):
            # between the outer brackets of a record, whose loss would be another fault
            at = dice.randint(1, len(record) - 2)
            record = record[:at] + dice.choice(feed.nasty) + record[at + dice.randint(0, 1) :]
        return record

    for _ in range(ROUNDS):
        content = feed.content(spoil)
        assert feed.found(content, tmp_path) >= OTHERS, content


def test_damage_anywhere_is_an_error_of_the_feed_at_worst(feed: Feed, tmp_path: Path) -> None:
    dice = random.Random(feed.key)  # noqa: S311 damage, no secret
    whole = feed.content()
    for _ in range(ROUNDS):
        at = dice.randrange(len(whole))
        cut = dice.choice((0, 1, 2, 50))
        content = whole[:at] + dice.choice(IN_LINES) + whole[at + cut :]
        with suppress(FeedError):
            feed.found(content, tmp_path)
