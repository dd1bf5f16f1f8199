"""The page of commands, as Typer writes it from the command line itself."""

from __future__ import annotations

from threatcast_orchestration.documents.markdown import page


def commands_page() -> str:
    """Return what `--help` says of every command."""
    import typer
    from typer.cli import get_docs_for_click

    from threatcast_orchestration.cli import app

    command = typer.main.get_command(app)
    told = get_docs_for_click(obj=command, ctx=typer.Context(command), indent=1, name="threatcast")
    return page(
        "orchestration/threatcast_orchestration/commands/",
        "Commands",
        "The same as `threatcast COMMAND --help`. Exit codes: "
        "[operations](operations.md#exit-codes). Settings: [operations](operations.md#settings).",
        told.strip(),
    )
