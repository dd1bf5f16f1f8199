"""All warnings of a night from its frames: faults of the data, what is new, surges and drops.

What each is looked for in stands in the room `warning`; here it is asked of all series at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatcast_forecasting.night.level_shifts import RECENT_WEEKS
from threatcast_forecasting.night.standing_warnings import standing_warnings
from threatcast_forecasting.night.unusual_weeks import KEY, read_forecasts, unusual_weeks
from threatcast_forecasting.warning import warning_kinds

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

NEWS_WEEKS = 4
"""How old a target's newest week may be for something to be new in it: the rest is history."""


@dataclass(frozen=True)
class WarningInputs:
    """All that the warnings of one night are made from.

    Parameters
    ----------
    reference_date : date
        Sunday that ends the newest complete week.
    counts : DataFrame
        See `unusual_weeks.unusual_weeks`.
    archive, past, first : DataFrame
        See `unusual_weeks.read_forecasts`.
    outlook, scores : DataFrame
        `target, location, model`; the night's back-test: the errors of its published models say
        how much the weeks of one origin share.
    findings : DataFrame
        `target, check, since`: checks that the newest copy of a feed fails.
    health : DataFrame
        `target, state, since`: of each target's feed.
    shifts : DataFrame
        `target, scope, week, noticed_week`.
    world : DataFrame
        `target, week, value`: counts of whole targets.
    places, names : DataFrame
        `target, place, week, value` and `target, name, week, value`; see `warning_kinds`.
    filled : DataFrame
        `target, field, week, records, filled`.
    before : DataFrame
        The table `warnings` of the night before.
    to_date : DataFrame, optional
        `target, location, week, low`; see `unusual_weeks.unusual_weeks`.
    """

    reference_date: date
    counts: pd.DataFrame
    archive: pd.DataFrame
    past: pd.DataFrame
    first: pd.DataFrame
    outlook: pd.DataFrame
    scores: pd.DataFrame
    findings: pd.DataFrame
    health: pd.DataFrame
    shifts: pd.DataFrame
    world: pd.DataFrame
    places: pd.DataFrame
    names: pd.DataFrame
    filled: pd.DataFrame
    before: pd.DataFrame
    to_date: pd.DataFrame | None = None


def warning_table(inputs: WarningInputs) -> pd.DataFrame:
    """Return the table `warnings`: see `standing_warnings`."""
    told = read_forecasts(inputs.archive, inputs.past, inputs.first, inputs.reference_date)
    shared = shared_errors(inputs.scores, inputs.outlook)
    series = unusual_weeks(inputs.counts, told, shared, inputs.to_date)
    return standing_warnings(
        series, faults(inputs), news(inputs), inputs.before, inputs.reference_date
    )


def faults(inputs: WarningInputs) -> pd.DataFrame:
    """Return the faults of the data that stand: the columns of `warning_kinds`."""
    import pandas as pd

    shifts = inputs.shifts.assign(since=inputs.shifts["week"]).sort_values(["target", "since"])
    age = pd.Timestamp(inputs.reference_date) - pd.to_datetime(shifts["noticed_week"])
    found = [
        warning_kinds.from_gates(inputs.findings),
        warning_kinds.from_states(inputs.health),
        warning_kinds.silent_feeds(inputs.world),
        warning_kinds.blank_fields(inputs.filled),
        warning_kinds.from_level_shifts(shifts[age < pd.Timedelta(weeks=RECENT_WEEKS)]),
    ]
    there = [part.assign(since=pd.to_datetime(part["since"])) for part in found if len(part)]
    told = pd.concat(there or found[:1], ignore_index=True)
    # two checks that found the same say it once; two fields are two faults
    field = told["detail"].where(told["kind"] == "blank_field", "")
    return told[~told.assign(field=field).duplicated(["kind", "target", "place", "field"])]


def news(inputs: WarningInputs) -> pd.DataFrame:
    """Return places and names that are new, and the events of their first week as `observed`.

    Names stay with the feed: a warning says that there are new ones, and how many events are
    theirs.
    """
    import pandas as pd

    counted = _with_events(warning_kinds.new_places(inputs.places), inputs.places)
    named = inputs.names.rename(columns={"name": "detail"})
    names = _with_events(warning_kinds.new_names(inputs.names), named)
    alike = ["kind", "target", "place", "since"]
    unnamed = names.groupby(alike, as_index=False)["observed"].sum().assign(detail="")
    found = pd.concat([part for part in (counted, unnamed) if len(part)] or [counted])
    age = pd.Timestamp(inputs.reference_date) - found["since"]
    return found[age < pd.Timedelta(weeks=NEWS_WEEKS)].reset_index(drop=True)


def _with_events(found: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Return findings with `observed`: the events of their first week."""
    import pandas as pd

    # a frame without rows has no types
    rows = counts.rename(columns={"week": "since", "value": "observed"})
    who = [name for name in ("target", "place", "detail") if name in rows]
    typed = dict.fromkeys(who, object)
    left, right = (
        part.astype(typed).assign(since=pd.to_datetime(part["since"])) for part in (found, rows)
    )
    return left.merge(right, on=[*who, "since"])


def shared_errors(scores: pd.DataFrame, outlook: pd.DataFrame) -> pd.DataFrame:
    """Return `target, location, shared`: how much the errors of one origin hang together.

    Parameters
    ----------
    scores : DataFrame
        The night's back-test: `target, location, model, reference_date, horizon, scale, pit_low,
        pit_high`.
    outlook : DataFrame
        `target, location, model`: all series that are asked for.
    """
    from threatcast_forecasting.outlook.dependence import activity, dependence, rho_of

    own = scores.merge(outlook, on=[*KEY, "model"])
    own = own.assign(series_id=own["location"], origin=own["reference_date"])
    newest = own.sort_values("reference_date").groupby(KEY, as_index=False)["scale"].last()
    series = outlook[KEY].merge(newest, on=KEY, how="left")
    shared = rho_of(dependence(own), series["target"], activity(series["scale"]))
    return series[KEY].assign(shared=shared)
