"""Which model is published for each target, as a record of decisions says.

A night reads the decisions of days before its own. What is decided on a day, by the gate, by drift
or by a person, therefore counts from the first night of a later day. Not here: the file that holds
the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from threatcast_forecasting.roles import DEFAULT_PUBLISHED

BOTH_DAYS = 28
"""Days for which the model before a change is published beside the new one."""
ACTIONS = ("keep", "promote", "rollback", "fall_back")
MAKERS = ("gate", "drift", "person")
"""Who decides; of several decisions of one day, a later maker's wins."""


@dataclass(frozen=True)
class Decision:
    """What was decided about a target on a day, and by which numbers.

    Parameters
    ----------
    as_of
        Day of the night whose scores were looked at; the decision counts from the next day on.
    target, action, model_before, model_after
        `action` is one of `ACTIONS`; `keep` leaves the model as it is, and so does `fall_back`,
        for which the challenger stood in for one night because the model was not run.
    challenger
        The model that the published one was compared with; none if no other one was run.
    scaled_wis, coverage_50, coverage_80, coverage_95
        Back-test of the model before, over origins and horizons, then over series.
    challenger_scaled_wis, ...
        The same of the challenger.
    ratio, ratio_low90, ratio_high90
        The challenger's mean scaled WIS by the other's, with the ends of its 90 % interval.
    decided_by
        One of `MAKERS`.
    reason
        In plain words; a person's own if a person overrode the gate.
    run_id, code_commit
        What the scores were made by.
    """

    as_of: date
    target: str
    action: str
    model_before: str
    model_after: str
    decided_by: str
    reason: str
    challenger: str | None = None
    scaled_wis: float | None = None
    coverage_50: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None
    challenger_scaled_wis: float | None = None
    challenger_coverage_50: float | None = None
    challenger_coverage_80: float | None = None
    challenger_coverage_95: float | None = None
    ratio: float | None = None
    ratio_low90: float | None = None
    ratio_high90: float | None = None
    run_id: str | None = None
    code_commit: str | None = None

    def __post_init__(self) -> None:
        """Refuse an action or a maker that nobody would know how to read."""
        if self.action not in ACTIONS or self.decided_by not in MAKERS:
            raise ValueError(f"unknown action or maker: {self.action}, {self.decided_by}")

    @property
    def shown(self) -> str | None:
        """The model that the night of the decision published."""
        return self.challenger if self.action == "fall_back" else self.model_before

    @property
    def key(self) -> tuple[date, str, str]:
        """The grain of the published table: of two with one key, the later counts."""
        return self.as_of, self.target, self.action


@dataclass(frozen=True)
class PublishedModel:
    """The model published for a target on a day.

    Parameters
    ----------
    target, model
    since
        First day on which a night may publish it; none if nothing was ever decided.
    previous
        The model before; none if there was none.
    previous_until
        Last day on which the previous one is published beside it; none when that is over.
    reason
        Why it is this one.
    """

    target: str
    model: str = DEFAULT_PUBLISHED
    since: date | None = None
    previous: str | None = None
    previous_until: date | None = None
    reason: str = "nothing was decided yet"


@dataclass(frozen=True)
class Change:
    """Another model than before speaks for a target, from a day on.

    Parameters
    ----------
    decision
        What was decided: another model for good, or (`fall_back`) one that stands in for a night.
    since
        First day on which a night may publish it.
    until
        Last day; none while it stands.
    """

    decision: Decision
    since: date
    until: date | None = None

    @property
    def model(self) -> str:
        """The model that speaks from then on."""
        stands_in = self.decision.action == "fall_back" and self.decision.challenger
        return stands_in or self.decision.model_after


def published_model_of(target: str, record: Sequence[Decision], as_of: date) -> PublishedModel:
    """Return what a record makes the published model of one target on a day."""
    lasting = _lasting_changes(target, record)
    if not lasting:
        return PublishedModel(target)
    newest = lasting[-1]
    both_until = newest.since + timedelta(days=BOTH_DAYS - 1)
    return PublishedModel(
        target,
        newest.model,
        newest.since,
        lasting[-2].model if len(lasting) > 1 else DEFAULT_PUBLISHED,
        both_until if as_of <= both_until else None,
        newest.decision.reason,
    )


def changes_of(target: str, record: Sequence[Decision]) -> list[Change]:
    """Return all changes of the model that spoke for one target, oldest first."""
    nights = [
        Change(row, row.as_of, row.as_of)
        for row in record
        if row.target == target and row.action == "fall_back"
    ]
    return sorted(
        _lasting_changes(target, record) + nights, key=lambda change: (change.since, change.model)
    )


def _lasting_changes(target: str, record: Sequence[Decision]) -> list[Change]:
    own = [row for row in record if row.target == target]
    found: list[Change] = []
    # what a day decided in the end: a promotion that was taken back the same day changed nothing
    for decision in {row.as_of: row for row in own}.values():
        if decision.model_after == (found[-1].model if found else DEFAULT_PUBLISHED):
            continue
        if found:
            found[-1] = replace(found[-1], until=decision.as_of)
        found.append(Change(decision, decision.as_of + timedelta(days=1)))
    return found
