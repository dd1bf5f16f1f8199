"""`threatcast models`: which model is published for each target, and who may take its place."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    print_json,
    print_table,
    reading_home,
    refuse_unpublishable,
    remark,
    say,
    say_mark,
)
from threatcast_orchestration.errors import GateBlocked, WrongUse

if TYPE_CHECKING:
    from threatcast_forecasting.judging.promotion import PromotionVerdict
    from threatcast_forecasting.judging.published import Decision

    from threatcast_orchestration.commands.standing import Standing

LISTED = (
    "target", "model", "version", "since", "scaled_wis", "coverage_80", "coverage_95",
    "challenger", "challenger_scaled_wis", "ratio", "ratio_low90", "ratio_high90",
)  # fmt: skip

app = typer.Typer(
    no_args_is_help=True, help="List, compare, promote and roll back what is published."
)
TargetArgument = Annotated[str, typer.Argument(help="Target, as in the list.")]


@app.command("list")
def list_models(
    home: HomeOption = None, *, as_json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List the published model of each target, its score, and the challenger's."""
    from threatcast_orchestration.commands.standing import standing_of, table

    standing = standing_of(reading_home(home))
    rows = table(standing)
    if as_json:
        print_json(rows)
        return
    print_table(rows, LISTED)
    for row in rows:
        if row["previous"]:
            say(f"{row['target']}: {row['previous']} is published beside it until "
                f"{row['previous_until']}, because it was changed.")  # fmt: skip
        if row["next"]:
            say(f"{row['target']}: the next night publishes {row['next']}.")
    remark(
        f"Back-test of {standing.release_id}; ratio: the challenger's mean scaled WIS by the "
        "published model's, with its 90 % interval.",
        quiet=quiet,
    )
    say_mark(standing.mark)


@app.command("compare")
def compare(
    target: TargetArgument,
    first: Annotated[
        str | None, typer.Argument(metavar="A", help="Model. Default: the published one.")
    ] = None,
    second: Annotated[
        str | None, typer.Argument(metavar="B", help="Model. Default: the best other one.")
    ] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare two models of a target: scores by horizon, the paired test, coverage, the gate."""
    from threatcast_forecasting.night.decisions import numbers_of

    from threatcast_orchestration.commands.standing import by_horizon, standing_of

    standing = standing_of(reading_home(home))
    own = standing.model(target, first or standing.published(target).model)
    other = second or standing.rival(target, own)
    if other is None:
        raise WrongUse(f"Beside {own} no model was scored for {target}. Name another one.")
    other = standing.model(target, other)
    if other == own:
        raise WrongUse(f"{own} cannot be compared with itself. Name two models.")
    verdict = standing.verdict(target, own, other)
    rows = by_horizon(standing, target, (own, other))
    if as_json:
        print_json(
            {"target": target, "model": own, "challenger": other}
            | numbers_of(verdict)
            | {"gate": {"won": verdict.won, "reason": verdict.reason}}
            | {"by_horizon": rows, "source": standing.source(target)}
        )
        return
    print_table(rows, list(rows[0]) if rows else ["horizon"], f"{target}: {own} and {other}")
    for name, numbers in ((own, verdict.own), (other, verdict.other)):
        say(f"{name}: {_scores(numbers)}")
    say(f"Gate: {verdict.reason}.")
    if not quiet:
        source = standing.source(target)
        say(", ".join(f"{key} {value}" for key, value in source.items() if value is not None))
    say_mark(standing.mark)


@app.command("promote")
def promote(
    target: TargetArgument,
    model: Annotated[str, typer.Argument(help="Model to publish.")],
    override: Annotated[
        str | None,
        typer.Option(help="Publish it although the gate refuses; the reason is published too."),
    ] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Publish another model for a target, if the gate lets it or a person says why."""
    from threatcast_orchestration.commands.standing import standing_of
    from threatcast_orchestration.sharing.work import working_in

    place = reading_home(home)
    standing_of(place)  # a home without releases gets no lock file either
    if override is not None:
        refuse_unpublishable("The reason is published with the decision", override)
    with working_in(place):
        standing = standing_of(place)
        published = standing.next_published(target).model
        standing.model(target, model)
        if model == published:
            raise WrongUse(f"{model} is the published model of {target} already.")
        verdict = _judged(standing, target, published, model)
        if override is None and (verdict is None or not verdict.won):
            raise GateBlocked(_refusal(target, published, model, verdict))
        reason = override or (verdict.reason if verdict else "")
        decision = _decide(standing, target, "promote", published, model, reason, verdict)
    _tell(standing, decision, as_json=as_json, quiet=quiet)


@app.command("rollback")
def rollback(
    target: TargetArgument,
    reason: Annotated[
        str, typer.Option(help="Why; is published with the decision.")
    ] = "rolled back by a person",
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Publish the model before the last change of a target again."""
    from threatcast_orchestration.commands.standing import standing_of
    from threatcast_orchestration.sharing.work import working_in

    place = reading_home(home)
    standing_of(place)
    refuse_unpublishable("The reason is published with the decision", reason)
    with working_in(place):
        standing = standing_of(place)
        standing.of_target(target)
        now = standing.next_published(target)
        if now.previous is None:
            raise WrongUse(
                f"{target} was never published by another model than {now.model}; there is none "
                "to go back to. Nothing was changed. See: threatcast models list"
            )
        verdict = _judged(standing, target, now.model, now.previous)
        decision = _decide(standing, target, "rollback", now.model, now.previous, reason, verdict)
    _tell(standing, decision, as_json=as_json, quiet=quiet)


def _judged(standing: Standing, target: str, own: str, other: str) -> PromotionVerdict | None:
    """Return the gate's verdict; None if the published model was not run."""
    scored = set(standing.of_target(target)["model"])
    return standing.verdict(target, own, other) if {own, other} <= scored else None


def _refusal(target: str, published: str, model: str, verdict: PromotionVerdict | None) -> str:
    if verdict is None:
        return (
            f"The gate refuses {model} for {target}: the published model {published} was not run, "
            "so that nothing can be compared. Nothing was changed. A person may decide: --override "
            '"reason".'
        )
    return (
        f"The gate refuses {model} for {target}. {verdict.reason}.\n"
        f"  {published}: {_scores(verdict.own)}\n"
        f"  {model}: {_scores(verdict.other)}\n"
        'Nothing was changed. A person may decide otherwise: --override "reason".'
    )


def _scores(numbers: dict[str, float]) -> str:
    held = ", ".join(
        f"{level} % intervals held {100 * numbers[f'covered_{level}']:.1f} %"
        for level in (50, 80, 95)
    )
    return f"scaled WIS {numbers['scaled_wis']:.4f}, {held}"


def _decide(
    standing: Standing,
    target: str,
    action: str,
    before: str,
    after: str,
    reason: str,
    verdict: PromotionVerdict | None,
) -> Decision:
    """Record a person's decision."""
    from threatcast_forecasting.judging.published import Decision
    from threatcast_forecasting.night.decisions import numbers_of

    from threatcast_orchestration.published_models.decision_record import record_decisions

    numbers: dict[str, Any] = numbers_of(verdict) if verdict else {}
    decision = Decision(
        as_of=standing.day,
        target=target,
        action=action,
        model_before=before,
        model_after=after,
        decided_by="person",
        reason=reason,
        challenger=after,
        run_id=standing.runs.get(target),
        code_commit=standing.commit,
        **numbers,
    )
    record_decisions(standing.home, [decision])
    return decision


def _tell(standing: Standing, decision: Decision, *, as_json: bool, quiet: bool) -> None:
    first = decision.as_of + timedelta(days=1)
    if as_json:
        print_json(vars(decision) | {"takes_effect": first})
        return
    say(f"{decision.target}: {decision.model_after} in the place of {decision.model_before}.")
    if not quiet:
        say(
            f"It takes effect in the next night, of {first} or later; the release of "
            f"{standing.as_of} stays as it is. Both models are published for four weeks "
            "(table outlook_by_model)."
        )
    say_mark(standing.mark)
