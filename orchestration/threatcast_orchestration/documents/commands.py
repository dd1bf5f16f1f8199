"""The page of commands, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from threatcast_orchestration.documents.markdown import page, table


def commands_page() -> str:
    """Return what `--help` says of every command."""
    import typer

    from threatcast_orchestration.cli import app

    parts = []
    for name, command in _walk(typer.main.get_command(app), "threatcast"):
        parts += [f"## {name}", (command.help or "").strip(), *_usage(name, command)]
    return page(
        "orchestration/threatcast_orchestration/commands/",
        "Commands",
        "The same as `threatcast COMMAND --help`. Exit codes: "
        "[operations](operations.md#exit-codes). Settings: [operations](operations.md#settings).",
        *parts,
    )


def _walk(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _walk(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def _usage(name: str, command: Any) -> tuple[str, str]:
    arguments = [one for one in command.params if not one.opts[0].startswith("-")]
    options = [one for one in command.params if one.opts[0].startswith("-")]
    line = " ".join([name, *map(_argument, arguments), *(["[OPTIONS]"] if options else [])])
    rows = [(f"`{_argument(one)}`", _default(one), one.help or "") for one in arguments]
    rows += [(f"`{', '.join(one.opts)}`", _default(one), one.help or "") for one in options]
    return f"```\n{line}\n```", table(("", "default", "what it does"), rows)


def _argument(parameter: Any) -> str:
    name = str(parameter.name).upper()
    return name if parameter.required else f"[{name}]"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "must be given"
    if parameter.default is None or isinstance(parameter.default, bool):
        return ""
    return f"`{parameter.default}`"
