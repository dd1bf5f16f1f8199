"""`threatcast warnings`: what stands, what people say of it, and whom a playbook would tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from threatcast_orchestration.commands.options import (
    HomeOption,
    JsonOption,
    QuietOption,
    one_of,
    print_json,
    print_table,
    refuse_unpublishable,
    remark,
    say,
    say_mark,
)
from threatcast_orchestration.errors import OrchestrationError, WrongUse
from threatcast_orchestration.run.settings import clock, credentials, home_path, load_settings

if TYPE_CHECKING:
    from threatcast_orchestration.response.playbooks import Playbook
    from threatcast_orchestration.response.warning_messages import Message
    from threatcast_orchestration.response.warning_states import KeptWarning, KnownWarnings
    from threatcast_orchestration.run.home import Home

LISTED = ("warning_id", "state", "level", "kind", "target", "location", "since", "last_told")

app = typer.Typer(
    no_args_is_help=True,
    help="List, show, acknowledge and close warnings, and test playbooks.",
)
IdArgument = Annotated[str, typer.Argument(help="Warning, or how its id begins.")]
IdsArgument = Annotated[list[str], typer.Argument(help="Warnings, or how their ids begin.")]
NoteOption = Annotated[str, typer.Option(help="What others should know; no names or addresses.")]


@app.command("list")
def list_warnings(
    home: HomeOption = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Also what is closed, gone or withdrawn.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the warnings that stand, the gravest first."""
    from threatcast_orchestration.response.wording import in_order

    place, known = _known(home)
    by_id = {name: kept for name, kept in known.warnings.items() if every or _stands(kept)}
    order = in_order([kept.row for kept in by_id.values()])
    rows = [_facts(by_id[row.warning_id], known) for row in order]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows, LISTED)
    else:
        say(f"No warning stands in {place.root}.")
    left = len(known.warnings) - len(rows)
    if left and not as_json:
        remark(
            f"{left:,} more are closed, gone or withdrawn: threatcast warnings list --all",
            quiet=quiet,
        )
    if rows and not as_json:
        say_mark(known.mark)


@app.command("show")
def show(
    warning: IdArgument,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show a warning: what it says, what people said of it, and who was told when."""
    from threatcast_orchestration.response.recording import find
    from threatcast_orchestration.response.warning_events import read_events
    from threatcast_orchestration.response.warning_states import about
    from threatcast_orchestration.response.wording import sentence

    place, known = _known(home)
    kept = known.warnings[find(known, warning)]
    facts = _facts(kept, known)
    past = about(read_events(place), kept.row.warning_id)
    if as_json:
        print_json(facts | {"events": [event.model_dump(mode="json") for event in past]})
        return
    say(f"{kept.row.warning_id}: {sentence(kept.row)}")
    say(f"state: {kept.state}" + (f", {kept.outcome}" if kept.outcome else ""))
    if not quiet:
        for event in past:
            say(f"{event.at:%Y-%m-%d %H:%M} {event.told_in_short}")
    say_mark(known.mark)


@app.command("ack")
def ack(
    warnings: IdsArgument,
    note: NoteOption = "",
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say that somebody knows of warnings, so that nobody else is told for want of an answer."""
    from threatcast_orchestration.response.recording import acknowledge
    from threatcast_orchestration.response.warning_events import open_record
    from threatcast_orchestration.sharing.work import sharing

    refuse_unpublishable("The note may be published with the warning", note, least=0)
    with sharing(home_path(home)), open_record(_answering(home)) as record:
        new = acknowledge(record, warnings, note, clock())
    _tell_new("acknowledged", new, as_json=as_json, quiet=quiet)


@app.command("close")
def close_warnings(
    warnings: IdsArgument,
    outcome: Annotated[
        str, typer.Option(help="What it was: confirmed, false_alarm or data_fault.")
    ],
    note: NoteOption = "",
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what warnings turned out to be; a later word replaces an earlier one."""
    from threatcast_orchestration.response.recording import close
    from threatcast_orchestration.response.warning_events import Outcome, open_record
    from threatcast_orchestration.sharing.work import sharing

    refuse_unpublishable("The note may be published with the warning", note, least=0)
    one_of("--outcome", outcome, get_args(Outcome))
    with sharing(home_path(home)), open_record(_answering(home)) as record:
        new = close(record, warnings, cast("Outcome", outcome), note, clock())
    _tell_new("closed", new, as_json=as_json, quiet=quiet)


@app.command("test")
def rehearse_playbook(
    playbook: Annotated[str, typer.Argument(help="Name of a playbook, or its file.")],
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what a playbook would send now, as if nobody had been told yet; nothing is sent."""
    from threatcast_orchestration.response.playbook_files import read_playbook
    from threatcast_orchestration.response.telling import rehearse

    place = home_path(home)
    chosen = read_playbook(_playbook_path(place, playbook))
    due = rehearse(place, chosen, clock(), load_settings(place).public_url)
    lacking = [name for name in chosen.variables if not credentials().get(name)]
    if as_json:
        waiting = {"quiet": due.quiet, "limited": due.limited}
        messages = [_sketch(message) for message in due.messages]
        print_json({"playbook": chosen.name, "messages": messages} | waiting | {"unset": lacking})
    else:
        _show_messages(chosen, due.messages, quiet=quiet)
        if due.quiet or due.limited:
            say(f"{due.quiet} would wait for the end of quiet hours, {due.limited} for the limit.")
    if lacking:
        raise WrongUse(
            f"The environment has no {', '.join(lacking)}: nothing of {chosen.name} could be sent. "
            "Set it where nights are started."
        )


def take_warnings_back(home: Home, release_id: str, *, quiet: bool) -> None:
    """Let the warnings of later releases count no more, and tell those who were told of them."""
    from threatcast_orchestration.response.telling import take_back

    try:
        address = load_settings(home).public_url
        moved, told = take_back(home, release_id, clock(), credentials(), public_url=address)
    except OrchestrationError as error:
        raise type(error)(
            f"The current release is {release_id}, but the warnings of later ones were not "
            f"withdrawn: {error} Then go back to {release_id} once more."
        ) from error
    if moved:
        remark(
            f"Warnings counted anew for {', '.join(moved)}; {len(told.sent)} messages say so. "
            "See them: threatcast warnings list",
            quiet=quiet,
        )
    for line in told.failed:
        remark(f"Not told yet: {line}")


def _known(home: Path | None) -> tuple[Home, KnownWarnings]:
    from threatcast_orchestration.response.warning_events import read_events
    from threatcast_orchestration.response.warning_states import known_warnings

    place = home_path(home)
    return place, known_warnings(read_events(place))


def _answering(home: Path | None) -> Home:
    """Return a home that has warnings to answer; one that has none gets no folder for them."""
    place = home_path(home)
    if not place.warnings.is_file():
        raise WrongUse(
            f"No warning is known in {place.root}. Nothing was changed. Warnings come with a "
            "night: threatcast run"
        )
    return place


def _stands(kept: KeptWarning) -> bool:
    return kept.state in ("open", "acknowledged")


def _facts(kept: KeptWarning, known: KnownWarnings) -> dict[str, Any]:
    name = kept.row.warning_id
    told = [
        one for one in known.deliveries if one.sent and name in {two.warning_id for two in one.told}
    ]
    return kept.row.model_dump() | {
        "state": kept.state,
        "outcome": kept.outcome,
        "note": kept.word.note if kept.word else "",
        "opened_at": kept.opened_at.isoformat(timespec="seconds"),
        "release_id": kept.release_id,
        "last_told": f"{told[-1].at:%Y-%m-%d %H:%M} {told[-1].playbook}" if told else None,
    }


def _tell_new(word: str, names: list[str], *, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json({word: names})
    elif not quiet:
        say(f"{word}: {', '.join(names)}" if names else f"Nothing new: {word} before.")


def _playbook_path(home: Home, name: str) -> Path:
    from threatcast_orchestration.response.playbook_files import playbook_files

    paths = {path.stem: path for path in playbook_files(home)}
    if name in paths:
        return paths[name]
    if Path(name).is_file():
        return Path(name)
    raise WrongUse(
        f"There is no playbook {name!r} in {home.playbooks}. Known: "
        f"{', '.join(paths) or 'none'}. How to write one: docs/warnings.md"
    )


def _sketch(message: Message) -> dict[str, Any]:
    return {"channel": message.channel.label, "form": message.form, "body": message.body}


def _show_messages(playbook: Playbook, messages: list[Message], *, quiet: bool) -> None:
    if not messages:
        say(f"{playbook.name} would send nothing now.")
    for message in messages:
        say(f"{message.form} to {message.channel.label}: {message.subject}")
        if not quiet:
            say(message.text)
    remark("Nothing was sent.", quiet=quiet)
