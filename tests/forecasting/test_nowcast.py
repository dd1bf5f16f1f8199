"""Nowcasts find what late weeks will have counted, and leave alone what they do not know."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from late_kit import FIRST, SHARES, late_feed
from threatcast_forecasting import backtest
from threatcast_forecasting.nowcast.estimates import (
    corrected,
    leavers,
    newcomers,
    nowcast,
    scope_of,
    training_values,
)

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9


def against_final(feed, first: int = 50) -> pd.DataFrame:
    """Return the nowcasts made at the end of each week, beside the final counts."""
    table, final = feed.triangle(), feed.counts()
    final = final.rename(columns={"value": "final"})[["series_id", "week", "final"]]
    made = [
        nowcast(feed.counts(week), table, feed.end(week)).assign(at=week)
        for week in range(first, feed.weeks - feed.settles_after)
    ]
    return pd.concat(made).merge(final, on=["series_id", "week"])


@pytest.mark.parametrize(
    "feed",
    [
        late_feed(60, weeks=110),
        late_feed(60, weeks=110, spread=0.1),
        late_feed(60, weeks=110, leaving=0.05),
    ],
    ids=["late", "unlike weeks", "leaving"],
)
def test_interval_covers_and_error_falls(feed):
    made = against_final(feed)
    inside = (made[LOW] <= made["final"]) & (made["final"] <= made[HIGH])
    assert 0.75 <= inside.mean() <= 0.97
    assert (made[MIDDLE] - made["final"]).abs().mean() < 0.7 * (
        made["value"] - made["final"]
    ).abs().mean()
    assert abs((made[MIDDLE] - made["final"]).mean()) < 2.5


def test_sparse_series_are_covered_too():
    made = against_final(late_feed(1.0, weeks=60, places=12), first=40)
    inside = (made[LOW] <= made["final"]) & (made["final"] <= made[HIGH])
    assert inside.mean() >= 0.8


def test_nowcasts_are_whole_ordered_and_not_below_what_cannot_vanish():
    feed = late_feed(10, places=3)
    made = nowcast(feed.counts(79), feed.triangle(), feed.end(79))
    quantiles = made[[LOW, MIDDLE, HIGH]].to_numpy(dtype=float)
    np.testing.assert_array_equal(quantiles, np.round(quantiles))
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles[:, 0] >= made["value"]).all()  # nothing was ever seen to go


def test_withdrawn_events_let_a_count_shrink():
    feed = late_feed(100, shares=np.array([0.99, 1.0, 1.0, 1.0, 1.0, 1.0]), leaving=0.05)
    made = nowcast(feed.counts(79), feed.triangle(), feed.end(79))
    newest = made[made["week"] == made["week"].max()].iloc[0]
    assert newest[MIDDLE] < newest["value"]
    assert made[LOW].min() >= 0


def test_only_weeks_that_have_not_settled_are_nowcast():
    feed = late_feed(20)
    made = nowcast(feed.counts(79), feed.triangle(), feed.end(79))
    assert made["week"].min() == FIRST + 7 * (80 - feed.settles_after)
    assert len(made) == feed.settles_after


def test_days_since_the_end_of_a_week_count():
    feed = late_feed(100)
    counts, table = feed.counts(79), feed.triangle()
    sunday = nowcast(counts, table, feed.end(79))
    friday = nowcast(counts, table, feed.end(79) + 5, seen={"claims": feed.end(79) + 5})
    asleep = nowcast(counts, table, feed.end(79) + 5, seen={"claims": feed.end(79)})
    assert friday[MIDDLE].iloc[-1] < sunday[MIDDLE].iloc[-1]
    pd.testing.assert_frame_equal(asleep, sunday, check_exact=False, rtol=0.01)


@pytest.mark.parametrize(
    "feed",
    [late_feed(30, shares=np.array([1.0, 1.0, 1.0])), late_feed(30, weeks=4)],
    ids=["complete", "no evidence"],
)
def test_counts_without_a_known_delay_stay_as_they_are(feed):
    counts, table, day = feed.counts(feed.weeks - 1), feed.triangle(), feed.end(feed.weeks - 1)
    assert nowcast(counts, table, day).empty
    np.testing.assert_array_equal(corrected(counts, table, day)["value"], counts["value"])


def test_series_of_another_target_stay_as_they_are():
    feed = late_feed(30)
    other = feed.counts(79).assign(target="listings")
    assert nowcast(other, feed.triangle(), feed.end(79)).empty


def test_nothing_after_the_day_changes_a_nowcast():
    feed = late_feed(40)
    table, day = feed.triangle(), feed.end(50)
    late = table["count_day"].to_numpy().astype("datetime64[D]") > day
    absurd = table.assign(arrived=table["arrived"].mask(late, 10**6))
    # weeks that had not ended on the day are left out as well
    counts = pd.concat([feed.counts(50), feed.counts(79).tail(20)])
    pd.testing.assert_frame_equal(
        nowcast(counts, absurd, day), nowcast(feed.counts(50), table, day), check_exact=True
    )


def test_a_series_is_nowcast_alike_whoever_stands_beside_it():
    feed = late_feed(15, places=4)
    counts, table, day = feed.counts(79), feed.triangle(), feed.end(79)
    alone = counts[counts["series_id"] == "claims|2"]
    together = nowcast(counts, table, day)
    pd.testing.assert_frame_equal(
        nowcast(alone, table, day),
        together[together["series_id"] == "claims|2"].reset_index(drop=True),
        check_exact=True,
    )


def test_probabilities_of_coming_and_going_are_those_of_counting_them():
    rng = np.random.default_rng(3)
    level, size, share, count = 8.0, 4.0, 0.6, 5
    rates = rng.gamma(size, level / size, 1_000_000)
    come = rng.poisson(rates * share)
    rest = rng.poisson(rates[come == count] * (1 - share))
    found = newcomers(count, level, size, np.array([share]), 1.0, 1.0)
    np.testing.assert_allclose(found[:8], np.bincount(rest)[:8] / len(rest), atol=0.005)
    go = rng.binomial(20, rng.beta(0.1 * 9, 0.9 * 9, 400_000))
    np.testing.assert_allclose(leavers(20, 0.1, 0.1)[:8], np.bincount(go)[:8] / len(go), atol=0.005)


def test_scopes_follow_from_locations():
    assert [scope_of(name) for name in ("WORLD", "UNLOCATED", "M49-150", "DE")] == [
        "world", "unlocated", "located", "located"]  # fmt: skip


def known_of(feed, origins) -> pd.DataFrame:
    """Return the counts as known at origins."""
    parts = [feed.counts(at).assign(origin=FIRST + 7 * at) for at in origins]
    return pd.concat(parts)[["series_id", "origin", "week", "value"]]


def test_models_learn_from_nowcasts_and_are_scored_by_counts():
    feed = late_feed(100, places=2)
    panel, origins = feed.counts(79), [43, 47, 51, 55, 59, 63, 67]
    known = known_of(feed, origins)
    learnt = training_values(panel, known, feed.triangle(), feed.end(79))
    newest = learnt["origin"] == panel["week"].max()
    assert len(learnt[~newest]) == len(known)
    joined = learnt[~newest].merge(known, on=["series_id", "origin", "week"])
    settled = (joined["origin"] - joined["week"]).dt.days >= 7 * feed.settles_after
    assert (joined["value_x"] == joined["value_y"])[settled].all()
    last = joined[joined["origin"] == joined["week"]]
    assert last["value_x"].sum() == pytest.approx(last["value_y"].sum() / SHARES[0], rel=0.15)
    assert (learnt[newest].sort_values(["series_id", "week"])["week"].max()) == panel["week"].max()
    table = known[["series_id", "origin"]].drop_duplicates()
    plain, better = (
        backtest(panel, ["comb_two"], origins_table=table, known=k, horizon=4).scores
        for k in (known, learnt)
    )
    assert better["wis"].mean() < plain["wis"].mean()


def test_complete_targets_give_models_the_same_counts():
    feed = late_feed(30, shares=np.array([1.0, 1.0, 1.0]))
    known = known_of(feed, [55, 59])
    learnt = training_values(feed.counts(79), known, feed.triangle(), feed.end(79))
    np.testing.assert_array_equal(learnt["value"], known["value"])
