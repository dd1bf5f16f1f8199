"""Whether published forecasts still do what they promise, from their live scores alone.

Two promises are watched, for each place and for each location level of a target: that the 80 % and
95 % intervals hold as often as they say, and that the model errs no more than the baseline. Both
are watched by a wager (a test by betting: Waudby-Smith and Ramdas 2024,
doi:10.1093/jrsssb/qkad009). Someone who doubts the promise starts with 1 and stakes a fixed part
at each scored week; while the promise holds, the expected capital stays at most 1, so that a
capital of c comes about at most once in c times. The capital is called evidence here.

Forecasts of nearby reference dates overlap, and places of one week err together. So forecasts h
weeks ahead are played in h separate games, each over reference dates h weeks apart (the outcome
of one is known before the next is made); the places of a level count as one mean; and the capital
is the mean over all games, which holds for games that depend on each other in whatever way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.roles import BASELINE, DEFAULT_PUBLISHED, RIVAL
from threatcast_forecasting.weeks import HORIZON

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

WEEKS = 26
"""Newest settled target weeks that count; what lies before is forgiven."""
FAILING = {80: 0.5, 95: 0.75}
"""Share of weeks inside an interval that the wager on its coverage is made for."""
HELD_LIMIT = 2 / 3
"""Share inside the 80 % interval below which the wager gains, and a place may be withheld."""
SKILL_STAKE, LARGEST_LOSS = 1.5, 0.5
"""Stake on the difference of two scores over their sum, which is cut at this size."""
SKILL_LIMIT = 1.10
"""Error relative to the baseline above which a place may fall back to it."""
DRIFT_LIMIT = 1.10
"""Growth of that relative error over the back-test's above which a place is warned of."""
WARN, FALL_BACK, WITHHOLD = 10.0, 20.0, 100.0
"""Evidence from which a broken promise is told, is answered by the baseline, or by silence."""
STATES = ("ok", "warn", "fallback", "withhold")

_PLACE = ["target", "scope", "place", "model"]
_FIGURES = [
    "location_level", "reference_weeks", "scored", "scaled_wis", "covered_80", "covered_95",
    "relative_to_flat", "relative_to_comb_two", "relative_in_backtest", "coverage_evidence",
    "skill_evidence", "drift_evidence",
]  # fmt: skip


def assess(
    live: pd.DataFrame,
    backtest: pd.DataFrame,
    published: Mapping[str, str] | None = None,
    *,
    without_rival: Collection[str] = (),
) -> pd.DataFrame:
    """Return how the published model fares at each place, and at each location level.

    Parameters
    ----------
    live : frame
        Columns target, location, location_level, model, reference_date, horizon, scaled_wis,
        covered_80, covered_95: published forecasts of the newest `WEEKS` settled target weeks.
    backtest : frame
        The same columns of the back-test.
    published : mapping, optional
        The model that is published for a target; `DEFAULT_PUBLISHED` for one that is not named.
    without_rival : collection of str
        Targets for which the baseline that would stand in was left out of the night: a place of
        theirs is withheld where it would fall back.

    Returns
    -------
    frame
        Sorted by target, scope (`level` or `location`), place and model. `location_level`,
        `reference_weeks`, `scored`, `scaled_wis`, `covered_80`, `covered_95`, `relative_to_flat`,
        `relative_to_comb_two`, `relative_in_backtest` (to comb_two), `coverage_evidence`,
        `skill_evidence`, `drift_evidence`, `state` (of `STATES`), `reason` (null if ok). Ratios
        are null without a rival's score.
    """
    steps, past = (_steps(scores, published or {}) for scores in (live, backtest))
    table = _means(steps)
    table["relative_in_backtest"] = _means(past)["relative_to_comb_two"].reindex(table.index)
    usual = past.groupby(_PLACE)["loss"].mean().rename("usual_loss")
    rows = steps.join(usual, on=_PLACE)
    held = {
        share: _evidence(rows, _stake(share, failing) * (share / 100 - rows[f"covered_{share}"]))
        for share, failing in FAILING.items()
    }
    table["coverage_evidence"] = (held[80] + held[95]) / 2
    table["skill_evidence"] = _evidence(rows, SKILL_STAKE * _cut(rows["loss"]))
    table["drift_evidence"] = _evidence(rows, SKILL_STAKE * _cut(rows["loss"] - rows["usual_loss"]))
    judged = _judged(table.reset_index())[[*_PLACE, *_FIGURES, "state", "reason"]]
    return _withheld_without_rival(judged, without_rival)


def _steps(scores: pd.DataFrame, published: Mapping[str, str]) -> pd.DataFrame:
    """Return the mean of each place, model, reference week and horizon: one step of a game.

    Rivals' scores beside it are over the same locations; `loss` is null without the baseline's.
    """
    import pandas as pd

    known = scores.dropna(subset=["scaled_wis"]).astype({"covered_80": float, "covered_95": float})
    known["week"] = (pd.to_datetime(known["reference_date"]) - pd.Timestamp(0)).dt.days // 7
    keys = ["target", "location", "week", "horizon"]
    own = known[known["model"] == known["target"].map(published).fillna(DEFAULT_PUBLISHED)]
    for rival in (RIVAL, BASELINE):
        theirs = known.loc[known["model"] == rival, [*keys, "scaled_wis"]]
        own = own.merge(theirs.rename(columns={"scaled_wis": rival}), on=keys, how="left")
    own["own"] = own["scaled_wis"].where(own[RIVAL].notna())
    own["own_by_baseline"] = own["scaled_wis"].where(own[BASELINE].notna())
    levels = own.assign(scope="level", place=own["location_level"])
    places = own.assign(scope="location", place=own["location"])
    rows = pd.concat([levels, places], ignore_index=True)
    rows = rows.sort_values([*_PLACE, "horizon", "week", "location"], kind="stable")
    grouped = rows.groupby([*_PLACE, "location_level", "horizon", "week"])
    means = grouped[
        ["scaled_wis", "covered_80", "covered_95", "own", RIVAL, "own_by_baseline", BASELINE]
    ].mean()
    means["scored"] = grouped.size()
    both = means["own"] + means[RIVAL]
    means["loss"] = ((means["own"] - means[RIVAL]) / both).mask(both == 0, 0.0)
    return means.reset_index()


def _means(steps: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of each place and model, every score weighing the same."""
    columns = ["scaled_wis", "covered_80", "covered_95"]
    rivals = ["own", RIVAL, "own_by_baseline", BASELINE]
    weighted = steps[[*_PLACE, "location_level", "week", "scored"]].join(
        steps[[*columns, *rivals]].mul(steps["scored"], axis=0)
    )
    grouped = weighted.groupby(_PLACE)
    sums = grouped[["scored", *columns, *rivals]].sum()
    table = sums[columns].div(sums["scored"], axis=0)
    table["location_level"] = grouped["location_level"].first()
    table["reference_weeks"] = grouped["week"].nunique()
    table["scored"] = sums["scored"]
    table["relative_to_comb_two"] = sums["own"] / sums[RIVAL].where(sums[RIVAL] > 0)
    table["relative_to_flat"] = sums["own_by_baseline"] / sums[BASELINE].where(sums[BASELINE] > 0)
    return table


def _evidence(steps: pd.DataFrame, gain: pd.Series[float]) -> pd.Series[float]:
    """Return the mean capital over all games of each place, the nearer horizons weighing more.

    A horizon of h weeks weighs 1/h, parted among its h games; a game not yet begun holds 1.
    """
    games = steps[[*_PLACE, "horizon"]].assign(
        lane=steps["week"] % steps["horizon"], growth=np.log1p(gain.fillna(0.0))
    )
    capital = np.exp(games.groupby([*_PLACE, "horizon", "lane"])["growth"].sum()) - 1.0
    horizon = capital.index.get_level_values("horizon").to_numpy(dtype=np.float64)
    weights = 1.0 / horizon**2 / sum(1.0 / h for h in range(1, HORIZON + 1))
    mean: pd.Series[float] = 1.0 + (capital * weights).groupby(level=_PLACE).sum()
    return mean


def _stake(share: int, failing: float) -> float:
    """Return the stake whose capital grows fastest if intervals hold `failing` of the weeks."""
    promised = share / 100
    return (promised - failing) / (promised * (1 - promised))


def _cut(loss: pd.Series[float]) -> pd.Series[float]:
    return loss.clip(-LARGEST_LOSS, LARGEST_LOSS)


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """Add state and reason; a place whose level broke a promise follows it if it broke it too."""
    held = table["covered_80"] < HELD_LIMIT
    worse = table["relative_to_comb_two"] > SKILL_LIMIT
    drifted = table["relative_to_comb_two"] > DRIFT_LIMIT * table["relative_in_backtest"]
    level = table[table["scope"] == "level"].set_index(["target", "place", "model"])
    own_level = table.set_index(["target", "location_level", "model"]).index
    strongest = {
        name: np.fmax(table[name], level[name].reindex(own_level).to_numpy())
        for name in ("coverage_evidence", "skill_evidence", "drift_evidence")
    }
    coverage, skill = strongest["coverage_evidence"], strongest["skill_evidence"]
    withhold = held & (coverage >= WITHHOLD)
    fallback = worse & (skill >= FALL_BACK)
    warn_held = held & (coverage >= WARN)
    warn_skill = (worse & (skill >= WARN)) | (drifted & (strongest["drift_evidence"] >= WARN))
    chosen = [withhold, fallback, warn_held, warn_skill]
    reasons = _reasons(table)
    table["state"] = np.select(chosen, ["withhold", "fallback", "warn", "warn"], "ok")
    told = [reasons["held"], reasons["worse"], reasons["held"], reasons["drifted"]]
    words = [reason.to_numpy(dtype=object) for reason in told]
    table["reason"] = np.select(chosen, words, np.array(None, dtype=object))
    return table.sort_values(_PLACE, ignore_index=True)


def _withheld_without_rival(judged: pd.DataFrame, targets: Collection[str]) -> pd.DataFrame:
    """Withhold places that would fall back to a baseline that is not there."""
    without = (judged["scope"] == "location") & (judged["state"] == "fallback")
    without &= judged["target"].isin(list(targets))
    judged.loc[without, "reason"] += f"; {RIVAL}, which would stand in, was left out tonight"
    judged.loc[without, "state"] = "withhold"
    return judged


def _reasons(table: pd.DataFrame) -> dict[str, pd.Series[str]]:
    def percent(shares: pd.Series[float]) -> pd.Series[str]:
        return (100 * shares.fillna(0.0)).round().astype(int).astype(str) + " %"

    def ratio(values: pd.Series[float]) -> pd.Series[str]:
        return values.map("{:.2f}".format).astype(str)

    weeks = " of the weeks forecast at the last " + table["reference_weeks"].astype(str)
    held = "drift: the 80 % interval held " + percent(table["covered_80"])
    errors = "drift: live errors are " + ratio(table["relative_to_comb_two"])
    return {
        "held": held + weeks + " reference dates",
        "worse": errors + " times those of comb_two, which stands in",
        "drifted": errors
        + " times those of comb_two, in the back-test "
        + ratio(table["relative_in_backtest"]),
    }
