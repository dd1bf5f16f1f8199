"""What came of a gate, as plain objects that JSON, Dagster and a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from threatcast_feeds.outside import MOST_MESSAGE, MOST_SAMPLE, shown

from threatcast_orchestration.errors import OrchestrationError

SEVERITIES = ("info", "warning", "critical")


@dataclass(frozen=True)
class ExpectationResult:
    """What came of one expectation.

    `unexpected_count` is None for rules on a whole table; `sample` holds up to five rows that
    broke the rule, in the columns that the suite allows to be shown.
    """

    type: str
    kwargs: dict[str, Any]
    frame: str
    success: bool
    severity: str
    unexpected_count: int | None
    element_count: int | None
    observed: Any
    sample: list[dict[str, Any]]
    why: str
    cure: str
    error: str = ""

    def __post_init__(self) -> None:
        """Escape and cut what comes from the rows that were looked at."""
        sample = [{key: _shown(value) for key, value in row.items()} for row in self.sample]
        object.__setattr__(self, "sample", sample)
        object.__setattr__(self, "observed", _shown(self.observed))
        object.__setattr__(self, "error", shown(self.error, MOST_MESSAGE))

    @property
    def rule(self) -> str:
        """Return the rule in one line, e.g. `expect_... (column=week, mostly=0.99)`."""
        shown = ", ".join(f"{key}={_brief(value)}" for key, value in self.kwargs.items())
        return f"{self.type}({shown})"


class GateCrashed(OrchestrationError):  # noqa: N818 the name says what happened
    """A gate that could not look: our own failure, which says nothing about the data."""


@dataclass(frozen=True)
class GateResult:
    """What came of one suite.

    `error` says why a gate that crashed could not look: nothing may go on then, but nothing is
    known against the data either. `overruled_by` says who overruled critical failures, and why.
    """

    suite: str
    protects: str
    expectations: tuple[ExpectationResult, ...]
    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    docs: str = ""
    link: str = ""
    overruled_by: str = ""

    @property
    def success(self) -> bool:
        """Whether every expectation held."""
        return not self.error and not self.failures

    @property
    def failures(self) -> list[ExpectationResult]:
        """The expectations that did not hold, the worst first."""
        failed = [rule for rule in self.expectations if not rule.success]
        return sorted(failed, key=lambda rule: -SEVERITIES.index(rule.severity))

    @property
    def severity(self) -> str | None:
        """Severity of the worst failure, a crash being critical; None if all held."""
        if self.error:
            return "critical"
        return self.failures[0].severity if self.failures else None

    @property
    def blocks(self) -> bool:
        """Whether nothing may go on from here; `refuse_crash` tells whose fault it is."""
        return self.severity == "critical"

    def overruled(self, words: str) -> GateResult:
        """Return what stays of a refusal that a person has overruled: warnings, with their words.

        A crash is none: it stays.
        """
        softened = tuple(
            rule
            if rule.success or rule.severity != "critical"
            else replace(rule, severity="warning")
            for rule in self.expectations
        )
        return replace(self, expectations=softened, overruled_by=words)

    def refuse_crash(self, looked_at: str) -> None:
        """Stop if the gate crashed.

        Parameters
        ----------
        looked_at
            What the gate was to judge, as it reads after "on", e.g. "the published tables".

        Raises
        ------
        GateCrashed
            Names the gate, what it looked at and the cure.
        """
        if self.error:
            raise GateCrashed(
                f"The gate {self.suite} crashed on {looked_at}: {self.error}. That is a failure of "
                "the gate, not of the data. Nothing was set aside, and nothing unjudged went on. "
                "Mend the suite or what it reads, then run again; it goes on from here."
            )

    @property
    def summary(self) -> str:
        """One sentence for a log line or a person."""
        if self.error:
            return f"{self.suite}: the gate itself crashed, so nothing was judged: {self.error}"
        if self.success:
            return f"{self.suite}: all {len(self.expectations)} expectations hold"
        worst = self.failures[0]
        count = "" if worst.unexpected_count is None else f", {worst.unexpected_count} rows"
        named = "; ".join(row_in_words(row) for row in worst.sample)
        overruled = self.overruled_by and f" Counted all the same, {self.overruled_by}."
        return (
            f"{self.suite}: {len(self.failures)} of {len(self.expectations)} expectations failed, "
            f"the worst {worst.severity}: {worst.rule}{count}{named and f' ({named})'}. "
            f"{worst.why} Cure: {worst.cure}"
            f"{overruled}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all of it, fit for JSON."""
        return asdict(self) | {
            "success": self.success,
            "severity": self.severity,
            "expectations": [asdict(rule) for rule in self.expectations],
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> GateResult | None:
        """Return the result that `as_dict` wrote; None of anything else."""
        try:
            rules = tuple(ExpectationResult(**rule) for rule in written["expectations"])
            names = {one.name for one in fields(cls)} - {"expectations"}
            return cls(**{name: written[name] for name in names}, expectations=rules)
        except (LookupError, TypeError, AttributeError):
            return None


def row_in_words(row: Mapping[str, Any]) -> str:
    """Return a sample row on one line."""
    return ", ".join(f"{key}={value}" for key, value in row.items())


def _brief(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _shown(value: Any) -> Any:
    return shown(value, MOST_SAMPLE) if isinstance(value, str) else value
