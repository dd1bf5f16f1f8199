"""What a home's payloads mean: judged in order, refusals written down, told to people.

The judging itself is in the package `meaning`; here it meets landing, outcomes and messages.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from threatcast_feeds.outside import shown

from threatcast_orchestration.run.project import SEEDS

if TYPE_CHECKING:
    from datetime import date

    import duckdb
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.feed_steps.pull import PullReport
    from threatcast_orchestration.meaning.judge import Payload, PayloadVerdict
    from threatcast_orchestration.meaning.verdict import Finding
    from threatcast_orchestration.run.home import Home
    from threatcast_orchestration.run.plan import Plan

MEANING_TABLE = (
    "feed VARCHAR, targets VARCHAR, vintage_day DATE, check_name VARCHAR, says VARCHAR, "
    "observed DOUBLE, bound DOUBLE, usual DOUBLE, records DOUBLE, of_records DOUBLE, "
    "history INTEGER, where_and_when VARCHAR, note VARCHAR, is_believed BOOLEAN, is_usual BOOLEAN"
)
_LOCATIONS = SEEDS / "locations.csv"
_MOST_CELLS = 5
_LONGEST_NAME = 40
_LONGEST_WHERE = 400


def judge_home(spec: FeedSpec, home: Home, landing: Landing, as_of: date) -> list[PayloadVerdict]:
    """Judge all copies of a feed that a home has landed and parsed, in order of their moments.

    Returns
    -------
    list of PayloadVerdict
        One a copy; none for copies that the parser or another gate has set aside.
    """
    from threatcast_orchestration.feed_steps.acceptances import acceptances, judged
    from threatcast_orchestration.gates.runner import load_suite
    from threatcast_orchestration.meaning.judge import BY_A_PERSON

    meaning = load_suite("payloads", spec.key).meaning
    if meaning is None:
        return []
    copies = copies_of(spec, home, landing, as_of)
    accepted = {one.payload: one.words for one in acceptances(home, spec.key)}
    verdicts = judged(spec, meaning, home, copies, accepted)
    return [
        replace(one, note=accepted[one.payload]) if one.note == BY_A_PERSON else one
        for one in verdicts
    ]


def copies_of(spec: FeedSpec, home: Home, landing: Landing, as_of: date) -> list[Payload]:
    """Return the parsed copies of a feed in order; of reference feeds also those after the day."""
    from threatcast_feeds.outcomes import read_outcome

    from threatcast_orchestration.meaning.judge import Payload

    until = None if spec.role == "reference" else as_of
    found = []
    for landed in landing.payloads(spec.key, until):
        outcome = read_outcome(home.raw / spec.key, landed.sha12)
        if outcome is not None and outcome.state == "accepted" and outcome.rows:
            moment = landed.retrieved_at.isoformat()
            found.append(Payload(landed.sha12, landed.day, outcome.rows, moment))
    return found


def settle(spec: FeedSpec, plan: Plan, report: PullReport) -> PayloadVerdict | None:
    """Judge a feed's copies, and write down those that are not believed.

    Returns
    -------
    PayloadVerdict or None
        Of the newest copy; None if there is none to judge.
    """
    from threatcast_feeds.outcomes import refuse

    verdicts = judge_home(spec, plan.home, plan.landing, plan.as_of)
    reasons: dict[str, dict[str, str]] = defaultdict(dict)
    for verdict in verdicts:
        told = reasons[verdict.payload]
        if not verdict.believed:
            told[verdict.moment] = reason(spec, verdict)
    for payload, told in reasons.items():
        refuse(plan.home.raw, spec.key, payload, told)
    if not verdicts:
        return None
    newest = verdicts[-1]
    if not newest.believed:
        report.quarantined += 1
    if newest.failures:
        report.messages.append(reason(spec, newest))
    return newest


def reason(spec: FeedSpec, verdict: PayloadVerdict) -> str:
    """Return what is wrong with a copy: what, how much, where, what was kept, what to do."""
    targets = f", targets {', '.join(spec.targets)}" if spec.targets else ""
    name = f"{spec.key}, payload of {verdict.day} ({verdict.payload}){targets}"
    found = "; ".join(_found(one) for one in verdict.failures)
    most = _most(verdict)
    if verdict.believed:
        note = f" It is counted: {verdict.note}." if verdict.note else " It is counted."
        return f"{name}: {found}.{most}{note}"
    helps = {
        "broken": "Repeats of it will not be believed either",
        "silent": "Once the source brings anything new, it is believed again",
    }.get(verdict.state, "Three copies in a row that say the same over a week are believed")
    return (
        f"{name} is set aside, {verdict.state}: {found}.{most} Kept: the copy of {verdict.before}. "
        f"Look at the source. {helps}; if it is right, say so with `threatcast feeds accept "
        f"{spec.key} {verdict.payload} --reason ...`."
    )


def _found(one: Finding) -> str:
    if one.check == "silent":
        return f"{one.says} ({one.count:,.0f} new of {one.of:,.0f} due)"
    if one.check == "new_records":
        return f"{one.says} ({one.count:,.0f}, usual {one.of:,.0f}, {one.where})"
    if one.check == "new_in_place":
        return f"{one.says} {shown(one.where, _LONGEST_WHERE)}"
    return (
        f"{one.says} ({one.count:,.0f} of {one.of:,.0f}, {one.observed:.1%}; "
        f"never more than {one.usual:.1%} before, bound {one.bound:.1%})"
    )


def _most(verdict: PayloadVerdict) -> str:
    cells = ", ".join(
        f"{shown(place, _LONGEST_NAME)} {week} {old:,} to {new:,}".replace("  ", " ")
        for place, week, old, new in verdict.cells[:_MOST_CELLS]
    )
    return f" Most would change: {cells}." if cells else ""


@cache
def _countries() -> list[str]:
    """Return the alpha-2 codes of the seed `locations` but Kosovo's, which ISO has not assigned."""
    with _LOCATIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = {row["location"] for row in rows if row["location_level"] == "country"}
    return sorted(codes - {"XK"})


def write_meaning(
    connection: duckdb.DuckDBPyConnection, spec: FeedSpec, verdict: PayloadVerdict | None
) -> None:
    """Write the checks of one copy as `raw.meaning`, for the feed's suite to look at.

    And as `raw.countries` the countries that have series, which a list of countries must hold.
    """
    connection.execute("CREATE OR REPLACE TABLE raw.countries (alpha2 VARCHAR)")
    connection.executemany("INSERT INTO raw.countries VALUES (?)", [[one] for one in _countries()])
    connection.execute(f"CREATE OR REPLACE TABLE raw.meaning ({MEANING_TABLE})")
    if verdict is None:
        return
    where = "; ".join(
        f"{shown(place, _LONGEST_NAME)} {week}: {old} to {new}"
        for place, week, old, new in verdict.cells
    )
    rows: list[tuple[Any, ...]] = [
        (
            spec.key,
            ", ".join(spec.targets),
            verdict.day,
            one.check,
            one.says,
            one.observed,
            one.bound,
            one.usual,
            one.count,
            one.of,
            one.history,
            (shown(one.where, _LONGEST_WHERE) or where) if one.failed else "",
            verdict.note if one.failed else "",
            verdict.believed or not one.failed,
            not one.failed,
        )
        for one in verdict.findings
    ]
    if rows:
        connection.executemany(f"INSERT INTO raw.meaning VALUES ({', '.join('?' * 15)})", rows)
