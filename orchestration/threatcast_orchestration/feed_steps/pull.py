"""One feed's night: get its payloads, land them, parse the new ones.

Knows no Dagster, so that the command line can pull a single feed the same way.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.outside import MOST_MESSAGE, shown

from threatcast_orchestration.feed_steps.looks import believed, note_look, settled
from threatcast_orchestration.run.plan import Plan
from threatcast_orchestration.run.project import SEEDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from threatcast_feeds.arrivals import Arrival
    from threatcast_feeds.http.visitor import Surroundings
    from threatcast_feeds.outcomes import Outcome
    from threatcast_feeds.registry import FeedSpec

_TARGETS = SEEDS / "targets.csv"


@dataclass
class PullReport:
    """What one feed gave on one night.

    `error` says why the source could not be reached or read; `may_retry` that another try may
    help. `left_out` says why there was nothing to ask for, which is no failure. `hint` names the
    command that fetches a past which the source itself no longer serves.
    """

    feed: str
    landed: int = 0
    repeats: int = 0
    parsed: int = 0
    rows: int = 0
    rejected: int = 0
    quarantined: int = 0
    unchanged: bool = False
    error: str = ""
    may_retry: bool = False
    left_out: str = ""
    hint: str = ""
    messages: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """Add a message, which may quote the name of a file or an address."""
        self.messages.append(shown(text, MOST_MESSAGE))

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine may read; the first five messages only."""
        return vars(self) | {"messages": self.messages[:5]}


def pull(
    spec: FeedSpec,
    plan: Plan,
    say: Callable[[str], None] = lambda _: None,
    visited: PullReport | None = None,
) -> PullReport:
    """Land and parse what is new of one feed.

    A source that cannot be reached is reported and noted, so that the other feeds go on.
    `visited` is what came of its source, if that was asked already (`visits.py`).

    Raises
    ------
    threatcast_feeds.errors.LandingError
        If the home cannot be written: no feed could go on.
    """
    report = visit(spec, plan, say) if visited is None else visited
    parse(spec, plan, report)
    _remind(spec, plan, report)
    report.hint = backfill_hint(spec, plan)
    if report.hint:
        report.messages.append(report.hint)
    return report


def visit(
    spec: FeedSpec,
    plan: Plan,
    say: Callable[[str], None] = lambda _: None,
    around: Surroundings | None = None,
) -> PullReport:
    """Ask the source of a feed and land what is new; raises LandingError as `pull` does."""
    report = PullReport(spec.key, left_out=_left_out(spec, plan))
    if report.left_out:
        report.tell(report.left_out)
    elif plan.is_past_of_live:
        _leave_unasked(spec, plan, report)
    else:
        _land(spec, plan, report, say, around)
    return report


def _left_out(spec: FeedSpec, plan: Plan) -> str:
    """Return why the starter has nothing of a feed; '' if it has, and for every other source."""
    if plan.source != "starter" or (generated_mirror(plan) / spec.key).is_dir():
        return ""
    return f"{spec.key}: no weekly counts of it ship with Threatcast, so the starter leaves it out."


def _land(
    spec: FeedSpec,
    plan: Plan,
    report: PullReport,
    say: Callable[[str], None],
    around: Surroundings | None,
) -> None:
    """Ask the source, land what it has, and note how the attempt ended."""
    from threatcast_feeds.errors import DamagedError, FeedError, LandingError, NotModified

    known = {(landed.retrieved_at, landed.sha256) for landed in plan.landing.payloads(spec.key)}
    try:
        for arrival in _arrivals(spec, plan, report.tell, around):
            landed = plan.landing.land(arrival)
            if (landed.retrieved_at, landed.sha256) in known:
                continue
            report.landed += 1
            report.repeats += int(landed.is_repeat)
            if report.landed % 50 == 0:
                say(f"{spec.key}: {report.landed} payloads landed")
    except NotModified:
        report.unchanged = True
        note_look(spec, plan)
    except DamagedError as error:
        report.error = str(error)
    except LandingError:
        raise
    except FeedError as error:
        report.error = str(error)
        report.may_retry = error.retryable
    damage = plan.landing.damage(spec.key)
    if damage is not None:
        report.error = str(damage)
    plan.landing.note_attempt(
        spec.key,
        attempted_at=plan.moment,
        ok=not report.error,
        error=report.error,
        not_modified=report.unchanged,
    )


def _leave_unasked(spec: FeedSpec, plan: Plan, report: PullReport) -> None:
    """Say what a past day of a live home lacks of a feed: what was not landed then."""
    days = [landed.day for landed in plan.landing.payloads(spec.key, plan.as_of)]
    if plan.as_of in days:
        return
    newest = f"the newest copy before is of {max(days)}" if days else "there is none before"
    report.tell(
        f"{spec.key}: no copy was landed on {plan.as_of}, and a source cannot be asked for a past "
        f"day; {newest}. Whether it failed to answer on that day is not known."
    )


def _arrivals(
    spec: FeedSpec, plan: Plan, tell: Callable[[str], None], around: Surroundings | None
) -> Iterable[Arrival]:
    if plan.source == "live":
        from threatcast_feeds.modes.live import arrivals as visit

        from threatcast_orchestration.run.settings import credentials

        return visit(
            spec,
            now=plan.moment,
            previous=believed(spec, plan),
            credentials=credentials(),
            around=replace(around or surroundings(plan), tell=tell),
        )
    from threatcast_feeds.modes.mirror import arrivals

    return arrivals(
        spec,
        plan.mirror or generated_mirror(plan),
        until=plan.as_of,
        known=settled(spec, plan),
        today=plan.today if plan.source == "mirror" else None,
        mode=plan.source,
        tell=tell,
    )


def surroundings(plan: Plan) -> Surroundings:
    """Return the world as all visitors of a night find it."""
    from threatcast_feeds.http.visitor import Surroundings

    return Surroundings(rewrite=plan.rewrite, way_out=plan.way_out, calls=plan.calls)


def backfill_hint(spec: FeedSpec, plan: Plan) -> str:
    """Return how to fetch a feed's past from its git history, if a home lacks it; else ''.

    Only a live home with a single vintage is told, and only of feeds whose events are dated by
    the vintage they first appear in: records that carry their own dates bring their past along.
    """
    if plan.source != "live" or spec.history is None:
        return ""
    starts = vintage_dated(spec.key)
    if not starts or len({landed.day for landed in plan.landing.payloads(spec.key)}) > 1:
        return ""
    return (
        f"{spec.key}: this home knows one day of it at most, so {', '.join(sorted(starts))} cannot "
        "be forecast yet. Its past is public; fetch it once with "
        f"`threatcast feeds backfill {spec.key} --since {min(starts.values())}`."
    )


def vintage_dated(feed: str) -> dict[str, str]:
    """Return the feed's targets whose events are dated by vintages, with their first day."""
    with _TARGETS.open(encoding="utf-8", newline="") as file:
        return {
            row["target"]: row["series_start_world"]
            for row in csv.DictReader(file)
            if row["feed"] == feed and row["dating"] == "vintage"
        }


def generated_mirror(plan: Plan) -> Path:
    """Return the folder of the re-enacted or simulated feeds; generated once for a home."""
    if plan.source == "starter":
        from threatcast_feeds.modes.starter import prepare_mirror

        prepare_mirror(plan.home.starter)
        return plan.home.starter
    folder = plan.home.simulated
    if not (folder / "truth.parquet").is_file():
        from threatcast_feeds.modes.sample import write_mirror

        write_mirror(folder)
    return folder


def parse(spec: FeedSpec, plan: Plan, report: PullReport) -> None:
    """Parse what is landed and not yet parsed, and add what came of it to the report."""
    from threatcast_feeds.parsing import parse_new

    until = None if spec.role == "reference" else plan.as_of
    days = {landed.sha12: landed.day for landed in reversed(plan.landing.payloads(spec.key))}
    for outcome in parse_new(spec, plan.landing, plan.home.raw, until):
        report.parsed += 1
        report.rows += outcome.rows
        report.rejected += outcome.rejected
        report.quarantined += int(outcome.state != "accepted")
        if outcome.message or outcome.samples:
            report.messages.append(_said(spec, days[outcome.payload], outcome))


def _said(spec: FeedSpec, day: date, outcome: Outcome) -> str:
    """Return what the parser says of a payload, with its place and what to do."""
    if outcome.state != "accepted":
        return outcome.message
    what = "; ".join(filter(None, [outcome.message, *outcome.samples]))
    if outcome.rejected > len(outcome.samples):
        what = f"{what}; and {outcome.rejected - len(outcome.samples):,} more"
    return (
        f"{spec.key}, payload of {day} ({outcome.payload}): {what}. Kept: {outcome.rows:,} rows. "
        f"If that is here to stay, catalog/{spec.key}/parse.py must follow."
    )


def _remind(spec: FeedSpec, plan: Plan, report: PullReport) -> None:
    """Say again why the newest payload was set aside, if that was on an earlier night."""
    from threatcast_orchestration.warehouse.raw import vintages_of

    _, refused = vintages_of(spec, plan.home, plan.landing, plan.as_of)
    if refused is not None and refused[1] not in report.messages:
        day, text = refused
        named = text if text.startswith(spec.key) else f"{spec.key}, payload of {day}: {text}"
        report.messages.append(named)
