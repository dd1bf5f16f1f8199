"""Past outlooks held against what came: what the probabilities that decisions rest on are worth.

At each past origin the questions of the outlook are answered from what was known there, by the same
function and from the same kind of draws as tonight's, and scored. Each answer stands beside two
others: how often the last 104 weeks had answered the question so, and what `comb_two` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.grid import Knowledge
from threatcast_forecasting.outlook.answers import MARKS, NEAR, WHOLE, answers, total_draws
from threatcast_forecasting.outlook.dependence import activity, dependence, rho_of
from threatcast_forecasting.outlook.past_answers import past_answers, usual_levels
from threatcast_forecasting.outlook.ranks import (
    BY_TARGET,
    LEAST,
    TOP,
    groups,
    growth,
    in_top,
    ordered,
)
from threatcast_forecasting.outlook.totals import couple, deviates
from threatcast_forecasting.panels import location_level
from threatcast_forecasting.scores import pit_bounds
from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.results import BacktestResult

    Array = NDArray[np.float64]
    Answers = dict[str, Array]
    Drawn = Mapping[tuple[str, str, Any], Array]

PAST_DRAWS = 1000
CHANCES = ("above_usual_4w", "zero_4w", "growth_4w")
TOTALS = {"total_4w": NEAR, "total_12w": WHOLE}
QUESTIONS = (*CHANCES, "trend_4w", *TOTALS)
TOP_OF = {True: "top3_of_locations", False: "top3_of_targets"}


@dataclass(frozen=True)
class Cases:
    """Pairs of a series and a past origin, with what was known and what came.

    Parameters
    ----------
    labels : DataFrame
        `series_id, target, location, location_level, origin`, one row a pair.
    usual, scale : float array, shape (p,)
        As known at the origin.
    weeks : float array, shape (p, 12)
        What came.
    climate : dict of float arrays
        Answers of the 104 weeks before the origin.
    quantiles : dict of int arrays, each of shape (p, 12, 23)
        Forecasts by model.
    """

    labels: pd.DataFrame
    usual: Array
    scale: Array
    weeks: Array
    climate: Answers
    quantiles: dict[str, NDArray[np.int32]]

    @property
    def totals(self) -> Array:
        """What came in 4 and 12 weeks, shape (p, 2); NaN where a week is missing."""
        return np.column_stack([self.weeks[:, :n].sum(axis=1) for n in (NEAR, WHOLE)])


def cases_of(
    result: BacktestResult, models: Sequence[str], known: pd.DataFrame | None = None
) -> Cases:
    """Return the cases of a back-test that looks 12 weeks ahead or more.

    Parameters
    ----------
    result : BacktestResult
    models : sequence of str
    known : DataFrame, optional
        What the back-test was given.
    """
    import pandas as pd

    store = result.store
    grid, knowledge = store.grid, Knowledge(store.grid, known)
    usual = np.full(len(store.series), np.nan)
    climate = {name: np.full((len(usual), *_shape(name)), np.nan) for name in QUESTIONS}
    for origin in np.unique(store.origin):
        here = np.flatnonzero(store.origin == origin)
        for place, row in zip(here, knowledge.values(store.series[here], int(origin)), strict=True):
            levels = usual_levels(row)
            usual[place] = levels[-1]
            for name, answer in past_answers(row, levels).items():
                climate[name][place] = answer
    places = grid.locations[store.series]
    labels = pd.DataFrame(
        {
            "series_id": grid.series_ids[store.series],
            "target": grid.targets[store.series],
            "location": places,
            "location_level": [location_level(place) for place in places],
            "origin": grid.week(store.origin).astype("datetime64[ns]"),
        }
    )
    everything = slice(0, len(usual))
    return Cases(
        labels,
        usual,
        store.scale,
        store.truth(everything)[:, :WHOLE],
        climate,
        {name: store.quantiles(name, everything)[:, :WHOLE] for name in models},
    )


def _shape(question: str) -> tuple[int, ...]:
    return (5,) if question == "trend_4w" else (3,) if question in TOTALS else ()


def past_rho(cases: Cases, model: str) -> Array:
    """Return the dependence between weeks of each case, from weeks known at its origin."""
    import pandas as pd

    low, high = pit_bounds(cases.weeks, cases.quantiles[model])
    count, steps = len(low), np.arange(1, WHOLE + 1)
    names = ["target", "series_id", "origin"]
    table = pd.DataFrame(
        {name: np.repeat(cases.labels[name].to_numpy(), WHOLE) for name in names}
        | {
            "horizon": np.tile(steps, count),
            "scale": np.repeat(cases.scale, WHOLE),
            "pit_low": low.ravel(),
            "pit_high": high.ravel(),
        }
    )
    week = table["origin"] + pd.to_timedelta(7 * table["horizon"], unit="D")
    kind, rho = activity(cases.scale), np.empty(count)
    for origin, part in cases.labels.groupby("origin"):
        seen = dependence(table[week <= origin])
        rho[part.index] = rho_of(seen, part["target"], kind[part.index])
    return rho


def scored(cases: Cases, *, seed: int, drawn: Drawn | None = None) -> pd.DataFrame:
    """Return every answer of every model with its score and that of the reference.

    Parameters
    ----------
    cases : Cases
    seed : int
    drawn : mapping, optional
        Draws of the totals of 4 and 12 weeks by model, series and origin, shape (1000, 2), where
        all places were drawn together; other series are drawn one by one.

    Returns
    -------
    DataFrame
        `target, location, location_level, origin, model, question, forecast, outcome, score,
        reference_score, covered`. Scores are the Brier score of a probability, the ranked
        probability score of the trend (0 to 1), and for totals the mean of twice the pinball loss
        at 10, 50 and 90 %, by week and relative to the mean of the last 52 weeks. `forecast` and
        `outcome` are given for probabilities, `covered` (1 if the 80 % interval held) for totals.
        Cases with a missing week, or without a usual level or reference, are left out.
    """
    import pandas as pd

    normal = deviates(WHOLE, PAST_DRAWS, seed)
    tables = []
    for model in cases.quantiles:
        rho = past_rho(cases, model)
        for _, part in cases.labels.groupby("origin", sort=True):
            rows = part.index.to_numpy()
            totals = _totals(cases, model, rows, rho, normal)
            for place, (name, origin) in enumerate(
                zip(part["series_id"], part["origin"], strict=True)
            ):
                totals[place] = (drawn or {}).get((model, name, origin), totals[place])
            totals = apart(totals, part["series_id"], seed)
            tables += [
                table.assign(model=model)
                for table in (
                    *_answered(cases, rows, answers(totals, cases.usual[rows])),
                    _ranked(cases, rows, totals[..., 0], seed),
                )
            ]
    return pd.concat(tables, ignore_index=True)


def _totals(cases: Cases, model: str, rows: NDArray[np.intp], rho: Array, normal: Array) -> Array:
    """Return draws of the totals of some cases, shape (n, draws, 2)."""
    totals = np.empty((len(rows), len(normal), 2))
    for value in np.unique(rho[rows]):
        same = rho[rows] == value
        quantiles = cases.quantiles[model][rows[same]]
        totals[same] = total_draws(quantiles.astype(np.float64), couple(normal, value))
    return totals


def apart(totals: Array, names: Iterable[str], seed: int) -> Array:
    """Return draws with each series' in an order of its own, so that no two go together."""
    mixed = [
        drawn[np.random.default_rng(stable_seed(seed, name)).permutation(len(drawn))]
        for drawn, name in zip(totals, names, strict=True)
    ]
    return np.stack(mixed)


def _answered(cases: Cases, rows: NDArray[np.intp], told: Answers) -> list[pd.DataFrame]:
    """Return one table a question."""
    observed = cases.totals[rows]
    # what is not known is left out below
    came = answers(np.nan_to_num(observed)[:, None, :], cases.usual[rows])
    tables = []
    for question in QUESTIONS:
        known = ~np.isnan(observed[:, 1 if question == "total_12w" else 0])
        unit = cases.scale[rows] * TOTALS.get(question, 1)
        right, reference = came[question], cases.climate[question][rows]
        columns: dict[str, Any] = {
            "score": _loss(question, told[question], right, unit),
            "reference_score": _loss(question, reference, right, unit),
        }
        if question in CHANCES:
            columns |= {"forecast": told[question], "outcome": right}
        if question in TOTALS:
            low, high = told[question][:, 0], told[question][:, 2]
            columns["covered"] = ((right[:, 1] >= low) & (right[:, 1] <= high)).astype(np.float64)
        table = cases.labels.iloc[rows].assign(question=question, **columns)
        tables.append(table[known].dropna(subset=["score", "reference_score"]))
    return tables


def _loss(question: str, told: Array, right: Array, unit: Array) -> Array:
    """Return the score of each answer; lower is better."""
    if question in CHANCES:
        return np.asarray((told - right) ** 2)
    if question == "trend_4w":
        apart = np.cumsum(told - right, axis=1)[:, :-1]
        return np.asarray((apart**2).mean(axis=1))
    error = right - told
    marks = np.array(MARKS)
    return np.asarray(2 * np.maximum(marks * error, (marks - 1) * error).mean(axis=1) / unit)


def _ranked(cases: Cases, rows: NDArray[np.intp], near: Array, seed: int) -> pd.DataFrame:
    """Return for each order of one origin how likely each series was in its top 3, and if it was.

    The reference is that each of k is so with probability 3 / k.
    """
    import pandas as pd

    usual, came = cases.usual[rows], cases.totals[rows][:, 0]
    known = ~np.isnan(usual) & ~np.isnan(came)
    cells = cases.labels.iloc[rows[known]].reset_index(drop=True)
    grown, truth = growth(near[known], usual[known][:, None]), growth(came[known], usual[known])
    tables = []
    for scope, value, members in groups(cells):
        if len(members) < LEAST:
            continue
        order = ordered(grown[members], stable_seed(seed, scope, value, str(cells["origin"][0])))
        chance, outcome = (order <= TOP).mean(axis=1), in_top(truth[members])
        tables.append(
            cells.iloc[members].assign(
                question=TOP_OF[scope == BY_TARGET],
                forecast=chance,
                outcome=outcome,
                score=(chance - outcome) ** 2,
                reference_score=(TOP / len(members) - outcome) ** 2,
            )
        )
    return pd.concat(tables) if tables else cells.iloc[:0]
