"""What a night would do with a payload: parse it, judge it, say something of it.

The only module here that knows how gates are called.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home

    from .grounds import Vintage

    By = Literal["", "parser", "gate"]


@dataclass(frozen=True)
class Judged:
    """What a night made of one payload.

    Attributes
    ----------
    refused_by : str
        `parser` or `gate` if it was set aside; empty if it counts.
    said : tuple of str
        Why it was set aside, or the warnings that it came with.
    """

    refused_by: By
    said: tuple[str, ...]

    @property
    def counts(self) -> bool:
        return not self.refused_by

    @property
    def warned(self) -> bool:
        return self.counts and bool(self.said)


@dataclass(frozen=True)
class Past:
    """What became of one recorded vintage.

    Attributes
    ----------
    state : str
        `refused` if the parser set it aside, else what the gate says.
    said : tuple of str
        Why it was set aside, or the warnings that it came with.
    """

    day: date
    state: str
    counts: bool
    said: tuple[str, ...]


def judge_all(home: Home, feed: str) -> list[Past]:
    """Judge all landed payloads of a feed in the order of their moments."""
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.outcomes import read_outcome
    from threatcast_orchestration.feed_steps.judgement import judge_home, reason

    from .homes import catalog

    spec, landing = catalog()[feed], Landing(home.landing)
    found = []
    for one in landing.payloads(feed):
        outcome = read_outcome(home.raw / feed, one.sha12)
        if outcome is None or outcome.state != "accepted":
            said = (outcome.message if outcome else "not parsed",)
            found.append(Past(one.day, "refused", counts=False, said=said))
    for verdict in judge_home(spec, home, landing, date.max):
        told = (reason(spec, verdict),) if verdict.failures else ()
        found.append(Past(verdict.day, verdict.state, verdict.believed, told))
    return sorted(found, key=lambda past: past.day)


def judge(home: Home, feed: str, vintage: Vintage) -> Judged:
    """Land, parse and judge a payload as the night of its day does."""
    from threatcast_feeds.outcomes import read_outcome
    from threatcast_orchestration.feed_steps.gate import gate

    from .homes import plan_of, receive

    report = receive(home, feed, vintage)
    plan = plan_of(home, vintage.day)
    newest = [one for one in plan.landing.payloads(feed) if one.day == vintage.day][-1]
    outcome = read_outcome(home.raw / feed, newest.sha12)
    if outcome is None or outcome.state != "accepted":
        return Judged("parser", (outcome.message if outcome else "no outcome",))
    result = gate(plan.catalog[feed], plan, report)
    outcome = read_outcome(home.raw / feed, newest.sha12)
    if outcome is None or not outcome.is_believed(newest.retrieved_at):
        why = outcome.why_not(newest.retrieved_at) if outcome else "no outcome"
        return Judged("gate", (why,))
    is_told = result is not None and result.severity in ("warning", "critical")
    warnings = (result.summary,) if result is not None and is_told else ()
    # a parser that was mended since speaks of older payloads too
    own = (text for text in report.messages if newest.sha12 in text or str(vintage.day) in text)
    return Judged("", (*own, *warnings))
