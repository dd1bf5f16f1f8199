"""One word for one idea: no public class name means two things in two packages."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

PACKAGES = ("feeds", "forecasting", "publishing", "orchestration")


def test_no_public_class_name_stands_for_two_things() -> None:
    rooms: dict[str, set[str]] = defaultdict(set)
    for package in PACKAGES:
        root = PROJECT / package / f"threatcast_{package}"
        for path in sorted(root.rglob("*.py")):
            room = "/".join((package, *path.relative_to(root).parts[:1]))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    rooms[node.name].add(room)
    assert {name: sorted(found) for name, found in rooms.items() if len(found) > 1} == {}
    assert len(rooms) > 100
