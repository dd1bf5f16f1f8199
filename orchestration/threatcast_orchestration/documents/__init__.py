"""The generated pages of `docs/`: feeds, targets, commands, models, tables, gates.

`make docs` (`python -m threatcast_orchestration.documents`) writes them in place. Each page says
where its words come from, so that a mistake is mended there; a test fails while a page and its
source differ. No page depends on the clock, the home or the machine.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_orchestration.documents.commands import commands_page
from threatcast_orchestration.documents.feeds import feed_pages
from threatcast_orchestration.documents.reference import gates_page, models_page, tables_page
from threatcast_orchestration.documents.targets import targets_page
from threatcast_orchestration.run.project import ROOT

DOCS = ROOT / "docs"


def pages() -> dict[str, str]:
    """Return all generated pages: path below `docs/` to text."""
    return feed_pages() | {
        "targets.md": targets_page(),
        "cli.md": commands_page(),
        "models.md": models_page(),
        "tables.md": tables_page(),
        "gates.md": gates_page(),
    }


def stale(folder: Path = DOCS) -> list[str]:
    """Return the pages below `folder` that differ from their source, are missing or left over."""
    wanted = pages()
    found = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.md")
    }
    left_over = [name for name in found if name.startswith("feeds/") and name not in wanted]
    return sorted([name for name, text in wanted.items() if found.get(name) != text] + left_over)


def write(folder: Path = DOCS) -> list[str]:
    """Write the pages that differ and remove those left over; returns their names."""
    wanted = pages()
    changed = stale(folder)
    for name in changed:
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed
