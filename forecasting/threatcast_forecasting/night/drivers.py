"""What published outlooks are made of: parts in events that add up to what is expected.

A forecast of many models, calibrated and made to add up with its neighbours, has no single cause.
It has a way that it went, and each part is a step of it: from the usual level to the weighted mean
of the models, with what they tell apart, and on to the number that is published. The steps depend
on their order, and are none of them causes of events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from threatcast_forecasting.backtesting.composition import mean_of
from threatcast_forecasting.models import base_models
from threatcast_forecasting.models.card import PARTS
from threatcast_forecasting.outlook.answers import NEAR, USUAL_WEEKS, WHOLE, usual_levels
from threatcast_forecasting.outlook.totals import weekly_draws

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.results import NightResult
    from threatcast_forecasting.night.coherence import CoherentForecasts
    from threatcast_forecasting.night.inputs import NightInputs

    Array = NDArray[np.float64]

SPANS = (NEAR, WHOLE)
DRIVERS = (
    "usual",
    "late_reports",
    "level_shift",
    "level",
    "trend",
    "season",
    "undivided",
    "borrowed",
    "calibration",
    "coherence",
    "middle",
)
"""Parts in the order of the way; `middle` is what is left."""
EVENTS = tuple(f"events_{weeks}w" for weeks in SPANS)
DIGITS = 2
NODES = 400
"""Equally likely points by which the mean of a drawn-out forecast is taken."""


@dataclass(frozen=True)
class Usual:
    """Weekly levels of all series, by `series_id`.

    Parameters
    ----------
    counted : Series
        Mean of the last 26 observed weeks, as counted.
    learnt : Series
        The same as models learned it: with nowcasts for weeks that still grow.
    shifted : Series
        Mean since the newest level shift on record within those weeks; only of series with one.
    late : set of str
        Series of which such a week had not settled.
    """

    counted: pd.Series[float]
    learnt: pd.Series[float]
    shifted: pd.Series[float]
    late: frozenset[str]


def driver_tables(
    inputs: NightInputs,
    result: NightResult,
    coherent: CoherentForecasts,
    outlook: pd.DataFrame,
    known: pd.DataFrame,
    nowcasts: pd.DataFrame,
    shifts: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Return the tables `drivers` and `outlook_mix`.

    Parameters
    ----------
    inputs, result, coherent, known
        As in the night.
    outlook, nowcasts, shifts : DataFrame
        The night's tables `outlook`, `nowcast` and `level_shifts`.

    Returns
    -------
    dict
        `drivers`: `target, location, driver, position, events_4w, events_12w`, adding up to
        `expected_4w` and `expected_12w` of the outlook. A part that an outlook does not have has no
        row. `outlook_mix`: `target, location, member, member_title, weight, events_4w,
        events_12w`, the base models that the published one is made of, and what each of them alone
        says on average.
    """
    import pandas as pd

    usual = usual_of(inputs, known, nowcasts, shifts)
    shown = outlook.assign(series_id=outlook["target"] + "|" + outlook["location"])
    shown = shown[shown["series_id"].isin(usual.counted.index)]
    parts, mixes = [], []
    for (_, model), rows in shown.groupby(["target", "model"], sort=True):
        places = rows.set_index("series_id")
        borrows = places.index.isin(inputs.sparse["series_id"])
        own = _own(result, coherent, str(model), places.index[~borrows], usual)
        lent = _borrowed(coherent, str(model), places.index[borrows], usual)
        parts += [_rows(own, places), _rows(lent, places)]
        mixes.append(_mix(result, str(model), places[~borrows]))
    drivers = ["target", "location", "driver", "position", *EVENTS]
    mix = ["target", "location", "member", "member_title", "weight", *EVENTS]
    return {
        "drivers": pd.concat(parts)[drivers] if parts else pd.DataFrame(columns=drivers),
        "outlook_mix": pd.concat(mixes)[mix] if mixes else pd.DataFrame(columns=mix),
    }


def usual_of(
    inputs: NightInputs, known: pd.DataFrame, nowcasts: pd.DataFrame, shifts: pd.DataFrame
) -> Usual:
    """Return the usual levels of a night, as counted, as learnt and since a shift."""
    import pandas as pd

    counts = inputs.counts[["series_id", "week", "value"]]
    counts = counts.assign(week=pd.to_datetime(counts["week"]))
    newest = counts["week"].max()
    told = known[pd.to_datetime(known["origin"]) == newest]
    learnt = pd.concat(
        [
            counts[~counts["series_id"].isin(set(told["series_id"]))],
            told[["series_id", "week", "value"]].assign(week=pd.to_datetime(told["week"])),
        ]
    )
    observed = learnt.dropna(subset=["value"]).sort_values(["series_id", "week"])
    window = observed.groupby("series_id").tail(USUAL_WEEKS)
    begins = window.groupby("series_id")["week"].min()

    def within(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.assign(series_id=rows["target"] + "|" + rows["location"])
        return rows[pd.to_datetime(rows["week"]) > rows["series_id"].map(begins)]

    late = frozenset(within(nowcasts)["series_id"]) & frozenset(told["series_id"])
    since = pd.to_datetime(within(shifts).groupby("series_id")["week"].max())
    after = window[window["week"] >= window["series_id"].map(since)]
    return Usual(
        usual_levels(counts),
        usual_levels(learnt),
        after.groupby("series_id")["value"].mean(),
        late,
    )


def _own(
    result: NightResult,
    coherent: CoherentForecasts,
    model: str,
    series: pd.Index[str],
    usual: Usual,
) -> dict[str, pd.DataFrame]:
    """Return the parts of series with a model of their own, by name: events by series and span."""
    import pandas as pd

    store = result.newest.store
    made = store.composition
    at = pd.Index(made.series_ids).get_indexer(series)
    where = pd.Index(store.grid.series_ids[store.series]).get_indexer(series)
    quantiles = store.quantiles(model, slice(None))[where].astype(np.float64)

    def table(values: Array) -> pd.DataFrame:
        return pd.DataFrame(values, index=series, columns=list(EVENTS))

    pooled, apart = _sums(made.mean(model)[at]), _sums(made.parts(model)[at])
    counted, learnt = (_over(level, series) for level in (usual.counted, usual.learnt))
    shifted = _over(usual.shifted, series)
    base = np.where(np.isnan(shifted), learnt, shifted)
    parts = {
        "usual": table(counted),
        "late_reports": table(learnt - counted)[series.isin(usual.late)],
        "level_shift": table(base - learnt).dropna()[~np.isnan(shifted[:, 0])],
    }
    if made.is_undivided(model):
        parts["undivided"] = table(pooled - base)
    else:
        parts["level"] = table(pooled - apart.sum(axis=-1) - base)
        parts |= {name: table(apart[..., k]) for k, name in enumerate(PARTS)}
    if len(made.weights(model)) > 1:
        parts["calibration"] = table(_sums(mean_of(quantiles)) - pooled)
    together = [name for name in series if (model, name) in coherent.totals]
    if together:
        drawn = np.array([coherent.totals[model, name].mean(axis=0) for name in together])
        alone = _sums(drawn_mean(quantiles[series.get_indexer(pd.Index(together))]))
        parts["coherence"] = pd.DataFrame(drawn - alone, index=together, columns=list(EVENTS))
    return parts


def _borrowed(
    coherent: CoherentForecasts, model: str, series: pd.Index[str], usual: Usual
) -> dict[str, pd.DataFrame]:
    """Return the parts of series that borrow: their own usual level, and what their share adds."""
    import pandas as pd

    drawn = [coherent.totals[model, name].mean(axis=0) for name in series]
    counted = _over(usual.counted, series)
    lent = np.reshape(drawn, counted.shape) - counted
    return {
        name: pd.DataFrame(values, index=series, columns=list(EVENTS))
        for name, values in (("usual", counted), ("borrowed", lent))
    }


def drawn_mean(quantiles: Array) -> Array:
    """Return the mean of weekly draws from forecasts, shape (n, horizon, 23), without drawing.

    Returns
    -------
    float array, shape (n, horizon)
    """
    from scipy.special import ndtri

    nodes = ndtri((np.arange(NODES) + 0.5) / NODES)
    normal = np.repeat(nodes[:, None], quantiles.shape[1], axis=1)
    return np.asarray(weekly_draws(quantiles, normal).mean(axis=1))


def _over(weekly: pd.Series[float], series: pd.Index[str]) -> Array:
    """Return weekly levels of some series over each span, shape (n, 2); NaN where there is none."""
    level = weekly.reindex(series).to_numpy(dtype=np.float64)
    return np.asarray(level[:, None] * np.array(SPANS))


def _sums(weekly: Array) -> Array:
    """Return sums over each span, shape (n, 2, ...), of weekly numbers, shape (n, horizon, ...)."""
    return np.stack([weekly[:, :weeks].sum(axis=1) for weeks in SPANS], axis=1)


def _rows(parts: dict[str, pd.DataFrame], places: pd.DataFrame) -> pd.DataFrame:
    """Return parts as rows, with what is left of what is expected as the last one."""
    import pandas as pd

    rounded = {name: table.round(DIGITS) for name, table in parts.items()}
    names = parts["usual"].index
    expected = places.loc[names, [f"expected_{weeks}w" for weeks in SPANS]].set_axis(
        list(EVENTS), axis=1
    )
    left = expected - sum(table.reindex(names, fill_value=0.0) for table in rounded.values())
    # no minus before a nought
    told = pd.concat(rounded | {"middle": left.round(DIGITS)}, names=["driver"]) + 0.0
    rows = told.rename_axis(["driver", "series_id"]).reset_index()
    rows["position"] = rows["driver"].map(DRIVERS.index).astype(int) + 1
    rows[["target", "location"]] = places.loc[rows["series_id"], ["target", "location"]].to_numpy()
    return rows.sort_values(["target", "location", "position"], ignore_index=True)


def _mix(result: NightResult, model: str, places: pd.DataFrame) -> pd.DataFrame:
    """Return the base models that count in a model, and the sums of their means."""
    import pandas as pd

    made = result.newest.store.composition
    at = pd.Index(made.series_ids).get_indexer(places.index)
    rows = []
    for member, weight in made.weights(model).items():
        told = places[["target", "location"]].assign(member=member, weight=weight[at])
        told[list(EVENTS)] = _sums(made.member_mean(member)[at]).round(DIGITS)
        rows.append(told[told["weight"] > 0])
    mix = pd.concat(rows)
    mix["weight"] = mix["weight"].round(4)
    # a model may count in a combination without being run for itself, and so have no card
    titles = {name: one.card.title for name, one in base_models().items()}
    mix["member_title"] = mix["member"].map(titles)
    order = ["target", "location", "weight", "member"]
    return mix.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
