"""What templates say by rules in one language: names, states, reasons, sentences, alternatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from threatcast_publishing import kinds
from threatcast_publishing.marks import mark_of
from threatcast_publishing.site import outlook_parts, sentences
from threatcast_publishing.site.languages import SOURCE, Language
from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.reasons import spoken

if TYPE_CHECKING:
    from markupsafe import Markup

    from threatcast_publishing.site.outlook_details import Outlook, Row
    from threatcast_publishing.site.views import Place, ReleaseViews

GRADES = {
    "A": N_(
        "own model, at least 5 events a week and 104 weeks of counts, and its ranges held when "
        "the past was forecast again"
    ),
    "B": N_("own model, but sparser or shorter counts, or ranges that did not quite hold"),
    "C": N_("borrows from its sub-region"),
    "D": N_("a simple baseline only"),
}
DECIDERS = {
    "gate": N_("the nightly comparison of models"),
    "drift": N_("the check of past forecasts"),
    "person": N_("a person"),
}
FEED_STATES = {
    "fresh": N_("fresh"),
    "unchanged": N_("unchanged"),
    "stale": N_("stale"),
    "silent": N_("silent"),
    "failed": N_("failed"),
    "left_out": N_("left out"),
}
COPY_MODES = {
    "live": N_("asked at its source"),
    "mirror": N_("from a recording"),
    "git_history": N_("from the history of its repository"),
    "starter": N_("made from shipped weekly counts"),
    "sample": N_("made by a generator"),
}
CAUSES = {
    "new_target": N_("new here"),
    "feed": N_("the source failed or came back"),
    "evidence": N_("there is more or less evidence"),
    "model": N_("another model speaks"),
    "level_shift": N_("the level of counts shifted"),
    "new_counts": N_("new counts"),
    "calculation": N_("the code or its settings changed"),
}
LEVELS = {
    "world": N_("world"),
    "region": N_("region"),
    "subregion": N_("sub-region"),
    "country": N_("country"),
    "unlocated": N_("not located"),
}
SCORE_KINDS = {"backtest": N_("the past forecast again"), "live": N_("published and come due")}
MEANINGS = {
    "published": N_("there is a number, with its range and its evidence"),
    "insufficient_evidence": N_("too few events, or too few weeks watched, for any honest range"),
    "source_failure": N_("the source is old, silent or broken: nobody can know"),
    "withheld": N_("there is a number, but it is not shown, because it would mislead"),
}
_STATES = {"published": N_("with an outlook")} | sentences.STATES


class Speech:
    """All that the templates of one language say; its public methods are their functions."""

    def __init__(self, of: Language, views: ReleaseViews) -> None:
        self.language = of
        self.views = views

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what the templates may call, by name."""
        of = self.language
        numbers = (of.listed, of.count, of.rate, of.ends, of.span, of.percent, of.day)
        own = (
            self.place, self.threat, self.state, self.reason, self.data, self.likelihood,
            self.sentence, self.grouping_sentence, self.overview, self.described,
            self.told_record, self.made_of, self.told_parts, self.weeks_ahead, self.names,
            self.located, self.family, self.copy_mode,
        )  # fmt: skip
        return {function.__name__: function for function in (*numbers, *own)}

    def place(self, location: str, written: str | None = None) -> str:
        """Return the name of a place."""
        return self.language.place(location, written)

    def threat(self, target: str) -> str:
        """Return the title of a target."""
        title = self.views.targets.get(target, {}).get("title") or target
        return self.language.written(title)

    def state(self, name: str) -> str:
        """Return the state of an outlook in words."""
        return self._kind(_STATES, name)

    def reason(self, text: str | None) -> str | Markup:
        """Return a reason, or what a mark says, in words; marked as English if no form knows it."""
        said, is_own = spoken(text, self.language, self.views.codes)
        return said if is_own else _english(said)

    def data(self, text: str) -> str | Markup:
        """Return a text of the tables: translated if the catalogue has it, else as English."""
        if self.language.code == SOURCE or not text:
            return text
        found = self.language.written(text)
        return found if found != text else _english(text)

    def likelihood(self, probability: float | None) -> str:
        """Return a probability with its calibrated word."""
        return sentences.likelihood(probability, self.language)

    def sentence(self, row: Row) -> str | Markup:
        """Return the sentence of a row of `outlook`."""
        return self._sentence(row, self.place(row["location"], row["location_name"]))

    def grouping_sentence(self, row: Row) -> str | Markup:
        """Return the sentence of a row of `outlook_groupings`."""
        return self._sentence(row, self.language.written(row["grouping_name"]))

    def _sentence(self, row: Row, place: str) -> str | Markup:
        from markupsafe import Markup

        said = sentences.sentence(
            row,
            self.language,
            threat=self.threat(row["target"]),
            place=place,
            end=self.views.end_of(4),
            newest=self.views.reference_date,
            places=self.views.codes,
        )
        mark = mark_of(self.views.release.source, self.views.as_of)
        if mark is None:
            return said
        return Markup('<span class="mark">{}</span> {}').format(self.reason(mark.opening), said)

    def overview(self, place: Place) -> str:
        """Return one paragraph on a place: how much can be said, and what stands out."""
        of = self.language
        name = self.place(place.location, place.row["location_name"])
        without = sum(len(group.rows) for group in place.hidden)
        if not place.outlooks:
            return of.words("%(place)s: no threat has a number here today.", place=name)
        parts = [
            of.counted(
                "%(place)s: there is a number for %(num)s threat, and none for %(without)s.",
                "%(place)s: there are numbers for %(num)s threats, and none for %(without)s.",
                len(place.outlooks),
                place=name,
                without=of.count(without),
            )
        ]
        degrees = [
            (one, sentences.degree(one.row["p_above_usual_4w"]))
            for one in place.outlooks
            if one.row["p_above_usual_4w"] is not None
        ]
        likely = [one for one, degree in degrees if degree >= sentences.LIKELY]
        if likely:
            parts.append(
                of.words(
                    "Over the next 4 weeks more than usual is likely or more for: %(threats)s.",
                    threats=self._listed(likely),
                )
            )
        else:
            parts.append(
                of.words("For none of them is more than usual likely over the next 4 weeks.")
            )
        fewer = [one for one, degree in degrees if degree <= sentences.VERY_UNLIKELY]
        if fewer:
            parts.append(
                of.words(
                    "More than usual is very unlikely for: %(threats)s.",
                    threats=self._listed(fewer),
                )
            )
        return of.joined(parts)

    def _listed(self, outlooks: Sequence[Outlook]) -> str:
        of = self.language
        said = [
            of.words(
                "%(threat)s (%(p)s)",
                threat=self.threat(one.row["target"]),
                p=of.percent(one.row["p_above_usual_4w"]),
            )
            for one in outlooks
        ]
        return of.list(said)

    def described(self, one: Outlook) -> str:
        """Return the text alternative of a chart: what it shows, with its ends and gaps."""
        of, fan = self.language, one.fan
        known = [value for _, value, _ in fan.weeks if value is not None] if fan else []
        parts = []
        if known and fan:
            parts.append(
                of.words(
                    "Chart: counts of %(weeks)s weeks, %(range)s a week; "
                    "%(missing)s weeks missing.",
                    weeks=of.count(len(fan.weeks)),
                    range=of.span(min(known), max(known)),
                    missing=of.count(len(fan.weeks) - len(known)),
                )
            )
        if one.weeks:
            last = one.weeks[-1][1]
            parts.append(
                of.words(
                    "Forecast of %(weeks)s weeks: the middle goes from %(first)s to %(last)s a "
                    "week, the last 80%% range is %(range)s.",
                    weeks=of.count(len(one.weeks)),
                    first=of.count(one.weeks[0][1][3]),
                    last=of.count(last[3]),
                    range=of.span(last[1], last[5]),
                )
            )
        return of.joined(parts)

    def weeks_ahead(self, one: Outlook) -> list[tuple[str, str, str, str, str]]:
        """Return each week ahead in words: its Monday, the middle, and the three ranges."""
        of = self.language
        return [
            (
                of.day(week),
                of.count(at[3]),
                of.span(at[2], at[4]),
                of.span(at[1], at[5]),
                of.span(at[0], at[6]),
            )
            for week, at in one.weeks
        ]

    def told_record(self, row: Row) -> str:
        """Return how past forecasts fared at a place, in words first."""
        of = self.language
        ratio = row["relative_wis"]
        if ratio is None:
            verdict = of.words("It cannot be compared with the simplest rival.")
        elif row["is_worse"]:
            verdict = of.words("Here we were worse than the simplest rival.")
        else:
            verdict = of.words("Here we were better than the simplest rival, or as good.")
        days = of.counted("%(num)s start day", "%(num)s start days", row["origins"])
        numbers = of.counted(
            "Over %(num)s scored forecast (%(kind)s) the 80%% range held the count in %(share)s of "
            "cases, the 50%% range in %(half)s; the error is %(ratio)s times that of the rival.",
            "Over %(num)s scored forecasts (%(kind)s) the 80%% range held the count in %(share)s "
            "of cases, the 50%% range in %(half)s; the error is %(ratio)s times that of the rival.",
            row["forecasts"],
            kind=of.listed((self._kind(SCORE_KINDS, row["kind"]), days)),
            share=of.percent(row["covered_80"]),
            half=of.percent(row["covered_50"]),
            ratio=of.rate(ratio),
        )
        return of.joined((verdict, numbers))

    def made_of(self, one: Outlook) -> str:
        """Return in a sentence what the expected number of an outlook is made of."""
        return outlook_parts.made_of(one, self.language)

    def told_parts(self, one: Outlook) -> list[tuple[str, str, str]]:
        """Return the parts of an outlook in words, with their events in 4 and in 12 weeks."""
        return outlook_parts.told_parts(one, self.language)

    def names(self, rows: Sequence[Row]) -> list[str]:
        """Return the names of the places of rows, in the order of the alphabet."""
        return sorted(self.place(row["location"], row["location_name"]) for row in rows)

    def located(self, facts: Row) -> str:
        """Return what a place of a target is."""
        by = [one for one in (facts.get("located_by") or "").split("+") if one]
        return self.language.listed(self._kind(kinds.LOCATED_BY, one) for one in by)

    def family(self, facts: Row) -> str:
        """Return the kind of threat that a target shows."""
        return self._kind(kinds.FAMILIES, facts.get("family") or "")

    def copy_mode(self, mode: str | None) -> str:
        """Return how a copy of a feed was had."""
        return self._kind(COPY_MODES, mode or "-")

    def _kind(self, known: Mapping[str, str], key: str) -> str:
        return self.language.words(known[key]) if key in known else key


def _english(text: str) -> Markup:
    from markupsafe import Markup

    return Markup('<span lang="en" dir="ltr">{}</span>').format(text)
