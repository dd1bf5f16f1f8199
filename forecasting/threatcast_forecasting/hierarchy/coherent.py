"""One target's forecasts made coherent: at the newest origin, and at past ones to score them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.errors import ForecastError
from threatcast_forecasting.hierarchy.coupling import ties_of
from threatcast_forecasting.hierarchy.reconcile import coherent_draws, quantiles_of
from threatcast_forecasting.hierarchy.tree import REST, tree_of
from threatcast_forecasting.outlook.answers import weeks_together
from threatcast_forecasting.outlook.totals import DRAWS
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.scores import score_table
from threatcast_forecasting.seeds import stable_seed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.hierarchy.tree import Tree

    Array = NDArray[np.float64]

PAST_DRAWS = 1000
"""Draws at a past origin, where quantiles and chances are scored, not shown."""


@dataclass(frozen=True)
class Coherent:
    """Forecasts of one target that add up.

    Parameters
    ----------
    forecasts : DataFrame
        `location, origin, horizon, quantile, value` of the newest origin, rests left out.
    scores : DataFrame
        `location, origin, horizon` and the columns of `scores.score_table`, of the past origins at
        which all places had a forecast.
    draws : dict of float arrays, each of shape (draws, horizon)
        Draws of the newest origin by node, rests among them; whole, adding up draw by draw.
    past : dict of float arrays, each of shape (draws, 2)
        Draws of the totals of 4 and 12 weeks by node and past origin, rests left out.
    """

    forecasts: pd.DataFrame
    scores: pd.DataFrame
    draws: dict[str, Array]
    past: dict[tuple[str, Any], Array]


def coherent(
    forecasts: pd.DataFrame,
    scores: pd.DataFrame,
    counts: pd.DataFrame,
    parents: Mapping[str, str | None],
    *,
    seed: int,
) -> Coherent:
    """Return coherent forecasts of one target.

    Parameters
    ----------
    forecasts : DataFrame
        `location, origin, horizon, quantile, value`: one model at the newest origin and past ones,
        of all places with a forecast and of the rests that `tree.rests` names.
    scores : DataFrame
        `location, origin, horizon, scale, scaled_wis, pit_low, pit_high`: the back-test of the
        same.
    counts : DataFrame
        `location, week, value`: what came, of the same.
    parents : mapping
        Parent of each location.
    seed : int

    Raises
    ------
    ForecastError
        If the newest origin lacks a place or a quantile.
    """
    night = _Night.of(forecasts, scores, counts, parents, seed)
    newest = night.origins[-1]
    if not night.is_whole(newest):
        raise ForecastError("the hierarchy", "a place or a quantile of the newest forecast lacks")
    past = [origin for origin in night.origins[:-1] if night.is_whole(origin)]
    tables, totals = [], {}
    for origin in past:
        before = night.draws(origin, PAST_DRAWS)
        tables.append(night.scored(origin, quantiles_of(before)))
        for node, total in zip(night.tree.nodes, weeks_together(before), strict=True):
            if not node.endswith(REST):
                totals[node, origin] = total
    draws = dict(zip(night.tree.nodes, night.draws(newest, DRAWS), strict=True))
    shown = {node: drawn for node, drawn in draws.items() if not node.endswith(REST)}
    return Coherent(rows_of(shown, newest), _places(tables), draws, totals)


def rows_of(draws: Mapping[str, Array], origin: Any) -> pd.DataFrame:
    """Return quantiles of draws, shape (draws, horizon) by place, as rows.

    Returns
    -------
    DataFrame
        `location, origin, horizon, quantile, value`.
    """
    import pandas as pd

    if not draws:
        return pd.DataFrame(columns=["location", "origin", "horizon", "quantile", "value"])
    quantiles = quantiles_of(np.stack(list(draws.values())))
    places, horizon, levels = quantiles.shape
    return pd.DataFrame(
        {
            "location": np.repeat(list(draws), horizon * levels),
            "origin": origin,
            "horizon": np.tile(np.repeat(np.arange(1, horizon + 1), levels), places),
            "quantile": np.tile(LEVELS, places * horizon),
            "value": quantiles.ravel(),
        }
    )


def _places(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables as one, without rests."""
    import pandas as pd

    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    return table[~table["location"].str.endswith(REST)].reset_index(drop=True)


@dataclass(frozen=True)
class _Night:
    """What one target's forecasts are made coherent from."""

    tree: Tree
    wide: pd.DataFrame
    scores: pd.DataFrame
    counts: pd.DataFrame
    seed: int

    @classmethod
    def of(
        cls,
        forecasts: pd.DataFrame,
        scores: pd.DataFrame,
        counts: pd.DataFrame,
        parents: Mapping[str, str | None],
        seed: int,
    ) -> _Night:
        """Return it with forecasts in one row an origin and place, and scores with their week."""
        import pandas as pd

        locations = forecasts["location"].unique()
        tree = tree_of([name for name in locations if not name.endswith(REST)], parents)
        wide = forecasts.pivot_table(
            index=["origin", "location"], columns=["horizon", "quantile"], values="value"
        ).sort_index(axis=1)
        weeks = pd.to_timedelta(7 * scores["horizon"], unit="D")
        scores = scores.assign(week=pd.to_datetime(scores["origin"]) + weeks)
        counts = counts.pivot_table(index="week", columns="location", values="value")
        return cls(tree, wide, scores, counts.reindex(columns=list(tree.nodes)), seed)

    @property
    def origins(self) -> list[Any]:
        """Return all origins, oldest first."""
        return sorted(self.wide.index.unique("origin"))

    def quantiles(self, origin: Any) -> Array:
        """Return the forecasts of all nodes at an origin; NaN where one lacks."""
        rows = self.wide.loc[origin].reindex(list(self.tree.nodes))
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), -1, len(LEVELS))

    def is_whole(self, origin: Any) -> bool:
        """Return whether every node has a forecast at an origin."""
        return not bool(np.isnan(self.quantiles(origin)).any())

    def draws(self, origin: Any, draws: int) -> Array:
        """Return coherent draws of an origin, tied as misses were that were known by then."""
        known = self.scores[self.scores["week"] <= origin]
        is_sum = known["location"].isin({self.tree.nodes[place] for place in self.tree.sums})
        ties = ties_of(known[~is_sum], known[is_sum])
        seed = stable_seed(self.seed, str(origin))
        return coherent_draws(self.quantiles(origin), self.tree, ties, seed=seed, draws=draws)

    def scored(self, origin: Any, quantiles: Array) -> pd.DataFrame:
        """Return scores of quantiles as rows; NaN where nobody knows what came."""
        import pandas as pd

        nodes, horizon, _ = quantiles.shape
        steps = np.arange(1, horizon + 1)
        weeks = pd.to_datetime(origin) + pd.to_timedelta(7 * steps, unit="D")
        here = self.scores[self.scores["origin"] == origin]
        scale = here.groupby("location")["scale"].first().reindex(list(self.tree.nodes))
        observed = self.counts.reindex(weeks).to_numpy(dtype=np.float64).T
        table = score_table(observed, quantiles, scale.to_numpy(dtype=np.float64))
        return pd.DataFrame(
            {
                "location": np.repeat(self.tree.nodes, horizon),
                "origin": origin,
                "horizon": np.tile(steps, nodes),
                **{name: values.ravel() for name, values in table.items()},
            }
        )
