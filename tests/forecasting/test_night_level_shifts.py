"""The table of level shifts that a night makes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threatcast_forecasting.night.level_shifts import COLUMNS, recent, shift_table

WEEKS = pd.date_range("2024-01-01", periods=80, freq="W-MON")
NO_NOWCASTS = pd.DataFrame(columns=["target", "location", "week", "nowcast"])


def panel_of(target: str, series: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame({"target": target, "location": place, "week": WEEKS, "value": counts})
        for place, counts in series.items()
    )


def steady(level: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).poisson(level, len(WEEKS)).astype(float)


def fallen(level: float, seed: int) -> np.ndarray:
    return np.where(np.arange(len(WEEKS)) < 74, steady(level, seed), np.round(level / 10))


def test_shift_is_dated_measured_and_told_by_scope() -> None:
    hosts = panel_of("hosts", {"WORLD": fallen(60, 1)})
    claims = panel_of("claims", {"WORLD": steady(100, 2), "DE": fallen(30, 3)})
    table = shift_table(pd.concat([hosts, claims]), NO_NOWCASTS)
    assert tuple(table.columns) == COLUMNS
    assert table[["target", "location", "scope"]].to_numpy().tolist() == [
        ["claims", "DE", "series"],
        ["hosts", "WORLD", "feed"],
    ]
    assert set(table["week"]) == {WEEKS[74]}
    assert (table["noticed_week"] <= WEEKS[76]).all()
    np.testing.assert_allclose(table["ratio"], 0.1, rtol=0.1)
    told = recent(table, hosts)
    assert told == "2 series changed level in the last 8 weeks, 1 targets as a whole (hosts)"


def test_weeks_that_still_grow_are_no_fall() -> None:
    counts = steady(60, 4)
    counts[-4:] = 5
    panel = panel_of("press", {"WORLD": counts})
    late = pd.DataFrame(
        {"target": "press", "location": "WORLD", "week": WEEKS[-4:], "nowcast": 61.0}
    )
    assert len(shift_table(panel, NO_NOWCASTS)) == 1
    assert shift_table(panel, late).empty


def test_panel_without_series_gives_a_table_without_rows() -> None:
    empty = panel_of("hosts", {"WORLD": steady(5, 5)}).iloc[:0]
    assert tuple(shift_table(empty, NO_NOWCASTS).columns) == COLUMNS
