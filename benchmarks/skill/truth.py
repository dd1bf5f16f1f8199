"""Scores against the truth itself: where the law behind the counts is known, luck is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from threatcast_forecasting.quantiles import LEVELS, interval
from threatcast_forecasting.scores import (
    BUSY,
    PIT_GRID,
    SHARES,
    pit_bounds,
    pit_sums,
    weighted_interval_score,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from .answers import Quantiles
    from .panel import Oracle, Panel

    Floats = NDArray[np.float64]

PAIRS_A_PART = 64
THINNED = 4
"""The PIT takes every fourth draw."""
DECIMALS = 4


def against_oracle(
    oracle: Oracle, panel: Panel, quantiles: Quantiles, scores: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return expected scores of each model under the true law, by target and activity.

    Expected WIS and coverage are means over the oracle's draws, not over the one count that came,
    so that they have next to no sampling error.

    Returns
    -------
    list of dict
        `model, target, activity, wis_to_oracle, coverage_50, coverage_80, coverage_95,
        pit_distance, pairs`; target `all` and activity `all` are rows of their own. `wis_to_oracle`
        is a ratio of mean scaled WIS.
    """
    import pandas as pd

    scale = scores.drop_duplicates(["series_id", "origin"]).set_index(["series_id", "origin"])[
        "scale"
    ]
    keys = pd.MultiIndex.from_arrays([quantiles.series, quantiles.origins.astype("datetime64[ns]")])
    scales = scale.reindex(keys).to_numpy(float)
    targets = panel.frame.drop_duplicates("series_id").set_index("series_id")["target"]
    draws = oracle.draws(
        quantiles.series, quantiles.origins, next(iter(quantiles.by_model.values())).shape[1]
    )
    own = expected(true_quantiles(draws), draws)
    groups = {
        "target": targets.reindex(quantiles.series).to_numpy(dtype=object),
        "activity": np.where(scales >= BUSY, "busy", "sparse"),
    }
    rows = []
    for model, values in sorted(quantiles.by_model.items()):
        table = expected(values, draws)
        rows += _grouped(model, table, own, scales, groups)
    return rows


def true_quantiles(draws: Floats) -> Floats:
    """Return the 23 quantiles of equally likely counts, shape (pairs, horizon, 23)."""
    places = np.ceil(np.array(LEVELS) * draws.shape[-1] - 1e-9).astype(int) - 1
    return np.asarray(draws[..., np.maximum(places, 0)])


def expected(values: Floats, draws: Floats) -> dict[str, Floats]:
    """Return by pair the means, over draws and horizons, of WIS, coverage and the PIT's law."""
    parts: dict[str, list[Floats]] = {}
    for first in range(0, len(values), PAIRS_A_PART):
        here = slice(first, first + PAIRS_A_PART)
        for name, part in _expected(values[here], draws[here]).items():
            parts.setdefault(name, []).append(part)
    return {name: np.concatenate(part) for name, part in parts.items()}


def _expected(values: Floats, draws: Floats) -> dict[str, Floats]:
    each = np.moveaxis(draws, -1, 0)
    found = {"wis": weighted_interval_score(each, values[None]).mean(axis=(0, 2))}
    for share in SHARES:
        low, high = interval(values, share)
        inside = (each >= low[None]) & (each <= high[None])
        found[f"coverage_{round(share * 100)}"] = inside.mean(axis=(0, 2))
    some = each[THINNED // 2 :: THINNED]
    low, high = pit_bounds(some, np.broadcast_to(values[None], (*some.shape, values.shape[-1])))
    laws = [pit_sums(low[:, pair], high[:, pair]) for pair in range(len(values))]
    found["pit"] = np.array([total / count for total, count in laws])
    return found


def _grouped(
    model: str,
    table: dict[str, Floats],
    own: dict[str, Floats],
    scales: Floats,
    groups: dict[str, NDArray[np.object_]],
) -> list[dict[str, Any]]:
    rows = []
    for target in ["all", *np.unique(groups["target"])]:
        for activity in ("all", "busy", "sparse"):
            here = np.isfinite(scales)
            here &= (target == "all") | (groups["target"] == target)
            here &= (activity == "all") | (groups["activity"] == activity)
            if not here.any():
                continue
            row: dict[str, Any] = {"model": model, "target": target, "activity": activity}
            ours = (table["wis"][here] / scales[here]).mean()
            theirs = (own["wis"][here] / scales[here]).mean()
            row["wis_to_oracle"] = round(float(ours / theirs), DECIMALS) if theirs > 0 else None
            for name in ("coverage_50", "coverage_80", "coverage_95"):
                row[name] = round(float(table[name][here].mean()), DECIMALS)
            law = table["pit"][here].mean(axis=0)
            row["pit_distance"] = round(float(np.abs(law - PIT_GRID).max()), DECIMALS)
            rows.append(row | {"pairs": int(here.sum())})
    return rows
