"""The fairness audit of a night: what is known of places and of targets, brought together.

Countries are put into groups: regions of the UN, income groups of the World Bank. Targets are put
together by the languages that their sources read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatcast_forecasting.judging.fairness import audit, audit_without_people
from threatcast_forecasting.roles import BASELINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

LANGUAGE = "language"
NO_LANGUAGE = "none"
"""Group of the targets whose sources are lists that machines make."""
NOT_LOOKED_AT = "unknown"
COUNTED_WEEKS = 52
"""Newest weeks whose records are shared out."""
WORLD = "WORLD"
_SERIES = ["target", "location"]
_FORECAST = [*_SERIES, "reference_date", "horizon"]


@dataclass(frozen=True)
class AuditInputs:
    """All that the audit of one night is made from.

    Parameters
    ----------
    countries : DataFrame
        `location, population, internet_users`, null where not known.
    groups : DataFrame
        `grouping, location, group`: which group of a grouping each place belongs to; also places
        that are no countries, for the warnings that were closed there. Places in no group of a
        grouping are left out of it.
    languages : DataFrame
        `target, group`: the languages that the sources of each target read, as one word.
    counts : DataFrame
        `target, location, week, value`: weekly counts of countries and of the world; null where
        nobody watched.
    scores : DataFrame
        `target, location, reference_date, horizon, model, wis, covered_80`: of the published
        models and of the baseline.
    outlook : DataFrame
        `target, location, model`: outlooks with a number.
    series : DataFrame
        `target, location`: all that could have one.
    closed : DataFrame or None
        `target, location, outcome`: warnings that people closed; None if nobody knows.
    """

    countries: pd.DataFrame
    groups: pd.DataFrame
    languages: pd.DataFrame
    counts: pd.DataFrame
    scores: pd.DataFrame
    outlook: pd.DataFrame
    series: pd.DataFrame
    closed: pd.DataFrame | None


def fairness_audit(inputs: AuditInputs) -> pd.DataFrame:
    """Return `grouping`, `location` (the group), and the measures of `fairness.audit`.

    The groups of languages are of targets: `targets` says how many, and `places` is null.
    """
    import pandas as pd

    known = inputs.countries.set_index("location")
    for part in _parts(inputs, "location"):
        known = known.join(part)
    found = [
        audit(
            known.join(_group_of(members), how="inner").reset_index(), _of(inputs, members)
        ).assign(grouping=grouping)
        for grouping, members in inputs.groups.groupby("grouping", sort=True)
    ]
    return pd.concat([*found, _languages(inputs)], ignore_index=True).rename(
        columns={"group": "location"}
    )


def group_of(languages: Sequence[str] | None) -> str:
    """Return the group of a source that reads these languages; null is not known.

    Examples
    --------
    >>> group_of(["fr", "en"]), group_of([]), group_of(None)
    ('en,fr', 'none', 'unknown')
    """
    if languages is None:
        return NOT_LOOKED_AT
    return ",".join(sorted(languages)) or NO_LANGUAGE


def _group_of(members: pd.DataFrame) -> pd.Series[str]:
    return members.set_index("location")["group"]


def _of(inputs: AuditInputs, members: pd.DataFrame) -> pd.DataFrame | None:
    """Return the closed warnings at places of groups; what is of the world is of none of them."""
    return None if inputs.closed is None else inputs.closed.merge(members, on="location")


def _languages(inputs: AuditInputs) -> pd.DataFrame:
    """Return the audit of targets by the languages of their sources, over all of their series."""
    known = inputs.languages.set_index("target")
    for part in _parts(inputs, "target"):
        known = known.join(part)
    closed = None
    if inputs.closed is not None:
        closed = inputs.closed.merge(inputs.languages, on="target")
    found = audit_without_people(known.reset_index(), closed)
    return found.rename(columns={"places": "targets"}).assign(grouping=LANGUAGE)


def _parts(inputs: AuditInputs, key: str) -> tuple[pd.Series[float], pd.DataFrame, pd.DataFrame]:
    """Return records, sums over scored forecasts, and numbers of series, by place or target."""
    counts = inputs.counts
    if key == "target":
        counts = counts[counts["location"] == WORLD]
    return (
        _records(counts, key),
        _scored(inputs.scores, inputs.outlook, key),
        _cells(inputs, key),
    )


def _records(counts: pd.DataFrame, key: str) -> pd.Series[float]:
    """Return the events of the newest year; what nobody watched has none."""
    import pandas as pd

    weeks = pd.to_datetime(counts["week"])
    year = counts[weeks > weeks.max() - pd.Timedelta(weeks=COUNTED_WEEKS)]
    return year.groupby(key)["value"].sum(min_count=1).rename("records")


def _scored(scores: pd.DataFrame, outlook: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return sums over the forecasts of published models that the baseline made too."""
    own = scores.merge(outlook, on=[*_SERIES, "model"])
    base = scores.loc[scores["model"] == BASELINE, [*_FORECAST, "wis"]]
    both = own.merge(base.rename(columns={"wis": "wis_baseline"}), on=_FORECAST)
    both = both.dropna(subset=["wis", "wis_baseline"]).sort_values(_FORECAST)
    held = both.assign(forecasts=1.0, held_80=both["covered_80"].eq(other=True).astype(float))
    return held.groupby(key)[["forecasts", "held_80", "wis", "wis_baseline"]].sum()


def _cells(inputs: AuditInputs, key: str) -> pd.DataFrame:
    """Return how many series there are, and how many of them with a number."""
    keys = inputs.outlook[_SERIES].assign(published=1.0)
    cells = inputs.series.merge(keys, on=_SERIES, how="left").assign(cells=1.0)
    return cells.fillna({"published": 0.0}).groupby(key)[["cells", "published"]].sum()
