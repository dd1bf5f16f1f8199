"""The forecasts that evidence is built on: a cheap model of the project, asked at every week.

Running the champion at thousands of origins takes hours. `comb_two`, the project's own rival to it,
needs a minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from threatcast_forecasting.combinations.members import COMB_TWO
from threatcast_forecasting.models import base_models
from threatcast_forecasting.panels import Batch
from threatcast_forecasting.warning.wagers import LONGEST
from threatcast_forecasting.weeks import consecutive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .series import Outbreaks

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MONDAY = np.datetime64("2020-01-06")


def ahead(counts: Floats, origins: Ints) -> Floats:
    """Return quantiles of the next 4 weeks of each series from its own origin column.

    Returns
    -------
    float array, shape (series, 4, 23)
    """
    weeks = counts.shape[1]
    columns = np.arange(weeks) + (origins[:, None] + 1 - weeks)
    seen = np.take_along_axis(counts, np.maximum(columns, 0), axis=1)
    values = np.where(columns >= 0, seen, np.nan)
    names = tuple(str(row) for row in range(len(counts)))
    batch = Batch(names, names, names, consecutive(_MONDAY, weeks), values)
    models = base_models()
    return COMB_TWO.combine(
        [models[name].predict(batch, LONGEST, 0).quantiles for name in COMB_TWO.members]
    )


def every_week(counts: Floats, first: int) -> Floats:
    """Return for each week from `first` on what was forecast of it 1 to 4 weeks before.

    Returns
    -------
    float array, shape (series, weeks - first, 4, 23)
    """
    series, weeks = counts.shape
    out = np.full((series, weeks - first, LONGEST, 23), np.nan)
    for origin in range(first - LONGEST, weeks - 1):
        found = ahead(counts, np.full(series, origin))
        for step in range(LONGEST):
            column = origin + 1 + step - first
            if 0 <= column < weeks - first:
                out[:, column, step] = found[:, step]
    return out


def around(usual: Floats, first: int, outbreaks: Outbreaks, before: int, after: int) -> Floats:
    """Return the forecasts of the weeks around each outbreak, which learn of it as it goes on.

    Parameters
    ----------
    usual : float array
        What `every_week` returned of the counts without outbreaks, from column `first` on.
    before, after : int
        Weeks before the outbreak's first one, and weeks from it on.

    Returns
    -------
    float array, shape (series, before + after, 4, 23)
    """
    columns = outbreaks.start[:, None] - first + np.arange(-before, after)
    out = usual[np.arange(len(usual))[:, None], columns]
    for late in range(after - 1):
        found = ahead(outbreaks.counts, outbreaks.start + late)
        for step in range(LONGEST):
            if late + 1 + step < after:
                out[:, before + late + 1 + step, step] = found[:, step]
    return out
