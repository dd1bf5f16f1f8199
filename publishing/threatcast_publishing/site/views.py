"""What the pages show of a release's tables, gathered once for all languages.

Nothing is computed here: rows are put beside each other, and counted. All numbers are the tables'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from threatcast_publishing.contract import STATES
from threatcast_publishing.site.fans import QUANTILES, Fan
from threatcast_publishing.site.feeds import Feed, feed_views
from threatcast_publishing.site.pasts import ImportedPast, imported_pasts
from threatcast_publishing.site.reasons import merged, shape_of

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext

Row = Mapping[str, Any]
Key = tuple[str, str]
WEEKS = 104  # of the past in a chart
WORLD = "WORLD"
_MIX_ROWS = 8


def path_of(location: str) -> str:
    """Return where the page of a place lies."""
    return f"places/{location.lower()}.html"


@dataclass(frozen=True)
class Outlook:
    """One threat at one place.

    `weeks` holds the forecast of each week ahead, with a value a level of `QUANTILES`; `late` the
    newest weeks that may still grow; `records` how past forecasts fared, by kind.
    """

    row: Row
    target: Row
    weeks: tuple[tuple[date, tuple[float, ...]], ...] = ()
    fan: Fan | None = None
    shifts: tuple[Row, ...] = ()
    late: tuple[Row, ...] = ()
    records: tuple[Row, ...] = ()

    @property
    def key(self) -> str:
        """Name of its row on a page."""
        return f"{self.row['target']}.{self.row['location']}"


@dataclass(frozen=True)
class Hidden:
    """Rows of one state and of like reasons, which have no numbers."""

    state: str
    reason: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Place:
    """One place: its row in `locations`, and what there is of it.

    `above` are the places that it lies in, the nearest first; `within` those that it holds.
    """

    row: Row
    outlooks: tuple[Outlook, ...]
    hidden: tuple[Hidden, ...]
    above: tuple[Row, ...]
    within: tuple[Row, ...]

    @property
    def location(self) -> str:
        """Code of the place."""
        return str(self.row["location"])


@dataclass(frozen=True)
class Threat:
    """One target: its row in `targets`, the world's outlook, those of places and who has none.

    `ranks` holds the ranks of places, the first first, by their level.
    """

    facts: Row
    world: Row | None
    outlooks: tuple[Outlook, ...]
    hidden: tuple[Hidden, ...]
    ranks: Mapping[str, Sequence[Row]]
    changes: tuple[Row, ...]
    past: ImportedPast | None
    mix: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    mix_week: date | None = None

    @property
    def target(self) -> str:
        """Key of the target."""
        return str(self.facts["target"])


@dataclass(frozen=True)
class Grouping:
    """A grouping that readers work in: members with their days, and outlooks of the whole."""

    grouping: str
    name: str
    members: tuple[Row, ...]
    rows: tuple[Row, ...]
    source_url: str


class ReleaseViews:
    """All that pages show of one release, each part gathered when it is first asked for."""

    def __init__(self, release: ReleaseContext) -> None:
        self.release = release
        self.as_of = release.as_of

    def rows(self, table: str) -> list[Row]:
        """Return a table's rows, sorted by its key; none if the release lacks the table."""
        if table not in self.release.tables:
            return []
        found: list[Row] = self.release.tables[table].data.to_pylist()
        return found

    @cached_property
    def reference_date(self) -> date | None:
        """The Sunday that ends the newest complete week; None without forecasts."""
        import pyarrow.compute as pc

        day: date | None = pc.max(self.release.tables["forecast"].data["reference_date"]).as_py()
        return day

    def end_of(self, weeks: int) -> date | None:
        """Return the last day of the next weeks; None without forecasts."""
        return self.reference_date + timedelta(weeks=weeks) if self.reference_date else None

    @cached_property
    def locations(self) -> Mapping[str, Row]:
        """Rows of `locations`, by code."""
        return {row["location"]: row for row in self.rows("locations")}

    @cached_property
    def codes(self) -> Mapping[str, str]:
        """The code of each place, by its English name."""
        return {row["location_name"]: code for code, row in self.locations.items()}

    @cached_property
    def targets(self) -> Mapping[str, Row]:
        """Rows of `targets`, by key."""
        return {row["target"]: row for row in self.rows("targets")}

    @cached_property
    def models(self) -> Mapping[str, str]:
        """Titles of the models, by name."""
        return {row["model"]: row.get("title") or row["model"] for row in self.rows("models")}

    @cached_property
    def feeds(self) -> list[Feed]:
        """The feeds, by name."""
        return feed_views(self.release)

    @cached_property
    def records(self) -> list[Row]:
        """Rows of `track_record` of which at least one forecast was scored."""
        return [row for row in self.rows("track_record") if row["forecasts"]]

    @cached_property
    def outlook_rows(self) -> list[Row]:
        """All rows of `outlook`."""
        return self.rows("outlook")

    @cached_property
    def outlooks(self) -> Mapping[Key, Outlook]:
        """The published outlooks, by target and location."""
        quantiles, past = self._quantiles(), self._recent_weeks()
        shifts = _by_key(self.rows("level_shifts"))
        records = _by_key(self.records)
        found = {}
        for row in self.outlook_rows:
            if row["state"] != "published":
                continue
            key = (row["target"], row["location"])
            weeks = past.get(key, ())
            own_shifts = tuple(shifts.get(key, ()))
            found[key] = Outlook(
                row=row,
                target=self.targets[row["target"]],
                weeks=tuple(quantiles.get(key, ())),
                fan=self._fan(row, weeks, quantiles.get(key, ()), own_shifts),
                shifts=own_shifts,
                late=tuple(week for week in weeks if week["observation"] == "provisional"),
                records=tuple(records.get(key, ())),
            )
        return found

    def _fan(
        self, row: Row, weeks: Sequence[Row], ahead: Sequence[Any], shifts: Sequence[Row]
    ) -> Fan | None:
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

    def _quantiles(self) -> dict[Key, list[tuple[date, tuple[float, ...]]]]:
        """Return the levels that pages show of each week ahead, by target and location."""
        rows = self._sql(
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

    def _recent_weeks(self) -> dict[Key, list[Row]]:
        """Return the weeks of the published outlooks' charts, by target and location."""
        columns = ("week", "value", "observation", "nowcast", "nowcast_low80", "nowcast_high80")
        rows = self._sql(
            f"select target, location, {', '.join(columns)} from activity_weekly "
            "semi join (select * from outlook where state = 'published') using (target, location) "
            f"where week > (select max(week) from activity_weekly) - interval {WEEKS} week "
            "order by target, location, week",
            "activity_weekly",
            "outlook",
        )
        found: dict[Key, list[Row]] = defaultdict(list)
        for target, location, *values in rows:
            found[target, location].append(dict(zip(columns, values, strict=True)))
        return found

    def _sql(self, query: str, *tables: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over some of the release's tables."""
        from threatcast_publishing.database import connect

        with connect() as connection:
            for name in tables:
                connection.register(name, self.release.tables[name].data)
            return connection.execute(query).fetchall()

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """All places that have a page, by code: every location but the unlocated rest."""
        own: dict[str, list[Row]] = defaultdict(list)
        for row in self.outlook_rows:
            own[row["location"]].append(row)
        within: dict[str, list[Row]] = defaultdict(list)
        for row in self.locations.values():
            if row["parent"]:
                within[row["parent"]].append(row)
        found = {}
        for code, row in self.locations.items():
            if row["location_level"] == "unlocated":
                continue
            found[code] = Place(
                row=row,
                outlooks=tuple(
                    sorted(
                        (
                            self.outlooks[key]
                            for key in ((one["target"], code) for one in own[code])
                            if key in self.outlooks
                        ),
                        key=lambda one: -(one.row["p_above_usual_4w"] or 0),
                    )
                ),
                hidden=hidden_of(one for one in own[code] if one["state"] != "published"),
                above=tuple(self._above(row)),
                within=tuple(within[code]),
            )
        return found

    def _above(self, row: Row) -> Iterable[Row]:
        while row["parent"] and row["parent"] in self.locations:
            row = self.locations[row["parent"]]
            yield row

    @cached_property
    def threats(self) -> Sequence[Threat]:
        """All targets, in the order of the table `targets`."""
        own: dict[str, list[Row]] = defaultdict(list)
        for row in self.outlook_rows:
            own[row["target"]].append(row)
        ranks: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in sorted(self.rows("ranks"), key=lambda row: (row["rank"] or 0, row["location"])):
            place = self.locations.get(row["location"])
            if row["scope"] == "target" and place:
                ranks[row["target"]][place["location_level"]].append(row)
        changes: dict[str, list[Row]] = defaultdict(list)
        for row in reversed(self.rows("model_changes")):  # sorted by target and first day
            if row["until"] is None or row["until"] >= self.as_of:
                changes[row["target"]].append(row)
        pasts = imported_pasts(self.release)
        mix, mix_week = self._newest_mix()
        return [
            Threat(
                facts=facts,
                world=next((row for row in own[target] if row["location"] == WORLD), None),
                outlooks=tuple(
                    sorted(
                        (one for key, one in self.outlooks.items() if key[0] == target),
                        key=_place_in_order,
                    )
                ),
                hidden=hidden_of(row for row in own[target] if row["state"] != "published"),
                ranks=ranks[target],
                changes=tuple(changes[target]),
                past=pasts.get(target),
                mix=mix if facts.get("shown_not_forecast") else {},
                mix_week=mix_week,
            )
            for target, facts in self.targets.items()
        ]

    def _newest_mix(self) -> tuple[dict[str, list[Row]], date | None]:
        """Return the largest shares of the newest week of `phishing_mix`, by kind of share."""
        known = [row for row in self.rows("phishing_mix") if row["share"] is not None]
        week = max((row["week"] for row in known), default=None)
        mix: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(known, key=lambda row: (row["kind"], -row["share"], row["category"])):
            if row["week"] == week and len(mix[row["kind"]]) < _MIX_ROWS:
                mix[row["kind"]].append(row)
        return mix, week

    @cached_property
    def groupings(self) -> Sequence[Grouping]:
        """All groupings, by name."""
        outlooks: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("outlook_groupings"):
            outlooks[row["grouping"]].append(row)
        members: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("groupings"):
            members[row["grouping"]].append(row)
        return sorted(
            (
                Grouping(
                    grouping=code,
                    name=own[0]["grouping_name"],
                    members=tuple(own),
                    rows=tuple(outlooks[code]),
                    source_url=next((row.get("source_url") or "" for row in own), ""),
                )
                for code, own in members.items()
            ),
            key=lambda one: one.name,
        )

    @cached_property
    def subregions(self) -> Sequence[Place]:
        """The UN sub-regions, region by region."""
        found = [
            place for place in self.places.values() if place.row["location_level"] == "subregion"
        ]
        return sorted(
            found, key=lambda place: (place.row["parent"] or "", place.row["location_name"])
        )

    @cached_property
    def states(self) -> Mapping[str, int]:
        """How many pairs of threat and country are in each state."""
        numbers = dict.fromkeys(STATES, 0)
        for row in self.outlook_rows:
            if row["location_level"] == "country":
                numbers[row["state"]] = numbers.get(row["state"], 0) + 1
        return numbers

    @cached_property
    def changes(self) -> Sequence[Row]:
        """What changed most since the last release, one row a threat and place with a cause.

        What is beyond the range of before comes first, then by the size of the change against the
        usual; the world before regions and countries.
        """
        rows = [row for row in self.rows("changes") if row["cause"] != "none"]
        return sorted(rows, key=_size_of_change)


_LEVELS = ("world", "region", "subregion", "country", "unlocated")


def _size_of_change(row: Row) -> tuple[bool, int, float, str, str]:
    usual = max(row.get("usual_4w") or row.get("usual_4w_before") or 0.0, 1.0)
    level = row.get("location_level")
    return (
        not row.get("is_beyond_range"),
        _LEVELS.index(level) if level in _LEVELS else len(_LEVELS),
        -abs(row.get("change_4w") or 0.0) / usual,
        row["target"],
        row["location"],
    )


def _place_in_order(one: Outlook) -> tuple[bool, float, str, str]:
    """World first, then the most expected events; ties by name, so that the order is fixed."""
    row = one.row
    name = row["location_name"] or row["location"]
    return row["location"] != WORLD, -(row["expected_4w"] or 0.0), name, row["location"]


def hidden_of(rows: Iterable[Row]) -> tuple[Hidden, ...]:
    """Put rows without numbers together, by state and by reasons that differ in numbers only."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["state"], shape_of(row["reason"])].append(row)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1]))
    return tuple(
        Hidden(
            state,
            merged([row["reason"] for row in members]),
            tuple(sorted(members, key=lambda row: (row["target"], row["location_name"] or ""))),
        )
        for (state, _), members in ordered
    )


def _by_key(rows: Iterable[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["target"], row["location"]].append(row)
    return found
