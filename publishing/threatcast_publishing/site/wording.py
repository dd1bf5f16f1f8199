"""How numbers, states and reasons read on the page. English, deterministic, no locale."""

from __future__ import annotations

import re
from collections.abc import Sequence

NO_BREAK = "\N{NO-BREAK SPACE}"

STATE_LABELS = {
    "insufficient_evidence": "too little evidence",
    "source_failure": "source failed",
    "withheld": "withheld",
}
REASON_LABELS = {
    "fixed_size_window": "the feed is a window of fixed size, whose volume says nothing",
}
LEVEL_LABELS = {
    "world": "",
    "region": "region",
    "subregion": "sub-region",
    "country": "",
    "unlocated": "",
}
TRENDS = {
    "large_decrease": ("⇊", "large decrease"),
    "decrease": ("↓", "decrease"),
    "stable": ("→", "stable"),
    "increase": ("↑", "increase"),
    "large_increase": ("⇈", "large increase"),
}
GRADES = {
    "A": "own model, at least 5 events a week and 104 weeks of counts, and its ranges held when "
    "the past was forecast again",
    "B": "own model, but sparser or shorter counts, or ranges that did not quite hold",
    "C": "borrows from its sub-region",
    "D": "a simple baseline only",
}

DECIDERS = {
    "gate": "the nightly comparison of models",
    "drift": "the check of past forecasts",
    "person": "a person",
}

_NUMBER = re.compile(r"(?<![\w-])(?:\d{4}-\d{2}-\d{2}|\d+(?:[.,]\d+)*)(?![\w-])")


def count(value: float | None) -> str:
    """Return a number of events; a rate below ten keeps one decimal.

    Examples
    --------
    >>> count(12345.0), count(2.25), count(2.0), count(None)
    ('12,345', '2.2', '2', 'not known')
    """
    if value is None:
        return "not known"
    if value == int(value) or abs(value) >= 10:
        return f"{round(value):,}"
    return f"{value:.1f}" if value >= 0.05 else "below 0.1"


def span(low: float | None, high: float | None) -> str:
    """Return the two ends of a range, in words that can be read aloud.

    Examples
    --------
    >>> span(3, 12)
    '3 to 12'
    """
    if low is None or high is None:
        return "not known"
    return f"{count(low)} to {count(high)}"


def percent(share: float | None) -> str:
    """Return a probability in whole percent; never 0 % or 100 % for what is not certain.

    Examples
    --------
    >>> percent(0.624).replace(NO_BREAK, " "), percent(0.004).replace(NO_BREAK, " ")
    ('62 %', '<1 %')
    """
    if share is None:
        return ""
    if 0 < share < 0.01:
        return f"<1{NO_BREAK}%"
    if 0.99 < share < 1:
        return f">99{NO_BREAK}%"
    return f"{round(100 * share)}{NO_BREAK}%"


def spelled(reason: str) -> str:
    """Return a reason in words, where the tables hold a code."""
    return REASON_LABELS.get(reason, reason)


def shape_of(reason: str | None) -> str:
    """Return a reason without its numbers, by which like reasons are put together."""
    return _NUMBER.sub("#", reason or "no reason given")


def merged(reasons: Sequence[str | None]) -> str:
    """Return one sentence for reasons of the same shape: a number that differs becomes a range.

    Examples
    --------
    >>> merged(["3 events in 104 weeks, 20 needed", "11 events in 104 weeks, 20 needed"])
    '3 to 11 events in 104 weeks, 20 needed'
    """
    texts = [reason or "no reason given" for reason in reasons]
    found = zip(*(_NUMBER.findall(text) for text in texts), strict=True)
    ranges = iter([_range(numbers) for numbers in found])
    return _NUMBER.sub(lambda _: next(ranges), texts[0])


def _range(numbers: Sequence[str]) -> str:
    low, high = min(numbers, key=_size), max(numbers, key=_size)
    return low if low == high else f"{low} to {high}"


def _size(number: str) -> tuple[float, str]:
    if "-" in number:  # days sort as text
        return 0.0, number
    return float(number.replace(",", "")), number


def link(address: str | None) -> str:
    """Return an address that is safe to follow, else nothing: a feed's word is not trusted.

    Examples
    --------
    >>> link("javascript:alert(1)"), link("https://example.org/list")
    ('', 'https://example.org/list')
    """
    text = (address or "").strip()
    return text if re.match(r"https?://[^\s]+$", text) else ""
