"""The published outlooks of a release: row, chart, weeks ahead, shifts and record of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from threatcast_publishing.site.fans import PAST, QUANTILES, Fan

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext

Row = Mapping[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class Outlook:
    """One threat at one place.

    `weeks` holds the forecast of each week ahead, with a value a level of `QUANTILES`; `late` the
    newest weeks that may still grow; `records` how past forecasts fared, by kind; `parts` what the
    expected number is made of, from the usual on; `mix` the base models that count, first the most.
    """

    row: Row
    target: Row
    weeks: tuple[tuple[date, tuple[float, ...]], ...] = ()
    fan: Fan | None = None
    shifts: tuple[Row, ...] = ()
    late: tuple[Row, ...] = ()
    records: tuple[Row, ...] = ()
    parts: tuple[Row, ...] = ()
    mix: tuple[Row, ...] = ()

    @property
    def key(self) -> str:
        """Name of its row on a page."""
        return f"{self.row['target']}.{self.row['location']}"


def published_outlooks(
    release: ReleaseContext,
    rows: Iterable[Row],
    targets: Mapping[str, Row],
    *,
    shifts: Iterable[Row],
    records: Iterable[Row],
    drivers: Iterable[Row],
    mix: Iterable[Row],
) -> dict[Key, Outlook]:
    """Return an outlook for each published row of `outlook`, by target and location."""
    quantiles, past = _quantiles(release), _recent_weeks(release)
    shifts_of, records_of = _by_key(shifts), _by_key(records)
    parts_of, mix_of = _by_key(drivers), _by_key(mix)
    found = {}
    for row in rows:
        key = (row["target"], row["location"])
        weeks, ahead = past.get(key, []), quantiles.get(key, [])
        own_shifts = shifts_of.get(key, [])
        found[key] = Outlook(
            row=row,
            target=targets[row["target"]],
            weeks=tuple(ahead),
            fan=_fan(row, weeks, ahead, own_shifts),
            shifts=tuple(own_shifts),
            late=tuple(week for week in weeks if week["observation"] == "provisional"),
            records=tuple(records_of.get(key, ())),
            parts=_in_order(parts_of.get(key, ())),
            mix=tuple(sorted(mix_of.get(key, ()), key=lambda row: -row["weight"])),
        )
    return found


def _fan(row: Row, weeks: Sequence[Row], ahead: Sequence[Any], shifts: Sequence[Row]) -> Fan | None:
    if not weeks and not ahead:
        return None
    first = weeks[0]["week"] if weeks else None
    return Fan(
        weeks=tuple(
            (
                week["week"],
                None if week["observation"] == "missing" else week["value"],
                week["observation"] == "provisional",
            )
            for week in weeks
        ),
        nowcast=tuple(
            (week["week"], week["nowcast"], week["nowcast_low80"], week["nowcast_high80"])
            for week in weeks
            if week["observation"] == "provisional"
            and None not in (week["nowcast"], week["nowcast_low80"], week["nowcast_high80"])
        ),
        quantiles=tuple(ahead),
        usual=row["usual_weekly"],
        shifts=tuple(shift["week"] for shift in shifts if first and shift["week"] >= first),
    )


def _quantiles(release: ReleaseContext) -> dict[Key, list[tuple[date, tuple[float, ...]]]]:
    """Return the levels that pages show of each week ahead, by target and location."""
    rows = _sql(
        release,
        "select target, location, target_week, list(value order by quantile) "
        "from forecast_published where round(quantile, 3) in "
        f"({', '.join(map(str, QUANTILES))}) and horizon > 0 group by all order by all",
        "forecast_published",
    )
    found: dict[Key, list[tuple[date, tuple[float, ...]]]] = defaultdict(list)
    for target, location, week, values in rows:
        if len(values) == len(QUANTILES):
            found[target, location].append((week, tuple(values)))
    return found


def _recent_weeks(release: ReleaseContext) -> dict[Key, list[Row]]:
    """Return the weeks of the published outlooks' charts, by target and location."""
    columns = ("week", "value", "observation", "nowcast", "nowcast_low80", "nowcast_high80")
    rows = _sql(
        release,
        f"select target, location, {', '.join(columns)} from activity_weekly "
        "semi join (select * from outlook where state = 'published') using (target, location) "
        f"where week > (select max(week) from activity_weekly) - interval {PAST} week "
        "order by target, location, week",
        "activity_weekly",
        "outlook",
    )
    found: dict[Key, list[Row]] = defaultdict(list)
    for target, location, *values in rows:
        found[target, location].append(dict(zip(columns, values, strict=True)))
    return found


def _sql(release: ReleaseContext, query: str, *tables: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query over some of the release's tables."""
    from threatcast_publishing.database import connect

    with connect() as connection:
        for name in tables:
            connection.register(name, release.tables[name].data)
        return connection.execute(query).fetchall()


def _in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the parts of an outlook on their way; none if there is no way from the usual."""
    ordered = sorted(rows, key=lambda row: row["position"])
    if len(ordered) < 2 or ordered[0]["driver"] != "usual":
        return ()
    return tuple(ordered)


def _by_key(rows: Iterable[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["target"], row["location"]].append(row)
    return found
