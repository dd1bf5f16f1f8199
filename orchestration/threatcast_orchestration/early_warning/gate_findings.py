"""What the gates say of the copies of a feed, as findings of faults of the data.

A copy that is set aside keeps its weeks missing or old: whoever reads the counts should know. A
fault stands as long as each newer copy fails the same check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from threatcast_orchestration.feed_steps.judgement import judge_home

if TYPE_CHECKING:
    import pandas as pd

    from threatcast_orchestration.meaning.judge import PayloadVerdict
    from threatcast_orchestration.run.plan import Plan


def gate_findings(plan: Plan) -> pd.DataFrame:
    """Return `target, check, since` of the checks that the newest copy of a feed fails."""
    import pandas as pd

    rows = [
        (target, check, since)
        for spec in plan.catalog.values()
        if spec.targets
        for check, since in failing(judge_home(spec, plan.home, plan.landing, plan.as_of))
        for target in spec.targets
    ]
    return pd.DataFrame(rows, columns=["target", "check", "since"])


def failing(verdicts: Sequence[PayloadVerdict]) -> Iterator[tuple[str, date]]:
    """Yield the checks for which the newest copy was set aside, and the Monday since when."""
    newest = _failed(verdicts[-1]) if verdicts else ()
    for check in newest:
        first = verdicts[-1].day
        for verdict in reversed(verdicts):
            if check not in _failed(verdict):
                break
            first = verdict.day
        yield check, first - timedelta(days=first.weekday())


def _failed(verdict: PayloadVerdict) -> tuple[str, ...]:
    """Return the checks that set a copy aside; one that is believed failed none."""
    if verdict.believed:
        return ()
    return tuple(one.check for one in verdict.failures if one.outcome != "warning")
