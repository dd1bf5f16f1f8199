"""What was done about measures of the fairness audit beyond their bound: `audit_answers.yaml`.

The file is data that a person reviews, as are `guidance.yaml`'s. A measure without an answer is
shown as one about which nothing was done yet.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import model_validator
from threatcast_forecasting.judging.fairness import BOUNDED

from threatcast_publishing.errors import ReleaseError
from threatcast_publishing.site.reviewed_files import Facts, Line, read_reviewed

ANSWERS = Path(__file__).with_name("audit_answers.yaml")
GROUPINGS = REGION, INCOME, LANGUAGE = "region", "income", "language"


class AuditAnswerError(ReleaseError):
    """The file of answers cannot be read or does not hold together."""


class AuditAnswer(Facts):
    """What was done about one measure, of one group or of any of a grouping."""

    grouping: str
    group: str | None = None
    measure: str
    since: date
    text: Line


class AuditAnswers(Facts):
    """The whole file."""

    answers: tuple[AuditAnswer, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> AuditAnswers:
        keys = [(one.grouping, one.group, one.measure) for one in self.answers]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        for problem, names in (
            ("unknown groupings", {one.grouping for one in self.answers}.difference(GROUPINGS)),
            ("unknown measures", {one.measure for one in self.answers}.difference(BOUNDED)),
            ("answered twice", twice),
        ):
            if names:
                raise ValueError(f"{problem}: {', '.join(sorted(names))}")
        return self

    def of(self, grouping: str, group: str, measure: str) -> AuditAnswer | None:
        """Return the answer of a group, else that of its grouping; None if there is none."""
        found = {
            one.group: one
            for one in self.answers
            if (one.grouping, one.measure) == (grouping, measure)
        }
        return found.get(group) or found.get(None)


@cache
def read_answers(path: Path = ANSWERS) -> AuditAnswers:
    """Return the answers of a file; raises AuditAnswerError, which names the place and the cure."""
    return read_reviewed(AuditAnswers, path, AuditAnswerError)
