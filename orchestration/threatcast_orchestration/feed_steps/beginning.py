"""What a new live home begins with: the history that ships, and what git histories hold since then.

Lists that only show now have no past in a home that never watched them. The shipped counts give it
to them, and a back-fill of the weeks around and after the history's end brings the own watch up to
tonight, so that few weeks are missing and the seam can be looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from threatcast_orchestration.feed_steps.backfill import replay
from threatcast_orchestration.feed_steps.pull import vintage_dated
from threatcast_orchestration.warehouse.imported import imports_of, keep_import

if TYPE_CHECKING:
    from threatcast_feeds.history import History

    from threatcast_orchestration.run.plan import Plan

SHARED_WEEKS = 9
"""Weeks before the history's end that are back-filled too; the first is only the list's stock."""


def is_new(plan: Plan) -> bool:
    """Whether a plan is the first night of a live home: no feed has given it anything yet."""
    return (
        plan.source == "live"
        and not plan.is_past_of_live
        and not any(plan.landing.payloads(feed) for feed in plan.catalog)
    )


def begin(plan: Plan, say: Callable[[str], None]) -> None:
    """Give a new live home its past, as far as its settings allow.

    Parameters
    ----------
    plan
        Of a night; nothing is done unless it is the first of a live home.
    say
        Told in a sentence what was done, and what a person may do besides.
    """
    if not is_new(plan):
        return
    if plan.settings.import_history:
        _import(plan, say)
    else:
        say("The history that ships is not imported (import_history); the past begins tonight.")
    if plan.settings.backfill_minutes:
        _backfill(plan, say)


def _import(plan: Plan, say: Callable[[str], None]) -> None:
    from threatcast_feeds.history import read_history

    history = read_history()
    if keep_import(plan.home, history):
        say(
            f"This home is new: the weekly counts up to {history.as_of} that ship with Threatcast "
            f"({history.release_id}) are its past, in weeks before its own watch. `counted_by` in "
            "activity_weekly says which; --no-history refuses them."
        )


def _backfill(plan: Plan, say: Callable[[str], None]) -> None:
    """Replay the git histories of the feeds that only show now, until the time is up."""
    from threatcast_feeds.errors import BackfillError

    if plan.way_out.is_shut():
        return
    end = monotonic() + 60 * plan.settings.backfill_minutes
    pasts = {target: one.as_of for one in imports_of(plan.home) for target in _targets(one)}
    left = []
    for spec in plan.catalog.values():
        starts = vintage_dated(spec.key) if spec.history else {}
        if not starts:
            continue
        since = _since(starts, pasts)
        if monotonic() >= end:
            left.append(f"threatcast feeds backfill {spec.key} --since {since}")
            continue
        say(f"{spec.key}: its git history since {since} is read")
        try:
            report = replay(spec, plan, since, enough=lambda: monotonic() >= end)
        except BackfillError as error:
            say(f"{error}")
            continue
        say(f"{spec.key}: {report.landed} vintages landed")
        if monotonic() >= end:
            left.append(f"threatcast feeds backfill {spec.key} --since {since}")
    if left:
        say(
            f"The {plan.settings.backfill_minutes} minutes for back-fills (backfill_minutes) are "
            f"over. Go on at any time with: {'; '.join(left)}"
        )


def _targets(history: History) -> list[str]:
    targets: list[str] = history.counts["target"].unique().to_pylist()
    return targets


def _since(starts: dict[str, str], pasts: dict[str, date]) -> date:
    """Return from which day on a feed's own watch is wanted: the imported past needs no other."""
    return min(
        max(
            date.fromisoformat(start),
            pasts[target] - timedelta(weeks=SHARED_WEEKS) if target in pasts else date.min,
        )
        for target, start in starts.items()
    )
