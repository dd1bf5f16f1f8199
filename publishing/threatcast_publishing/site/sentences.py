"""One sentence a place and threat, by written rules, in calibrated words.

The words of probability are those of the United States' Intelligence Community Directive 203 (2015,
section D.6.e.2.a), whose ranges meet without gaps. A sentence never says more than its row holds:
no number without its period, no cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from threatcast_publishing.site.languages import Language
from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.reasons import spoken

SCALE_NAME = "Intelligence Community Directive 203"
SCALE_URL = "https://www.dni.gov/files/documents/ICD/ICD-203.pdf"
# up to which probability, the word, and the sentence that there will be more than usual
SCALE: tuple[tuple[float, str, str], ...] = (
    (0.05, N_("almost no chance"), N_("There is almost no chance (%(p)s) of more than usual.")),
    (0.20, N_("very unlikely"), N_("More than usual is very unlikely (%(p)s).")),
    (0.45, N_("unlikely"), N_("More than usual is unlikely (%(p)s).")),
    (0.55, N_("roughly even chance"), N_("The chance of more than usual is roughly even (%(p)s).")),
    (0.80, N_("likely"), N_("More than usual is likely (%(p)s).")),
    (0.95, N_("very likely"), N_("More than usual is very likely (%(p)s).")),
    (1.00, N_("almost certain"), N_("More than usual is almost certain (%(p)s).")),
)
# degrees that other parts of a page speak of
VERY_UNLIKELY, EVEN, LIKELY, VERY_LIKELY = 1, 3, 4, 5
STATES = {
    "insufficient_evidence": N_("too little evidence"),
    "source_failure": N_("source failed"),
    "withheld": N_("withheld"),
}
TRENDS = {
    "large_decrease": N_("large decrease"),
    "decrease": N_("decrease"),
    "stable": N_("stable"),
    "increase": N_("increase"),
    "large_increase": N_("large increase"),
}


def degree(probability: float) -> int:
    """Return which degree of `SCALE` a probability has; on an edge, the one nearer to even."""
    for at, (upper, _, _) in enumerate(SCALE):
        if probability < upper or (probability == upper and upper > SCALE[3][0]):
            return at
    return len(SCALE) - 1


def likelihood(probability: float | None, of: Language) -> str:
    """Return the word of a probability, with the probability: `likely, 62 %`."""
    if probability is None:
        return of.words("not known")
    word = of.words(SCALE[degree(probability)][1])
    return of.words("%(word)s, %(p)s", word=word, p=of.percent(probability))


def sentence(
    row: Mapping[str, Any],
    of: Language,
    *,
    threat: str,
    place: str,
    end: date | None,
    newest: date | None,
    places: Mapping[str, str],
) -> str:
    """Return what a reader of one place and threat must know, and may quote.

    Parameters
    ----------
    row
        A row of `outlook` or `outlook_groupings`.
    of
        The language.
    threat, place
        Their names in it.
    end
        Last day of the four weeks; None without forecasts.
    newest
        Last day of the newest complete week: counts that end before it are told.
    places
        The location of each place's English name, for reasons that name one.
    """
    if row["state"] != "published" or row["expected_4w"] is None or end is None:
        return _without_numbers(row, of, threat, place, places)
    return of.joined(_with_numbers(row, of, threat, place, end, newest, places))


def _with_numbers(
    row: Mapping[str, Any],
    of: Language,
    threat: str,
    place: str,
    end: date,
    newest: date | None,
    places: Mapping[str, str],
) -> Iterator[str]:
    given = {
        "threat": threat,
        "place": place,
        "end": of.day(end),
        "expected": of.whole(row["expected_4w"]),
        "range": of.ends(of.whole, row["low80_4w"], row["high80_4w"]),
        "usual": of.count(row["usual_4w"]),
    }
    if round(row["expected_4w"]) == 0:
        yield of.words(
            "%(threat)s, %(place)s: most likely none in the 4 weeks to %(end)s "
            "(80%% range: %(range)s; usual in 4 weeks: %(usual)s).",
            **given,
        )
    else:
        yield of.words(
            "%(threat)s, %(place)s: about %(expected)s expected in the 4 weeks to %(end)s "
            "(80%% range: %(range)s; usual in 4 weeks: %(usual)s).",
            **given,
        )
    chance = row["p_above_usual_4w"]
    if chance is not None:
        yield of.words(SCALE[degree(chance)][2], p=of.percent(chance))
    if newest and row["data_through"] and row["data_through"] < newest:
        yield of.words("The counts end on %(day)s.", day=of.day(row["data_through"]))
    yield from _borrowed(row["reason"], of, places)


def _borrowed(reason: str | None, of: Language, places: Mapping[str, str]) -> Iterator[str]:
    """Yield what a published row's reason means: it borrows, or the baseline stands in."""
    if reason is None:
        return
    if reason.startswith("borrows from "):
        name = reason.removeprefix("borrows from ").partition(":")[0]
        lender = of.place(places[name], name) if name in places else name
        yield of.words(
            "Too sparse for a model of its own, it borrows from %(place)s.", place=lender
        )
    else:
        yield of.words(
            "These are the baseline's numbers: the usual model's last forecasts fared worse."
        )


def _without_numbers(
    row: Mapping[str, Any], of: Language, threat: str, place: str, places: Mapping[str, str]
) -> str:
    state = of.words(STATES.get(row["state"], row["state"]))
    why, _ = spoken(row["reason"], of, places)
    return of.words(
        "%(threat)s, %(place)s: no outlook, %(state)s: %(reason)s.",
        threat=threat,
        place=place,
        state=state,
        reason=why,
    )
