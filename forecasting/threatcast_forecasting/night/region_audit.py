"""The audit of regions of a night: what is known of each country, brought together for `audit`.

Countries are put into the regions of the UN. Income groups and languages of the sources would be
other groupings: no table of the project holds them yet, and no language of a source is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatcast_forecasting.judging.fairness import audit
from threatcast_forecasting.roles import BASELINE

if TYPE_CHECKING:
    import pandas as pd

REGION = "region"
COUNTED_WEEKS = 52
"""Newest weeks whose records are shared out."""
_SERIES = ["target", "location"]
_FORECAST = [*_SERIES, "reference_date", "horizon"]


@dataclass(frozen=True)
class AuditInputs:
    """All that the audit of one night is made from.

    Parameters
    ----------
    countries : DataFrame
        `location, region, population, internet_users`, null where not known.
    counts : DataFrame
        `location, week, value`: weekly counts of countries, a row a target; null where nobody
        watched.
    scores : DataFrame
        `target, location, reference_date, horizon, model, wis, covered_80`: of the published
        models and of the baseline.
    outlook : DataFrame
        `target, location, model`: outlooks with a number.
    series : DataFrame
        `target, location`: all that could have one.
    regions : DataFrame
        `location, region`: the region of each place that lies in one, of regions themselves too.
    closed : DataFrame or None
        `location, outcome`: warnings that people closed; None if nobody knows.
    """

    countries: pd.DataFrame
    counts: pd.DataFrame
    scores: pd.DataFrame
    outlook: pd.DataFrame
    series: pd.DataFrame
    regions: pd.DataFrame
    closed: pd.DataFrame | None


def region_audit(inputs: AuditInputs) -> pd.DataFrame:
    """Return `grouping`, `location` (the region), and the measures of `fairness.audit`."""
    parts = (_records(inputs.counts), _scored(inputs.scores, inputs.outlook), _cells(inputs))
    places = inputs.countries.dropna(subset=["region"]).set_index("location")
    for part in parts:
        places = places.join(part)
    closed = None
    if inputs.closed is not None:
        # a warning on the world as a whole is of no region
        closed = inputs.closed.merge(inputs.regions, on="location")
        closed = closed.rename(columns={"region": "group"})
    found = audit(places.reset_index().rename(columns={"region": "group"}), closed)
    return found.rename(columns={"group": "location"}).assign(grouping=REGION)


def _records(counts: pd.DataFrame) -> pd.Series[float]:
    """Return the events of the newest year by place; a place that nobody watched has none."""
    import pandas as pd

    weeks = pd.to_datetime(counts["week"])
    year = counts[weeks > weeks.max() - pd.Timedelta(weeks=COUNTED_WEEKS)]
    return year.groupby("location")["value"].sum(min_count=1).rename("records")


def _scored(scores: pd.DataFrame, outlook: pd.DataFrame) -> pd.DataFrame:
    """Return sums over the forecasts of published models that the baseline made too."""
    own = scores.merge(outlook, on=[*_SERIES, "model"])
    base = scores.loc[scores["model"] == BASELINE, [*_FORECAST, "wis"]]
    both = own.merge(base.rename(columns={"wis": "wis_baseline"}), on=_FORECAST)
    both = both.dropna(subset=["wis", "wis_baseline"]).sort_values(_FORECAST)
    held = both.assign(forecasts=1.0, held_80=both["covered_80"].eq(other=True).astype(float))
    return held.groupby("location")[["forecasts", "held_80", "wis", "wis_baseline"]].sum()


def _cells(inputs: AuditInputs) -> pd.DataFrame:
    """Return how many series each place has, and how many of them with a number."""
    keys = inputs.outlook[_SERIES].assign(published=1.0)
    cells = inputs.series.merge(keys, on=_SERIES, how="left").assign(cells=1.0)
    return cells.fillna({"published": 0.0}).groupby("location")[["cells", "published"]].sum()
