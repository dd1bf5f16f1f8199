"""What a night's own back-test said of the newest weeks: it stands in for what was not published.

A home that is young has no archive of what it published. Its back-test forecasts the same weeks
from past origins, by what was known then. These forecasts are the models' own: unlike published
ones they were not made to add up over places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_forecasting.grid import Knowledge
from threatcast_forecasting.night.outlooks import published_model
from threatcast_forecasting.quantiles import LEVELS
from threatcast_forecasting.warning.wagers import LONGEST
from threatcast_forecasting.weeks import reference_date

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from threatcast_forecasting.backtesting.results import NightResult
    from threatcast_forecasting.backtesting.store import Store
    from threatcast_forecasting.night.inputs import NightInputs

WEEKS = 52
"""Newest weeks that warnings look at: a year tells how the forecasts of a series err."""
WEEKS_BEFORE_ORIGIN = 52
"""Weeks before an origin that its forecast rests on."""
LEAST_KNOWN_WEEKS = 26
"""Of these so many must have been known there, as for an outlook."""


def past_forecasts(
    inputs: NightInputs, result: NightResult, known: pd.DataFrame | None
) -> pd.DataFrame:
    """Return what the published models say of the newest weeks, 1 to 4 weeks ahead.

    Left out are origins at which hardly anything was known of a series: a watch that has just
    begun knows its past today and did not know it then, and a forecast from nothing says nothing.

    Parameters
    ----------
    inputs, result
    known
        What was known at past origins, as of `rolling.nightly`.

    Returns
    -------
    DataFrame
        `target, location, reference_date, horizon, quantile, value`.
    """
    import pandas as pd

    places = inputs.panel.drop_duplicates("series_id").set_index("series_id")["location"]
    counted = sorted(set(inputs.panel["target"]))
    models = {target: published_model(inputs, target).model for target in counted}
    parts = []
    for store in (result.past.store, result.recent.store):
        targets = store.grid.targets[store.series]
        model_of = np.array([models[target] for target in targets], dtype=object)
        knowledge = Knowledge(store.grid, known)
        young = store.origin > store.grid.last.max() - WEEKS - LONGEST
        young[young] = informed(knowledge, store.series[young], store.origin[young])
        parts += [
            _rows(store.part(young & (model_of == model)), model, places)
            for model in sorted({*models.values()})
        ]
    return pd.concat(parts, ignore_index=True)


def informed(
    knowledge: Knowledge, series: NDArray[np.int64], origins: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return for which pairs of series and origin enough weeks of the year before were known."""
    enough = np.zeros(len(series), dtype=bool)
    for origin in np.unique(origins):
        here = origins == origin
        seen = knowledge.values(series[here], int(origin))[:, -WEEKS_BEFORE_ORIGIN:]
        enough[here] = (~np.isnan(seen)).sum(axis=1) >= LEAST_KNOWN_WEEKS
    return enough


def _rows(store: Store, model: str, places: pd.Series[Any]) -> pd.DataFrame:
    import pandas as pd

    quantiles = store.quantiles(model, slice(None))[:, :LONGEST]
    dates = reference_date(store.grid.week(store.origin)).astype("datetime64[ns]")
    locations = places.reindex(store.grid.series_ids[store.series]).to_numpy()
    count, weeks, levels = quantiles.shape
    each = weeks * levels
    return pd.DataFrame(
        {
            "target": np.repeat(store.grid.targets[store.series], each),
            "location": np.repeat(locations, each),
            "reference_date": np.repeat(dates, each),
            "horizon": np.tile(np.repeat(np.arange(1, weeks + 1), levels), count),
            "quantile": np.tile(LEVELS, count * weeks),
            "value": quantiles.ravel().astype(np.float64),
        }
    )
