"""Past answers summed up: skill by target and level, and how often what was said came true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.outlook.past_outlooks import CHANCES, TOP_OF
from threatcast_forecasting.roles import RIVAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ALL_LEVELS = "all"
CELL = ("target", "location_level", "model", "question")
CASE = ("target", "location", "origin", "question")
BOUND = 1.645
"""Normal quantile of a 90 % interval."""
LEAST_ORIGINS = 3
BINS = 10
SKILL_COLUMNS = (
    *CELL, "n", "origins", "score", "reference_score", "skill", "skill_low90", "skill_high90",
    "comb_two_score", "skill_to_comb_two", "covered_80",
)  # fmt: skip
RELIABILITY_COLUMNS = (
    "target", "question", "bin", "mean_forecast", "observed_frequency", "n", "low90", "high90",
)  # fmt: skip


def probability_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Return mean scores and skill by target, level (and `all` of them), model and question.

    Skill is 1 less the ratio of mean scores: above 0 is better than the reference. Its bounds hold
    90 %: a normal approximation of the log of the ratio, its error taken over origins (delta
    method), because series of the same weeks err together; null with fewer than three origins.

    Parameters
    ----------
    scored : DataFrame
        What `odds.scored` returned.

    Returns
    -------
    DataFrame
        `SKILL_COLUMNS`, sorted by the first four.
    """
    import pandas as pd

    if scored.empty:
        return pd.DataFrame(columns=list(SKILL_COLUMNS))
    rival = scored[scored["model"] == RIVAL].set_index(list(CASE))["score"]
    table = scored.join(rival.rename("rival_score"), on=list(CASE))
    table = pd.concat([table, table.assign(location_level=ALL_LEVELS)])
    rows = []
    for key, part in table.sort_values(["origin", "location"]).groupby(list(CELL), sort=True):
        score, reference = part["score"].to_numpy(), part["reference_score"].to_numpy()
        low, high = _bounds(score, reference, part["origin"].to_numpy())
        both = part.dropna(subset=["rival_score"])
        rows.append(
            (
                *key,
                len(part),
                part["origin"].nunique(),
                score.mean(),
                reference.mean(),
                _skill(score, reference),
                low,
                high,
                both["rival_score"].mean(),
                _skill(both["score"].to_numpy(), both["rival_score"].to_numpy()),
                part["covered"].mean(),
            )
        )
    return pd.DataFrame(rows, columns=list(SKILL_COLUMNS))


def _skill(own: Array, other: Array) -> float:
    mean = other.mean() if len(other) else 0.0
    return float(1.0 - own.mean() / mean) if mean > 0 else np.nan


def _bounds(own: Array, other: Array, origin: NDArray[np.datetime64]) -> tuple[float, float]:
    names, group = np.unique(origin, return_inverse=True)
    count, skill = len(names), _skill(own, other)
    if count < LEAST_ORIGINS or np.isnan(skill) or own.mean() == 0:
        return np.nan, np.nan
    apart = (own / own.mean() - other / other.mean()) / len(own)
    sums = np.bincount(group, apart, count)
    error = np.sqrt(count / (count - 1) * (sums**2).sum())
    ratio = 1.0 - skill
    return 1.0 - ratio * np.exp(BOUND * error), 1.0 - ratio * np.exp(-BOUND * error)


def reliability(scored: pd.DataFrame, models: Mapping[str, str]) -> pd.DataFrame:
    """Return how often what was said with a probability came true, in ten bins of it.

    The bounds hold 90 % of observed frequencies if the probabilities are right and the cases
    independent (Bröcker and Smith 2007, doi:10.1175/WAF993.1); cases of one origin are not quite.

    Parameters
    ----------
    scored : DataFrame
        What `odds.scored` returned.
    models : mapping
        The model to show by target.

    Returns
    -------
    DataFrame
        `RELIABILITY_COLUMNS`; `bin` is 1 to 10, bins without a case are left out.
    """
    import pandas as pd
    from scipy.stats import binom

    questions = (*CHANCES, *TOP_OF.values())
    shown = scored["model"] == scored["target"].map(dict(models))
    table = scored[shown & scored["question"].isin(questions)]
    if table.empty:
        return pd.DataFrame(columns=list(RELIABILITY_COLUMNS))
    place = np.minimum(np.floor(table["forecast"].to_numpy(float) * BINS), BINS - 1)
    groups = table.assign(bin=place.astype(np.int64) + 1).groupby(["target", "question", "bin"])
    found = groups.agg(
        mean_forecast=("forecast", "mean"), observed_frequency=("outcome", "mean"),
        n=("outcome", "size"),
    ).reset_index()  # fmt: skip
    # a mean of sums may leave 0 to 1 by a rounding error
    chance = found["mean_forecast"].clip(0.0, 1.0)
    found["mean_forecast"] = chance
    found["low90"] = binom.ppf(0.05, found["n"], chance) / found["n"]
    found["high90"] = binom.ppf(0.95, found["n"], chance) / found["n"]
    return found[list(RELIABILITY_COLUMNS)]
