"""One feed's night on real bytes: what lands, what is set aside, and what stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from kev_kit import BEFORE, KEV, NEWEST, kev_file, pulled, rows_of
from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.errors import LandingError
from threatcast_feeds.registry import load_feed
from threatcast_orchestration.feed_steps.gate import gate
from threatcast_orchestration.feed_steps.pull import PullReport, backfill_hint, parse, pull
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.run.settings import Settings

MakePlan = Callable[..., Plan]


def test_first_night_lands_every_vintage_and_the_second_none(mirror_plan: MakePlan) -> None:
    plan = mirror_plan()
    first = pull(KEV, plan)
    assert (first.landed, first.parsed, first.quarantined, first.error) == (4, 4, 0, "")
    assert first.rows == sum(rows for _, rows in rows_of(plan, "cisa_kev"))
    again = pull(KEV, plan)
    assert (again.landed, again.parsed) == (0, 0)
    assert plan.landing.attempt("cisa_kev") == {
        "attempted_at": "2026-06-14T23:59:59+00:00",
        "ok": True,
        "error": "",
        "not_modified": False,
    }


def test_night_lands_nothing_from_after_its_day(mirror_plan: MakePlan) -> None:
    plan = mirror_plan(as_of="2026-06-10")
    assert pull(KEV, plan).landed == 3
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == BEFORE


def test_unreadable_payload_is_set_aside_and_the_last_good_one_stays(
    mirror_plan: MakePlan, small_mirror: Path
) -> None:
    kev_file(small_mirror).write_bytes(b"<html>Service Unavailable</html>")
    plan = mirror_plan()
    report = pull(KEV, plan)
    assert (report.landed, report.quarantined) == (4, 1)
    assert any("2026-06-14" in message for message in report.messages)
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == BEFORE
    assert len(list((plan.home.root / "quarantine" / "cisa_kev").glob("*.json"))) == 1


def test_bad_feed_leaves_the_others_alone(mirror_plan: MakePlan, small_mirror: Path) -> None:
    for path in (small_mirror / "cisa_kev").iterdir():
        path.write_bytes(b"\x00\x01" + path.name.encode())
    reports = pulled(mirror_plan(), "country_codes", "cisa_kev", "xposedornot_breaches")
    assert [reports[feed].quarantined for feed in reports] == [0, 4, 0]
    assert reports["xposedornot_breaches"].rows > 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [("empty", "there is no payload"), ("away", "there is no such folder")],
)
def test_feed_without_payloads_is_an_error_of_that_feed_only(
    mirror_plan: MakePlan, small_mirror: Path, spoil: str, said: str
) -> None:
    for path in (small_mirror / "cisa_kev").iterdir():
        path.unlink()
    if spoil == "away":
        (small_mirror / "cisa_kev").rmdir()
    plan = mirror_plan()
    reports = pulled(plan, "country_codes", "cisa_kev", "xposedornot_breaches")
    assert said in reports["cisa_kev"].error
    assert "--mirror" in reports["cisa_kev"].error
    assert gate(KEV, plan, reports["cisa_kev"]) is None
    assert reports["xposedornot_breaches"].error == ""
    attempt = plan.landing.attempt("cisa_kev")
    assert attempt is not None
    assert attempt["ok"] is False


def test_damaged_recording_costs_itself_only(mirror_plan: MakePlan, small_mirror: Path) -> None:
    kev_file(small_mirror, BEFORE).unlink()
    kev_file(small_mirror, BEFORE).with_suffix(".json.gz").write_bytes(b"\x1f\x8b\x08cut")
    plan = mirror_plan()
    report = pull(KEV, plan)
    assert report.error == ""
    assert "cut or damaged" in report.messages[0]
    assert report.landed == 3
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == NEWEST


def test_home_that_cannot_be_written_stops_the_pull_with_the_cure(mirror_plan: MakePlan) -> None:
    plan = mirror_plan()
    plan.home.landing.mkdir(parents=True)
    (plan.home.landing / "cisa_kev").write_bytes(b"")
    with pytest.raises(LandingError) as stopped:
        pull(KEV, plan)
    assert "cannot be written" in str(stopped.value)
    assert "Free space on this disk" in str(stopped.value)


def test_rows_that_cannot_be_written_stop_the_pull_with_the_cure(mirror_plan: MakePlan) -> None:
    plan = mirror_plan()
    plan.home.raw.mkdir(parents=True)
    (plan.home.raw / "cisa_kev").write_bytes(b"")
    with pytest.raises(LandingError, match="folder of raw rows cannot be written"):
        pull(KEV, plan)


def test_simulated_payloads_say_so_in_their_notes(home: Home, small_mirror: Path) -> None:
    # a sample that is there is taken as it is; making the whole one takes seconds
    home.root.mkdir()
    small_mirror.rename(home.simulated)
    (home.simulated / "truth.parquet").write_bytes(b"")
    plan = Plan(home, Settings(), "sample", None, NEWEST, datetime(2026, 6, 14, tzinfo=UTC))
    assert pull(KEV, plan).landed == 4
    assert {landed.mode for landed in plan.landing.payloads("cisa_kev")} == {"sample"}


def live_plan(home: Home) -> Plan:
    return Plan(home, Settings(), "live", None, NEWEST, datetime(2026, 6, 14, tzinfo=UTC))


def land_addresses(plan: Plan, *days: date) -> None:
    for day in days:
        plan.landing.land(
            Arrival(
                feed="threatfox_ips",
                day=day,
                ext="txt",
                content=f"192.0.2.{day.day}\n".encode(),
                retrieved_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
                mode="live",
            )
        )


def test_first_live_night_names_the_command_that_fetches_the_past(home: Home) -> None:
    plan = live_plan(home)
    land_addresses(plan, NEWEST)
    hint = backfill_hint(load_feed("threatfox_ips"), plan)
    assert "`threatcast feeds backfill threatfox_ips --since 2022-11-07`" in hint
    assert "malware_hosts" in hint


def test_home_that_has_a_past_gets_no_hint(home: Home) -> None:
    plan = live_plan(home)
    land_addresses(plan, BEFORE, NEWEST)
    assert backfill_hint(load_feed("threatfox_ips"), plan) == ""


@pytest.mark.parametrize("feed", ["cisa_kev", "eurepoc"])
def test_feed_whose_records_bring_their_past_gets_no_hint(home: Home, feed: str) -> None:
    assert backfill_hint(load_feed(feed), live_plan(home)) == ""


def test_recorded_night_gets_no_hint(mirror_plan: MakePlan) -> None:
    assert backfill_hint(load_feed("threatfox_ips"), mirror_plan()) == ""


def test_report_for_machines_is_short_and_plain(mirror_plan: MakePlan) -> None:
    report = pull(KEV, mirror_plan())
    report.messages += [f"message {number}" for number in range(9)]
    told = json.loads(json.dumps(report.as_dict()))
    assert told["landed"] == 4
    assert len(told["messages"]) == 5


def test_payload_landed_by_hand_is_parsed_too(mirror_plan: MakePlan, small_mirror: Path) -> None:
    plan = mirror_plan()
    plan.landing.land(
        Arrival(
            feed="cisa_kev",
            day=NEWEST,
            ext="json",
            content=kev_file(small_mirror).read_bytes(),
            retrieved_at=datetime(2026, 6, 14, tzinfo=UTC),
            mode="git_history",
        )
    )
    report = PullReport("cisa_kev")
    parse(KEV, plan, report)
    assert (report.landed, report.parsed) == (0, 1)
    assert report.rows > 0


def test_damaged_newest_recording_is_an_error_that_no_second_try_mends(
    mirror_plan: MakePlan, small_mirror: Path
) -> None:
    kev_file(small_mirror).unlink()
    kev_file(small_mirror).with_suffix(".json.gz").write_bytes(b"\x1f\x8b\x08cut")
    report = pull(KEV, mirror_plan())
    assert "cut or damaged" in report.error
    assert not report.may_retry
    assert report.landed == 3


def test_rejected_records_and_new_columns_are_told_with_feed_day_and_cure(
    mirror_plan: MakePlan, small_mirror: Path
) -> None:
    document = json.loads(kev_file(small_mirror).read_text(encoding="utf-8"))
    document["vulnerabilities"][0] |= {"epss": 0.9}
    for record in document["vulnerabilities"][1:9]:
        record["cveID"] = ""
    kev_file(small_mirror).write_text(json.dumps(document), encoding="utf-8")
    (told,) = pull(KEV, mirror_plan()).messages
    assert told.startswith("cisa_kev, payload of 2026-06-14 (")
    assert "new column: epss; record 2: no cveID" in told
    assert "and 3 more. Kept: " in told
    assert told.endswith("catalog/cisa_kev/parse.py must follow.")


def test_payload_set_aside_earlier_is_named_again_until_a_good_one_comes(
    mirror_plan: MakePlan, small_mirror: Path
) -> None:
    good = kev_file(small_mirror).read_bytes()
    kev_file(small_mirror).write_bytes(b"<html><title>Access Denied</title></html>")
    plan = mirror_plan()
    for parsed in (4, 0):
        report = pull(KEV, plan)
        assert report.parsed == parsed
        assert "'Access Denied'" in report.messages[-1]
    # the same day, copied anew
    kev_file(small_mirror).write_bytes(good)
    report = pull(KEV, plan)
    assert (report.landed, report.parsed, report.messages) == (1, 1, [])
    assert max(day for day, _ in rows_of(plan, "cisa_kev")) == NEWEST
    again = pull(KEV, plan)
    assert (again.landed, again.messages) == (0, [])
