"""Every example of docs/analysts.md runs on a release as it is written there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from threatcast_publishing.query import run_query

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "analysts.md"
TEXT = PAGE.read_text(encoding="utf-8")
# the paragraph that says what an example is for, and the example
QUERIES = re.findall(r"((?:^[^\n]+\n)+)\n```sql\n(.*?)^```", TEXT, flags=re.S | re.M)
SNIPPETS = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.S | re.M)
# what an empty answer means is said beside these
MAY_BE_EMPTY = (
    "Does the hierarchy add up",
    "Where a model fell back",
    "Where a simple rule did better",
    "Which feeds are in trouble",
    "Which feeds or places changed level",
    "When another model began to speak",
    "What changed since the last release",
)
READERS_PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in DOCS.glob("*.md")),
)


def test_the_page_has_a_dozen_queries_and_a_snippet() -> None:
    assert len(QUERIES) >= 12
    assert len(QUERIES) == TEXT.count("```sql")
    assert len(SNIPPETS) == 1


@pytest.mark.parametrize(("purpose", "sql"), QUERIES, ids=[words[:50] for words, _ in QUERIES])
def test_query_runs_and_answers(purpose: str, sql: str, sample_home: Path) -> None:
    rows = run_query(sample_home / "releases", sql).data.num_rows
    assert rows or purpose.startswith(MAY_BE_EMPTY)


@pytest.mark.parametrize("name", READERS_PAGES)
def test_no_example_asks_for_the_published_forecast_by_a_model_s_name(name: str) -> None:
    text = (DOCS.parent / name).read_text(encoding="utf-8")
    assert re.findall(r"\bmodel\w*\s*(?:=|==|IN)\s*\W*champion", text) == []


def test_the_hierarchy_adds_up_on_the_sample(sample_home: Path) -> None:
    (sql,) = [sql for _, sql in QUERIES if "HAVING world.value <> sum(parts.value)" in sql]
    assert run_query(sample_home / "releases", sql).data.num_rows == 0


def test_pandas_snippet_runs_from_the_folder_that_holds_the_home(
    sample_home: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").symlink_to(sample_home, target_is_directory=True)
    done = subprocess.run(
        [sys.executable, "-c", SNIPPETS[0]], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "expected_4w" in done.stdout
