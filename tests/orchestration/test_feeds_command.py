"""`threatcast feeds`: as a person or a program calls it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from nights import threatcast
from threatcast_feeds.registry import load_catalog, load_feed
from threatcast_orchestration.feed_steps.backfill import replay
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import make_plan
from threatcast_orchestration.run.settings import Settings


class Upstream:
    """A publisher's repository with one list of addresses and real commits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("config", "uploadpack.allowFilter", "true")
        self._git("config", "uploadpack.allowAnySHA1InWant", "true")

    def commit(self, day: str, files: Mapping[str, str]) -> None:
        for name, content in files.items():
            (self.path / name).write_text(content, encoding="utf-8")
        self._git("add", "--all")
        self._git("commit", "--quiet", "-m", day, at=f"{day}T09:00:00+00:00")

    def _git(self, *words: str, at: str = "2025-01-01T00:00:00+00:00") -> None:
        who = {f"GIT_{role}_NAME": "A" for role in ("AUTHOR", "COMMITTER")}
        who |= {f"GIT_{role}_EMAIL": "a@example.org" for role in ("AUTHOR", "COMMITTER")}
        who |= {f"GIT_{role}_DATE": at for role in ("AUTHOR", "COMMITTER")}
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(
            ["git", "-C", str(self.path), *words], env=os.environ | who | alone, check=True
        )


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    repository = Upstream(tmp_path / "upstream")
    repository.commit("2025-03-05", {"ips.txt": "192.0.2.1\n"})
    repository.commit("2025-03-12", {"ips.txt": "192.0.2.1\n192.0.2.2\n"})
    repository.commit("2025-03-19", {"ips.txt": "192.0.2.1\n192.0.2.2\n192.0.2.3\n"})
    return repository


def test_list_names_every_feed_in_a_new_home(home: Home) -> None:
    done = threatcast("feeds", "list", "--json", home=home.root)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["feed"] for row in rows] == list(load_catalog())
    assert {row["vintages"] for row in rows} == {0}
    # looking at a home must not make one
    assert not home.root.exists()


def test_show_says_all_that_the_catalog_says(home: Home) -> None:
    done = threatcast("feeds", "show", "eurepoc", "--json", home=home.root)
    facts = json.loads(done.stdout)
    assert facts["licence"]["name"] == load_catalog()["eurepoc"].licence.name
    assert facts["home"]["newest"] is None
    assert "publisher: " in threatcast("feeds", "show", "eurepoc", home=home.root).stdout


def test_unknown_feed_is_named_beside_the_known_ones(home: Home) -> None:
    done = threatcast("feeds", "show", "cisa", home=home.root)
    assert done.returncode == 2
    assert "there is no feed 'cisa'" in done.stderr
    assert "cisa_kev" in done.stderr
    assert "Traceback" not in done.stderr


def test_fetch_pulls_one_feed_and_list_shows_it(home: Home, small_mirror: Path) -> None:
    words = ("feeds", "fetch", "cisa_kev", "--mirror", str(small_mirror))
    done = threatcast(*words, "--json", home=home.root)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["landed"] == 4
    assert "0 landed" in threatcast(*words, home=home.root).stdout
    rows = json.loads(threatcast("feeds", "list", "--json", home=home.root).stdout)
    (row,) = [row for row in rows if row["feed"] == "cisa_kev"]
    assert (row["vintages"], row["newest"]) == (4, "2026-06-14")


def test_fetch_that_fails_says_so_and_exits_with_one(home: Home, small_mirror: Path) -> None:
    done = threatcast("feeds", "fetch", "openphish", "--mirror", str(small_mirror), home=home.root)
    assert done.returncode == 1
    assert "there is no such folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_fetch_from_another_source_is_refused(home: Home, small_mirror: Path) -> None:
    home.bind_source("live")
    done = threatcast("feeds", "fetch", "cisa_kev", "--mirror", str(small_mirror), home=home.root)
    assert done.returncode == 2
    assert "holds data of the source 'live'" in done.stderr
    assert not home.landing.exists()


def test_backfill_lands_a_vintage_a_week_and_goes_on_where_it_was(
    home: Home, upstream: Upstream
) -> None:
    words = ("feeds", "backfill", "threatfox_ips", "--repository", str(upstream.path))
    first = threatcast(*words, "--since", "2025-03-10", "--until", "2025-03-31", home=home.root)
    assert first.returncode == 0, first.stderr
    assert "2 vintages landed, 2 parsed, 5 rows" in first.stdout
    assert "2/2 vintages, 2025-03-19" in first.stderr
    assert home.source == "live"
    again = threatcast(*words, "--since", "2025-03-03", "--until", "2025-03-31", home=home.root)
    assert "1 vintages landed, 1 parsed, 1 rows" in again.stdout
    days = sorted(path.name[:10] for path in (home.landing / "threatfox_ips").glob("*.meta.json"))
    assert days == ["2025-03-05", "2025-03-12", "2025-03-19"]


def test_backfill_of_a_feed_without_history_is_refused(home: Home) -> None:
    done = threatcast("feeds", "backfill", "eurepoc", "--since", "2025-01-01", home=home.root)
    assert done.returncode == 2
    assert "keeps no public git history" in done.stderr


@pytest.mark.parametrize("words", [("--since", "March"), ("--since", "2025-01-01", "--every", "x")])
def test_backfill_refuses_what_it_cannot_read(home: Home, words: tuple[str, ...]) -> None:
    done = threatcast("feeds", "backfill", "threatfox_ips", *words, home=home.root)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_backfill_does_not_mix_with_recordings(home: Home, upstream: Upstream) -> None:
    home.bind_source("mirror")
    words = ("--since", "2025-03-10", "--repository", str(upstream.path))
    done = threatcast("feeds", "backfill", "threatfox_ips", *words, home=home.root)
    assert done.returncode == 2
    assert "holds data of the source 'mirror'" in done.stderr


def test_backfill_of_a_repository_that_is_not_there_keeps_all(home: Home, tmp_path: Path) -> None:
    words = ("--since", "2025-03-10", "--repository", str(tmp_path / "nowhere"))
    done = threatcast("feeds", "backfill", "threatfox_ips", *words, home=home.root)
    assert done.returncode == 1
    assert "threatfox_ips" in done.stderr
    assert "Traceback" not in done.stderr


def test_replay_stops_when_the_time_is_up_and_goes_on_with_the_next_call(
    home: Home, upstream: Upstream
) -> None:
    home.bind_source("live")
    plan = make_plan(home, Settings(source="live"))
    spec, since = load_feed("threatfox_ips"), date(2025, 3, 1)
    where = str(upstream.path)
    first = replay(spec, plan, since, repository=where, enough=lambda: True)
    assert (first.landed, first.parsed) == (1, 1)
    assert replay(spec, plan, since, repository=where).landed == 2
