"""Pictures for the UI: what was seen and what is expected, one small chart a target."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

WEEKS_SHOWN = 104
_COLUMNS = 3


def fan_charts(
    panel: pd.DataFrame, forecast: pd.DataFrame, outlook: pd.DataFrame, location: str = "WORLD"
) -> bytes:
    """Return a PNG with the last two years and the published forecast of each target.

    Parameters
    ----------
    panel
        Columns target, location, week, value; a missing week is a gap in the line.
    forecast
        Columns target, location, model, target_week, quantile, value.
    outlook
        Columns target, location, model: whose forecasts are published.
    location
        Location shown; targets without it are left out.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    seen = panel[panel["location"] == location]
    own = forecast.merge(outlook[["target", "location", "model"]])
    expected = own[own["location"] == location]
    targets = sorted(expected["target"].unique())
    rows = max(-(-len(targets) // _COLUMNS), 1)
    figure = Figure(figsize=(4.2 * _COLUMNS, 2.4 * rows), layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axis, target in zip(grid, targets, strict=False):
        past = seen[seen["target"] == target].sort_values("week").tail(WEEKS_SHOWN)
        wide = expected[expected["target"] == target].pivot_table(
            index="target_week", columns="quantile", values="value"
        )
        axis.plot(past["week"], past["value"], color="0.25", linewidth=0.9)
        axis.fill_between(wide.index, wide[0.025], wide[0.975], color="tab:blue", alpha=0.18)
        axis.fill_between(wide.index, wide[0.1], wide[0.9], color="tab:blue", alpha=0.35)
        axis.plot(wide.index, wide[0.5], color="tab:blue", linewidth=1.2)
        axis.set_title(target, fontsize=9)
        axis.set_ylim(bottom=0)
        axis.tick_params(labelsize=7, rotation=20)
    for axis in grid[len(targets) :]:
        axis.set_axis_off()
    sink = io.BytesIO()
    figure.savefig(sink, format="png", dpi=80, metadata={"Software": None})
    return sink.getvalue()
