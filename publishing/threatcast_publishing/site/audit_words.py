"""The fairness audit in words: names of groups and of measures in one language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_publishing.site.audit_answers import INCOME, LANGUAGE, REGION, read_answers
from threatcast_publishing.site.messages import N_

if TYPE_CHECKING:
    from threatcast_publishing.site.outlook_details import Row
    from threatcast_publishing.site.speech import Speech

MEASURES = {
    "per_population": N_("share of the records by share of the people"),
    "per_internet_users": N_("share of the records by share of the internet users"),
    "relative_wis": N_("error against the rival"),
    "covered_80": N_("how often the 80%% range held"),
    "share_published": N_("outlooks with a number"),
    "share_false_alarms": N_("false alarms among closed warnings"),
}
INCOMES = {
    "low_income": N_("Low income"),
    "lower_middle_income": N_("Lower middle income"),
    "upper_middle_income": N_("Upper middle income"),
    "high_income": N_("High income"),
}
LANGUAGES_READ = {
    "none": N_("No language: lists that machines make"),
    "unknown": N_("Nobody has looked"),
}


class AuditWords:
    """What the template says of groups and measures."""

    def __init__(self, speech: Speech) -> None:
        self._say = speech
        self._of = speech.language

    def measure(self, name: str) -> str:
        """Return the name of a measure."""
        return self._of.words(MEASURES[name]) if name in MEASURES else name

    def answers(self, row: Row) -> list[str]:
        """Return what was done about each measure of a group beyond its bound, each text once."""
        told = []
        for measure in filter(None, (row["beyond"] or "").split(",")):
            answer = read_answers().of(row["grouping"], row["location"], measure)
            if answer is None:
                name = self.measure(measure)
                told.append(
                    self._of.words("Nothing was done yet about: %(measure)s.", measure=name)
                )
            else:
                day = self._of.day(answer.since)
                said = self._of.written(answer.text)
                told.append(self._of.words("Since %(day)s: %(done)s", day=day, done=said))
        return list(dict.fromkeys(told))

    def group(self, row: Row) -> str:
        """Return the name of a group: a region, an income group, or the languages that are read."""
        group = row["location"]
        if row["grouping"] == REGION:
            facts = self._say.views.locations.get(group, {})
            return self._say.place(group, facts.get("location_name"))
        names = INCOMES | LANGUAGES_READ
        if group in names:
            return self._of.words(names[group])
        # CLDR knows each language in each of the site's own
        known = self._of.locale.languages
        return self._of.list([known.get(code, code) for code in group.split(",")])

    def rows(self, grouping: str) -> list[Row]:
        """Return the groups of a grouping: incomes from the least, languages by their records."""
        found = [row for row in self._say.views.rows("fairness") if row["grouping"] == grouping]
        if grouping == INCOME:
            order = [*INCOMES]
            return sorted(found, key=lambda row: order.index(row["location"]))
        if grouping == LANGUAGE:
            return sorted(found, key=lambda row: -(row["share_records"] or 0.0))
        return found
