"""One feed's night: get its payloads, land them, parse the new ones, gate the newest.

Knows no Dagster, so that the command line can pull a single feed the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from threatcast_orchestration.night import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from threatcast_feeds.arrivals import Arrival
    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.gates.runner import GateResult


COUNTRIES = "country_codes"
"""The feed that all gates on countries read; pulled before the others."""


@dataclass
class PullReport:
    """What one feed gave on one night."""

    feed: str
    landed: int = 0
    repeats: int = 0
    parsed: int = 0
    rows: int = 0
    rejected: int = 0
    quarantined: int = 0
    unchanged: bool = False
    error: str = ""
    messages: list[str] = field(default_factory=list)
    gates: list[GateResult] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            key: value for key, value in vars(self).items() if key not in ("gates", "messages")
        } | {"messages": self.messages[:5]}


def pull(spec: FeedSpec, plan: Plan, say: Callable[[str], None] = lambda _: None) -> PullReport:
    """Pull one feed: a failure is reported and noted, never raised past its own feed.

    Raises
    ------
    threatcast_feeds.errors.FetchError
        Only if fetching may succeed on another try (`retryable`); the caller decides.
    """
    from threatcast_feeds.errors import FeedError, NotModified

    report = PullReport(spec.key)
    try:
        for arrival in _arrivals(spec, plan):
            landed = plan.landing.land(arrival)
            report.landed += 1
            report.repeats += int(landed.is_repeat)
            if report.landed % 50 == 0:
                say(f"{spec.key}: {report.landed} payloads landed")
        note(spec, plan, ok=True)
    except NotModified:
        report.unchanged = True
        note(spec, plan, ok=True, not_modified=True)
    except FeedError as error:
        report.error = str(error)
    parse(spec, plan, report)
    return report


def note(
    spec: FeedSpec, plan: Plan, *, ok: bool, error: str = "", not_modified: bool = False
) -> None:
    """Write down how the last attempt to reach the feed ended."""
    plan.landing.note_attempt(
        spec.key, attempted_at=plan.moment, ok=ok, error=error, not_modified=not_modified
    )


def _arrivals(spec: FeedSpec, plan: Plan) -> Iterable[Arrival]:
    if plan.source == "live":
        from threatcast_feeds.modes.live import fetch

        from threatcast_orchestration.settings import credentials

        previous = plan.landing.newest(spec.key)
        return [fetch(spec, now=plan.moment, previous=previous, credentials=credentials())]
    from threatcast_feeds.modes.mirror import arrivals

    folder = plan.mirror if plan.source == "mirror" else simulated_mirror(plan)
    assert folder is not None  # noqa: S101 a plan with source mirror always has its folder
    known = {landed.day for landed in plan.landing.payloads(spec.key)}
    return arrivals(spec, folder, until=plan.as_of, known=known)


def simulated_mirror(plan: Plan) -> Any:
    """Return the folder of the simulated feeds; generated once for a home."""
    folder = plan.home.simulated
    if not (folder / "truth.parquet").is_file():
        from threatcast_feeds.modes.sample import write_mirror

        write_mirror(folder)
    return folder


def parse(spec: FeedSpec, plan: Plan, report: PullReport) -> None:
    """Parse what is landed and not yet parsed; then gate the newest payload."""
    from threatcast_feeds.parsing import parse_new

    until = None if spec.role == "reference" else plan.as_of
    for outcome in parse_new(spec, plan.landing, plan.home.raw, until):
        report.parsed += 1
        report.rows += outcome.rows
        report.rejected += outcome.rejected
        report.quarantined += int(outcome.state != "accepted")
        if outcome.message or outcome.samples:
            report.messages.append("; ".join([outcome.message, *outcome.samples]).strip("; "))


def gate(spec: FeedSpec, plan: Plan, report: PullReport) -> GateResult | None:
    """Run the feed's suite on what is known of it; a critical failure sets the newest aside.

    Returns
    -------
    GateResult or None
        None if the feed has no accepted payload on the as-of day.
    """
    import duckdb

    from threatcast_orchestration.gates.runner import GateRecords, load_suite, run_suite
    from threatcast_orchestration.warehouse import write_raw

    # suites hold countries against the list of countries
    looked_at = {key: plan.catalog[key] for key in {COUNTRIES, spec.key}}
    with duckdb.connect() as connection:
        write_raw(
            connection,
            plan.home,
            looked_at,
            plan.landing,
            as_of=plan.as_of,
            source=plan.source,
        )
        newest = connection.execute(
            "SELECT payload, vintage_day FROM raw.vintages WHERE feed = ? "
            "ORDER BY vintage_day DESC LIMIT 1",
            [spec.key],
        ).fetchone()
        if newest is None:
            return None
        records = GateRecords(plan.home.gates, plan.as_of)
        result = run_suite(load_suite("payloads", spec.key), connection, records=records)
    if result.blocks:
        from threatcast_feeds.parsing import set_aside

        set_aside(plan.home.raw, spec.key, newest[0], f"gate: {result.summary}")
        report.quarantined += 1
        report.messages.append(f"{spec.key}: payload of {newest[1]} set aside. {result.summary}")
    return result
