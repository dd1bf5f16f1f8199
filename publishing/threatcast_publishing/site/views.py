"""What the pages show of a release's tables, gathered once for all languages.

Nothing is computed here: rows are put beside each other, and counted. All numbers are the tables'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from threatcast_publishing.contract import STATES
from threatcast_publishing.site.feeds import Feed, feed_views
from threatcast_publishing.site.languages import languages_of
from threatcast_publishing.site.outlook_details import Key, Outlook, Row, published_outlooks
from threatcast_publishing.site.pasts import ImportedPast, imported_pasts
from threatcast_publishing.site.reasons import merged, shape_of
from threatcast_publishing.site.unwatched import Unwatched, unwatched_weeks
from threatcast_publishing.site.warning_parts import LEVELS, StandingWarnings

if TYPE_CHECKING:
    from threatcast_publishing.source import ReleaseContext

WORLD = "WORLD"
_MIX_ROWS = 8
_HORIZONS = (1, 4, 12)


def path_of(location: str) -> str:
    """Return where the page of a place lies."""
    return f"places/{location.lower()}.html"


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
        self.languages = languages_of(release.languages)
        self._read: dict[str, list[Row]] = {}

    def rows(self, table: str) -> list[Row]:
        """Return a table's rows, sorted by its key; none if the release lacks the table."""
        if table not in self._read:
            held = self.release.tables.get(table)
            self._read[table] = held.data.to_pylist() if held else []
        return self._read[table]

    @cached_property
    def releases(self) -> Sequence[Row]:
        """The earlier releases that this one knows, `as_of` and `release_id`, the newest first."""
        history = self.release.tables["outlook_history"].data
        found: list[Row] = (
            history.select(["as_of", "release_id"])
            .group_by(["as_of", "release_id"])
            .aggregate([])
            .to_pylist()
        )
        return sorted(found, key=lambda row: (row["as_of"], row["release_id"]), reverse=True)

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
    def unwatched(self) -> Mapping[str, Unwatched]:
        """Weeks of the world that nobody watched, by target."""
        return unwatched_weeks(self.release)

    @cached_property
    def skill(self) -> list[Row]:
        """Rows of `skill` at the horizons that pages show."""
        return [row for row in self.rows("skill") if row["horizon"] in _HORIZONS]

    @cached_property
    def records(self) -> list[Row]:
        """Rows of `track_record` of which at least one forecast was scored."""
        return [row for row in self.rows("track_record") if row["forecasts"]]

    @cached_property
    def outlooks(self) -> Mapping[Key, Outlook]:
        """The published outlooks, by target and location."""
        return published_outlooks(
            self.release,
            [row for row in self.rows("outlook") if row["state"] == "published"],
            self.targets,
            shifts=self.rows("level_shifts"),
            records=self.records,
            drivers=self.rows("drivers"),
            mix=self.rows("outlook_mix"),
        )

    @cached_property
    def warnings(self) -> StandingWarnings:
        """The warnings that stand, in the parts in which pages tell them."""
        return StandingWarnings.of(self.rows("warnings"))

    @cached_property
    def outcomes(self) -> Row | None:
        """What all warnings turned out to be; None if the release does not say."""
        found = [row for row in self.rows("warning_outcomes") if row["scope"] == "all"]
        return found[0] if found and found[0]["told"] is not None else None

    @cached_property
    def outcome_rows(self) -> list[Row]:
        """What warnings turned out to be: all of them, levels from the highest, kinds."""
        scopes = ("all", "level", "kind")
        return sorted(
            self.rows("warning_outcomes"),
            key=lambda row: (
                scopes.index(row["scope"]),
                LEVELS.index(row["scope_value"]) if row["scope"] == "level" else 0,
                row["scope_value"],
            ),
        )

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """All places that have a page, by code: every location but the unlocated rest."""
        own: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("outlook"):
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
        for row in self.rows("outlook"):
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
        for row in self.rows("outlook"):
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
