"""What messages about warnings say in one language: the words of the pages, in few lines.

A fault of the data is told as one, with what it says nothing about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_forecasting.warning.warning_kinds import DATA_KINDS, KINDS, THREAT_KINDS

from threatcast_publishing.site.messages import N_
from threatcast_publishing.site.warning_words import WarningWords

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from threatcast_publishing.site.outlook_details import Row
    from threatcast_publishing.site.speech import Speech

LEVELS = {
    "severe": N_("%(num)s severe"),
    "elevated": N_("%(num)s elevated"),
    "watch": N_("%(num)s to watch"),
}
_SUBJECTS = {
    "warning": "%(said)s",
    "digest": "%(said)s",
    "escalation": N_("Nobody has acknowledged: %(said)s"),
    "end": N_("No longer so: %(said)s"),
}
_ENDS = {
    "gone": N_("It is gone: %(said)s"),
    "withdrawn": N_("A release that was taken back had said it: %(said)s"),
}


class MessageWords:
    """All that a message says; rows are those of the table `warnings`."""

    def __init__(self, speech: Speech) -> None:
        self._of = speech.language
        self._say = speech
        self._words = WarningWords(speech)

    def headline(self, row: Row) -> str:
        """Return what a warning is, as short as a mail's subject."""
        if row["kind"] in THREAT_KINDS:
            level, title = self._words.standing(row), self._words.title(row)
            return self._of.words("%(level)s: %(title)s", level=level, title=title)
        return self._of.words("DATA, no threat: %(title)s", title=self._title(row))

    def in_short(self, row: Row) -> str:
        """Return what a warning is and what was seen: a line among many."""
        seen = [self._words.what(row)] if row["kind"] in KINDS else []
        return self._of.joined([self._of.words("%(said)s.", said=self.headline(row)), *seen])

    def sentence(self, row: Row) -> str:
        """Return all that a warning says, in one line."""
        if row["kind"] in THREAT_KINDS:
            parts = [
                self._words.what(row), self._words.unusual(row), self._words.sure(row),
                self._words.others(row),
            ]  # fmt: skip
        else:
            seen = [self._words.what(row)] if row["kind"] in DATA_KINDS else []
            parts = [*seen, self._of.words("Counts may be wrong; this says nothing about threats.")]
        return self._of.joined([self._of.words("%(said)s.", said=self.headline(row)), *parts])

    def _title(self, row: Row) -> str:
        """Return the title of a fault; a kind that a later version knows is one of the data."""
        return self._words.title(row) if row["kind"] in DATA_KINDS else str(row["kind"])

    def parts_of_guidance(self, row: Row) -> list[str]:
        """Return the addresses below the site of what can be done, the kind of threat first."""
        folder = self._of.folder
        return [f"{folder}guidance.html#{part}" for part, _ in self._words.guidance(row)]

    def page(self, row: Row) -> str:
        """Return the address below the site of what is told of a warning."""
        return f"{self._of.folder}warnings.html#w{row['warning_id']}"

    def summary(self, rows: Sequence[Row]) -> str:
        """Return how many warnings there are, by level, and how many are of the data."""
        of = self._of
        threats = [row for row in rows if row["kind"] in THREAT_KINDS]
        parts = []
        if threats:
            counts = {level: sum(row["level"] == level for row in threats) for level in LEVELS}
            levels = [
                of.words(LEVELS[level], num=of.count(number))
                for level, number in counts.items()
                if number
            ]
            told = of.counted("%(num)s warning", "%(num)s warnings", len(threats))
            parts.append(f"{told} ({of.listed(levels)})")
        faults = len(rows) - len(threats)
        if faults:
            parts.append(
                of.counted("%(num)s fault of the data", "%(num)s faults of the data", faults)
            )
        return of.listed(parts)

    def subject(self, form: str, rows: Sequence[Row]) -> str:
        """Return the first line of a message of a form."""
        said = self.headline(rows[0]) if len(rows) == 1 else self.summary(rows)
        text = _SUBJECTS[form]
        return said if text == "%(said)s" else self._of.words(text, said=said)

    def ended(self, row: Row, state: str) -> str:
        """Return that a warning is over, and why."""
        return self._of.words(_ENDS[state], said=self.sentence(row))

    def more(self, number: int) -> str:
        """Return how many warnings a message leaves out."""
        return self._of.words("And %(num)s more.", num=self._of.count(number))

    def mark(self, text: str) -> str:
        """Return what a mark says of numbers that no feed gave today."""
        return str(self._say.reason(text))

    def links(self, page: str = "", guidance: str = "") -> Iterable[str]:
        """Yield where more stands, of those addresses that are known."""
        if page:
            yield self._of.words("More: %(address)s", address=page)
        if guidance:
            yield self._of.words("What can be done: %(address)s", address=guidance)

    def foot(self, *, asks: bool) -> list[str]:
        """Return the last lines of a message; `asks` if an answer is wanted."""
        answer = self._of.words(
            "Say that you know: threatcast warnings ack ID. What it was: threatcast warnings close "
            "ID."
        )
        limits = self._of.words(
            "Threatcast counts what public feeds show. It blocks nothing, scans nothing, names no "
            "victim and says of nobody that they did it."
        )
        return [answer, limits] if asks else [limits]
