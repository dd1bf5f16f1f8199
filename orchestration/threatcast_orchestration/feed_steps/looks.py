"""What a home has seen of a feed already, and the note that it was looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.outcomes import read_outcome

if TYPE_CHECKING:
    from datetime import datetime

    from threatcast_feeds.landing import Landed
    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.run.plan import Plan


def note_look(spec: FeedSpec, plan: Plan) -> None:
    """Note that the source still serves the payload before, so that its weeks count as watched.

    An archive's answer says nothing of its newest lists, which bear their own days.
    """
    last = believed(spec, plan)
    if last is None or spec.live.method == "archive":
        return
    again = {key: getattr(last, key) for key in ("feed", "ext", "mode", "url", "etag")}
    plan.landing.land(
        Arrival(
            **again,
            last_modified=last.last_modified,
            day=plan.moment.date(),
            content=plan.landing.read(last),
            retrieved_at=plan.moment,
        )
    )


def settled(spec: FeedSpec, plan: Plan) -> set[datetime]:
    """Return the landed moments that need no second look at the mirror.

    A moment whose payloads were all set aside does: its file may have been copied anew.
    """
    moments = set()
    for landed in plan.landing.payloads(spec.key):
        outcome = read_outcome(plan.home.raw / spec.key, landed.sha12)
        if outcome is None or outcome.is_believed(landed.retrieved_at):
            moments.add(landed.retrieved_at)
    return moments


def believed(spec: FeedSpec, plan: Plan) -> Landed | None:
    """Return the newest landed payload that was accepted; only a newer one is asked for.

    One that was set aside does not count: the source may serve better bytes under the same tag.
    """
    for landed in reversed(plan.landing.payloads(spec.key)):
        outcome = read_outcome(plan.home.raw / spec.key, landed.sha12)
        if outcome is not None and outcome.is_believed(landed.retrieved_at):
            return landed
    return None
