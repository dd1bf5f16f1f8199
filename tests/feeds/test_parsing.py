"""From landed bytes to raw rows: once each, and a bad payload costs that payload only."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from threatcast_feeds import parsing
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.errors import LandingError, ParseError
from threatcast_feeds.landing import Landing
from threatcast_feeds.outcomes import accept, read_outcome, set_aside
from threatcast_feeds.parsing import Outcome, parse_new
from threatcast_feeds.payload import PayloadSource
from threatcast_feeds.readers.addresses import ipv6_key, is_ipv4
from threatcast_feeds.readers.tables import arrow_schema, write_rows
from threatcast_feeds.registry import Column, load_catalog, load_feed

FEED = load_feed("threatfox_ips")
FIRST = date(2026, 8, 1)


class Home:
    """A home with landed payloads of one feed, one a week."""

    def __init__(self, root: Path, feed: str = "threatfox_ips") -> None:
        self.spec = load_feed(feed)
        self.landing = Landing(root / "landing")
        self.raw = root / "raw"
        self.folder = self.raw / feed
        self.quarantine = root / "quarantine" / feed

    def land(self, *contents: bytes, first: date = FIRST) -> list[str]:
        payloads = []
        for week, content in enumerate(contents):
            day = first + timedelta(weeks=week)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
            ext = self.spec.extensions[0]
            arrival = Arrival(self.spec.key, day, ext, content, moment, "live")
            payloads.append(self.landing.land(arrival).sha12)
        return payloads

    def parse(self, until: date | None = None) -> list[Outcome]:
        return parse_new(self.spec, self.landing, self.raw, until)

    def rows(self) -> list[tuple[str, str]]:
        return duckdb.sql(f"SELECT * FROM read_parquet('{self.folder}/*.parquet')").fetchall()


def columns(**types: str) -> dict[str, Column]:
    return {name: Column(type=kind, meaning="A value.") for name, kind in types.items()}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def addresses(count: int) -> bytes:
    # far enough apart not to be packed away
    mixed = ((n * 2_654_435_761) % 2**32 for n in range(count))
    return "\n".join(str(IPv4Address(number)) for number in mixed).encode()


def test_payload_becomes_rows_with_the_feeds_columns_and_its_name(home: Home) -> None:
    (payload,) = home.land(b"192.0.2.1\n192.0.2.2")
    (outcome,) = home.parse()
    assert (outcome.payload, outcome.state, outcome.rows) == (payload, "accepted", 2)
    assert home.rows() == [("192.0.2.1", payload), ("192.0.2.2", payload)]
    note = json.loads((home.folder / f"{payload}.json").read_text())
    assert (note["state"], note["rows"], note["rejected"]) == ("accepted", 2, 0)


def test_feed_without_payloads_can_be_read_all_the_same(home: Home) -> None:
    assert home.parse() == []
    assert home.rows() == []


@pytest.mark.parametrize("feed", sorted(load_catalog()))
def test_empty_file_has_the_catalogs_columns_and_types(feed: str, tmp_path: Path) -> None:
    home = Home(tmp_path, feed)
    home.parse()
    columns = duckdb.sql(f"DESCRIBE SELECT * FROM '{home.folder}/_empty.parquet'").fetchall()
    assert {name: kind for name, kind, *_ in columns} == home.spec.columns | {"payload": "VARCHAR"}
    assert [name for name, *_ in columns] == [*home.spec.columns, "payload"]


def test_second_run_does_nothing(home: Home) -> None:
    home.land(b"192.0.2.1", b"192.0.2.2")
    assert len(home.parse()) == 2
    before = {path: path.stat().st_mtime_ns for path in home.folder.iterdir()}
    assert home.parse() == []
    assert {path: path.stat().st_mtime_ns for path in home.folder.iterdir()} == before


def test_only_what_is_known_by_the_day_is_parsed(home: Home) -> None:
    home.land(b"192.0.2.1", b"192.0.2.2")
    assert len(home.parse(until=FIRST)) == 1
    assert [row[0] for row in home.rows()] == ["192.0.2.1"]
    assert len(home.parse()) == 1


def test_same_bytes_on_two_days_are_parsed_once(home: Home) -> None:
    home.land(b"192.0.2.1", b"192.0.2.1")
    assert len(home.parse()) == 1
    assert len(home.rows()) == 1


def test_mended_parser_reads_the_past_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.land(b"192.0.2.1", b"<html><title>Down</title></html>")
    assert [outcome.state for outcome in home.parse()] == ["accepted", "quarantined"]

    def mended(source: PayloadSource, target: Path) -> parsing.ParseOutcome:
        return parsing.ParseOutcome(write_rows(source, [["192.0.2.9"]], target))

    module = SimpleNamespace(parse=mended, __file__=__file__)
    monkeypatch.setattr(parsing, "parser_of", lambda _: module)
    assert [outcome.state for outcome in home.parse()] == ["accepted", "accepted"]
    assert {row[0] for row in home.rows()} == {"192.0.2.9"}
    assert list(home.quarantine.iterdir()) == []
    assert home.parse() == []


def test_parsers_version_follows_its_columns(home: Home) -> None:
    other = home.spec.model_copy(update={"raw": columns(address="VARCHAR", port="INTEGER")})
    assert parsing.parser_version(other) != parsing.parser_version(home.spec)
    assert parsing.parser_version(home.spec) == parsing.parser_version(load_feed(home.spec.key))


def test_parsers_version_stays_when_a_column_gets_other_words(home: Home) -> None:
    # or every payload would be read again for them
    words = {name: Column(type=one.type, meaning="?") for name, one in home.spec.raw.items()}
    other = home.spec.model_copy(update={"raw": words})
    assert parsing.parser_version(other) == parsing.parser_version(home.spec)


def test_bad_payload_is_set_aside_and_the_others_stay(home: Home) -> None:
    good, bad, late = home.land(b"192.0.2.1", b"<html><title>Down</title>", b"192.0.2.2")
    states = {outcome.payload: outcome.state for outcome in home.parse()}
    assert states == {good: "accepted", bad: "quarantined", late: "accepted"}
    assert {row[1] for row in home.rows()} == {good, late}
    note = json.loads((home.quarantine / f"{bad}.json").read_text())
    assert (note["feed"], note["day"]) == ("threatfox_ips", "2026-08-08")
    assert note["message"] == (
        f"threatfox_ips, payload of 2026-08-08 ({bad}): the payload is a web page titled 'Down', "
        "not txt. Kept: the payload in landing and the rows of all earlier ones. See what the "
        "source serves now: https://threatfox.abuse.ch/."
    )
    assert home.landing.read(home.landing.payloads("threatfox_ips")[1]).startswith(b"<html>")


def test_payload_a_hundred_times_larger_than_the_last_is_refused(home: Home) -> None:
    _, huge, next_week = home.land(addresses(100), addresses(10_000), addresses(101))
    outcomes = home.parse()
    assert [outcome.state for outcome in outcomes] == ["accepted", "quarantined", "accepted"]
    assert "times the last accepted payloads" in outcomes[1].message
    assert "the limit is 20 times" in outcomes[1].message
    assert "raise limits.max_growth" in outcomes[1].message
    assert huge not in {row[1] for row in home.rows()}
    assert next_week in {row[1] for row in home.rows()}
    assert home.parse() == []


def test_growth_is_measured_against_payloads_of_earlier_nights_too(home: Home) -> None:
    home.land(addresses(100))
    home.parse()
    home.land(addresses(10_000), first=date(2026, 8, 8))
    assert [outcome.state for outcome in home.parse()] == ["quarantined"]


def test_window_that_was_nearly_empty_once_does_not_lock_the_next_ones_out(home: Home) -> None:
    home.land(addresses(1000), addresses(1), addresses(1001))
    assert {outcome.state for outcome in home.parse()} == {"accepted"}


def test_refused_payload_is_looked_at_again_when_the_limit_is_raised(home: Home) -> None:
    home.land(addresses(10), addresses(1000))
    assert [outcome.state for outcome in home.parse()] == ["accepted", "quarantined"]
    limits = home.spec.limits.model_copy(update={"max_growth": 200})
    home.spec = home.spec.model_copy(update={"limits": limits})
    assert [outcome.state for outcome in home.parse()] == ["accepted", "accepted"]
    assert list(home.quarantine.iterdir()) == []


def test_first_payload_may_have_any_size(home: Home) -> None:
    home.land(addresses(10_000))
    assert [outcome.state for outcome in home.parse()] == ["accepted"]


def test_gate_can_set_an_accepted_payload_aside(home: Home) -> None:
    payload, _ = home.land(b"192.0.2.1", b"192.0.2.2")
    home.parse()
    set_aside(home.raw, "threatfox_ips", payload, "gate: too few rows", judged_by="v1")
    note = json.loads((home.folder / f"{payload}.json").read_text())
    assert (note["state"], note["message"]) == ("quarantined", "gate: too few rows")
    assert (home.quarantine / f"{payload}.json").is_file()
    assert (home.folder / f"{payload}.parquet").is_file()
    assert home.parse() == []


def test_rows_read_again_do_not_lift_the_refusal_of_a_gate(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload, good = home.land(b"192.0.2.1", b"192.0.2.2")
    home.parse()
    set_aside(home.raw, "threatfox_ips", payload, "gate: too few rows", judged_by="v1")
    monkeypatch.setattr(parsing, "parser_version", lambda _: "a mended parser")
    states = {outcome.payload: outcome.state for outcome in home.parse()}
    assert states == {payload: "quarantined", good: "accepted"}
    kept = read_outcome(home.folder, payload)
    assert kept is not None
    assert (kept.parser_version, kept.judged_by) == ("a mended parser", "v1")
    assert (home.quarantine / f"{payload}.json").is_file()


def test_payload_set_aside_by_a_gate_is_believed_again_once_it_is_accepted(home: Home) -> None:
    (payload,) = home.land(b"192.0.2.1")
    home.parse()
    set_aside(home.raw, "threatfox_ips", payload, "gate: too few rows", judged_by="v1")
    accept(home.raw, "threatfox_ips", payload)
    kept = read_outcome(home.folder, payload)
    assert kept is not None
    assert (kept.state, kept.message, kept.judged_by, kept.rows) == ("accepted", "", "", 1)
    assert list(home.quarantine.iterdir()) == []


def test_refusal_written_before_gates_had_versions_is_known_as_one(home: Home) -> None:
    (payload,) = home.land(b"192.0.2.1")
    home.parse()
    path = home.folder / f"{payload}.json"
    old = json.loads(path.read_text()) | {"state": "quarantined", "message": "gate: too few"}
    del old["judged_by"]
    path.write_text(json.dumps(old))
    kept = read_outcome(home.folder, payload)
    assert kept is not None
    assert kept.judged_by == "unknown"


def test_shape_that_nobody_foresaw_is_set_aside_with_its_reason(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprised(source: PayloadSource, target: Path) -> parsing.ParseOutcome:
        raise KeyError(source.payload)

    module = SimpleNamespace(parse=surprised, __file__=__file__)
    monkeypatch.setattr(parsing, "parser_of", lambda _: module)
    home.land(b"192.0.2.1")
    (outcome,) = home.parse()
    assert outcome.state == "quarantined"
    assert "its shape is new to the parser (KeyError: " in outcome.message
    assert "mend catalog/threatfox_ips/parse.py" in outcome.message


def test_unwritable_raw_folder_stops_the_feed_and_keeps_the_landing(home: Home) -> None:
    (payload,) = home.land(b"192.0.2.1")
    home.raw.mkdir()
    home.folder.write_text("in the way")
    with pytest.raises(LandingError, match="cannot be written") as caught:
        home.parse()
    assert "Free space on this disk" in str(caught.value)
    home.folder.unlink()
    assert [outcome.payload for outcome in home.parse()] == [payload]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import duckdb, pyarrow.parquet
from threatcast_feeds.errors import LandingError
from threatcast_feeds.landing import Landing
from threatcast_feeds.parsing import parse_new
from threatcast_feeds.registry import load_feed
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
root = Path(sys.argv[1])
try:
    parse_new(load_feed("threatfox_ips"), Landing(root / "landing"), root / "raw")
except LandingError as error:
    print(error)
"""


def test_disk_that_fills_up_while_parsing_sets_nothing_aside(home: Home, tmp_path: Path) -> None:
    home.land(addresses(10), addresses(20), addresses(300), addresses(5000))
    home.parse(until=FIRST)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "cannot be written: File too large. Kept: all landed payloads" in done.stdout
    assert not home.quarantine.exists()
    assert not list(home.folder.glob(".*"))
    states = [outcome.state for outcome in home.parse()]
    assert states[-1] == "accepted"
    assert "quarantined" not in states
    assert len({row[1] for row in home.rows()}) == 4


def test_damaged_landed_file_is_read_again_once_it_is_restored(home: Home) -> None:
    home.land(b"192.0.2.1\n" * 100)
    (landed,) = home.landing.payloads("threatfox_ips")
    whole = landed.path.read_bytes()
    landed.path.write_bytes(whole[: len(whole) // 2])
    (outcome,) = home.parse()
    assert outcome.state == "quarantined"
    assert "Restore it from a backup" in outcome.message
    landed.path.write_bytes(whole)
    assert [outcome.state for outcome in home.parse()] == ["accepted"]


def test_run_killed_between_rows_and_outcome_is_finished_by_the_next(home: Home) -> None:
    payload, _ = home.land(b"192.0.2.1", b"192.0.2.2")
    home.parse()
    (home.folder / f"{payload}.json").unlink()
    (home.folder / f"{payload}.parquet").write_bytes(b"half")
    assert [outcome.payload for outcome in home.parse()] == [payload]
    assert len(home.rows()) == 2


def test_half_written_outcome_counts_as_none(home: Home) -> None:
    (payload,) = home.land(b"192.0.2.1")
    home.parse()
    (home.folder / f"{payload}.json").write_text('{"payload": "')
    assert [outcome.payload for outcome in home.parse()] == [payload]


def test_same_bytes_give_the_same_file(tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        home = Home(tmp_path / name)
        (payload,) = home.land(addresses(5000))
        home.parse()
        files.append((home.folder / f"{payload}.parquet").read_bytes())
    assert files[0] == files[1]


def test_progress_is_told_of_every_payload(home: Home) -> None:
    home.land(b"192.0.2.1", b"192.0.2.2")
    told: list[Outcome] = []
    done = parse_new(home.spec, home.landing, home.raw, progress=told.append)
    assert told == done


def test_text_without_its_byte_order_mark_and_wrong_bytes_by_place(tmp_path: Path) -> None:
    def source(content: bytes) -> PayloadSource:
        return PayloadSource.of_bytes(FEED, content, tmp_path, day=FIRST)

    assert source(b"\xef\xbb\xbfab\xc3\xa9").text() == "abé"
    with pytest.raises(ParseError, match="the text is not UTF-8: byte 2 is 0xe9"):
        source(b"ab\xe9\n").text()
    assert source(b"abcdef").head(3) == b"abc"


def test_rows_made_in_python_are_typed_by_the_catalog(tmp_path: Path) -> None:
    kinds = {
        "name": "VARCHAR",
        "names": "VARCHAR[]",
        "small": "SMALLINT",
        "whole": "INTEGER",
        "big": "BIGINT",
        "ipv4": "UINTEGER",
        "at": "TIMESTAMP",
        "sure": "BOOLEAN",
    }
    spec = FEED.model_copy(update={"raw": columns(**kinds)})
    source = PayloadSource.of_bytes(spec, b"x", tmp_path, day=FIRST)
    moment = datetime(2025, 11, 2, 10, 30)  # noqa: DTZ001 raw times are naive UTC
    row = ["a", ["b", "c"], 4, 443, 2**40, 2**32 - 1, moment, True]
    target = tmp_path / "rows.parquet"
    assert write_rows(source, [row, [None] * len(row)], target) == 2
    found = duckdb.sql(f"SELECT * FROM '{target}'")
    assert dict(zip(found.columns, map(str, found.types), strict=True)) == kinds | {
        "payload": "VARCHAR"
    }
    assert found.fetchall() == [(*row, source.payload), (*[None] * len(row), source.payload)]
    assert write_rows(source, [], target) == 0
    assert arrow_schema(spec).names[-1] == "payload"


def test_addresses_are_told_from_what_only_looks_like_one() -> None:
    assert is_ipv4("0.0.0.0")  # noqa: S104 listed by a feed, not bound
    assert not any(map(is_ipv4, ["192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.1:80", " ", ""]))
    assert ipv6_key("::1") == "0" * 31 + "1"
    assert ipv6_key("2001:DB8::5") == ipv6_key("2001:db8:0::5")
    assert ipv6_key("::ffff:192.0.2.1") == "00000000000000000000ffffc0000201"
    assert [ipv6_key(text) for text in ("fe80::1%eth0", "192.0.2.1", "2001:db8::g")] == [None] * 3


def test_parsers_do_not_read_clock_or_environment() -> None:
    for spec in load_catalog().values():
        module = importlib.import_module(f"threatcast_feeds.catalog.{spec.key}.parse")
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert "environ" not in text
        assert ".now(" not in text
