"""Payloads are judged for what they mean: kinds of faults are refused, news is not.

Small made-up feeds, one of each kind, judged copy by copy; no file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from threatcast_feeds.registry import load_feed
from threatcast_orchestration.feed_steps.judgement import reason
from threatcast_orchestration.meaning.bench import Bench
from threatcast_orchestration.meaning.copies import NOWHERE, Copy, Names, day_number
from threatcast_orchestration.meaning.facts import Meaning
from threatcast_orchestration.meaning.judge import PayloadVerdict, judge_copy
from threatcast_orchestration.meaning.state import packed, restore

START = day_number(date(2026, 1, 5))
PLACES = 6
CUMULATIVE = Meaning(kind="cumulative", key=("k",), place="p")
WINDOW = Meaning(kind="window", key=("k",), bounds={"lost": 0.2, "shrunk": 0.1})
TABLE = Meaning(kind="table", key=("k",), step_days=365, bounds={"lost": 0.001}, least={"lost": 1})
PARTS = Meaning(kind="parts", key=("k",))
PLACED = Meaning(kind="parts", key=("k",), place="p")
Fault = Callable[[Copy, Copy], Copy]


def hashed(numbers: Any) -> Any:
    """Return keys that lie as hashes do."""
    return (np.asarray(numbers, np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)


def made(moment: int, keys: Any, days: Any, places: Any, twins: Any = None) -> Copy:
    order = np.argsort(keys)
    days, places = np.asarray(days, np.int32), np.asarray(places, np.int32)
    twins = np.zeros(len(keys), np.uint64) if twins is None else np.asarray(twins, np.uint64)
    return Copy(
        payload=f"{moment}",
        moment=moment,
        edition="",
        rows=len(keys),
        keys=np.asarray(keys, np.uint64)[order],
        days=days[order],
        places=places[order],
        categories=(places[order] % 4 + 1).astype(np.int32),
        twins=twins[order],
    )


def cumulative(week: int, weekly: int = 40) -> Copy:
    """A list of all records since a year before the start: 40 a week, six places."""
    chance = np.random.default_rng(7)
    count = (52 + week) * weekly
    days = START - 364 + np.arange(count) * 7 // weekly
    places = chance.choice(PLACES, count, p=[0.4, 0.2, 0.15, 0.1, 0.1, 0.05]) + 1
    return made(START + 7 * week, hashed(np.arange(count)), days, places, hashed(np.arange(count)))


def window(week: int) -> Copy:
    """A list of 1,000 keys of which 50 go and 50 come each week."""
    keys = np.arange(50 * week, 1000 + 50 * week)
    places = np.random.default_rng(3).integers(1, 40, 10_000)[keys]
    return made(START + 7 * week, hashed(keys), np.full(1000, -(10**6)), places)


def bench(meaning: Meaning, history: Sequence[Copy]) -> Bench:
    names = Names()
    for number in range(50):
        names.code(f"place {number}")
    seat = Bench(meaning, [], names)
    for copy in history:
        verdict = judge_copy(seat, copy)
        assert verdict.state == "accepted", verdict.failures
    return seat


@pytest.mark.parametrize("meaning", [WINDOW, PARTS])
def test_list_that_begins_empty_is_judged_like_any_other(meaning: Meaning) -> None:
    empty = made(START - 7, np.zeros(0, np.uint64), [], [])
    seat = bench(meaning, [empty, window(0), window(1)])
    assert seat.ever is not None
    assert len(seat.ever) == 1050


def on_cumulative(fault: Fault) -> PayloadVerdict:
    seat = bench(CUMULATIVE, [cumulative(week) for week in range(12)])
    return judge_copy(seat, fault(cumulative(11), cumulative(12)))


def keep(copy: Copy, mask: Any) -> Copy:
    return replace(
        copy,
        rows=int(mask.sum()),
        keys=copy.keys[mask],
        days=copy.days[mask],
        places=copy.places[mask],
        categories=copy.categories[mask],
        twins=copy.twins[mask],
    )


def more(copy: Copy, count: int, **values: Any) -> Copy:
    """Add new records, on the days of the newest week unless told otherwise."""
    chance = np.random.default_rng(11)
    days = values.get("days", copy.moment - np.arange(count) % 7)
    places = values.get("places", chance.choice(copy.places[-400:], count))
    twins = values.get("twins", hashed(np.arange(count) + 5 * 10**7) * np.uint64(copy.twins.any()))
    return made(
        copy.moment,
        np.concatenate([copy.keys, hashed(np.arange(count) + 9 * 10**6)]),
        np.concatenate([copy.days, np.broadcast_to(days, count)]),
        np.concatenate([copy.places, np.broadcast_to(places, count)]),
        np.concatenate([copy.twins, np.broadcast_to(twins, count)]),
    )


FAULTS: dict[str, tuple[Fault, str]] = {
    "half of the list is gone": (lambda _, new: keep(new, new.keys % 2 == 0), "lost"),
    "newest weeks are gone": (
        lambda old, new: keep(new, new.days < old.moment - 14),
        "lost_recent",
    ),
    "one place is gone": (lambda _, new: keep(new, new.places != 3), "vanished_places"),
    "days a week earlier": (lambda _, new: replace(new, days=new.days - 7), "moved"),
    "one in 25 is dated today": (
        lambda _, new: replace(new, days=np.where(new.keys % 25 == 0, new.moment, new.days)),
        "moved_in",
    ),
    "one place for all": (lambda _, new: replace(new, places=np.full(len(new), 1)), "uniform"),
    "two places swapped": (
        lambda _, new: replace(new, places=np.array([0, 2, 1, 3, 4, 5, 6])[new.places]),
        "replaced",
    ),
    "newest places blank": (
        lambda _, new: replace(
            new, places=np.where(new.days > new.moment - 28, NOWHERE, new.places)
        ),
        "unplaced_recent",
    ),
    "one key for all": (
        lambda _, new: replace(keep(new, new.keys == new.keys[0]), rows=len(new)),
        "repeats",
    ),
    "other keys": (lambda _, new: replace(new, keys=np.sort(new.keys ^ np.uint64(77))), "lost"),
    "the newest week fifty times": (
        lambda _, new: more(new, 2000, twins=np.repeat(new.twins[-40:], 50)),
        "twins",
    ),
    "the newest weeks twice": (
        lambda old, new: more(new, 90, twins=old.twins[old.days > old.moment - 17][:90]),
        "echoes",
    ),
    "each new record twice": (
        lambda _, new: more(new, 40, twins=new.twins[np.argsort(-new.days)][:40]),
        "doubles",
    ),
    "old records under other keys on one day": (
        lambda _, new: more(new, 240, days=new.moment - 2),
        "one_day",
    ),
    "the newest week two hundred times": (lambda _, new: more(new, 8000), "new_records"),
    "an import into the past": (lambda _, new: more(new, 400, days=START - 200), "late"),
    "days to come": (lambda _, new: more(new, 60, days=new.moment + 90), "future"),
    "all new ones in one place": (
        lambda old, new: replace(new, places=np.where(np.isin(new.keys, old.keys), new.places, 6)),
        "fell_place",
    ),
    "last week's list again": (lambda old, new: replace(old, moment=new.moment), "silent"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_fault_of_a_cumulative_list_is_refused_by_name(kind: str) -> None:
    fault, check = FAULTS[kind]
    verdict = on_cumulative(fault)
    assert not verdict.believed, kind
    assert check in {one.check for one in verdict.failures}


def test_next_honest_copy_is_accepted_without_a_word() -> None:
    assert on_cumulative(lambda _, new: new).state == "accepted"


@pytest.mark.parametrize(("times", "state"), [(2, "accepted"), (5, "warned"), (20, "warned")])
def test_surge_of_records_that_look_like_records_is_counted(times: int, state: str) -> None:
    assert on_cumulative(lambda _, new: more(new, 40 * (times - 1))).state == state


def test_late_reports_that_a_surge_brings_are_no_changed_past() -> None:
    def late(copy: Copy) -> Copy:
        return more(copy, 100, days=copy.moment - 35 - np.arange(100) % 70)

    surge = on_cumulative(lambda _, copy: late(more(copy, 760)))
    assert surge.state == "warned", surge.failures
    assert on_cumulative(lambda _, copy: late(copy)).state == "doubtful"


@pytest.mark.parametrize(("lost", "told"), [(0, []), (50, ["lost", "lost_everywhere", "shrunk"])])
def test_share_that_a_feed_never_reached_is_told_before_it_is_too_much(
    lost: int, told: list[str]
) -> None:
    seat = bench(WINDOW, [window(week) for week in range(25)])
    verdict = judge_copy(seat, keep(window(25), np.arange(1000) >= lost))
    assert verdict.believed
    assert [one.check for one in verdict.failures] == told


def test_surge_in_one_place_is_counted_and_told_with_place_week_and_size() -> None:
    verdict = on_cumulative(lambda _, new: more(new, 60, places=6))
    assert verdict.state == "warned"
    (told,) = (one for one in verdict.failures if one.check == "new_in_place")
    assert "place 5 63" in told.where
    assert "(usual 1.9)" in told.where
    assert "2026-03-23" in told.where
    assert "place 0" not in told.where
    assert "targets ransomware_claims" in reason(load_feed("ransomware_live"), verdict)


def test_drop_in_one_place_is_counted_and_told() -> None:
    def quiet(old: Copy, new: Copy) -> Copy:
        return keep(new, np.isin(new.keys, old.keys) | (new.places != 1))

    def busy(week: int) -> Copy:
        return cumulative(week, weekly=400)

    seat = bench(CUMULATIVE, [busy(week) for week in range(12)])
    verdict = judge_copy(seat, quiet(busy(11), busy(12)))
    assert verdict.state == "warned"
    assert [one.check for one in verdict.failures] == ["new_in_place"]
    assert "place 0 0 (usual 1" in verdict.failures[0].where


def test_feed_that_turns_from_place_to_place_is_told_of_rarely() -> None:
    def bundle(week: int) -> Copy:
        keys = hashed(np.arange(100 * week, 100 * week + 100))
        place = np.where(np.arange(100) < 60, week * 7 % 40, np.arange(100) % 5) + 1
        return made(START + 7 * week, keys, START + 7 * week - np.arange(100) % 7, place)

    seat = bench(PLACED.model_copy(update={"bounds": {"mix_place": 1.0}}), [bundle(0)])
    told = [judge_copy(seat, bundle(week)).state for week in range(1, 40)]
    assert set(told) <= {"accepted", "warned"}
    assert told[20:].count("warned") <= 3


@pytest.mark.parametrize("share", [2, 5, 13])
def test_true_drop_is_counted(share: int) -> None:
    def fewer(old: Copy, new: Copy) -> Copy:
        known = np.isin(new.keys, old.keys)
        return keep(new, known | (np.cumsum(~known) % share == 1))

    assert on_cumulative(fewer).believed


def test_refusal_names_places_weeks_and_sizes() -> None:
    verdict = on_cumulative(lambda _, new: keep(new, new.places != 3))
    gone = [cell for cell in verdict.cells if cell[0] == "place 2"]
    assert len(gone) > 5
    assert all(week < "2026-03-30" and old > new == 0 for _, week, old, new in gone)


WINDOW_FAULTS: dict[str, tuple[Fault, str]] = {
    "frozen but for a line": (
        lambda old, new: replace(keep(old, np.arange(len(old)) > 0), moment=new.moment),
        "silent",
    ),
    "another list": (lambda _, new: replace(new, keys=np.sort(new.keys ^ np.uint64(5))), "lost"),
    "half of another list": (
        lambda _, new: replace(
            new, keys=np.sort(np.where(new.keys % 2 == 0, new.keys ^ np.uint64(5), new.keys))
        ),
        "exchanged",
    ),
    "every other record of each group": (
        lambda _, new: keep(new, new.keys % 2 == 0),
        "lost_everywhere",
    ),
    "a tenth cut off": (lambda _, new: keep(new, new.places < 34), "vanished_places"),
    "a flood of one network": (lambda _, new: more(new, 3000, places=39), "one_place"),
}


@pytest.mark.parametrize("kind", WINDOW_FAULTS)
def test_fault_of_a_list_of_what_stands_is_refused_by_name(kind: str) -> None:
    fault, check = WINDOW_FAULTS[kind]
    seat = bench(WINDOW, [window(week) for week in range(12)])
    verdict = judge_copy(seat, fault(window(11), window(12)))
    assert not verdict.believed
    assert check in {one.check for one in verdict.failures}
    assert judge_copy(seat, window(12)).state == "accepted"


def test_source_that_repeats_a_break_for_three_copies_over_a_week_is_believed() -> None:
    seat = bench(WINDOW, [window(week) for week in range(6)])
    short = [keep(window(week), window(week).places < 20) for week in (6, 7, 8)]
    assert [judge_copy(seat, copy).state for copy in short] == ["doubtful", "doubtful", "warned"]


def test_three_copies_of_three_nights_heal_nothing() -> None:
    seat = bench(WINDOW, [window(week) for week in range(6)])
    short = keep(window(6), window(6).places < 20)
    nights = [replace(short, moment=short.moment + night) for night in range(3)]
    assert {judge_copy(seat, copy).state for copy in nights} == {"doubtful"}


def test_one_value_everywhere_never_heals() -> None:
    seat = bench(CUMULATIVE, [cumulative(week) for week in range(6)])
    same = [replace(cumulative(w), places=np.full(len(cumulative(w)), 1)) for w in range(6, 12)]
    assert {judge_copy(seat, copy).state for copy in same} == {"broken"}


def test_table_that_loses_one_row_is_refused_until_a_person_accepts_it() -> None:
    whole = made(START, hashed(np.arange(249)), np.full(249, -(10**6)), np.arange(249) % 20 + 1)
    seat = bench(TABLE, [whole])
    shorter = [
        replace(keep(whole, np.arange(249) != 40), moment=START + 30 * month)
        for month in range(1, 6)
    ]
    assert {judge_copy(seat, copy).state for copy in shorter} == {"doubtful"}
    assert judge_copy(seat, shorter[0], is_accepted=True).note == "accepted by a person"


def test_declared_break_turns_doubt_into_a_warning() -> None:
    seat = bench(WINDOW, [window(week) for week in range(6)])
    seat.breaks = [date(2026, 1, 5) + timedelta(weeks=6)]
    assert judge_copy(seat, keep(window(6), window(6).places < 20)).state == "warned"


def bundle(week: int, first: int = 0) -> Copy:
    """Lists of a week: 100 hosts, of which 40 were attacked in the week before."""
    keys = hashed(first + np.arange(60 * week, 60 * week + 100))
    days = START + 7 * week - np.arange(100) % 7
    return made(START + 7 * week, keys, days, np.arange(100) % 5 + 1)


BUNDLE_FAULTS: dict[str, tuple[Copy, str]] = {
    "all lists of last week": (replace(bundle(8), days=bundle(8).days - 7), "delivered"),
    "lists some days earlier": (replace(bundle(8), days=bundle(8).days - 2), "overlap"),
    "hosts named anew": (bundle(8, first=10**6), "strangers"),
}


@pytest.mark.parametrize("kind", BUNDLE_FAULTS)
def test_fault_of_a_bundle_of_lists_is_refused_by_name(kind: str) -> None:
    copy, check = BUNDLE_FAULTS[kind]
    seat = bench(PARTS, [bundle(week) for week in range(8)])
    verdict = judge_copy(seat, copy)
    assert not verdict.believed
    assert check in {one.check for one in verdict.failures}
    assert judge_copy(seat, bundle(8)).state == "accepted"


def test_half_of_rows_that_come_in_twos_is_refused() -> None:
    """As many hosts as in a quiet week, but each in one row where two are usual."""
    seat = bench(PARTS, [replace(bundle(week), rows=200) for week in range(8)])
    verdict = judge_copy(seat, replace(bundle(8), rows=110))
    assert [one.check for one in verdict.failures] == ["unrepeated"]
    assert judge_copy(seat, replace(bundle(8), rows=180)).believed


def test_check_that_only_warns_of_a_feed_lets_its_honest_copies_through() -> None:
    seat = bench(PARTS.model_copy(update={"warns": ("strangers",)}), [bundle(n) for n in range(8)])
    verdict = judge_copy(seat, bundle(8, first=10**6))
    assert (verdict.state, [one.check for one in verdict.failures]) == ("warned", ["strangers"])


@pytest.mark.parametrize(
    ("days", "state", "told"),
    [
        ([0, 1, 2, 3, 4, 5, 6], "accepted", []),
        ([0, 1, 2, 4, 5, 6], "warned", ["days_missing"]),
        ([-1, 0, 1, 2, 3, 4, 5], "warned", ["days_missing"]),
    ],
)
def test_days_of_lists_are_those_of_all_rows_not_of_hosts_alone(
    days: list[int], state: str, told: list[str]
) -> None:
    """The same hosts stand in the lists of all days, and each has but one day of its own."""

    def bundle(week: int, days: list[int]) -> Copy:
        monday = START + 7 * week - 6
        hosts = hashed(np.arange(100) + 20 * week)
        copy = made(
            monday + 6, hosts, np.full(100, monday + max(days[0], 0)), np.arange(100) % 5 + 1
        )
        return replace(copy, listed=monday + np.array(days))

    seat = bench(PARTS, [bundle(week, list(range(7))) for week in range(4)])
    verdict = judge_copy(seat, bundle(4, days))
    assert (verdict.state, [one.check for one in verdict.failures]) == (state, told)


def test_nothing_of_a_verdict_depends_on_later_copies() -> None:
    copies = [cumulative(week) for week in range(10)]
    copies[6] = keep(copies[6], copies[6].keys % 3 > 0)
    names = Names()
    for number in range(50):
        names.code(f"place {number}")
    seat = Bench(CUMULATIVE, [], names)
    whole = [judge_copy(seat, copy) for copy in copies]
    for end in (4, 7, 9):
        shorter = Bench(CUMULATIVE, [], names)
        assert [judge_copy(shorter, copy) for copy in copies[:end]] == whole[:end]


@pytest.mark.parametrize(
    ("meaning", "week"), [(CUMULATIVE, cumulative), (WINDOW, window)], ids=["cumulative", "window"]
)
def test_bench_kept_overnight_judges_as_one_that_never_slept(
    meaning: Meaning, week: Callable[[int], Copy]
) -> None:
    copies = [week(number) for number in range(12)]
    copies[7] = keep(copies[7], copies[7].keys % 3 > 0)
    copies[8] = keep(copies[8], copies[8].keys % 3 > 0)
    awake = Bench(meaning, [])
    for number in range(50):
        awake.places.code(f"place {number}")
    asleep = Bench(meaning, [], Names(awake.places.names))
    for copy in copies:
        asleep, kept = Bench(meaning, []), packed(asleep)
        assert restore(asleep, kept)
        assert judge_copy(asleep, copy) == judge_copy(awake, copy)


def test_damaged_bench_is_not_taken_over() -> None:
    whole = packed(bench(CUMULATIVE, [cumulative(week) for week in range(3)]))
    half = len(whole) // 2
    for damaged in (b"", whole[:half], whole[:half] + b"garbage" + whole[half + 7 :]):
        assert not restore(Bench(CUMULATIVE, []), damaged)


def test_fields_that_must_be_there_need_records_with_days() -> None:
    with pytest.raises(ValueError, match="there is no day"):
        Meaning(kind="window", key=("k",), must_have={"sector": "s"})
    with pytest.raises(ValueError, match="pattern"):
        Meaning(kind="cumulative", key=("k",), day="d", must_have={"drop table": "s"})
