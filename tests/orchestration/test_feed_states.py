"""The check `feed_state`: how a feed is, whatever its last step says."""

from __future__ import annotations

from datetime import date

import dagster as dg
import pytest
from threatcast_orchestration.assets.feed_states import build_feed_states, to_check
from threatcast_orchestration.nightly.resource import Night
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.warehouse.raw import connect

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize(
    ("state", "serves", "passed", "severity"),
    [
        ("fresh", True, True, WARN),
        ("unchanged", True, True, WARN),
        ("failed", True, False, WARN),
        ("failed", False, False, ERROR),
        ("stale", False, False, ERROR),
        ("silent", False, False, ERROR),
    ],
)
def test_only_a_feed_that_is_well_passes(
    state: str, serves: bool, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    reason = None if passed else "nothing since 2026-06-01, limit 10 days"
    row = {"feed": "list", "state": state, "reason": reason, "is_within_limits": serves}
    check = to_check(row | {"newest_vintage": None, "last_event": None, "age_hours": None})
    assert (check.passed, check.severity) == (passed, severity)
    assert check.description == (state if passed else f"{state}: {reason}")


def looked_at(home: Home) -> dict[str, dg.AssetCheckEvaluation]:
    """Run the checks of two feeds and return them by feed."""
    feeds = [dg.AssetSpec(dg.AssetKey(["raw", feed])) for feed in ("list", "window")]
    job = dg.Definitions(
        assets=[*feeds, dg.AssetSpec(dg.AssetKey(["marts", "fct_feed_health"]))],
        asset_checks=[build_feed_states(["list", "window"])],
        jobs=[dg.define_asset_job("look", selection=dg.AssetSelection.all_asset_checks())],
        resources={"night": Night(home=str(home.root), source="sample")},
    ).resolve_job_def("look")
    done = job.execute_in_process()
    return {check.asset_key.path[-1]: check for check in done.get_asset_check_evaluations()}


@pytest.mark.parametrize("begun", [False, True])
def test_feed_that_is_pulled_alone_in_a_new_home_says_that_no_night_judged_it(
    home: Home, begun: bool
) -> None:
    home.prepare()
    if begun:
        with connect(home) as warehouse:
            warehouse.execute("CREATE SCHEMA marts")
    for check in looked_at(home).values():
        assert (check.passed, check.severity) == (False, WARN)
        assert "no night of this home has judged the feed" in str(check.description)


def test_checks_of_a_night_are_read_from_the_marts(home: Home) -> None:
    home.prepare()
    with connect(home) as warehouse:
        warehouse.execute(
            "CREATE SCHEMA marts; CREATE TABLE marts.fct_feed_health AS "
            "SELECT *, DATE '2026-06-14' AS newest_vintage, DATE '2026-06-12' AS last_event, "
            "26.5 AS age_hours FROM (VALUES ('list', 'fresh', NULL, true), "
            "('window', 'failed', 'the last attempt (2026-06-15) failed', true)) "
            "AS t (feed, state, reason, is_within_limits)"
        )
    found = looked_at(home)
    assert found["list"].passed
    assert not found["window"].passed
    assert found["window"].description == "failed: the last attempt (2026-06-15) failed"
    assert found["window"].metadata["newest good payload"].value == str(date(2026, 6, 14))
