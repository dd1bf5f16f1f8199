"""Reporting delays are read out of the triangle, and no more than it shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from late_kit import FIRST, SHARES, late_feed
from threatcast_forecasting.errors import PanelError
from threatcast_forecasting.nowcast.delays import delays

KEY = ("claims", "world")


def at_end(feed, week: int | None = None, **kinds):
    """Return the delay as known at the end of a week."""
    day = feed.end(feed.weeks - 1 if week is None else week)
    return delays(feed.triangle(**kinds), day)[KEY]


@pytest.mark.parametrize("kind", ["vintage", "record_dates"])
def test_known_delays_are_recovered(kind):
    found = at_end(late_feed(200), kind=kind)
    assert found.state == ""
    assert found.kind == kind
    np.testing.assert_allclose(found.arrived, SHARES, atol=0.02)
    np.testing.assert_allclose(found.kept, 1.0)


def test_leaving_events_are_told_from_late_ones():
    found = at_end(late_feed(400, leaving=0.05))
    np.testing.assert_allclose(found.arrived, SHARES, atol=0.02)
    np.testing.assert_allclose(found.kept[::-1], 0.95 ** np.arange(len(SHARES)), atol=0.02)


def test_weeks_that_differ_more_than_by_chance_show_a_spread():
    alike, unlike = at_end(late_feed(300)), at_end(late_feed(300, spread=0.1))
    assert alike.spread < 0.02
    assert 0.03 < unlike.spread < 0.15


def test_recent_weeks_count_more_than_old_ones():
    old, new = (
        late_feed(200, shares=np.array([0.3, 1.0])),
        late_feed(200, shares=np.array([0.9, 1.0])),
    )
    tables = old.triangle(), new.triangle()
    turn = FIRST + 7 * 50
    table = pd.concat([tables[0][tables[0]["week"] < turn], tables[1][tables[1]["week"] >= turn]])
    found = delays(table, new.end(new.weeks - 1))[KEY]
    assert found.arrived[0] > 0.7


def test_nothing_after_the_day_changes_a_delay():
    feed = late_feed(50)
    table = feed.triangle()
    day = feed.end(40)
    late = table["count_day"].to_numpy().astype("datetime64[D]") > day
    absurd = table.assign(arrived=table["arrived"].mask(late, 10**6))
    before, after = delays(table, day)[KEY], delays(absurd, day)[KEY]
    assert late.any()
    np.testing.assert_array_equal(before.arrived, after.arrived)
    assert (before.spread, before.weeks, before.seen) == (after.spread, after.weeks, day)


def test_feed_without_delay_is_complete():
    assert at_end(late_feed(30, shares=np.array([1.0, 1.0, 1.0]))).state == "complete"


@pytest.mark.parametrize(("weeks", "state"), [(4, "too_few_weeks"), (5, "")])
def test_delay_of_fewer_than_four_steps_is_not_believed(weeks, state):
    assert at_end(late_feed(50, weeks=weeks)).state == state


def test_little_evidence_is_drawn_towards_nothing_more_comes():
    few, many = at_end(late_feed(0.5, weeks=12)), at_end(late_feed(200, weeks=12))
    assert few.arrived[0] > many.arrived[0]


def test_one_huge_late_week_does_not_speak_for_the_feed():
    feed = late_feed(5)
    table = feed.triangle()
    hit = (table["week"] == FIRST + 7 * 60) & (table["delay"] >= 4)
    found = delays(table.assign(arrived=table["arrived"] + 500 * hit), feed.end(79))[KEY]
    assert found.arrived[3] > 0.8


def test_step_between_two_kinds_of_knowledge_says_nothing():
    feed = late_feed(100)
    table = feed.triangle()
    copied = table["count_day"].to_numpy().astype("datetime64[D]") >= feed.end(60)
    # the records' own days hide all delays of the time before the copies
    final = table.groupby("week")["arrived"].transform("max")
    mixed = table.assign(
        as_of_kind=np.where(copied, "vintage", "record_dates"),
        arrived=table["arrived"].where(copied, final),
    )
    found = delays(mixed, feed.end(79))[KEY]
    assert found.kind == "vintage"
    np.testing.assert_allclose(found.arrived, SHARES, atol=0.05)


def test_triangle_without_a_column_is_refused_by_name():
    with pytest.raises(PanelError, match="no column arrived"):
        delays(late_feed(5).triangle().drop(columns="arrived"), FIRST)
