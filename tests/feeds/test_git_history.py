"""The back-fill, on repositories that these tests make with real commits."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.bundles import pack
from threatcast_feeds.errors import BackfillError
from threatcast_feeds.modes.git_history import backfill
from threatcast_feeds.registry import FeedSpec, load_feed

LIST = "ips.txt"
SINCE, UNTIL = date(2025, 1, 1), date(2025, 12, 31)


class Upstream:
    """A publisher's repository; every commit says its own time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        # as the big hosts do, so that the clone is really a partial one
        self.git("config", "uploadpack.allowFilter", "true")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")

    @property
    def url(self) -> str:
        return str(self.path)

    def git(
        self, *arguments: str, at: str = "2025-01-01T00:00:00+00:00", author_at: str = ""
    ) -> str:
        who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
        who |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}
        when = {"GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": author_at or at}
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env={**os.environ, **who, **when, **alone},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, at: str, files: Mapping[str, bytes | None], author_at: str = "") -> str:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", at, at=at, author_at=author_at)
        return self.git("rev-parse", "HEAD")

    def list_at(self, at: str, content: str, author_at: str = "") -> str:
        return self.commit(at, {LIST: content.encode()}, author_at)


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream")


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    return tmp_path / "work"


def feed(*, method: str = "file", ext: str = "txt", **history: Any) -> FeedSpec:
    facts = load_feed("threatfox_ips").model_dump()
    facts["extensions"] = [ext]
    facts["live"]["method"] = method
    facts["history"] = {"repository": "https://git.example.org/x", "path": LIST, **history}
    return FeedSpec.model_validate(facts)


def replay(spec: FeedSpec, upstream: Upstream, workdir: Path, **other: Any) -> list[Arrival]:
    wanted = {"since": SINCE, "until": UNTIL, **other}
    return list(backfill(spec, workdir=workdir, repository=upstream.url, **wanted))


def seen(arrivals: list[Arrival]) -> list[tuple[str, str]]:
    return [(one.day.isoformat(), one.content.decode()) for one in arrivals]


def unpacked(arrival: Arrival) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(arrival.content)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_last_version_of_each_week_is_its_vintage(upstream: Upstream, workdir: Path) -> None:
    upstream.list_at("2025-03-03T09:00:00+00:00", "192.0.2.1")
    upstream.list_at("2025-03-07T09:00:00+00:00", "192.0.2.2")
    commit = upstream.list_at("2025-03-09T23:59:59+00:00", "192.0.2.3")
    upstream.list_at("2025-03-10T00:00:00+00:00", "192.0.2.4")
    first, second = replay(feed(), upstream, workdir)
    assert first == Arrival(
        feed="threatfox_ips",
        day=date(2025, 3, 9),
        ext="txt",
        content=b"192.0.2.3",
        retrieved_at=datetime(2025, 3, 9, 23, 59, 59, tzinfo=UTC),
        mode="git_history",
        url=f"{upstream.url}@{commit}",
    )
    # the newest version closes the series although its week is not over
    assert seen([second]) == [("2025-03-10", "192.0.2.4")]


def test_week_without_commit_gives_no_vintage(upstream: Upstream, workdir: Path) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    upstream.list_at("2025-03-25T09:00:00+00:00", "192.0.2.2")
    days = [one.day for one in replay(feed(), upstream, workdir)]
    assert days == [date(2025, 3, 4), date(2025, 3, 25)]


def test_committer_time_in_utc_names_the_day(upstream: Upstream, workdir: Path) -> None:
    # Sunday evening in Denver is Monday in UTC; the author's clock is years off
    upstream.list_at("2025-03-09T20:00:00-0700", "192.0.2.1", author_at="2019-01-01T00:00:00+0000")
    upstream.list_at("2025-03-10T08:00:00+0900", "192.0.2.2")
    arrivals = replay(feed(), upstream, workdir)
    assert seen(arrivals) == [("2025-03-09", "192.0.2.2"), ("2025-03-10", "192.0.2.1")]
    assert arrivals[1].retrieved_at == datetime(2025, 3, 10, 3, 0, tzinfo=UTC)


def test_runs_that_the_author_merged_into_his_branch_are_seen(
    upstream: Upstream, workdir: Path
) -> None:
    upstream.list_at("2025-03-03T09:00:00+00:00", "192.0.2.1")
    upstream.git("checkout", "--quiet", "-b", "author")
    upstream.commit("2025-03-03T12:00:00+00:00", {"README.md": b"new words"})
    upstream.git("checkout", "--quiet", "main")
    for day in ("05", "12", "19"):
        upstream.list_at(f"2025-03-{day}T09:00:00+00:00", f"192.0.2.{int(day)}")
    # the nightly branch becomes the second parent of the author's branch
    upstream.git("checkout", "--quiet", "author")
    upstream.git(
        "merge", "--quiet", "--no-ff", "-m", "sync", "main", at="2025-03-20T09:00:00+00:00"
    )
    upstream.git("branch", "--quiet", "--force", "main", "author")
    first_parents = upstream.git("log", "--first-parent", "--format=%H", "main", "--", LIST)
    assert len(first_parents.split()) == 2
    assert seen(replay(feed(), upstream, workdir)) == [
        ("2025-03-05", "192.0.2.5"),
        ("2025-03-12", "192.0.2.12"),
        ("2025-03-19", "192.0.2.19"),
    ]


def test_every_day_on_wish(upstream: Upstream, workdir: Path) -> None:
    for hour in ("01", "23"):
        for day in ("04", "05"):
            upstream.list_at(f"2025-03-{day}T{hour}:00:00+00:00", f"{day}.{hour}")
    assert seen(replay(feed(), upstream, workdir, every="day")) == [
        ("2025-03-04", "04.23"),
        ("2025-03-05", "05.23"),
    ]


def test_only_the_days_between_since_and_until(upstream: Upstream, workdir: Path) -> None:
    for day in ("02", "09", "16", "23"):
        upstream.list_at(f"2025-03-{day}T09:00:00+00:00", day)
    between = replay(feed(), upstream, workdir, since=date(2025, 3, 9), until=date(2025, 3, 16))
    assert [one.day.day for one in between] == [9, 16]


def test_clone_is_bare_partial_and_of_one_branch(upstream: Upstream, workdir: Path) -> None:
    for number in range(8):
        upstream.list_at(f"2025-03-0{number + 1}T09:00:00+00:00", f"192.0.2.{number}\n" * 50)
    upstream.git("branch", "other")
    replay(feed(), upstream, workdir)
    clone = workdir / "threatfox_ips.git"
    missing = subprocess.run(
        ["git", "--git-dir", clone, "rev-list", "--objects", "--missing=print", "main"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert sum(line.startswith("?") for line in missing.splitlines()) == 6
    assert (clone / "hooks").exists() is False
    heads = subprocess.run(
        ["git", "--git-dir", clone, "branch", "--all"], capture_output=True, text=True, check=True
    )
    assert heads.stdout.split() == ["*", "main"]


def test_interrupted_backfill_goes_on_where_it_stopped(upstream: Upstream, workdir: Path) -> None:
    for week in range(6):
        upstream.list_at(f"2025-02-{week * 4 + 2:02}T09:00:00+00:00", f"192.0.2.{week}")
    whole = replay(feed(), upstream, workdir / "whole")
    running = backfill(feed(), since=SINCE, until=UNTIL, workdir=workdir, repository=upstream.url)
    landed = [next(running), next(running)]
    running.close()
    reported: list[tuple[int, int, date]] = []
    rest = replay(
        feed(),
        upstream,
        workdir,
        known={one.day for one in landed},
        progress=lambda *step: reported.append(step),
    )
    assert landed + rest == whole
    assert reported == [(number, len(rest), one.day) for number, one in enumerate(rest, start=1)]


def test_next_time_only_what_is_new_is_fetched(upstream: Upstream, workdir: Path) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    first = replay(feed(), upstream, workdir)
    upstream.list_at("2025-03-11T09:00:00+00:00", "192.0.2.2")
    more = replay(feed(), upstream, workdir, known={one.day for one in first})
    assert seen(more) == [("2025-03-11", "192.0.2.2")]


def test_history_that_was_rewritten_is_followed(upstream: Upstream, workdir: Path) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    upstream.list_at("2025-03-11T09:00:00+00:00", "192.0.2.2")
    replay(feed(), upstream, workdir)
    upstream.git("reset", "--quiet", "--hard", "HEAD~1")
    upstream.list_at("2025-03-12T09:00:00+00:00", "192.0.2.3")
    assert seen(replay(feed(), upstream, workdir))[-1] == ("2025-03-12", "192.0.2.3")


def test_running_week_that_is_landed_does_not_hide_its_end(
    upstream: Upstream, workdir: Path
) -> None:
    upstream.list_at("2025-03-05T09:00:00+00:00", "192.0.2.1")
    [wednesday] = replay(feed(), upstream, workdir)
    upstream.list_at("2025-03-09T09:00:00+00:00", "192.0.2.2")
    more = replay(feed(), upstream, workdir, known={wednesday.day})
    assert seen(more) == [("2025-03-09", "192.0.2.2")]


@pytest.mark.parametrize("how", ["cut packs", "no branch", "no repository", "of another"])
def test_broken_clone_is_made_again(
    upstream: Upstream, workdir: Path, tmp_path: Path, how: str
) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    before = replay(feed(), upstream, workdir)
    clone = workdir / "threatfox_ips.git"
    if how == "cut packs":
        for pack_file in clone.glob("objects/pack/*.pack"):
            pack_file.chmod(0o600)
            pack_file.write_bytes(pack_file.read_bytes()[:40])
    elif how == "no branch":
        (clone / "packed-refs").unlink(missing_ok=True)
        (clone / "refs" / "heads" / "main").unlink(missing_ok=True)
    elif how == "no repository":
        (clone / "HEAD").unlink()
    else:
        config = clone / "config"
        config.write_text(config.read_text().replace("upstream", "elsewhere"))
    assert replay(feed(), upstream, workdir) == before


def test_leftovers_of_a_killed_run_are_cleared_away(upstream: Upstream, workdir: Path) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    unfinished = workdir / ".threatfox_ips.git.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "HEAD").write_text("ref: nowhere")
    replay(feed(), upstream, workdir)
    assert not unfinished.exists()
    clone = workdir / "threatfox_ips.git"
    lock = clone / "refs" / "heads" / "main.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    upstream.list_at("2025-03-11T09:00:00+00:00", "192.0.2.2")
    assert len(replay(feed(), upstream, workdir)) == 2


def test_broken_version_is_passed_over_for_an_earlier_one_of_its_week(
    upstream: Upstream, workdir: Path
) -> None:
    spec = feed(ext="json", path="kev.json")
    upstream.commit("2025-03-04T09:00:00+00:00", {"kev.json": b'{"count": 1}'})
    page = b"<html><title>Access Denied</title></html>"
    commit = upstream.commit("2025-03-06T09:00:00+00:00", {"kev.json": page})
    upstream.commit("2025-03-12T09:00:00+00:00", {"kev.json": b'{"count": 2, "v'})
    upstream.commit("2025-03-19T09:00:00+00:00", {"kev.json": b""})
    upstream.commit("2025-03-26T09:00:00+00:00", {"kev.json": b'{"count": 3}'})
    told: list[str] = []
    done: list[int] = []
    arrivals = replay(
        spec, upstream, workdir, tell=told.append, progress=lambda n, *_: done.append(n)
    )
    assert seen(arrivals) == [("2025-03-04", '{"count": 1}'), ("2025-03-26", '{"count": 3}')]
    assert told[0] == (
        f"threatfox_ips, {commit[:12]} of 2025-03-06: passed over, the body is a web page titled "
        "'Access Denied', not json"
    )
    assert "the JSON is cut" in told[1]
    assert "the body is empty" in told[2]
    assert done == [1, 2, 3, 4]


def test_version_that_removes_the_file_is_passed_over(upstream: Upstream, workdir: Path) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    upstream.commit("2025-03-05T09:00:00+00:00", {LIST: None})
    upstream.commit("2025-03-12T09:00:00+00:00", {"other": b"x"})
    upstream.list_at("2025-03-19T09:00:00+00:00", "192.0.2.2")
    days = [one.day.day for one in replay(feed(), upstream, workdir)]
    assert days == [4, 19]


def test_version_larger_than_the_limit_is_passed_over(upstream: Upstream, workdir: Path) -> None:
    facts = feed().model_dump()
    facts["limits"]["max_bytes"] = 100
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1\n" * 50)
    upstream.list_at("2025-03-11T09:00:00+00:00", "192.0.2.1")
    told: list[str] = []
    arrivals = replay(FeedSpec.model_validate(facts), upstream, workdir, tell=told.append)
    assert [one.day.day for one in arrivals] == [11]
    assert "it has more than 100 bytes" in told[0]


def test_link_is_not_followed(upstream: Upstream, workdir: Path) -> None:
    (upstream.path / LIST).symlink_to("/etc/passwd")
    upstream.commit("2025-03-04T09:00:00+00:00", {})
    assert replay(feed(), upstream, workdir) == []


def test_folder_becomes_a_bundle_without_its_union_and_stale_copies(
    upstream: Upstream, workdir: Path
) -> None:
    tools = {
        "data/Sliver C2 IPs.txt": b"192.0.2.17\n",
        "data/BlackNET Botnet IPs.txt": b"192.0.2.1\n",
        "data/BlackNet Botnet IPs.txt": b"192.0.2.2\n",
        "data/Caldera C2 IPs.txt": b"",
    }
    others = {"data/all.txt": b"192.0.2.17\n", "data/README.md": b"x", "backup/old.txt": b"y"}
    upstream.commit("2025-03-10T13:30:00+00:00", {**tools, **others})
    upstream.commit("2025-03-17T13:30:00+00:00", {"data/Sliver C2 IPs.txt": None})
    spec = feed(method="bundle", ext="zip", path="data/*.txt", bundle=True)
    first, second = replay(spec, upstream, workdir)
    assert (first.ext, first.day) == ("zip", date(2025, 3, 10))
    assert unpacked(first) == tools
    assert first.content == pack(tools)
    assert sorted(unpacked(second)) == sorted(set(tools) - {"data/Sliver C2 IPs.txt"})


def test_bundle_of_nothing_but_empty_files_is_passed_over(
    upstream: Upstream, workdir: Path
) -> None:
    upstream.commit("2025-03-10T13:30:00+00:00", {"data/a.txt": b"", "data/b.txt": b""})
    told: list[str] = []
    spec = feed(method="bundle", ext="zip", path="data", bundle=True)
    assert replay(spec, upstream, workdir, tell=told.append) == []
    assert "all of its 2 files are empty" in told[0]


def lists(*moments: str) -> dict[str, bytes]:
    return {
        f"data/processed/{moment}_DDoSia-target-list-full.json": json.dumps(
            {"targets": [], "at": moment}
        ).encode()
        for moment in moments
    }


def test_dated_lists_become_weekly_bundles_whenever_they_were_committed(
    upstream: Upstream, workdir: Path
) -> None:
    week_44 = lists("2025-10-27_07-20-08", "2025-11-01_07-10-09")
    week_45 = lists("2025-11-03_07-10-09", "05-11-2025_12-05-11")
    odd = {"data/processed/2025-11-04_07-05-12.json": b"{}", "data/processed/.gitkeep": b""}
    commit = upstream.commit("2025-11-20T09:00:00+00:00", {**week_44, **week_45, **odd})
    spec = feed(method="archive", ext="zip", path="data/processed", bundle=True)
    first, second = replay(spec, upstream, workdir)
    assert (first.day, second.day) == (date(2025, 11, 1), date(2025, 11, 5))
    assert unpacked(first) == {name.split("/")[-1]: body for name, body in week_44.items()}
    assert unpacked(second) == {name.split("/")[-1]: body for name, body in week_45.items()}
    assert second.retrieved_at == datetime(2025, 11, 5, 12, 5, 11, tzinfo=UTC)
    assert second.url == f"{upstream.url}@{commit}"
    assert replay(spec, upstream, workdir, known={first.day}) == [second]
    assert replay(spec, upstream, workdir, since=date(2025, 11, 2)) == [second]
    until_monday = replay(spec, upstream, workdir, until=date(2025, 11, 3))
    assert [one.day for one in until_monday] == [date(2025, 11, 1), date(2025, 11, 3)]


def test_recorded_weeks_come_out_as_they_were_recorded(
    upstream: Upstream, workdir: Path, mirror: Path
) -> None:
    weeks: dict[str, dict[str, bytes]] = {}
    for recorded in sorted((mirror / "ddosia_targets").glob("*.zip")):
        with zipfile.ZipFile(recorded) as bundle:
            weeks[recorded.stem] = {name: bundle.read(name) for name in bundle.namelist()}
    everything = {name: body for files in weeks.values() for name, body in files.items()}
    upstream.commit(
        "2025-11-20T09:00:00+00:00",
        {f"data/processed/{name}": body for name, body in everything.items()},
    )
    spec = feed(method="archive", ext="zip", path="data/processed", bundle=True)
    replayed = {one.day.isoformat(): unpacked(one) for one in replay(spec, upstream, workdir)}
    assert replayed == weeks


def test_users_own_git_settings_and_hooks_change_nothing(
    upstream: Upstream, workdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    home = tmp_path / "home"
    hooks = home / "hooks"
    hooks.mkdir(parents=True)
    ran = tmp_path / "ran"
    for name in ("post-checkout", "reference-transaction", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o700)
    (home / ".gitconfig").write_text(
        f'[core]\n\thooksPath = {hooks}\n[url "https://nowhere.invalid/"]\n\tinsteadOf = file://\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(hooks))
    running = backfill(feed(), since=SINCE, until=UNTIL, workdir=workdir, repository=upstream.url)
    assert len(list(running)) == 1
    assert not ran.exists()


def test_feed_without_history_says_so(workdir: Path) -> None:
    facts = feed().model_dump() | {"history": None}
    spec = FeedSpec.model_validate(facts)
    with pytest.raises(BackfillError, match="no repository is known to hold its past"):
        list(backfill(spec, since=SINCE, until=UNTIL, workdir=workdir))


def test_days_the_wrong_way_round_are_refused(upstream: Upstream, workdir: Path) -> None:
    with pytest.raises(BackfillError, match=r"the first day \(2026-01-01\) is after the last"):
        replay(feed(), upstream, workdir, since=date(2026, 1, 1))


def test_without_git_the_cure_is_to_install_it(upstream: Upstream, workdir: Path) -> None:
    with pytest.raises(BackfillError) as caught:
        replay(feed(), upstream, workdir, git="git-that-is-not-there")
    assert str(caught.value) == (
        f"threatfox_ips, {upstream.url}: the program 'git-that-is-not-there' is not on this "
        "machine. Kept: all vintages landed before; the back-fill goes on from there. "
        "Install git (2.30 or later), then run the same command again."
    )


def test_unknown_branch_names_the_ones_there_are(upstream: Upstream, workdir: Path) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    upstream.git("branch", "develop")
    with pytest.raises(BackfillError) as caught:
        replay(feed(branch="trunk"), upstream, workdir)
    assert caught.value.problem == "it has no branch 'trunk'; it has: develop, main"
    assert not (workdir / "threatfox_ips.git").exists()


def test_branch_that_vanished_later_is_named(upstream: Upstream, workdir: Path) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    replay(feed(), upstream, workdir)
    upstream.git("branch", "-m", "main", "trunk")
    with pytest.raises(BackfillError, match="it has no branch 'main'; it has: trunk"):
        replay(feed(), upstream, workdir)


@pytest.mark.parametrize("method", ["file", "archive"])
def test_unknown_path_is_named(upstream: Upstream, workdir: Path, method: str) -> None:
    upstream.list_at("2025-03-04T09:00:00+00:00", "192.0.2.1")
    with pytest.raises(BackfillError, match=r"its branch 'main' has no 'lists/ips\.txt'") as caught:
        replay(feed(method=method, path="lists/ips.txt"), upstream, workdir)
    assert "history.path" in caught.value.cure


def test_missing_repository_is_named(tmp_path: Path, workdir: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    running = backfill(feed(), since=SINCE, until=UNTIL, workdir=workdir, repository=nowhere)
    with pytest.raises(BackfillError, match="there is no such public repository"):
        list(running)


def test_unreachable_host_may_be_tried_again(workdir: Path) -> None:
    closed = "https://me:s3cret@127.0.0.1:9/x.git"
    running = backfill(feed(), since=SINCE, until=UNTIL, workdir=workdir, repository=closed)
    with pytest.raises(BackfillError, match="it cannot be reached") as caught:
        list(running)
    assert caught.value.retryable
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("address", ["ext::sh -c touch% /tmp/x://", "http://127.0.0.1:9/x.git"])
def test_other_protocols_start_nothing(workdir: Path, address: str) -> None:
    running = backfill(feed(), since=SINCE, until=UNTIL, workdir=workdir, repository=address)
    with pytest.raises(BackfillError, match="its address is not https or a folder"):
        list(running)


def test_disk_that_cannot_be_written_is_named(upstream: Upstream, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(BackfillError, match="its copy cannot be written to"):
        replay(feed(), upstream, blocked)
