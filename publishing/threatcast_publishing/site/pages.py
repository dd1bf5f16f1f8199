"""Gathers what the page shows from a release's tables, and fills the template.

Nothing is computed here but sums of rows and years of weeks: the numbers are the tables' own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from threatcast_publishing import kinds
from threatcast_publishing.contract import OUTLOOK_COLUMNS, TABLES
from threatcast_publishing.site import wording
from threatcast_publishing.site.charts import (
    HEIGHT,
    WEEKS,
    WIDTH,
    Point,
    Sparkline,
    last_weeks,
    sparkline,
)
from threatcast_publishing.site.feeds import feed_views
from threatcast_publishing.site.pasts import ImportedPast, imported_pasts
from threatcast_publishing.site.places import countries_in_sight

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext

Row = Mapping[str, Any]
_UNSHOWN = {"parent", "as_of", "usual_weekly", "p_above_usual_4w", "p_zero_4w", "run_id"}
_SHOWN = tuple(name for name in OUTLOOK_COLUMNS if name not in _UNSHOWN)
_MOST_REASONS = 6  # groups of a state on the page; the rest is counted together
_MIX_ROWS = 8
_NEW_DAYS = 28  # a change of the published model stands at the top of the page for so long


@dataclass(frozen=True)
class Hidden:
    """Places of one state and like reasons, which have no numbers."""

    state: str
    reason: str
    places: tuple[str, ...]

    @property
    def number(self) -> int:
        """How many places these are."""
        return len(self.places)


@dataclass(frozen=True)
class Target:
    """One target's section: `facts` is its row in `targets`, `rows` the published outlooks.

    `changes` says which model speaks since when, the newest first; empty if it was never another.
    `past` says which weeks another release counted; None if this home counted them all.
    """

    key: str
    facts: Row
    world: Row | None
    rows: tuple[Row, ...]
    hidden: tuple[Hidden, ...]
    charts: Mapping[str, Sparkline]
    mix: Mapping[str, Sequence[Row]]
    mix_week: date | None
    changes: tuple[Row, ...]
    past: ImportedPast | None


def render(release: ReleaseContext) -> str:
    """Return the page as HTML; the same tables give the same bytes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("threatcast_publishing.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=wording.count,
        percent=wording.percent,
        reason=wording.spelled,
        link=wording.link,
        family=kinds.family,
        located=kinds.located,
    )
    environment.globals.update(
        span=wording.span,
        trends=wording.TRENDS,
        states=wording.STATE_LABELS,
        levels=wording.LEVEL_LABELS,
        grades=wording.GRADES,
        deciders=wording.DECIDERS,
        chart_box=(WIDTH, HEIGHT),
        chart_weeks=WEEKS,
    )
    models = _rows(release, "models")
    return environment.get_template("index.html.j2").render(
        release=release,
        targets=gather_targets(release),
        sight=countries_in_sight(release),
        feeds=feed_views(release),
        models=models,
        model_titles={row["model"]: row.get("title") or row["model"] for row in models},
        horizon=_horizon(release),
        newest_complete=_reference_date(release),
        tables=sorted(TABLES.keys() | release.tables.keys()),
        new_since=release.as_of - timedelta(days=_NEW_DAYS),
    )


def gather_targets(release: ReleaseContext) -> list[Target]:
    """Return one view a target, in the order of the table `targets`."""
    outlooks: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(release, "outlook", _SHOWN):
        outlooks[row["target"]].append(row)
    points, newest = _recent_activity(release)
    mix, mix_week = _newest_mix(release)
    changes, pasts = _changes(release), imported_pasts(release)
    views = []
    for facts in _rows(release, "targets"):
        key = facts["target"]
        own = outlooks.get(key, [])
        published = sorted((row for row in own if row["state"] == "published"), key=_place_in_order)
        views.append(
            Target(
                key=key,
                facts=facts,
                world=next((row for row in own if row["location"] == "WORLD"), None),
                rows=tuple(published),
                hidden=tuple(_hidden(row for row in own if row["state"] != "published")),
                charts=_charts(published, points, newest),
                mix=mix if facts.get("shown_not_forecast") else {},
                mix_week=mix_week,
                changes=tuple(changes[key]),
                past=pasts.get(key),
            )
        )
    return views


def _rows(release: ReleaseContext, table: str, columns: Sequence[str] | None = None) -> list[Row]:
    data = release.tables[table].data
    if columns is not None:
        data = data.select(list(columns))
    rows: list[Row] = data.to_pylist()
    return rows


def _changes(release: ReleaseContext) -> dict[str, list[Row]]:
    """Return by target the changes of its model that hold tonight, or from tomorrow on."""
    changes: dict[str, list[Row]] = defaultdict(list)
    for row in reversed(_rows(release, "model_changes")):  # sorted by target and first day
        if row["until"] is None or row["until"] >= release.as_of:
            changes[row["target"]].append(row)
    return changes


def _place_in_order(row: Row) -> tuple[bool, float, str, str]:
    """World first, then the most expected events; ties by name, so that the order is fixed."""
    expected = row["expected_4w"]
    name = row["location_name"] or row["location"]
    return row["location"] != "WORLD", -(expected or 0.0), name, row["location"]


def _hidden(rows: Iterable[Row]) -> list[Hidden]:
    """Put rows without numbers together, by state and by reasons that differ in numbers only."""
    groups: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row["state"]][wording.shape_of(row["reason"])].append(row)
    hidden = []
    for state in sorted(groups):
        ordered = sorted(groups[state].items(), key=lambda item: (-len(item[1]), item[0]))
        for _, members in ordered[:_MOST_REASONS]:
            reason = wording.merged([row["reason"] for row in members])
            hidden.append(Hidden(state, reason, _names(members)))
        rest = [row for _, members in ordered[_MOST_REASONS:] for row in members]
        if rest:
            hidden.append(Hidden(state, "other reasons, see outlook.csv", _names(rest)))
    return hidden


def _names(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(sorted(str(row["location_name"] or row["location"]) for row in rows))


def _recent_activity(
    release: ReleaseContext,
) -> tuple[dict[tuple[str, str], dict[date, Point]], date | None]:
    """Return the weeks that charts need, by target and location, and the newest of them."""
    import pyarrow.compute as pc

    data = release.tables["activity_weekly"].data
    newest = pc.max(data["week"]).as_py() if data.num_rows else None
    points: dict[tuple[str, str], dict[date, Point]] = defaultdict(dict)
    if newest is None:
        return points, None
    first = newest - timedelta(weeks=WEEKS - 1)
    recent = data.filter(pc.greater_equal(data["week"], first))
    columns = [
        recent[name].to_pylist() for name in ("target", "location", "week", "value", "observation")
    ]
    for target, location, week, value, observation in zip(*columns, strict=True):
        known = None if observation == "missing" else value
        points[target, location][week] = Point(known, provisional=observation == "provisional")
    return points, newest


def _charts(
    rows: Sequence[Row],
    points: Mapping[tuple[str, str], Mapping[date, Point]],
    newest: date | None,
) -> dict[str, Sparkline]:
    charts = {}
    for row in rows:
        weeks = points.get((row["target"], row["location"]))
        chart = sparkline(last_weeks(weeks, newest)) if weeks and newest else None
        if chart is not None:
            charts[row["location"]] = chart
    return charts


def _newest_mix(release: ReleaseContext) -> tuple[dict[str, list[Row]], date | None]:
    """Return the largest shares of the newest week of `phishing_mix`, by kind of share."""
    if "phishing_mix" not in release.tables:
        return {}, None
    rows = _rows(release, "phishing_mix", ("week", "kind", "category", "share"))
    known = [row for row in rows if row["share"] is not None]
    week = max((row["week"] for row in known), default=None)
    mix: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(known, key=lambda row: (row["kind"], -row["share"], row["category"])):
        if row["week"] == week and len(mix[row["kind"]]) < _MIX_ROWS:
            mix[row["kind"]].append(row)
    return mix, week


def _reference_date(release: ReleaseContext) -> date | None:
    """Return the Sunday that ends the newest complete week; None without forecasts."""
    import pyarrow.compute as pc

    day: date | None = pc.max(release.tables["forecast"].data["reference_date"]).as_py()
    return day


def _horizon(release: ReleaseContext) -> dict[int, tuple[date, date]]:
    """Return the first and last day of the next 4 and 12 weeks; empty without forecasts."""
    reference = _reference_date(release)
    if reference is None:
        return {}
    return {
        weeks: (reference + timedelta(days=1), reference + timedelta(weeks=weeks))
        for weeks in (4, 12)
    }
