"""What is written from the code: the generated pages of `docs/`, some files of the dbt project.

`make docs` (`python -m threatcast_orchestration.documents`) writes them in place. Each file says
where its words come from, so that a mistake is mended there; a test fails while a file and its
source differ. No file depends on the clock, the home or the machine.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_orchestration.documents.commands import commands_page
from threatcast_orchestration.documents.dbt_files import dbt_files
from threatcast_orchestration.documents.feeds import feed_pages
from threatcast_orchestration.documents.history import history_page
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


def files() -> dict[str, str]:
    """Return all generated files: path below the project's folder to text."""
    written = {f"docs/{name}": text for name, text in pages().items()}
    written |= {f"dbt_project/{name}": text for name, text in dbt_files().items()}
    return written | {"feeds/threatcast_feeds/history/README.md": history_page()}


def stale(root: Path = ROOT) -> list[str]:
    """Return the files below `root` that differ from their source, are missing or left over."""
    wanted = files()
    differ = [name for name, text in wanted.items() if _read(root / name) != text]
    found = (path.relative_to(root).as_posix() for path in (root / "docs/feeds").glob("*.md"))
    return sorted([*differ, *(name for name in found if name not in wanted)])


def write(root: Path = ROOT) -> list[str]:
    """Write the files that differ and remove those left over; returns their names."""
    wanted = files()
    changed = stale(root)
    for name in changed:
        path = root / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
