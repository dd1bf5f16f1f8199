"""How a payload ends: held against what an honest one in its place would have published.

Two numbers of each published series are compared: the expected total of the next four weeks, which
must lie in the 50 % range that `comb_two` gives from the honest counts; and the newest counts: the
sum of four weeks may differ by half of what that range is wide, the newest week by the whole of its
own range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from .counting import Counted
    from .judging import Judged

    End = Literal["set aside", "missing", "withheld", "harmless", "stopped", "warned", "silent"]

MODEL = "comb_two"
NEAR = 4
"""Weeks of the total, and of the newest counts that are compared."""
LEAST = 1.0
"""Events by which small counts may always differ."""
LEAST_SHARE = 0.05
"""What shares of the mix may always differ by."""
GOOD: tuple[End, ...] = ("set aside", "missing", "withheld", "harmless")
ENDS: tuple[End, ...] = (*GOOD, "stopped", "warned", "silent")
"""Stopped: the night failed for all. Warned, silent: wrong numbers, with or without a word."""


@dataclass(frozen=True)
class Expectation:
    """What is expected of one series in the next four weeks, and in the first of them."""

    low: float
    middle: float
    high: float
    week_slack: float

    @property
    def slack(self) -> float:
        """By how much counts of four weeks may differ."""
        return max(LEAST, (self.high - self.low) / 2)


@dataclass(frozen=True)
class Difference:
    """A published number that is not the honest one."""

    target: str
    location: str
    what: str
    honest: str
    found: float

    def __str__(self) -> str:
        return f"{self.target} {self.location}: {self.what} {self.found:g}, honest {self.honest}"


@dataclass(frozen=True)
class Ended:
    """How one payload ended, and why."""

    end: End
    said: tuple[str, ...]
    differences: tuple[Difference, ...] = ()

    @property
    def is_good(self) -> bool:
        return self.end in GOOD


def expectations(
    counted: Counted, only: set[tuple[str, str]] | None = None
) -> dict[tuple[str, str], Expectation]:
    """Return what `comb_two` expects of each published series, or of some of them."""
    import pandas as pd
    from threatcast_forecasting import forecast
    from threatcast_forecasting.outlook.answers import drawn

    panel = _panel(counted)
    if only is not None:
        keys = pd.MultiIndex.from_frame(panel[["target", "location"]])
        panel = panel[keys.isin(only)]
    if panel.empty:
        return {}
    result = pd.concat(list(forecast(panel, [MODEL], horizon=12).forecast_frames()))
    weekly = result[(result["model"] == MODEL) & (result["horizon"] == 1)]
    shares = weekly.pivot_table(index="series_id", columns="quantile", values="value")
    no_rho = pd.DataFrame({"target": [], "activity": [], "rho": []})
    found = {}
    for name, target, _, total in drawn(
        result[result["model"] == MODEL], panel, rho_by_target=no_rho, seed=1
    ):
        low, middle, high = np.quantile(total[:, 0], (0.25, 0.5, 0.75))
        width = _level(shares, name, 0.75) - _level(shares, name, 0.25)
        location = name.rpartition("|")[2]
        found[target, location] = Expectation(low, middle, high, max(LEAST, width))
    return found


def _level(shares: pd.DataFrame, name: str, level: float) -> float:
    columns = np.asarray(shares.columns, dtype=float)
    return float(shares.loc[name].to_numpy()[int(np.abs(columns - level).argmin())])


def _panel(counted: Counted) -> pd.DataFrame:
    keys = ["target", "location"]
    series = counted.series[
        counted.series["is_eligible"] & (counted.series["state"] == "published")
    ]
    panel = counted.counts.merge(series[[*keys, "first_week"]], on=keys)
    panel = panel[panel["week"] >= panel["first_week"]]
    panel = panel.assign(series_id=panel["target"] + "|" + panel["location"])
    return panel[["series_id", *keys, "week", "value"]].sort_values(["series_id", "week"])


class Honest:
    """What is published after an honest payload; other payloads are held against it."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._expected = expectations(counted)
        self._newest = _newest(counted)
        self._published = _published(counted)

    def end(self, judged: Judged, counted: Counted, feed: str) -> Ended:
        """Return how a payload ended that was not set aside."""
        wrong = [*self._numbers(counted), *self._mix(counted)]
        if wrong:
            return Ended("warned" if judged.warned else "silent", judged.said, tuple(wrong))
        published = _published(counted)
        lost = self._published - published
        if lost:
            states = counted.series.set_index(["target", "location"])["state"]
            withheld = any(states.get(one) == "withheld" for one in lost)
            state, reason = counted.health[feed]
            return Ended("withheld" if withheld else "missing", (*judged.said, state, reason))
        if self._missing_weeks(counted):
            return Ended("missing", judged.said)
        return Ended("harmless", judged.said)

    def _missing_weeks(self, counted: Counted) -> bool:
        newest = _newest(counted)
        return any(
            np.isnan(newest[one]).sum() > np.isnan(values).sum()
            for one, values in self._newest.items()
            if one in newest
        )

    def _numbers(self, counted: Counted) -> list[Difference]:
        changed = _changed(self._counted, counted)
        if not changed:
            return []
        found, newest = expectations(counted, changed), _newest(counted)
        wrong = []
        for one, value in found.items():
            honest = self._expected.get(one)
            if honest is None:
                # a place that honest counts do not let us forecast, most often for one event
                if value.middle <= LEAST:
                    continue
                wrong.append(Difference(*one, "expected in 4 weeks", "none", value.middle))
                continue
            if not honest.low <= value.middle <= honest.high:
                band = f"{honest.middle:g} ({honest.low:g} to {honest.high:g})"
                wrong.append(Difference(*one, "expected in 4 weeks", band, value.middle))
            wrong += _counts_wrong(one, honest, self._newest[one], newest[one])
        return wrong

    def _mix(self, counted: Counted) -> list[Difference]:
        if counted.mix.empty or counted.mix.equals(self._counted.mix):
            return []
        old, new = _shares(self._counted.mix), _shares(counted.mix)
        wrong = []
        for one in sorted({*old, *new}):
            honest, found = old.get(one, 0.0), new.get(one, 0.0)
            if abs(found - honest) > LEAST_SHARE:
                wrong.append(Difference("phishing_mix", one, "share", f"{honest:.2f}", found))
        return wrong


def _counts_wrong(
    one: tuple[str, str],
    honest: Expectation,
    before: np.ndarray[tuple[int], np.dtype[np.float64]],
    after: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> list[Difference]:
    """Compare counts of the weeks that both know; a missing week is no number."""
    both = ~np.isnan(before) & ~np.isnan(after)
    old, new = before[both], after[both]
    wrong = []
    if abs(new.sum() - old.sum()) > honest.slack:
        wrong.append(Difference(*one, "newest four weeks", f"{old.sum():g}", new.sum()))
    elif both[-1] and abs(after[-1] - before[-1]) > honest.week_slack:
        wrong.append(Difference(*one, "newest week", f"{before[-1]:g}", after[-1]))
    return wrong


def _changed(honest: Counted, counted: Counted) -> set[tuple[str, str]]:
    """Return the series of which a week's count, or the state, is not the honest one."""
    keys = ["target", "location"]
    both = honest.counts.merge(counted.counts, on=[*keys, "week"], how="outer")
    same = (both["value_x"] == both["value_y"]) | (both["value_x"].isna() & both["value_y"].isna())
    moved = honest.series.merge(counted.series, on=keys, how="outer")
    states = moved["state_x"] != moved["state_y"]
    rows = [
        *both[~same][keys].itertuples(index=False),
        *moved[states][keys].itertuples(index=False),
    ]
    return {(row.target, row.location) for row in rows}


def _newest(
    counted: Counted,
) -> dict[tuple[str, str], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the newest four weeks of each published series."""
    published = _published(counted)
    return {
        one: rows["value"].to_numpy(dtype=float)[-NEAR:]
        for one, rows in counted.counts.groupby(["target", "location"])
        if one in published
    }


def _published(counted: Counted) -> set[tuple[str, str]]:
    series = counted.series[counted.series["state"] == "published"]
    return set(zip(series["target"], series["location"], strict=True))


def _shares(mix: pd.DataFrame) -> dict[str, float]:
    newest = mix[mix["week"] == mix["week"].max()]
    names = newest["kind"] + " " + newest["category"]
    return dict(zip(names, newest["share"].astype(float), strict=True))
