"""The file of weekly counts that ships: what it may hold, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from threatcast_feeds.errors import FeedError
from threatcast_feeds.history import FeedPast, History, read_history, write_history
from threatcast_feeds.registry import load_catalog

MONDAY = date(2026, 6, 1)
PAST = FeedPast(
    publisher="A publisher",
    licence="CC0-1.0",
    url="https://example.org/",
    targets=("ransomware_claims",),
    last_copy=MONDAY + timedelta(days=13),
    last_event=None,
)
ROWS: list[tuple[Any, ...]] = [
    ("ransomware_claims", "WORLD", MONDAY, 3, "observed"),
    ("ransomware_claims", "WORLD", MONDAY + timedelta(days=7), None, "missing"),
    ("ransomware_claims", "FR", MONDAY, 2, "observed"),
]


def history(*rows: tuple[Any, ...]) -> History:
    names = ("target", "location", "week", "value", "observation")
    counts = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    return History(MONDAY + timedelta(days=13), "release", "1.2", {"ransomware_live": PAST}, counts)


def test_what_is_written_is_read_in_the_order_of_its_key(tmp_path: Path) -> None:
    path = tmp_path / "history.parquet"
    size = write_history(path, history(*ROWS))
    assert path.stat().st_size == size
    read = read_history(path)
    assert read.feeds == {"ransomware_live": PAST}
    assert read.as_of == MONDAY + timedelta(days=13)
    assert [tuple(row.values()) for row in read.counts.to_pylist()] == sorted(
        ROWS, key=lambda row: row[:3]
    )


def test_the_same_counts_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    write_history(one, history(*ROWS))
    write_history(two, history(*reversed(ROWS)))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("t", "FR", MONDAY + timedelta(days=1), 1, "observed"), "no Monday"),
        (("t", "FR", MONDAY, -1, "observed"), "below 0"),
        (("t", "FR", MONDAY, 1, "guessed"), "no kind of observation"),
        (("t", "FR", MONDAY, None, "observed"), "missing week"),
        (("t", "FR", MONDAY, 1, "missing"), "missing week"),
        (("t", None, MONDAY, 1, "observed"), "rows without location"),
        (ROWS[0], "twice"),
    ],
)
def test_what_no_history_can_say_is_refused(
    tmp_path: Path, row: tuple[Any, ...], says: str
) -> None:
    path = tmp_path / "history.parquet"
    with pytest.raises(FeedError, match=says):
        write_history(path, history(*ROWS, row))
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"no Parquet", b"PAR1" * 400_000])
def test_a_file_that_is_no_history_is_refused_with_the_cure(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.parquet"
    path.write_bytes(content)
    with pytest.raises(FeedError, match="threatcast history write RELEASE"):
        read_history(path)


def test_a_parquet_file_of_another_make_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.parquet"
    pq.write_table(history(*ROWS).counts, path)
    with pytest.raises(FeedError, match="cannot be read"):
        read_history(path)


def test_the_shipped_history_holds_counts_of_feeds_and_targets_that_exist() -> None:
    shipped = read_history()
    catalog = load_catalog()
    assert {feed: past.targets for feed, past in shipped.feeds.items()} == {
        feed: tuple(catalog[feed].targets) for feed in shipped.feeds
    }
    targets = {target for past in shipped.feeds.values() for target in past.targets}
    assert set(shipped.counts["target"].to_pylist()) == targets
    assert all(past.last_copy <= shipped.as_of for past in shipped.feeds.values())
