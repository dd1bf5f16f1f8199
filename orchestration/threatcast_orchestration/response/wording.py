"""Warnings in words, of the columns of their rows alone.

A fault of the data is told as one: what is broken, and that it says nothing of threats.
"""

from __future__ import annotations

from collections.abc import Sequence

from threatcast_feeds.outside import shown
from threatcast_forecasting.warning.warning_kinds import DATA_KINDS, THREAT_KINDS

from threatcast_orchestration.response.warning_rows import WarningRow

THREAT_WORDS = {
    "surge": "more {target} than expected",
    "drop": "fewer {target} than expected",
    "new_place": "first {target} in years",
    "new_name": "{target} with a name that the feed has not listed before",
}
DATA_WORDS = {
    "silence": "the feed brings nothing",
    "emptied": "the feed was emptied",
    "refilled": "the feed was filled again with old entries",
    "blank_field": "a field lost its values",
    "feed_size": "the whole feed changed its size",
    "withdrawals": "the feed took entries back",
}
_MOST = {"surge": "Most", "drop": "Least"}
NOT_A_THREAT = "Counts may be wrong; this says nothing about threats."
FOOT = (
    "Threatcast counts what public feeds show. It blocks nothing, scans nothing, names no victim "
    "and says of nobody that they did it."
)
# both hold every kind, or a kind would have no words in the night that first brings it
if THREAT_WORDS.keys() != set(THREAT_KINDS) or DATA_WORDS.keys() != set(DATA_KINDS):
    raise ImportError("wording.py has no words for a kind of warning, or words for none")


def headline(row: WarningRow) -> str:
    """Return what a warning is, as short as a mail's subject.

    Examples
    --------
    >>> headline(WarningRow.model_construct(kind="surge", level="severe", target="ddos_targets",
    ...     location="DE"))
    'severe: more ddos_targets than expected, DE'
    """
    place = f", {shown(row.location)}" if row.location and not _is_of_a_feed(row) else ""
    target = shown(row.target)
    if row.is_threat:
        return f"{row.level}: {THREAT_WORDS[row.kind].format(target=target)}{place}"
    # a kind that a later version knows is held for one of the data
    words = DATA_WORDS.get(row.kind, f"a fault of the data ({shown(row.kind)})")
    detail = f" ({shown(row.detail)})" if row.detail else ""
    return f"{row.level}, DATA: {target}{place}: {words}{detail}"


def sentence(row: WarningRow) -> str:
    """Return what a warning says, in one line.

    Examples
    --------
    >>> sentence(WarningRow.model_construct(kind="silence", level="elevated", target="ddos_targets",
    ...     location="", detail="no events", since=None))
    'elevated, DATA: ddos_targets: the feed brings nothing (no events). Counts may be wrong; this \
says nothing about threats.'
    """
    since = f" since {row.since}" if row.since else ""
    said = _numbers(row) + _others(row) if row.is_threat else f" {NOT_A_THREAT}"
    return f"{headline(row)}{since}.{said}"


def _is_of_a_feed(row: WarningRow) -> bool:
    """Whether a fault is of a feed as a whole, and so of no place."""
    return not row.is_threat and row.location == "WORLD"


def _numbers(row: WarningRow) -> str:
    """Return what was counted and what was expected, as far as it is known."""
    text = ""
    if row.observed is not None and row.week:
        text += f" Week of {row.week}: {row.observed:,.0f} counted"
        if row.observed_upper is not None and row.observed_upper > row.observed:
            text += f", up to {row.observed_upper:,.0f} with late reports"
        if row.expected_low is not None and row.expected_high is not None:
            text += f"; {row.expected_low:,.0f} to {row.expected_high:,.0f} were expected (80 %)"
        text += "."
    if row.peak is not None and row.kind in _MOST and row.peak_week != row.week:
        text += (
            f" {_MOST[row.kind]} in a week since then: {row.peak:,.0f}, week of {row.peak_week}."
        )
    if row.evidence is not None:
        text += f" Evidence against the forecast: {row.evidence:,.3g} to 1"
        text += ", of a back-test" if row.forecasts_of == "backtest" else ""
        text += "." if row.stands_out else "; it does not stand out among all series of the night."
    return text


def _others(row: WarningRow) -> str:
    """Return which other targets at the place say the same, and which say the opposite."""
    told = [
        f"{word}: {', '.join(map(shown, names))}"
        for word, names in (("Agrees", row.agrees), ("Disagrees", row.disagrees))
        if names
    ]
    return f" {'. '.join(told)}." if told else ""


def in_order(rows: Sequence[WarningRow]) -> list[WarningRow]:
    """Return warnings as people read them: threats before faults of data, the gravest first."""
    grave = {"severe": 0, "elevated": 1, "watch": 2}
    return sorted(
        rows, key=lambda row: (not row.is_threat, grave[row.level], row.target, row.location)
    )


def summary(rows: Sequence[WarningRow]) -> str:
    """Return how many warnings there are, by level, and how many are of the data.

    Examples
    --------
    >>> one = WarningRow.model_construct(kind="surge", level="severe")
    >>> summary([one, WarningRow.model_construct(kind="emptied", level="elevated"), one])
    '2 warnings (2 severe), 1 fault of the data'
    """
    threats = [row for row in rows if row.is_threat]
    parts = []
    if threats:
        levels = [
            f"{count} {level}"
            for level in ("severe", "elevated", "watch")
            if (count := sum(row.level == level for row in threats))
        ]
        parts.append(f"{_counted(len(threats), 'warning')} ({', '.join(levels)})")
    faults = len(rows) - len(threats)
    if faults:
        parts.append(_counted(faults, "fault") + " of the data")
    return ", ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
