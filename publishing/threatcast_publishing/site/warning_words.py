"""Warnings in words: what, how unusual, how sure, what goes with it, and when it ends.

Calm words by rules. A fault of the data is never told as a threat, and no text names a cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_forecasting.night.past_forecasts import WEEKS
from threatcast_forecasting.warning.warning_kinds import DATA_KINDS
from threatcast_forecasting.weeks import DAYS

from threatcast_publishing.kinds import FAMILIES
from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.warning_parts import fits_again, still_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatcast_publishing.site.outlook_details import Row
    from threatcast_publishing.site.speech import Speech

LEVEL_NAMES = {"severe": N_("severe"), "elevated": N_("elevated"), "watch": N_("to watch")}
KINDS = {
    "surge": N_("Surge"),
    "drop": N_("Drop"),
    "new_place": N_("First events in two years"),
    "new_name": N_("New names"),
    "silence": N_("Silent source"),
    "emptied": N_("Shortened list"),
    "refilled": N_("Old entries came back"),
    "blank_field": N_("Field without values"),
    "feed_size": N_("Source of another size"),
    "withdrawals": N_("Records gone"),
}
FIELD_NAMES = {
    "location": N_("the place"),
    "day": N_("the day"),
    "sector": N_("the sector"),
    "group": N_("the name of the group"),
    "first_seen": N_("the day of first sight"),
    "last_seen": N_("the day of last sight"),
    "added": N_("the day of entry"),
    "due_day": N_("the day until when to act"),
    "vendor": N_("the vendor"),
    "product": N_("the product"),
    "kind": N_("the kind of incident"),
    "category": N_("the category"),
    "network": N_("the networks affected"),
    "reporter": N_("who reported it"),
    "domain": N_("the domain"),
}
"""What feeds call their fields in `must_have` of their gates, and the place of events."""
_FAULTS = {
    "silence": N_("Since the week of %(since)s the source brings nothing new to count."),
    "emptied": N_(
        "Since the week of %(since)s the list is much shorter than before. Its copies are set "
        "aside."
    ),
    "refilled": N_(
        "Since the week of %(since)s old entries come back as if they were new. Its copies are set "
        "aside."
    ),
    "blank_field": N_("Since the week of %(since)s records lack what they had before: %(field)s."),
    "feed_size": N_("Since the week of %(since)s the source as a whole stands at another level."),
    "withdrawals": N_(
        "Since the week of %(since)s known records are gone. Its copies are set aside."
    ),
}
OUTCOME_NAMES = {
    "confirmed": N_("confirmed"),
    "false_alarm": N_("a false alarm"),
    "data_fault": N_("a fault of the data"),
}
_RARE = {
    "watch": N_("Where nothing happens, one series shows this about twice a year."),
    "elevated": N_("Where nothing happens, one series shows this about once a year."),
    "severe": N_("Where nothing happens, one series shows this about once in five years."),
}
_PEAKS = {
    "surge": N_("The most in a week since then: %(count)s, in the week of %(day)s."),
    "drop": N_("The least in a week since then: %(count)s, in the week of %(day)s."),
}
_SET_ASIDE = N_(
    "once a copy is believed again: the source is mended, it says the same for a week, or a person "
    "accepts it"
)
_ENDS = {
    "surge": N_("once counts fit their forecasts again, or forecasts have learnt the new level"),
    "drop": N_("once counts fit their forecasts again, or forecasts have learnt the new level"),
    "new_place": N_("once a newer week is counted"),
    "new_name": N_("once a newer week is counted"),
    "silence": N_("once the source brings something new"),
    "emptied": _SET_ASIDE,
    "refilled": _SET_ASIDE,
    "withdrawals": _SET_ASIDE,
    "blank_field": N_("once records have it again"),
    "feed_size": N_("after eight weeks: by then forecasts have learnt the new level"),
}


class WarningWords:
    """All that templates say of a warning in one language."""

    def __init__(self, speech: Speech) -> None:
        self._say = speech
        self._of = speech.language

    def title(self, row: Row) -> str:
        """Return kind, threat and place; of a fault kind and threat."""
        kind = self._kind(row["kind"])
        threat = self._say.threat(row["target"])
        if row["kind"] in DATA_KINDS:
            return self._of.words("%(what)s: %(said)s", what=kind, said=threat)
        return self._of.words(
            "%(kind)s: %(threat)s, %(place)s", kind=kind, threat=threat, place=self.place(row)
        )

    def place(self, row: Row) -> str:
        """Return the name of a warning's place."""
        facts = self._say.views.locations.get(row["location"], {})
        return self._say.place(row["location"], facts.get("location_name"))

    def kind(self, row: Row) -> str:
        """Return the kind of a warning."""
        return self._kind(row["kind"])

    def level(self, row: Row) -> str:
        """Return the level of a warning."""
        level = row["level"]
        return self._of.words(LEVEL_NAMES[level]) if level in LEVEL_NAMES else level

    def standing(self, row: Row) -> str:
        """Return the level, and that the newest count fits again, if it does."""
        level = self.level(row)
        return self._of.words("%(level)s, eased", level=level) if fits_again(row) else level

    def outcome(self, row: Row) -> str:
        """Return what a person found a warning to be."""
        outcome = row["outcome"]
        return self._of.words(OUTCOME_NAMES[outcome]) if outcome in OUTCOME_NAMES else outcome

    def scope(self, row: Row) -> str:
        """Return which warnings a row of `warning_outcomes` is of."""
        scope, value = row["scope"], row["scope_value"]
        if scope == "level":
            return self._of.words("Level: %(level)s", level=self.level({"level": value}))
        return self._kind(value) if scope == "kind" else self._of.words("All")

    def what(self, row: Row) -> str:
        """Return what was seen, and what was expected."""
        of, kind = self._of, row["kind"]
        if kind in _FAULTS:
            return of.words(_FAULTS[kind], since=of.day(row["since"]), field=self._field(row))
        given = {"day": of.day(row["week"]), "observed": self.counted(row)}
        if still_runs(row):
            given["observed"] = of.count(row["observed"])
        if kind == "new_place":
            return of.words(
                "In the week of %(day)s %(observed)s were counted here, the first in two years.",
                **given,
            )
        if kind == "new_name":
            return of.words(
                "In the week of %(day)s %(observed)s carried a name that the source had not listed "
                "in two years. Which name it is, and who is behind it, is not told here.",
                **given,
            )
        if still_runs(row):
            seen = of.words(
                "In the week of %(day)s, which still runs, %(observed)s have been counted so far, "
                "%(expected)s were expected of the whole of it (80%% range: %(range)s).",
                expected=of.count(row["expected"]),
                range=of.span(row["expected_low"], row["expected_high"]),
                **given,
            )
        elif row["observed"] is None:
            seen = of.words("Nobody watched the week of %(day)s.", day=given["day"])
        elif row["expected"] is None:
            seen = of.words("In the week of %(day)s %(observed)s were counted.", **given)
        else:
            seen = of.words(
                "In the week of %(day)s %(observed)s were counted, %(expected)s were expected "
                "(80%% range: %(range)s).",
                expected=of.count(row["expected"]),
                range=of.span(row["expected_low"], row["expected_high"]),
                **given,
            )
        return of.joined((seen, *self._since(row), *self._peak(row)))

    def _field(self, row: Row) -> str:
        """Return the field that a fault is of; its own name if no words are known."""
        field = row["detail"]
        return self._of.words(FIELD_NAMES[field]) if field in FIELD_NAMES else field

    def _since(self, row: Row) -> Iterator[str]:
        """Yield since when it stands."""
        if row["since"] is None or row["week"] is None:
            return
        of, begun = self._of, self._of.day(row["since"])
        # the oldest week that a night looks at: what began before it begins there
        if (row["week"] - row["since"]).days >= DAYS * (WEEKS - 1):
            yield of.words("It began with the week of %(day)s or before.", day=begun)
        else:
            yield of.words("It began with the week of %(day)s.", day=begun)

    def _peak(self, row: Row) -> Iterator[str]:
        """Yield the week that tells most if it is not the newest, and whether that fits again."""
        if row["peak"] is not None and row["peak_week"] != row["week"]:
            text = _PEAKS[row["kind"]]
            yield self._of.words(
                text,
                count=self._of.count(row["peak"]),
                day=self._of.day(row["peak_week"]),
            )
        if fits_again(row):
            yield self._of.words("The newest count fits again: it stands for the weeks before.")

    def counted(self, row: Row) -> str:
        """Return the newest count, or where it will lie once all reports are in."""
        low, high = row["observed"], row["observed_upper"]
        if low is None:
            return self._of.words("not known")
        if still_runs(row) and row["kind"] == "surge":
            return self._of.words("%(count)s so far", count=self._of.count(low))
        if high is None or high == low:
            return self._of.count(low)
        return self._of.span(low, high)

    def unusual(self, row: Row) -> str:
        """Return how unusual it is, in words and as a number."""
        of = self._of
        if row["kind"] in DATA_KINDS:
            return of.words("Faults of the data have no degrees: somebody should look.")
        if row["evidence"] is None:
            return of.words("Not measured: a first event says little of the next.")
        number = of.words(
            "Evidence: %(evidence)s. That is what a stake of 1 has become, bet each week on counts "
            "leaving their forecasts.",
            evidence=of.count(row["evidence"]),
        )
        level = row["level"]
        rare = of.words(_RARE[level]) if level in _RARE else level
        return of.joined((rare, number))

    def sure(self, row: Row) -> str:
        """Return how sure it is, and against which forecasts it was held."""
        of = self._of
        if row["kind"] in DATA_KINDS:
            return of.words("This is about the source, not about any threat.")
        if row["evidence"] is None:
            return of.words("That it was counted is sure; that more will follow is not.")
        among = (
            of.words(
                "It stands out among all series of the night: of those that do, about one in ten "
                "is a false one at most."
            )
            if row["stands_out"]
            else of.words(
                "It does not stand out among all series of the night: where so many are looked at, "
                "chance alone makes some."
            )
        )
        held = (
            of.words("It is held against what was published.")
            if row["forecasts_of"] == "archive"
            else of.words(
                "Less than a year of published forecasts is there, so past ones made again stand "
                "in."
            )
        )
        return of.joined((among, held))

    def others(self, row: Row) -> str:
        """Return which other threats at the place go the same way, and which the other way."""
        of = self._of
        parts = [
            of.words(text, threats=of.list([self._say.threat(one) for one in row[side].split(",")]))
            for side, text in (
                ("agrees", N_("The same way at this place: %(threats)s.")),
                ("disagrees", N_("The other way: %(threats)s.")),
            )
            if row[side]
        ]
        return of.joined(parts) or of.words("No other threat here goes the same way or the other.")

    def ends(self, row: Row) -> str:
        """Return what would make it go away."""
        kind = row["kind"]
        return self._of.words(_ENDS[kind]) if kind in _ENDS else ""

    def guidance(self, row: Row) -> list[tuple[str, str]]:
        """Return the parts of the page on what can be done that a warning leads to, in words.

        By the kind of threat, by the level, and by the region of its place; of a fault of the data
        there are none.
        """
        if row["kind"] in DATA_KINDS:
            return []
        found = []
        family = self._say.views.targets.get(row["target"], {}).get("family")
        if family in FAMILIES:
            words = self._of.words(FAMILIES[family])
            found.append((family, words[:1].upper() + words[1:]))
        if row["level"] in LEVEL_NAMES:
            words = self._of.words("Level: %(level)s", level=self.level(row))
            found.append((f"level-{row['level']}", words))
        region = self._region(row["location"])
        if region:
            words = self._of.words(
                "Norms and channels: %(place)s", place=self.place({"location": region})
            )
            found.append((region, words))
        return found

    def _region(self, location: str) -> str:
        """Return the region that a place lies in, or the world; empty if it lies in none."""
        places = self._say.views.locations
        while location in places:
            if places[location]["location_level"] in ("region", "world"):
                return location
            location = places[location]["parent"] or ""
        return ""

    def why_not(self, row: Row) -> str:
        """Return why a row is not told as a threat."""
        return self._of.words(
            "%(what)s. Not told as a threat: a fault of the data may have made it (%(fault)s).",
            what=self.title(row),
            fault=self._kind(row["behind"]),
        )

    def _kind(self, kind: str) -> str:
        return self._of.words(KINDS[kind]) if kind in KINDS else kind
