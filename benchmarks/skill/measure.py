"""Back-tests one panel and returns all figures that the requirements speak of, ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from threatcast_forecasting import backtest, summarise
from threatcast_forecasting.judging.comparison import paired_ratio
from threatcast_forecasting.judging.means import means_over_series
from threatcast_forecasting.panels import location_level
from threatcast_forecasting.quantiles import LEVELS

from .answers import quantiles_of
from .truth import against_oracle

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from .answers import Quantiles
    from .panel import Panel

    Row = dict[str, Any]

CHAMPION = "champion"
RIVALS = ("comb_two", "flat")
MEASURES = ("scaled_wis", "log_wis")
MEMORY_WEEKS = 156
"""Weeks, up to the origin, whose largest value bounds the medians."""
MOST_TIMES = 3
MEDIAN = LEVELS.index(0.5)
DECIMALS = 4


@dataclass(frozen=True)
class Trial:
    """How to back-test: models, origins four weeks apart, processes, who hears of progress."""

    models: tuple[str, ...]
    origins: int = 8
    jobs: int = 2
    progress: Callable[[int, int, str], None] | None = None


def measure(panel: Panel, trial: Trial) -> Row:
    """Back-test a panel and return its figures.

    Returns
    -------
    dict
        `models`: a row a model, with ratios of family means and their bounds. `by_target`,
        `by_location_level`, `by_horizon`, `by_knowledge`: ratios of each model. `by_activity`:
        coverage. `cells`: where the champion loses. `forecasts`: what is wrong with quantiles.
        `oracle`, if the truth is known.
    """
    models = tuple(dict.fromkeys([*trial.models, *RIVALS]))
    result = backtest(
        panel.frame,
        models,
        origins=trial.origins,
        known=panel.known,
        jobs=trial.jobs,
        progress=trial.progress,
        clock=perf_counter,
    )
    scores = _labelled(result.scores, panel)
    summary = summarise(result, panel.frame)
    quantiles = quantiles_of(result)
    figures: Row = {
        "name": panel.name,
        "kind": panel.kind,
        "what": panel.what,
        "panel": summary["panel"],
        "models": _models(scores, summary),
        "by_activity": summary["by_activity"],
        "by_target": ratios(scores, ["target"]),
        "by_location_level": ratios(scores, ["location_level"]),
        "by_horizon": ratios(scores, ["horizon"]),
        "by_knowledge": ratios(scores, ["as_of_kind"]),
        "cells": losing_cells(scores),
        "forecasts": faults(quantiles, panel.frame),
    }
    if panel.oracle is not None:
        figures["oracle"] = against_oracle(panel.oracle, panel, quantiles, scores)
    return figures


def _labelled(scores: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return scores with target, location level and kind of knowledge."""
    places = panel.frame.drop_duplicates("series_id").set_index("series_id")
    scores = scores.dropna(subset="scaled_wis")
    scores["target"] = scores["series_id"].map(places["target"])
    scores["location_level"] = scores["series_id"].map(places["location"].map(location_level))
    if panel.kinds is None:
        return scores.assign(as_of_kind="final values")
    merged = scores.merge(panel.kinds, on=["series_id", "origin"], how="left")
    return merged.assign(as_of_kind=merged["as_of_kind"].fillna("final values"))


def family_weights(scores: pd.DataFrame) -> pd.Series[float]:
    """Return a weight a series, so that targets weigh equally however many series they have."""
    targets = scores.drop_duplicates("series_id").set_index("series_id")["target"]
    return 1.0 / targets.map(targets.value_counts())


def _models(scores: pd.DataFrame, summary: Row) -> list[Row]:
    """Return the summary's rows with ratios of family means and bounds against both rivals."""
    weights = family_weights(scores)
    parts = dict(tuple(scores.groupby("model", sort=True)))
    rows = []
    for row in summary["models"]:
        own = parts.get(row["model"])
        bounds = {
            f"{measure}_to_{rival}": _bounds(own, parts[rival], measure, weights)
            for measure in MEASURES
            for rival in RIVALS
            if own is not None
        }
        # as the contract averages: every series alike, so that large targets count for more
        alike = (
            {} if own is None else {"alike": _bounds(own, parts["comb_two"], "scaled_wis", None)}
        )
        rows.append(row | {"families": bounds} | alike)
    return rows


def _bounds(own: pd.DataFrame, rival: pd.DataFrame, measure: str, weights: Any) -> list[float]:
    found = paired_ratio(own, rival, measure=measure, weights=weights)
    return [round(float(number), DECIMALS) for number in found]


def ratios(scores: pd.DataFrame, keys: list[str]) -> list[Row]:
    """Return mean scores by group and model, and their ratios to the rivals on both scales.

    Means are over the scores of each series, then over series.
    """
    groups = [*keys, "model"]
    table = means_over_series(scores, MEASURES, series=["series_id"], by=groups)
    table["series"] = scores.groupby(groups)["series_id"].nunique()
    for rival in RIVALS:
        other = table.xs(rival, level="model")
        for measure in MEASURES:
            base = other[measure].reindex(table.index.droplevel("model")).to_numpy()
            table[f"{measure}_to_{rival}"] = table[measure] / np.where(base > 0, base, np.nan)
    rows = table.reset_index().round(DECIMALS).to_dict("records")
    return [{key: _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """Return a value that JSON knows; null instead of NaN."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def losing_cells(scores: pd.DataFrame) -> Row:
    """Return the cells (target, location level, horizon) in which the champion is worse."""
    rows = ratios(scores, ["target", "location_level", "horizon"])
    own = [row for row in rows if row["model"] == CHAMPION]
    losing = {
        rival: sorted(
            (row for row in own if (row[f"scaled_wis_to_{rival}"] or 0) > 1),
            key=lambda row: -row[f"scaled_wis_to_{rival}"],
        )
        for rival in RIVALS
    }
    return {"all": len(own)} | {f"worse_than_{rival}": found for rival, found in losing.items()}


def faults(quantiles: Quantiles, frame: pd.DataFrame) -> list[Row]:
    """Return by model how many quantiles are not whole or fall, and which medians run away.

    A median must lie between 0 and three times the largest value of the three years up to its
    origin.
    """
    bound = MOST_TIMES * largest_before(quantiles, frame)
    rows = []
    for model, values in sorted(quantiles.by_model.items()):
        median = values[:, :, MEDIAN]
        outside = (median < 0) | (median > bound[:, None])
        rows.append(
            {
                "model": model,
                "forecasts": int(median.size),
                "not_whole": int((values != np.floor(values)).sum()),
                "falling": int((np.diff(values, axis=2) < 0).sum()),
                "runaway_medians": int(outside.sum()),
                "largest_median": _plain(float((median / np.maximum(bound, 1)[:, None]).max())),
            }
        )
    return rows


def largest_before(quantiles: Quantiles, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the largest value of the three years up to each origin; infinite if none is known."""
    wide = frame.pivot_table(index="week", columns="series_id", values="value").asfreq("7D")
    largest = wide.rolling(MEMORY_WEEKS, min_periods=1).max()
    rows = largest.index.get_indexer(quantiles.origins.astype("datetime64[ns]"))
    columns = largest.columns.get_indexer(quantiles.series)
    found = largest.to_numpy()[rows, columns]
    return np.where((rows < 0) | (columns < 0) | np.isnan(found), np.inf, found)
