"""Judges a feed's payloads by its suite: the newest, and those that an older gate set aside.

What a gate says of a payload is kept in the payload's outcome with the version of the gate. A
gate that has changed since judges again; a gate that crashes says nothing, and sets nothing aside.
A payload that a person has accepted is judged and counted all the same, with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from threatcast_feeds.outcomes import Outcome
    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.feed_steps.pull import PullReport
    from threatcast_orchestration.gates.runner import GateResult, Suite
    from threatcast_orchestration.meaning.judge import PayloadVerdict
    from threatcast_orchestration.run.plan import Plan

COUNTRIES = "country_codes"
"""The feed that all gates on countries read; pulled before the others."""


@dataclass(frozen=True)
class _Case:
    """A payload to judge, on the day whose knowledge it is held against.

    One that is refused for what it means is shown with its checks, and stays what it is.
    """

    payload: str
    day: date
    as_of: date
    set_aside: bool
    is_refused: bool = False


def gate(spec: FeedSpec, plan: Plan, report: PullReport) -> GateResult | None:
    """Judge what is to be judged of a feed, oldest first; a critical failure sets it aside.

    Returns
    -------
    GateResult or None
        Of the newest payload judged; None if the feed has none on the as-of day.

    Raises
    ------
    GateCrashed
        If the gate could not look at a payload: its outcome stays as it was.
    """
    from threatcast_feeds.outcomes import accept, set_aside

    from threatcast_orchestration.feed_steps.acceptances import acceptances
    from threatcast_orchestration.feed_steps.judgement import settle
    from threatcast_orchestration.gates.runner import load_suite

    suite = load_suite("payloads", spec.key)
    version = _version(spec, suite)
    words = {one.payload: one.words for one in acceptances(plan.home, spec.key)}
    verdict = settle(spec, plan, report)
    result = None
    for case in _cases(spec, plan, version, words, verdict):
        result = _judge(spec, plan, suite, case, verdict)
        name = f"payload of {case.day} ({case.payload})"
        result.refuse_crash(f"the {name} of the feed {spec.key}")
        if result.blocks and case.payload in words:
            result = result.overruled(words[case.payload])
            report.messages.append(f"{spec.key}: {name} is counted. {result.summary}")
        if result.blocks and not case.is_refused:
            message = f"gate: {result.summary}"
            set_aside(plan.home.raw, spec.key, case.payload, message, judged_by=version)
            report.quarantined += 1
            report.messages.append(
                f"{spec.key}: {name} set aside. {result.summary} If the payload is right, say so "
                f"with `threatcast feeds accept {spec.key} {case.payload} --reason ...`."
            )
        elif case.set_aside:
            accept(plan.home.raw, spec.key, case.payload)
            report.messages.append(
                f"{spec.key}: {name}, set aside by an earlier look, counts again."
            )
    return result


def _version(spec: FeedSpec, suite: Suite) -> str:
    from threatcast_feeds.parsing import parser_version

    from threatcast_orchestration.gates.version import gate_version

    return gate_version(suite, parser_version(spec))


def _cases(
    spec: FeedSpec,
    plan: Plan,
    version: str,
    accepted: Collection[str],
    verdict: PayloadVerdict | None,
) -> list[_Case]:
    """Return what to look at again, which a gate had set aside, and the newest payload."""
    from threatcast_feeds.outcomes import read_outcome

    from threatcast_orchestration.warehouse.raw import vintages_of

    until = None if spec.role == "reference" else plan.as_of
    landed = {one.sha12: one for one in plan.landing.payloads(spec.key, until)}
    outcomes = ((one, read_outcome(plan.home.raw / spec.key, one.sha12)) for one in landed.values())
    cases = [
        _Case(one.sha12, one.day, one.day, set_aside=True)
        for one, outcome in outcomes
        if outcome is not None and _is_to_look_at(outcome, version, accepted)
    ]
    if verdict is not None and not verdict.believed:
        refused = _Case(verdict.payload, verdict.day, plan.as_of, set_aside=False, is_refused=True)
        return [*sorted(cases, key=lambda case: case.day), refused]
    counted, _ = vintages_of(spec, plan.home, plan.landing, plan.as_of)
    if counted:
        newest = counted[-1]
        cases.append(_Case(newest["payload"], newest["payload_day"], plan.as_of, set_aside=False))
    return sorted(cases, key=lambda case: case.day)


def _is_to_look_at(outcome: Outcome, version: str, accepted: Collection[str]) -> bool:
    """Whether a gate set a payload aside that has changed since, or that a person overruled."""
    changed = outcome.judged_by != version
    return bool(outcome.judged_by) and (changed or outcome.payload in accepted)


def _judge(
    spec: FeedSpec, plan: Plan, suite: Suite, case: _Case, verdict: PayloadVerdict | None
) -> GateResult:
    """Run the suite on what was known up to a payload, as if that payload were believed."""
    from threatcast_feeds.database import connect

    from threatcast_orchestration.feed_steps.judgement import write_meaning
    from threatcast_orchestration.gates.runner import GateRecords, run_suite
    from threatcast_orchestration.warehouse.raw import write_raw

    # suites hold countries against the list of countries
    looked_at = {key: plan.catalog[key] for key in {COUNTRIES, spec.key}}
    with connect() as connection:
        write_raw(
            connection,
            plan.home,
            looked_at,
            plan.landing,
            as_of=case.as_of,
            source=plan.source,
            believed=case.payload,
        )
        shown = verdict if verdict is not None and verdict.payload == case.payload else None
        write_meaning(connection, spec, shown)
        records = GateRecords(plan.home.gates, plan.as_of, plan.settings.gates_url)
        return run_suite(suite, connection, records=records)
