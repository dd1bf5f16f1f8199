"""Small panels, and models simple enough that a test can say what they must forecast."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from threatcast_forecasting.combinations.members import CHAMPION, COMB_TWO
from threatcast_forecasting.models.card import ModelCard, Prediction
from threatcast_forecasting.panels import Batch
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.seeds import stable_seed

FIRST = "2022-01-03"
SPREAD = np.array(LEVELS) - 0.5


def make_panel(series: int = 6, weeks: int = 90, seed: int = 1) -> pd.DataFrame:
    """Return Poisson counts with levels from 1 to `series`; two targets, one missing week each."""
    rng = np.random.default_rng(seed)
    values = rng.poisson(np.arange(1, series + 1)[:, None], (series, weeks)).astype(float)
    values[np.arange(series), (np.arange(series) * 7) % weeks] = np.nan
    return pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k:02d}" for k in range(series)], weeks),
            "target": np.repeat([("claims", "hosts")[k % 2] for k in range(series)], weeks),
            "location": np.repeat(
                [("WORLD", "NA", "M49-150")[k % 3] for k in range(series)], weeks
            ),
            "week": np.tile(pd.date_range(FIRST, periods=weeks, freq="W-MON"), series),
            "value": values.ravel(),
        }
    )


def one_series(values: list[float], name: str = "a", start: str = FIRST) -> pd.DataFrame:
    """Return a panel of one series."""
    weeks = pd.date_range(start, periods=len(values), freq="W-MON")
    return pd.DataFrame({"series_id": name, "week": weeks, "value": values})


def batch_of(rows: list[list[float]], names: tuple[str, ...] = ()) -> Batch:
    """Return a batch of rows of counts."""
    values = np.array(rows, dtype=float)
    ids = names or tuple(f"s{k:02d}" for k in range(len(values)))
    weeks = np.datetime64(FIRST) + 7 * np.arange(values.shape[1])
    return Batch(ids, ("all",) * len(ids), ("",) * len(ids), weeks, values)


def card(name: str) -> ModelCard:
    return ModelCard(name, "t", "d", "m", "r", "l")


def around(centre: np.ndarray, width: float, horizon: int) -> np.ndarray:
    """Return quantiles of a straight distribution around a centre a series."""
    quantiles = centre[:, None, None] + width * SPREAD
    return np.broadcast_to(quantiles, (len(centre), horizon, len(LEVELS))).copy()


@dataclass(frozen=True)
class Centred:
    """Forecasts a fixed centre with a fixed width."""

    card: ModelCard
    centre: float
    width: float = 4.0

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        centre = np.full(len(batch.series_ids), self.centre)
        return Prediction(around(centre, self.width, horizon), ("",) * len(centre))


@dataclass(frozen=True)
class Everything:
    """Forecasts a number in which every value it was given counts, so that any leak shows."""

    card: ModelCard
    factor: float = 1.0

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        weight = 1 + np.arange(batch.values.shape[1])[::-1] % 5
        seen = np.where(np.isnan(batch.values), 3.0, batch.values)
        centre = self.factor * (seen * weight).sum(axis=1) / weight.sum()
        return Prediction(around(centre, 6.0, horizon), ("",) * len(centre))


@dataclass(frozen=True)
class Drawing:
    """Draws its centre at random, as the protocol says."""

    card: ModelCard

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        centre = np.array(
            [
                np.random.default_rng(stable_seed(seed, name)).uniform(0, 1000)
                for name in batch.series_ids
            ]
        )
        return Prediction(around(centre, 5.0, horizon), ("",) * len(centre))


@dataclass(frozen=True)
class Failing:
    """Raises for some series, gives NaN for others, and is fine with the rest."""

    card: ModelCard
    raises: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    centre: float = 50.0

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        if set(self.raises) & set(batch.series_ids):
            raise ValueError("no fit at 0x7f")
        quantiles = around(np.full(len(batch.series_ids), self.centre), 4.0, horizon)
        quantiles[[name in self.silent for name in batch.series_ids]] = np.nan
        return Prediction(quantiles, ("",) * len(batch.series_ids))


@dataclass
class Watching:
    """Keeps what it was shown: (series, origin, values) by series and origin."""

    card: ModelCard
    seen: list[Batch] = field(default_factory=list)

    def predict(self, batch: Batch, horizon: int, seed: int) -> Prediction:
        self.seen.append(batch)
        centre = np.nan_to_num(batch.values[:, -1])
        return Prediction(around(centre, 4.0, horizon), ("",) * len(centre))


def registry(**models: object) -> dict[str, object]:
    """Return models by name, with stand-ins for those that the combinations need."""
    base = {
        "flat": Everything(card("flat"), 0.5),
        "climatology": Everything(card("climatology"), 1.0),
        "discounted_quantiles": Everything(card("discounted_quantiles"), 1.0),
        "negative_binomial": Everything(card("negative_binomial"), 1.2),
    }
    return {**base, **models, "comb_two": COMB_TWO, "champion": CHAMPION}
