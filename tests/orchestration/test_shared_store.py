"""The shared store by itself: conditional writes, the lease, what is brought and handed over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import s3fs
from s3_server import BUCKET, bucket_files, s3_server
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.landing import Landing
from threatcast_orchestration.errors import LeaseLost, LockHeld, WrongUse
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.sharing.lease import LEASE, Note, leased
from threatcast_orchestration.sharing.shared_store import (
    SharedStore,
    StoreFailure,
    open_shared_store,
)
from threatcast_orchestration.sharing.work import exchange_of, working_in

HOLDER = """
import sys, time
from threatcast_orchestration.sharing.lease import leased
from threatcast_orchestration.sharing.shared_store import open_shared_store
with leased(open_shared_store(sys.argv[1]), 5):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[dict[str, str]]:
    with s3_server() as variables:
        yield variables


@pytest.fixture(params=["s3", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SharedStore:
    place = {"s3": f"s3://{BUCKET}/{tmp_path.name}", "file": f"file://{tmp_path}/store"}
    return open_shared_store(place[request.param])


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"s3://{BUCKET}/{tmp_path.name}"
    monkeypatch.setenv("THREATCAST_STORE", address)
    return address


def new_home(folder: Path) -> Home:
    home = Home(folder)
    home.bind_source("sample")
    return home


def land(home: Home, content: bytes, *, minute: int = 0) -> Path:
    moment = datetime(2026, 6, 1, 12, minute, tzinfo=UTC)
    arrival = Arrival(
        feed="cisa_kev",
        day=date(2026, 6, 1),
        retrieved_at=moment,
        url="https://example.org",
        content=content,
        ext="json",
        mode="sample",
    )
    return Landing(home.landing).land(arrival).path


def test_only_one_of_many_writes_where_nothing_stands_or_where_nobody_has_written_since(store):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: store.write_once("a/b", b"%d" % n), range(8)))
        assert len({one.content for one in made}) == 1
        version = made[0].version
        put = list(pool.map(lambda n: store.replace("a/b", b"x%d" % n, version), range(8)))
    assert len({one.content for one in put}) == 1
    stands = store.read("a/b")
    assert stands is not None
    assert stands.content == put[0].content
    assert store.names("a") == ["a/b"]
    store.remove("a/b")
    assert store.read("a/b") is None
    assert store.names("a") == []


def test_lease_is_for_one_and_is_given_back(store):
    with leased(store, 30) as lease:
        assert lease.fence == 1
        said = r"Another run works on the store .*process \d+"
        with pytest.raises(LockHeld, match=said) as held, leased(store, 30):
            pytest.fail("two have the lease")
        assert held.value.exit_code == 75
        assert "has it since" in str(held.value)
    with pytest.raises(KeyboardInterrupt), leased(store, 30):
        raise KeyboardInterrupt
    with leased(store, 30) as lease:
        assert lease.fence == 3


def test_lease_is_renewed_while_its_holder_lives_and_runs_out_when_it_was_killed(store):
    words = [sys.executable, "-c", HOLDER, store.address]
    holder = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ.copy())
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        time.sleep(7)  # longer than the lease, with the time that others wait beyond it
        with pytest.raises(LockHeld), leased(store, 5):
            pytest.fail("the holder lives")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with pytest.raises(LockHeld), leased(store, 5):
            pytest.fail("it has not run out yet")
        time.sleep(6)
        with leased(store, 5) as lease:
            assert lease.fence == 2
    finally:
        holder.kill()


def test_run_that_lost_its_lease_hands_nothing_over_and_leaves_the_other_alone(
    address, tmp_path, monkeypatch
):
    monkeypatch.setenv("THREATCAST_LEASE_SECONDS", "5")
    home, store = new_home(tmp_path / "home"), open_shared_store(address)
    with pytest.raises(LeaseLost, match="lost its lease") as lost, working_in(home):
        go_on_without_a_lease(home, store)
    assert "elsewhere (process 1) has it since" in str(lost.value)
    assert lost.value.exit_code == 75
    assert store.names("") == [LEASE]
    assert Note.model_validate_json(store.read(LEASE).content).run == "other"


def go_on_without_a_lease(home: Home, store: SharedStore) -> None:
    """Land a payload, let another run take the lease, and ask until the thread has found out."""
    land(home, b"of a run that did not answer")
    stands, exchange = store.read(LEASE), exchange_of(home)
    assert stands is not None
    assert exchange is not None
    other = Note.model_validate_json(stands.content).model_copy(
        update={"holder": "elsewhere (process 1)", "run": "other", "fence": 2}
    )
    store.replace(LEASE, other.to_bytes(), stands.version)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        exchange.check()
        time.sleep(0.1)


def test_what_one_home_landed_and_recorded_another_one_brings(address, tmp_path):
    one, two = new_home(tmp_path / "one"), new_home(tmp_path / "two")
    with working_in(one):
        land(one, b"first")
        land(one, b"second", minute=1)
        one.accepted.write_text("{}\n", encoding="utf-8")
    with working_in(two):
        assert files_of(two) == files_of(one)
        land(two, b"third", minute=2)
        two.accepted.write_text("{}\n{}\n", encoding="utf-8")
    with working_in(one):
        assert files_of(one) == files_of(two)
        assert len(Landing(one.landing).payloads("cisa_kev")) == 3
        before = bucket_files().find(address.removeprefix("s3://"), detail=True)
    # nothing new: nothing but the lease is written, and the old record is gone
    after = bucket_files().find(address.removeprefix("s3://"), detail=True)
    changed = [name for name in after if after[name] != before.get(name)]
    assert [name.rpartition("/")[2] for name in changed] == [LEASE]
    assert len([name for name in after if "/records/" in name]) == 1


def files_of(home: Home) -> dict[str, bytes]:
    found = [home.accepted, *home.landing.rglob("*")]
    return {str(p.relative_to(home.root)): p.read_bytes() for p in found if p.is_file()}


def test_home_that_went_on_alone_gives_way_to_what_others_handed_over(address, tmp_path):
    one, two = new_home(tmp_path / "one"), new_home(tmp_path / "two")
    with working_in(one):
        land(one, b"first")
    # a run of `one` died before it handed over; the same payload came to `two` a minute later
    path = land(one, b"second", minute=1)
    one.accepted.write_text("never handed over\n", encoding="utf-8")
    with working_in(two):
        assert land(two, b"second", minute=2).name == path.name
        two.decisions.parent.mkdir()
        two.decisions.write_text("decided\n", encoding="utf-8")
    with working_in(one):
        assert files_of(one).keys() >= {"landing/cisa_kev/" + path.name}
        assert not one.accepted.exists()
        assert one.decisions.read_text("utf-8") == "decided\n"
    assert files_of_landing(one) == files_of_landing(two)


def files_of_landing(home: Home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.landing.glob("*/*")}


def test_home_that_went_on_alone_hands_over_later_if_nobody_else_has(address, tmp_path):
    one = new_home(tmp_path / "one")
    with working_in(one):
        land(one, b"first")
    one.accepted.write_text("not handed over yet\n", encoding="utf-8")
    with working_in(one):
        pass
    two = new_home(tmp_path / "two")
    with working_in(two):
        assert two.accepted.read_text("utf-8") == "not handed over yet\n"


def test_home_with_a_past_of_its_own_and_another_source_are_refused(address, tmp_path):
    with working_in(new_home(tmp_path / "one")):
        pass
    other = new_home(tmp_path / "other")
    land(other, b"a past of its own")
    with pytest.raises(WrongUse, match="has a past of its own"), working_in(other):
        pytest.fail("it would mix two pasts")
    live = Home(tmp_path / "live")
    live.bind_source("live")
    with pytest.raises(WrongUse, match="holds data of the source 'live'"), working_in(live):
        pytest.fail("it would mix two sources")


def land_as_the_store_goes_away(home: Home, files: s3fs.S3FileSystem) -> dict[str, bytes]:
    """Return what was in the bucket, which is no more."""
    land(home, b"second", minute=1)
    aside = {name: files.cat_file(name) for name in files.find(BUCKET)}
    files.rm(BUCKET, recursive=True)
    return aside


def test_store_that_goes_away_in_the_middle_loses_nothing(address, tmp_path, monkeypatch):
    monkeypatch.setenv("THREATCAST_LEASE_SECONDS", "5")
    one, files = new_home(tmp_path / "one"), bucket_files()
    with working_in(one):
        land(one, b"first")
    aside: dict[str, bytes] = {}
    with pytest.raises(StoreFailure, match="bucket does not exist"), working_in(one):
        aside.update(land_as_the_store_goes_away(one, files))
    files.mkdir(BUCKET)
    files.pipe(aside)
    time.sleep(6)  # the lease could not be given back
    with working_in(one):
        pass
    two = new_home(tmp_path / "two")
    with working_in(two):
        assert files_of_landing(two) == files_of_landing(one)
        assert len(files_of_landing(two)) == 4


def test_damaged_payload_of_the_store_is_refused(address, tmp_path):
    one = new_home(tmp_path / "one")
    with working_in(one):
        path = land(one, b"first")
    name = f"{address.removeprefix('s3://')}/{path.relative_to(one.root)}"
    bucket_files().pipe_file(name, path.read_bytes()[:-3])
    with pytest.raises(Exception, match="landed file"), working_in(new_home(tmp_path / "two")):
        pytest.fail("it would be counted")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://no-such-bucket/prefix", "bucket does not exist"),
        ("file:///proc/store", "No such file"),
    ],
)
def test_store_that_is_not_there_is_told_with_the_cure(address, said, tmp_path, monkeypatch):
    monkeypatch.setenv("THREATCAST_STORE", address)
    with pytest.raises(StoreFailure, match=said) as failure, working_in(new_home(tmp_path / "h")):
        pytest.fail("there is nothing to share")
    assert "THREATCAST_STORE" in str(failure.value)
    assert failure.value.exit_code == 2
