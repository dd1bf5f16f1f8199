"""The page on bad input names tests that exist, and at least one in each line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "bad-input.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(test_\w+)`")


def known_tests() -> set[str]:
    return {
        node.name
        for path in (PROJECT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_the_page_names_exists() -> None:
    assert set(NAMED.findall(PAGE)) - known_tests() == set()


def test_every_line_of_the_page_names_a_test() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    lines = [line for line in lines if not line.startswith(("| what ", "| --- "))]
    assert len(lines) > 30
    assert [line for line in lines if not NAMED.search(line)] == []
