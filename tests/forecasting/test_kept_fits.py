"""Fits of earlier nights: found again where nothing changed, and the same numbers as made anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from panel_kit import Drawing, Failing, card, make_panel, registry
from threatcast_forecasting import nightly
from threatcast_forecasting.backtesting.engine import BatchForecast
from threatcast_forecasting.models.card import Prediction
from threatcast_forecasting.quantiles import LEVELS


class Pooled:
    """A pooled model: all series get the mean of all."""

    card = card("pooled")
    pooled = True

    def __init__(self) -> None:
        self.calls = 0

    def predict(self, batch, horizon: int, seed: int) -> Prediction:
        self.calls += 1
        count = len(batch.series_ids)
        level = np.full((count, horizon, len(LEVELS)), np.nanmean(batch.values))
        return Prediction(level, ("",) * count, np.ones((count, horizon, 2)))


class Counting:
    """A model of single series that notes which it was shown, and up to which week."""

    card = card("counting")

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []

    def predict(self, batch, horizon: int, seed: int) -> Prediction:
        self.shown += [(name, str(batch.weeks[-1])) for name in batch.series_ids]
        return Drawing(self.card).predict(batch, horizon, seed)


class InMemory:
    """Keeps fits in a dictionary; loses what a test takes away."""

    def __init__(self) -> None:
        self.rows: dict[bytes, tuple] = {}

    def has(self, keys: Sequence[bytes]):
        return np.array([key in self.rows for key in keys], dtype=bool)

    def find(self, keys: Sequence[bytes]) -> BatchForecast | None:
        rows = [self.rows[key] for key in keys]
        if any(row is None for row in rows):
            return None
        quantiles, states, parts = zip(*rows, strict=True)
        whole = None if parts[0] is None else np.stack(parts)
        return BatchForecast(np.stack(quantiles), states, 0.0, whole)

    def add(self, keys: Sequence[bytes], made: BatchForecast) -> None:
        for place, key in enumerate(keys):
            part = None if made.parts is None else made.parts[place]
            self.rows[key] = made.quantiles[place], made.states[place], part


def night(panel: pd.DataFrame, kept: InMemory | None, jobs: int = 1, **more):
    counting, pooled = Counting(), Pooled()
    models = registry(
        counting=counting, pooled=pooled, failing=Failing(card("failing"), ("s02",), ("s04",))
    )
    made = nightly(
        panel, ["counting", "pooled", "failing", "champion"],
        registry=models, origins=3, horizon=5, kept=kept, jobs=jobs, **more,
    )  # fmt: skip
    return made, counting, pooled


def assert_same(one, other) -> None:
    pd.testing.assert_frame_equal(one.past.scores, other.past.scores)
    for part in ("newest", "past", "recent"):
        pd.testing.assert_frame_equal(getattr(one, part).forecasts, getattr(other, part).forecasts)


PANEL = make_panel(6, 90)
NAMES = sorted(PANEL["series_id"].unique())


@pytest.fixture(scope="module")
def plain():
    return night(PANEL, None)[0]


def test_a_night_with_nothing_new_fits_nothing_and_says_the_same(plain):
    kept = InMemory()
    first, counting, _ = night(PANEL, kept)
    assert counting.shown
    again, counting, pooled = night(PANEL, kept)
    assert (counting.shown, pooled.calls) == ([], 0)
    assert_same(plain, first)
    assert_same(plain, again)


def test_only_the_series_that_changed_is_fitted_and_the_pool_that_it_is_in():
    kept = InMemory()
    night(PANEL, kept)
    changed = PANEL.copy()
    last = (changed["series_id"] == NAMES[3]) & (changed["week"] == changed["week"].max())
    changed.loc[last, "value"] += 7
    made, counting, pooled = night(changed, kept)
    newest = str(np.datetime64(changed["week"].max(), "D"))
    assert counting.shown == [(NAMES[3], newest)], "old origins were not fitted again"
    assert pooled.calls == 1
    assert_same(night(changed, None)[0], made)


def test_another_seed_is_another_fit():
    kept = InMemory()
    night(PANEL, kept)
    made, counting, _ = night(PANEL, kept, seed=7)
    assert {name for name, _ in counting.shown} == set(NAMES)
    assert_same(night(PANEL, None, seed=7)[0], made)


def test_a_fit_that_is_damaged_is_made_anew(plain):
    kept = InMemory()
    night(PANEL, kept)
    for key in list(kept.rows)[::5]:
        kept.rows[key] = None  # type: ignore[assignment]
    made, counting, _ = night(PANEL, kept)
    assert counting.shown
    assert None not in kept.rows.values()
    assert_same(plain, made)


def test_processes_change_nothing(plain):
    kept = InMemory()
    night(PANEL[PANEL["series_id"] != NAMES[0]], kept)
    assert_same(plain, night(PANEL, kept, jobs=2)[0])
