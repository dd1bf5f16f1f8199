"""What a night's probabilities are worth, and which threat is likeliest to grow where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_forecasting.night.outlooks import OutlookMaterial, published_pairs

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.results import NightResult
    from threatcast_forecasting.night.coherence import CoherentForecasts
    from threatcast_forecasting.night.inputs import NightInputs

RANK_DRAWS = 1000


def probability_tables(
    inputs: NightInputs,
    result: NightResult,
    coherent: CoherentForecasts,
    outlook: pd.DataFrame,
    known: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Return the tables `probability_scores`, `reliability` and `ranks`.

    Parameters
    ----------
    inputs, result, coherent, known
        As in the night.
    outlook
        Outlooks of the published models.
    """
    from threatcast_forecasting.outlook.past_outlooks import cases_of, scored
    from threatcast_forecasting.outlook.past_skill import probability_scores, reliability
    from threatcast_forecasting.roles import RIVAL

    pairs = published_pairs(inputs)
    models = sorted({model for _, model in pairs} | {RIVAL})
    cases = cases_of(result.past, models, known)
    past = scored(cases, seed=inputs.options.seed, drawn=coherent.past)
    published = dict(zip(outlook["target"], outlook["model"], strict=True))
    return {
        "probability_scores": probability_scores(past),
        "reliability": reliability(past, published),
        "ranks": rank_table(inputs, coherent, outlook, seed=inputs.options.seed),
    }


def rank_table(
    inputs: NightInputs, coherent: CoherentForecasts, outlook: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Return the table `ranks` of tonight's outlooks.

    Parameters
    ----------
    inputs, coherent
    outlook
        Outlooks of the published models; its probabilities give the order.
    seed
    """
    import numpy as np

    from threatcast_forecasting.outlook.answers import drawn
    from threatcast_forecasting.outlook.past_outlooks import apart
    from threatcast_forecasting.outlook.ranks import ranks
    from threatcast_forecasting.panels import location_level

    shown = outlook.dropna(subset=["p_increase"])
    cells = shown[["target", "location"]].assign(
        p_growth=shown["p_increase"] + shown["p_large_increase"],
        location_level=shown["location"].map(location_level),
        series_id=shown["target"] + "|" + shown["location"],
    )
    made = OutlookMaterial.of(
        inputs, coherent, dict(zip(shown["target"], shown["model"], strict=True))
    )
    near: dict[str, NDArray[np.float64]] = {}
    usual: dict[str, float] = {}
    if not made.forecasts.empty:
        for name, _, level, total in drawn(
            made.forecasts, made.panel, rho_by_target=made.rho, seed=seed, totals=made.totals
        ):
            usual[name] = level
            near[name] = apart(total[None, :RANK_DRAWS, :1], [name], seed)[0, :, 0]
    cells = cells[cells["series_id"].isin(near)].sort_values(["target", "location"])
    cells["usual_weekly"] = cells["series_id"].map(usual)
    rows = [near[name] for name in cells["series_id"]]
    return ranks(cells, np.array(rows).reshape(len(rows), -1), seed=seed)
