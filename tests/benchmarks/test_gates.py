"""The faults that gates are tried with: each feed's bytes, changed and written as it does it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from threatcast_feeds.landing import Landing
from threatcast_feeds.modes.made import write_feed
from threatcast_feeds.modes.mirror import arrivals
from threatcast_feeds.registry import generator_of, load_catalog
from threatcast_feeds.simulation import simulate

if TYPE_CHECKING:
    import pandas as pd

FEEDS = sorted(load_catalog())
KEPT = 30
"""Vintages of each feed: enough to look some weeks back."""
world = cache(simulate)


def test_all_feeds_are_measured() -> None:
    from gates.wire import SHAPES

    assert set(SHAPES) == set(FEEDS)


def mirror_of(folder: Path, *feeds: str) -> Path:
    """Write the newest simulated vintages of some feeds as recordings."""
    catalog = load_catalog()
    for feed in feeds:
        write_feed(folder / feed, list(generator_of(catalog[feed]).payloads(world()))[-KEPT:])
    return folder


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    """Return the landed newest vintages of all simulated feeds."""
    folder = tmp_path_factory.mktemp("gates")
    mirror = mirror_of(folder / "mirror", *FEEDS)
    landing = Landing(folder / "landing")
    for spec in map(load_catalog().__getitem__, FEEDS):
        for arrival in arrivals(spec, mirror, None, set()):
            landing.land(arrival)
    return landing


@pytest.fixture
def grounds(landing: Landing) -> Any:
    """Return what gives the ground of a feed on the sample."""
    from gates.grounds import ground
    from gates.past import Atlas, Past
    from gates.trials import feeds_counted

    atlas = Atlas(Past(landing, "ip_country").newest())

    def of(feed: str) -> Any:
        newest = max(Past(landing, one).newest_day for one in feeds_counted(feed))
        return ground(feed, Past(landing, feed), newest, atlas)

    return of


@pytest.mark.parametrize("feed", FEEDS)
def test_a_payload_that_nobody_changed_says_the_same_when_it_is_written_again(
    feed: str, landing: Landing
) -> None:
    from gates.past import Past
    from gates.wire import decode, encode

    newest = Past(landing, feed).newest()
    assert newest.records
    assert decode(feed, newest.ext, encode(newest)).records == newest.records


@pytest.mark.parametrize("feed", FEEDS)
def test_an_honest_next_vintage_is_parsed_whole_and_adds_keys_of_its_own(
    feed: str, grounds: Any, tmp_path: Path
) -> None:
    from gates.homes import home_at, receive
    from gates.wire import encode

    on = grounds(feed)
    assert on.past.newest_day < on.before.day < on.honest.day
    assert encode(on.copy) == on.honest.content
    home = home_at(tmp_path)
    for vintage in (on.before, on.honest):
        report = receive(home, feed, vintage)
        assert (report.quarantined, report.rejected, report.messages) == (0, 0, [])
    key = on.copy.shape.key
    added = set(on.copy.values(key)) - set(on.copy_before.values(key))
    assert added or on.copy.shape.is_reference or feed in {"eurepoc", "xposedornot_breaches"}


def test_each_kind_fits_a_feed_and_there_are_150_faults_of_20_kinds(grounds: Any) -> None:
    from gates.faults import KINDS, spoilt

    fits: Counter[str] = Counter()
    for feed in FEEDS:
        on = grounds(feed)
        faults = spoilt(on)
        assert len(set(faults.values())) > 5, feed
        assert on.honest.content not in faults.values()
        fits.update(faults.keys())
    # the simulated texts are ASCII in every feed that is read as text
    assert set(KINDS) - set(fits) <= {"texts_decoded_wrongly"}
    assert len(fits) >= 20
    assert sum(fits.values()) >= 150


@pytest.mark.parametrize("feed", ["ransomware_live", "threatfox_ips", "ddosia_targets"])
@pytest.mark.parametrize("factor", [5.0, 0.2])
def test_a_surge_brings_so_many_times_as_many_new_keys(
    feed: str, factor: float, grounds: Any
) -> None:
    from gates.grounds import WEEK, next_copy
    from gates.growth import Change

    on = grounds(feed)
    day, key = on.before.day, on.copy.shape.key

    def new(change: Change) -> int:
        found = next_copy(on.past, on.copy_before, day, day + WEEK, on.atlas, change)
        return len(set(found.values(key)) - set(on.copy_before.values(key)))

    wanted = factor * new(Change())
    assert abs(new(Change(factor)) - wanted) <= 0.5 * wanted + 3 * wanted**0.5


def test_a_surge_of_one_place_leaves_the_others_as_they_were(grounds: Any) -> None:
    from gates.grounds import WEEK, next_copy
    from gates.growth import Change

    on = grounds("ransomware_live")
    day, before = on.before.day, len(on.copy_before.records)

    def places(change: Change) -> Counter[str]:
        found = next_copy(on.past, on.copy_before, day, day + WEEK, on.atlas, change)
        return Counter(one["country"] for one in found.records[before:])

    twice, twenty = (places(Change(factor, "US")) for factor in (2, 20))
    assert twenty["US"] > 5 * twice["US"]
    others = [sum(found.values()) - found["US"] for found in (twice, twenty)]
    assert 0.5 < others[0] / others[1] < 2


# ----------------------------------------------------------------------------------------------
# how a payload ends
# ----------------------------------------------------------------------------------------------
WEEKS = 120


def counted(values: list[float], state: str = "published") -> Any:
    """Return what would be counted of one series: a steady past and these newest weeks."""
    import numpy as np
    import pandas as pd
    from gates.counting import Counted

    rng = np.random.default_rng(1)
    past = rng.poisson(100, WEEKS - len(values)).astype(float)
    weeks = [pd.Timestamp(2024, 1, 1) + timedelta(weeks=k) for k in range(WEEKS)]
    name = {"target": "claims", "location": "WORLD", "location_level": "world"}
    counts = pd.DataFrame({"week": weeks, "value": [*past, *values]}).assign(
        **name, observation="observed"
    )
    series = pd.DataFrame(
        [name | {"state": state, "reason": "", "is_eligible": True, "first_week": weeks[0]}]
    )
    mix = pd.DataFrame(columns=["week", "kind", "category", "urls", "share"])
    return Counted(counts, series, {"feed": ("fresh", "")}, mix)


HONEST = [100.0, 104.0, 97.0, 101.0]
MISSING = float("nan")


@pytest.mark.parametrize(
    ("values", "state", "end"),
    [
        (HONEST, "published", "harmless"),
        ([100.0, 104.0, 97.0, 102.0], "published", "harmless"),
        ([100.0, 104.0, 97.0, MISSING], "published", "missing"),
        (HONEST, "source_failure", "missing"),
        (HONEST, "withheld", "withheld"),
        ([100.0, 104.0, 97.0, 0.0], "published", "silent"),
        ([0.0, 0.0, 0.0, 0.0], "published", "silent"),
        ([900.0, 900.0, 900.0, 900.0], "published", "silent"),
    ],
)
def test_the_end_of_a_payload_is_told_by_what_would_be_published(
    values: list[float], state: str, end: str
) -> None:
    from gates.ends import Honest
    from gates.judging import Judged

    honest = Honest(counted(HONEST))
    ended = honest.end(Judged("", ()), counted(values, state), "feed")
    assert ended.end == end
    assert bool(ended.differences) == (end == "silent")
    if end == "silent":
        assert honest.end(Judged("", ("odd",)), counted(values), "feed").end == "warned"


def test_shares_of_the_mix_are_compared_where_there_are_no_counts() -> None:
    from dataclasses import replace

    import pandas as pd
    from gates.ends import Honest
    from gates.judging import Judged

    def mixed(share: float) -> Any:
        rows = [("platform", share), ("country", 1 - share)]
        mix: pd.DataFrame = pd.DataFrame(rows, columns=["kind", "share"])
        return replace(counted(HONEST), mix=mix.assign(week=date(2026, 6, 8), category="x"))

    honest = Honest(mixed(0.6))
    assert honest.end(Judged("", ()), mixed(0.58), "feed").end == "harmless"
    assert honest.end(Judged("", ()), mixed(0.1), "feed").end == "silent"


def test_nights_are_blank_once_the_last_copy_that_counts_is_too_old() -> None:
    from gates.judging import Past
    from gates.replay import blank_nights

    first = date(2026, 1, 4)
    counts = [True, False, False, False, True, False, True]
    past = [Past(first + timedelta(weeks=k), "", one, ()) for k, one in enumerate(counts)]
    breaks = [first + timedelta(days=5), first + timedelta(weeks=5)]
    # a copy serves ten days: the second and the third in a row leave nothing to publish from
    assert blank_nights(past, breaks, fresh_days=10) == {breaks[0]: 2, breaks[1]: 0}


# ----------------------------------------------------------------------------------------------
# the command
# ----------------------------------------------------------------------------------------------
def run(*words: str | Path) -> int:
    from gates.command import main

    return main([*map(str, words), "--jobs", "1"])


def written_elsewhere(folder: Path, grounds: Any, feed: str, kind: str) -> Path:
    """Write one fault as a program that knows nothing of ours would."""
    from gates.faults import KINDS

    on = grounds(feed)
    for vintage in (on.before, on.honest):
        path = folder / "honest" / feed / f"{vintage.day}.{vintage.ext}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(vintage.content)
    path = folder / "faults" / feed / "theirs" / f"{on.honest.day}.{on.honest.ext}"
    path.parent.mkdir(parents=True)
    path.write_bytes(KINDS[kind](on) or b"")
    return folder


def test_faults_written_by_another_program_go_through_the_same_measure(
    grounds: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = mirror_of(
        tmp_path / "mirror", "cisa_kev", "country_codes", "ip_country", "misp_galaxy"
    )
    theirs = written_elsewhere(tmp_path / "theirs", grounds, "cisa_kev", "keys_all_alike")
    words = ("--mirror", mirror, "--only", "faults", "--feeds", "cisa_kev")
    assert run(*words, "--faults-from", theirs, "--check") == 0
    said = capsys.readouterr().out
    assert "1 faults of 1 kinds: 1 (100.0%) end as set aside" in said
    assert "| theirs | a |" in said
    assert "No honest vintage that faults were put on was complained of." in said


def test_a_replay_names_each_recording_that_was_set_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gates.wire import decode, encode

    folder = tmp_path / "mirror" / "cisa_kev"
    folder.mkdir(parents=True)
    vintages = list(generator_of(load_catalog()["cisa_kev"]).payloads(world()))[-KEPT:]
    for number, (day, ext, content) in enumerate(vintages):
        copy = decode("cisa_kev", ext, content)
        if number == KEPT - 5:
            copy.records = copy.records[::2]
            odd = day
        (folder / f"{day}.{ext}").write_bytes(encode(copy))
    words = ("--mirror", tmp_path / "mirror", "--only", "replay", "--feeds", "cisa_kev")
    assert run(*words, "--check") == 1
    said = capsys.readouterr().out
    assert f"1 of {KEPT} recorded vintages set aside (1 in {KEPT}); at most 0 may be." in said
    assert f"| cisa_kev | {odd} | " in said
    assert f"not reached: 1 of {KEPT} honest vintages set aside; 1 in 400 may be" in said


def test_unknown_names_and_a_missing_mirror_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, message in (
        (("--mirror", tmp_path, "--feeds", "moon"), "no feed moon; there are ransomware_live, "),
        (("--mirror", tmp_path / "none"), "--mirror DIR names the folder of recordings"),
    ):
        with pytest.raises(SystemExit) as end:
            run(*words)
        assert end.value.code == 2
        assert message in capsys.readouterr().err
