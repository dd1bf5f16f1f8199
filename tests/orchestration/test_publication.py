"""Which model is published: the record of decisions and what it says on a day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from threatcast_forecasting.judging.published import BOTH_DAYS, Decision, changes_of
from threatcast_forecasting.roles import DEFAULT_PUBLISHED
from threatcast_orchestration.errors import OrchestrationError
from threatcast_orchestration.published_models.decision_record import (
    published_models,
    read_decisions,
    record_decisions,
)
from threatcast_orchestration.run.home import Home

DAY = date(2026, 6, 14)
NEXT = DAY + timedelta(days=1)
PROMOTION = Decision(
    DAY,
    "malware_hosts",
    "promote",
    DEFAULT_PUBLISHED,
    "prophet",
    "gate",
    "it won",
    "prophet",
    ratio=0.9,
)


def model(home: Home, day: date, target: str = "malware_hosts") -> str:
    return published_models(home, [target], day)[target].model


def test_fresh_home_publishes_the_champion_of_every_target(home: Home) -> None:
    found = published_models(home, ["b", "a"], DAY)
    assert [(one.target, one.model, one.since, one.previous) for one in found.values()] == [
        ("a", DEFAULT_PUBLISHED, None, None),
        ("b", DEFAULT_PUBLISHED, None, None),
    ]
    assert not home.decisions.exists(), "reading makes nothing"


def test_decision_counts_from_the_next_day_so_that_a_night_can_be_repeated(home: Home) -> None:
    before = published_models(home, ["malware_hosts"], DAY)
    record_decisions(home, [PROMOTION])
    assert published_models(home, ["malware_hosts"], DAY) == before
    assert model(home, NEXT) == "prophet"
    assert model(home, NEXT, "ransomware_claims") == DEFAULT_PUBLISHED


def test_previous_model_is_published_beside_the_new_one_for_four_weeks(home: Home) -> None:
    record_decisions(home, [PROMOTION])
    last = NEXT + timedelta(days=BOTH_DAYS - 1)
    during = published_models(home, ["malware_hosts"], last)["malware_hosts"]
    after = published_models(home, ["malware_hosts"], last + timedelta(days=1))["malware_hosts"]
    assert (during.since, during.previous, during.previous_until) == (NEXT, DEFAULT_PUBLISHED, last)
    assert (after.model, after.previous, after.previous_until) == (
        "prophet",
        DEFAULT_PUBLISHED,
        None,
    )


def test_keeping_a_model_changes_neither_it_nor_its_day(home: Home) -> None:
    keep = replace(PROMOTION, as_of=NEXT, action="keep", model_before="prophet")
    record_decisions(home, [PROMOTION, keep])
    found = published_models(home, ["malware_hosts"], NEXT + timedelta(days=9))["malware_hosts"]
    assert (found.model, found.since) == ("prophet", NEXT)


def test_person_wins_over_the_gate_of_the_same_day_whoever_came_last(home: Home) -> None:
    person = replace(PROMOTION, model_after="flat", decided_by="person", reason="asked for")
    gate = replace(PROMOTION, run_id="another")
    for first, second in ((person, gate), (gate, person)):
        home.decisions.unlink(missing_ok=True)
        record_decisions(home, [first])
        record_decisions(home, [second])
        assert model(home, NEXT) == "flat"
        assert [row.decided_by for row in read_decisions(home)] == ["person"]


def test_change_that_was_taken_back_the_same_day_was_never_published(home: Home) -> None:
    person = replace(PROMOTION, decided_by="person")
    back = replace(person, action="rollback", model_before="prophet", model_after=DEFAULT_PUBLISHED)
    record_decisions(home, [person, back])
    found = published_models(home, ["malware_hosts"], NEXT)["malware_hosts"]
    assert (found.model, found.since, found.previous) == (DEFAULT_PUBLISHED, None, None)
    record_decisions(home, [replace(person, reason="once more")])
    assert model(home, NEXT) == "prophet"


def test_same_decision_again_is_not_written_twice(home: Home) -> None:
    assert record_decisions(home, [PROMOTION]) == [PROMOTION]
    written = home.decisions.read_bytes()
    assert record_decisions(home, [PROMOTION]) == []
    assert home.decisions.read_bytes() == written


def test_lines_that_are_there_stay_as_they_are(home: Home) -> None:
    record_decisions(home, [PROMOTION])
    written = home.decisions.read_bytes()
    record_decisions(home, [replace(PROMOTION, as_of=NEXT, action="keep")])
    assert home.decisions.read_bytes().startswith(written)
    assert len(home.decisions.read_text().splitlines()) == 2


def test_repeated_night_of_the_past_decides_nothing_anew(home: Home) -> None:
    record_decisions(
        home, [replace(PROMOTION, as_of=NEXT, action="keep", model_after=DEFAULT_PUBLISHED)]
    )
    assert record_decisions(home, [PROMOTION]) == []
    assert model(home, NEXT + timedelta(days=5)) == DEFAULT_PUBLISHED


def test_numbers_that_do_not_exist_are_null_in_the_record(home: Home) -> None:
    unknown = replace(PROMOTION, ratio_low90=float("nan"))
    assert len(record_decisions(home, [unknown])) == 1
    assert record_decisions(home, [unknown]) == []
    assert json.loads(home.decisions.read_text())["ratio_low90"] is None
    assert read_decisions(home)[0].ratio == 0.9


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"as_of": "2026-06-14"}', '{"as_of": 3}', '{"as_of": "x"}', "null"]
)
def test_damaged_line_is_named_and_nothing_is_published_from_the_rest(
    home: Home, line: str
) -> None:
    record_decisions(home, [PROMOTION])
    with home.decisions.open("a") as handle:
        handle.write(line + "\n")
    with pytest.raises(OrchestrationError, match=r"Line 2 of .*decisions\.jsonl"):
        published_models(home, ["malware_hosts"], NEXT)


def test_action_that_nobody_could_read_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown action"):
        replace(PROMOTION, action="hope")


def test_changes_say_which_model_spoke_when_also_for_one_night() -> None:
    target = PROMOTION.target
    alone = replace(
        PROMOTION, as_of=DAY + timedelta(days=5), action="fall_back", model_before="prophet"
    )
    alone = replace(alone, model_after="prophet", challenger="comb_two", reason="not run")
    back = replace(PROMOTION, as_of=DAY + timedelta(days=9), action="rollback")
    back = replace(back, model_before="prophet", model_after=DEFAULT_PUBLISHED)
    keep = replace(PROMOTION, as_of=NEXT, action="keep", model_before="prophet")
    found = changes_of(target, [PROMOTION, keep, alone, back])
    assert [(one.since, one.until, one.model) for one in found] == [
        (NEXT, back.as_of, "prophet"),
        (alone.as_of, alone.as_of, "comb_two"),
        (back.as_of + timedelta(days=1), None, DEFAULT_PUBLISHED),
    ]
    assert changes_of("ransomware_claims", [PROMOTION]) == []
