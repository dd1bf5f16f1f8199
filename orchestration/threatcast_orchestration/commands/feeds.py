"""`threatcast feeds`: the catalog, its addresses, one feed's pull, back-fill from git history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    print_json,
    print_table,
    remark,
    say,
)
from threatcast_orchestration.errors import OrchestrationError, WrongUse
from threatcast_orchestration.run.settings import home_path, load_settings, parse_day

if TYPE_CHECKING:
    from threatcast_feeds.registry import FeedSpec

app = typer.Typer(no_args_is_help=True, help="List, show, check, fetch and back-fill feeds.")
Step = Literal["week", "day"]
FeedArgument = Annotated[str, typer.Argument(help="Name of a feed, as in `feeds list`.")]


@app.command("list")
def list_feeds(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List all feeds with their newest payload in this home."""
    from threatcast_feeds.registry import load_catalog

    rows = [_row(spec, home) for spec in load_catalog().values()]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, list(rows[0]))


def _row(spec: FeedSpec, home: Any) -> dict[str, Any]:
    days = sorted(
        path.name[:10] for path in (home_path(home).landing / spec.key).glob("*.meta.json")
    )
    return {
        "feed": spec.key,
        "title": spec.title,
        "role": spec.role,
        "targets": ", ".join(spec.targets),
        "cadence": spec.cadence,
        "licence": spec.licence.name,
        "vintages": len(days),
        "newest": days[-1] if days else None,
    }


@app.command("show")
def show(feed: FeedArgument, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Show all that the catalog says of one feed."""
    from threatcast_feeds.registry import load_feed

    from threatcast_orchestration.feed_steps.acceptances import acceptances

    spec = load_feed(feed)
    accepted = {one.payload: one.words for one in acceptances(home_path(home), spec.key)}
    facts = spec.model_dump(mode="json") | {"home": _row(spec, home) | {"accepted": accepted}}
    if as_json:
        print_json(facts)
        return
    import yaml

    say(yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=100).rstrip())


@app.command("fetch")
def fetch(
    feed: FeedArgument,
    source: Annotated[str | None, typer.Option(help="live, mirror or sample.")] = None,
    mirror: Annotated[str | None, typer.Option(help="Folder of recorded feeds.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Day whose knowledge counts.")] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Pull one feed now: land what is new, parse it, say what happened."""
    from threatcast_feeds.registry import load_feed

    from threatcast_orchestration.feed_steps.pull import pull
    from threatcast_orchestration.run.plan import make_plan
    from threatcast_orchestration.sharing.work import working_in

    spec = load_feed(feed)
    place = home_path(home)
    settings = load_settings(place, {"source": source, "mirror": mirror, "as_of": as_of})
    plan = make_plan(place, settings)
    place.bind_source(plan.source)
    with working_in(place):
        report = pull(spec, plan, lambda text: remark(text, quiet=quiet))
    if as_json:
        print_json(report.as_dict())
    else:
        say(
            f"{feed}: {report.landed} landed, {report.parsed} parsed, {report.rows} rows, "
            f"{report.rejected} records rejected, {report.quarantined} payloads set aside"
            + (", unchanged since the last fetch" if report.unchanged else "")
        )
        for message in report.messages[-10:]:
            say(f"  {message}")
    if report.error:
        raise OrchestrationError(report.error)


@app.command("check")
def check_addresses(
    feeds: Annotated[
        list[str] | None, typer.Argument(help="Names of feeds; default: all of them.")
    ] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask every address once: does it answer, has it moved, how old is what it serves."""
    from dataclasses import asdict

    from threatcast_feeds.registry import load_catalog, load_feed

    from threatcast_orchestration.feed_steps.cut_off import cut_off
    from threatcast_orchestration.feed_steps.source_check import look_at
    from threatcast_orchestration.run.plan import make_plan

    specs = [load_feed(feed) for feed in feeds] if feeds else [*load_catalog().values()]
    place = home_path(home)
    plan = make_plan(place, load_settings(place, {"source": "live"}))
    silent = quiet or as_json
    looks = [asdict(one) for one in look_at(specs, plan, lambda text: remark(text, quiet=silent))]
    told = cut_off(plan)
    if as_json:
        print_json(looks)
    elif not told:
        _write_looks(looks)
    if told:
        raise OrchestrationError(told)


def _write_looks(looks: list[dict[str, Any]]) -> None:
    """Print what the addresses showed, then what to do about those that are not well."""
    print_table(looks, ["feed", "state", "newest", "told_by", "licence", "address"])
    for look in looks:
        if look["state"] != "ok":
            say(f"- {look['feed']}, {look['state']}: {look['reason']}. {look['cure']}.")
    well = sum(look["state"] == "ok" for look in looks)
    say(f"{well} of {len(looks)} addresses are well.")


@app.command("accept")
def accept(
    feed: FeedArgument,
    payload: Annotated[str, typer.Argument(help="Name of the payload, as the refusal tells it.")],
    reason: Annotated[str, typer.Option(help="Why it is right; kept with the day.")],
    home: HomeOption = None,
) -> None:
    """Believe a payload that its gate has set aside; the next run counts it."""
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.outcomes import read_outcome
    from threatcast_feeds.registry import load_feed

    from threatcast_orchestration.feed_steps.acceptances import Acceptance, write_acceptance
    from threatcast_orchestration.run.settings import clock
    from threatcast_orchestration.sharing.work import working_in

    spec, place = load_feed(feed), home_path(home)
    landed = {one.sha12 for one in Landing(place.landing).payloads(feed)}
    outcome = read_outcome(place.raw / spec.key, payload)
    if payload not in landed or outcome is None:
        raise WrongUse(
            f"There is no payload {payload} of the feed {feed} in the home {place.root}. Nothing "
            "was changed. Its name, 12 hexadecimal digits, stands in the message that set it aside."
        )
    if outcome.state != "accepted" and not outcome.judged_by:
        raise WrongUse(
            f"The payload {payload} of the feed {feed} could not be read: "
            f"{outcome.message} Nothing was changed. No word makes it readable."
        )
    if not reason.strip():
        raise WrongUse("Say why the payload is right with --reason. Nothing was changed.")
    with working_in(place):
        write_acceptance(place, Acceptance(feed, payload, clock().date().isoformat(), reason))
    say(f"{feed}: payload {payload} is accepted; the next run counts it.")


@app.command("backfill")
def backfill(
    feed: FeedArgument,
    since: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")],
    until: Annotated[str | None, typer.Option(help="Last day; default today.")] = None,
    every: Annotated[Step, typer.Option(help="One vintage a week or a day.")] = "week",
    repository: Annotated[
        str | None, typer.Option(help="Another clone of the feed's repository (URL or path).")
    ] = None,
    home: HomeOption = None,
    *,
    quiet: QuietOption = False,
) -> None:
    """Replay a feed's git history as vintages; safe to interrupt and to start again."""
    from threatcast_feeds.registry import load_feed

    from threatcast_orchestration.feed_steps.backfill import backfill_feed
    from threatcast_orchestration.run.settings import clock

    spec = load_feed(feed)
    if spec.history is None:
        raise WrongUse(f"The feed {feed} keeps no public git history; its past cannot be replayed.")
    last = parse_day(until, "--until") if until else clock().date()
    report = backfill_feed(
        spec,
        home_path(home),
        since=parse_day(since, "--since"),
        until=last,
        every=every,
        repository=repository,
        quiet=quiet,
    )
    say(f"{feed}: {report.landed} vintages landed, {report.parsed} parsed, {report.rows} rows")
