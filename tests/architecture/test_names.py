"""One word for one idea: no public class, and no module, is called alike for two things."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

PACKAGES = ("feeds", "forecasting", "publishing", "orchestration")

ALIKE = {
    "database": "how a package opens or writes DuckDB",
    "decisions": "which model is published: judged in forecasting, told and shown by orchestration",
    "errors": "a package's own tree of errors",
    "feeds": "what a page, a command or a document says of the feeds",
    "inputs": "what a night's forecasts are made of, and its loading",
    "pages": "pages for people, each room's own",
    "panels": "panels: what they are, and the commands on them",
    "registry": "a list of things by name: the feeds' catalog, MLflow's models",
    "release": "the release: its writing, and the step that calls it",
    "store": "answers or runs kept under a key: of back-tests, of MLflow",
    "tables": "the tables that a room writes",
}
"""Modules that may be called alike in two packages, since they are about one thing."""


CALLED_AFTER_WHAT_THEY_CALL = {
    "orchestration/assets": "Dagster's steps, each called as the room whose functions it wires",
    "orchestration/commands": "the command line, each module called as its command",
    "orchestration/documents": "generated pages, each called as what it tells of",
    "publishing/formats": "what a release is written as; the site has a room of its own",
}
"""Rooms whose modules may be called as others of their package are, since they are about them."""


def modules_of(package: str) -> list[Path]:
    """Return the modules of a package, relative to its folder."""
    root = PROJECT / package / f"threatcast_{package}"
    return [path.relative_to(root) for path in sorted(root.rglob("*.py"))]


def test_no_public_class_name_stands_for_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for module in modules_of(package):
            path = PROJECT / package / f"threatcast_{package}" / module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(f"{package}/{module}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
    assert len(places) > 100


def test_no_module_or_room_of_a_package_is_called_as_another_of_it() -> None:
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for package in PACKAGES:
        for module in modules_of(package):
            room = f"{package}/{module.parts[0]}"
            # a feed's folder holds the same parts as that of every other feed
            if room in CALLED_AFTER_WHAT_THEY_CALL or "catalog" in module.parts:
                continue
            if module.stem == "__init__" and module.parent.name:
                places[package, module.parent.name].append(room)
            elif not module.stem.startswith("__"):
                places[package, module.stem].append(f"{package}/{module}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
    assert len(places) > 200


def test_no_module_is_called_alike_in_two_packages_for_two_things() -> None:
    packages: dict[str, set[str]] = defaultdict(set)
    for package in PACKAGES:
        root = PROJECT / package / f"threatcast_{package}"
        for path in sorted(root.rglob("*.py")):
            # a feed's folder holds the same parts as that of every other feed
            if path.stem.startswith("__") or "catalog" in path.relative_to(root).parts:
                continue
            packages[path.stem].add(package)
    alike = {name for name, found in packages.items() if len(found) > 1}
    assert alike == set(ALIKE), "call one of them after what it alone does"
