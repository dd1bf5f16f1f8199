"""Nothing goes on without the green records of the gates before it, on these very inputs.

A blocking check stops a night, but in the UI a step can be materialised alone. So each step that
publishes, or makes what is published, asks for itself: do the stages that stand now belong
together, and has each gate, as it is today, looked at them and found them good? A record that is
absent, damaged, or of other inputs is no green one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.errors import GateBlocked
from threatcast_orchestration.gates.records import GateRecords
from threatcast_orchestration.gates.suites import Suite, load_suites
from threatcast_orchestration.gates.version import gate_version
from threatcast_orchestration.warehouse.content import published_content
from threatcast_orchestration.warehouse.stamps import MADE_OF, flaws, read_stamps

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home
    from threatcast_orchestration.run.plan import Plan

READS = {
    "marts": ("raw", "warehouse"),
    "forecasts": ("raw", "warehouse", "forecasts"),
    "release": tuple(MADE_OF),
}
"""The stages that the gates of a kind look at."""


def inputs_of(home: Home, kind: str) -> dict[str, str]:
    """Return the stamps of what the gates of a kind look at now.

    Of what is published the rows themselves count, so that nothing goes out that no gate has seen.
    """
    stamps = read_stamps(home)
    if "tables" in READS[kind]:
        stamps["tables"] = published_content(home)
    return {stage: stamps.get(stage, "") for stage in READS[kind]}


def raw_stamp(plan: Plan, fingerprint: str) -> str:
    """Return the stamp of the schema `raw`: its as-of day, and a hash of all that is in it."""
    return f"{plan.as_of.isoformat()} {fingerprint}"


def refuse_unless_green(plan: Plan, *kinds: str, step: str) -> None:
    """Stop a step unless all gates of these kinds are green on what stands in the warehouse now.

    Parameters
    ----------
    kinds
        Of `READS`; of every one the stages must be whole and of this as-of day.
    step
        What is about to happen, as it reads before "is refused".

    Raises
    ------
    GateBlocked
        Names each gate or stage, what is wrong with it, and the cure.
    """
    stages = tuple(dict.fromkeys(stage for kind in kinds for stage in READS[kind]))
    reasons = [*_of_another_day(plan), *flaws(plan.home, stages)]
    for kind in () if reasons else kinds:
        inputs = inputs_of(plan.home, kind)
        for suite in load_suites(kind):
            reasons += _not_green(plan, suite, inputs)
    if reasons:
        raise GateBlocked(
            f"{step} is refused: {'; '.join(reasons)}. Nothing was published. Run the whole night "
            "(`threatcast run`, or all assets in the UI): it makes what is missing and asks every "
            "gate. A gate that is red names its cause and cure in its check."
        )


def made_for(plan: Plan) -> date:
    """Return the as-of day that the warehouse was made for; the plan's if it is not whole."""
    day, _, _ = read_stamps(plan.home).get("raw", "").partition(" ")
    return date.fromisoformat(day) if day else plan.as_of


def _of_another_day(plan: Plan) -> Iterator[str]:
    if (day := made_for(plan)) != plan.as_of:
        yield f"the warehouse shows what was known on {day}, and this run is of {plan.as_of}"


def _not_green(plan: Plan, suite: Suite, inputs: dict[str, str]) -> Iterator[str]:
    record = GateRecords(plan.home.gates, plan.as_of).result(suite.key)
    if record is None:
        yield f"the gate {suite.key} has not looked at these tables"
    elif record.get("inputs") != inputs:
        yield f"the gate {suite.key} has looked at other tables than those that stand now"
    elif record.get("gate") != gate_version(suite):
        yield f"the gate {suite.key} has changed since it looked at these tables"
    elif record["error"]:
        yield f"the gate {suite.key} crashed on these tables ({record['error']})"
    elif record["severity"] == "critical":
        yield f"the gate {suite.key} is red on these tables ({_worst(record)})"


def _worst(record: dict[str, Any]) -> str:
    failed = [rule for rule in record["expectations"] if not rule["success"]]
    return next(str(rule["why"]) for rule in failed if rule["severity"] == "critical").rstrip(".")
