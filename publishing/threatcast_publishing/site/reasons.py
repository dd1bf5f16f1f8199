"""Reasons of the tables in the words of a language: why there is no number, or a borrowed one.

dbt writes reasons in English, from few forms with numbers, days, feeds and places in them. Each
form stands here once, as a text of the catalogues; a reason of another form stays English, and the
page says so to browsers and screen readers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise

from threatcast_publishing.site.languages import SOURCE, Language
from threatcast_publishing.site.messages import N_

# what each name in a form stands for; `n…` is a number, or two where places are put together
_KINDS = {
    "n": r"\d[\d,.]*(?: to \d[\d,.]*)?",
    "day": r"\d{4}-\d{2}-\d{2}(?: to \d{4}-\d{2}-\d{2})?",
    "place": r"[^:,]+?(?:, [^:,]+?)*?",
    "feed": r"\w+",
    "word": r"\w+",
    "rest": r".+",
}
FORMS = (
    N_("%(n1)s weeks watched (%(n2)s needed)"),
    N_("%(n1)s of the last %(n2)s weeks watched (%(n3)s needed)"),
    N_("%(n1)s events in the last %(n2)s weeks (%(n3)s needed)"),
    N_("borrows from %(place)s: %(n1)s events in the last %(n2)s weeks"),
    N_("no forecast was made"),
    N_("no reason given"),
    N_("fixed_size_window"),
    N_("no weekly counts of it ship"),
    N_("%(feed)s is stale: nothing since %(day1)s, limit %(n1)s days"),
    N_("%(feed)s is silent: no event after %(day1)s, limit %(n1)s weeks"),
    N_("%(feed)s is failed: no weekly counts of it ship"),
    N_("%(feed)s is failed: no payload accepted by %(day1)s"),
    N_("nothing since %(day1)s, limit %(n1)s days"),
    N_("no event after %(day1)s, limit %(n1)s weeks"),
    N_("no payload accepted by %(day1)s"),
    N_("the last attempt (%(day1)s) failed, newest payload of %(day2)s"),
    N_("the payload of %(day1)s was set aside, newest accepted of %(day2)s"),
    N_("limit %(n1)s days"),
    N_("places unknown: %(n1)s of %(n2)s"),
    N_("the release before did not have this row"),
    N_("the source failed"),
    N_("the source is back"),
    N_("there is enough evidence now, and was not before"),
    N_("the model %(word1)s speaks instead of %(word2)s"),
    N_("counts stand at another level since the week of %(day1)s"),
    N_("%(n1)s times the one before"),
    N_("counts through %(day1)s instead of %(day2)s"),
    N_("a new copy of the source changed earlier counts"),
    N_("the same counts and model; the code or the settings differ"),
    N_("%(word1)s: %(n1)s past origins were scored, %(n2)s are needed to tell"),
    # what a release says of itself that was not taken from the feeds: `threatcast_publishing.marks`
    N_("SIMULATED."),
    N_("SIMULATED, not observed: made by the sample generator."),
    N_("Nothing on this page was observed: a generator made it all."),
    N_("No data of these publishers is in this release: it is simulated in the form of theirs."),
    N_("STARTER, counts up to %(day1)s."),
    N_(
        "STARTER: real weekly counts up to %(day1)s, re-enacted as stand-in records; "
        "not today's outlook."
    ),
    N_(
        "Real weekly counts up to %(day1)s, re-enacted as stand-in records; not today's outlook. "
        "Weeks after %(day2)s are not known here."
    ),
    N_(
        "Weekly counts made of these publishers' data are in this release. Their records are not: "
        "stand-ins were counted in their place."
    ),
    N_("its members were never watched in the same week"),
    N_("no member has an outlook"),
    N_(
        "members with an outlook hold %(n1)s %% of the events of the last 104 weeks, "
        "%(n2)s %% are needed"
    ),
)
_FIELD = re.compile(r"%\((\w+?)\)s")
# how a code of the tables reads; the others read as they are written
_SPELLED = {
    "fixed_size_window": N_("the feed is a window of fixed size, whose volume says nothing"),
}


def spoken(reason: str | None, of: Language, places: Mapping[str, str]) -> tuple[str, bool]:
    """Return a reason in a language, and whether it is in that language: else it is English.

    Parameters
    ----------
    reason
        As in `outlook.reason` or `feed_health.reason`.
    of
        The language.
    places
        The location of each place's English name.
    """
    text = reason or "no reason given"
    if text in _SPELLED:
        return of.words(_SPELLED[text]), True
    if of.code == SOURCE:
        return text, True
    parts = _parted(text)
    if parts is None:
        return text, False
    said = [
        of.words(form, **{name: _given(name, what, of, places) for name, what in given.items()})
        for form, given in parts
    ]
    return _SEPARATORS.get(of.code, ", ").join(said), True


# how a language puts clauses side by side
_SEPARATORS = {"ar": "، ", "zh": "\N{FULLWIDTH COMMA}"}


@cache
def _parted(text: str) -> tuple[tuple[str, Mapping[str, str]], ...] | None:
    """Return the forms that a reason is put together from, with what they hold; None if unknown.

    A form may hold commas itself, so the longest beginning that has a form is taken first.
    """
    if not text:
        return ()
    ends = [len(text), *(at.start() for at in reversed(list(re.finditer(", ", text))))]
    for end in ends:
        found = _form_of(text[:end])
        rest = _parted(text[end + 2 :]) if found else None
        if found and rest is not None:
            return (found, *rest)
    return None


def _form_of(text: str) -> tuple[str, Mapping[str, str]] | None:
    for form in FORMS:
        match = _pattern(form).fullmatch(text)
        if match:
            return form, match.groupdict()
    return None


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """Return what a form matches: its words as they are, its names by what they stand for."""
    ends = [0, *(end for match in _FIELD.finditer(form) for end in match.span()), len(form)]
    parts = [form[start:end] for start, end in pairwise(ends)]
    return re.compile(
        "".join(
            _group(part) if at % 2 else re.escape(part.replace("%%", "%"))
            for at, part in enumerate(parts)
        )
    )


def _group(field: str) -> str:
    name = field[2:-2]
    return f"(?P<{name}>{_KINDS[name.rstrip('0123456789')]})"


def _given(name: str, what: str, of: Language, places: Mapping[str, str]) -> str:
    """Return what stood in a reason as this language writes it."""
    kind = name.rstrip("0123456789")
    if kind == "place":
        return of.place(places[what], what) if what in places else what
    if kind not in ("n", "day"):
        return what
    ends = [_written(one, kind, of) for one in what.split(" to ")]
    return ends[0] if len(ends) == 1 else of.words("%(low)s to %(high)s", low=ends[0], high=ends[1])


def _written(text: str, kind: str, of: Language) -> str:
    if kind == "day":
        return of.day(date.fromisoformat(text))
    return of.count(float(text.replace(",", "")))


def merged(reasons: Sequence[str | None]) -> str:
    """Return one English reason for several of one shape: numbers that differ become a range.

    Examples
    --------
    >>> merged(["3 events in 104 weeks, 20 needed", "11 events in 104 weeks, 20 needed"])
    '3 to 11 events in 104 weeks, 20 needed'
    """
    texts = [reason or "no reason given" for reason in reasons]
    found = zip(*(NUMBER.findall(text) for text in texts), strict=True)
    ranges = iter([_range(numbers) for numbers in found])
    return NUMBER.sub(lambda _: next(ranges), texts[0])


def shape_of(reason: str | None) -> str:
    """Return a reason without its numbers, by which like reasons are put together."""
    return NUMBER.sub("#", reason or "no reason given")


# days, counts and shares, not parts of names
NUMBER = re.compile(r"(?<![\w-])(?:\d{4}-\d{2}-\d{2}|\d+(?:[.,]\d+)*)(?![\w-])")


def _range(numbers: Sequence[str]) -> str:
    low, high = min(numbers, key=_size), max(numbers, key=_size)
    return low if low == high else f"{low} to {high}"


def _size(number: str) -> tuple[float, str]:
    if "-" in number:  # days sort as text
        return 0.0, number
    return float(number.replace(",", "")), number
