"""The generated pages are what the code would write now, and nothing is left undescribed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from in_process import commands
from threatcast_feeds.registry import load_catalog
from threatcast_orchestration.documents import DOCS, files, pages, stale, write
from threatcast_orchestration.documents.markdown import seed, table
from threatcast_orchestration.gates.suites import KINDS, load_suites
from threatcast_orchestration.run.settings import Settings
from threatcast_publishing.contract import TABLES

PAGES = pages()
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")


def headings(page: str) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE))


def test_files_in_the_tree_are_those_that_would_be_written_now() -> None:
    assert stale() == [], "These files differ from their source; write them anew with: make docs"


def test_writing_mends_a_changed_file_and_removes_a_left_over_one(tmp_path: Path) -> None:
    write(tmp_path)
    changed = ["dbt_project/macros/catalog.sql", "docs/cli.md", "docs/feeds/gone.md"]
    for name in changed:
        (tmp_path / name).write_text("changed by hand\n", encoding="utf-8")
    assert stale(tmp_path) == changed
    assert write(tmp_path) == changed
    assert stale(tmp_path) == []


def test_files_by_hand_are_left_alone(tmp_path: Path) -> None:
    by_hand = tmp_path / "docs" / "operations.md"
    by_hand.parent.mkdir()
    by_hand.write_text("written by a person\n", encoding="utf-8")
    write(tmp_path)
    assert by_hand.read_text(encoding="utf-8") == "written by a person\n"


def test_every_file_says_where_its_words_come_from() -> None:
    for name, text in files().items():
        assert "Written by `make docs` from " in text.splitlines()[0], name


def test_a_cell_cannot_break_its_table() -> None:
    rows = table(("a", "b"), [("one | two", "three\n four")]).splitlines()
    assert rows[-1] == "| one \\| two | three four |"


@pytest.mark.parametrize("feed", sorted(load_catalog()))
def test_every_feed_has_a_page_that_says_what_its_definition_says(feed: str) -> None:
    spec = load_catalog()[feed]
    page = PAGES[f"feeds/{feed}.md"]
    said = [
        spec.publisher,
        spec.licence.name,
        spec.tlp,
        spec.event,
        spec.seen,
        spec.cadence,
        f"{spec.fresh_days} days",
        f"{spec.silent_weeks} weeks",
        *spec.biases,
        *spec.live.urls,
        *spec.columns,
        *(shift.what for shift in spec.breaks),
        *([spec.history.repository] if spec.history else []),
    ]
    lacking = [text for text in said if text not in page]
    assert lacking == []
    assert f"({feed}.md)" in PAGES["feeds/index.md"]


def test_every_command_and_option_is_described() -> None:
    page, found = PAGES["cli.md"], commands()
    assert {"threatcast run", "threatcast feeds backfill", "threatcast query"} <= set(found)
    for name, command in found.items():
        assert f"`{name}`" in headings(page)
        assert (command.help or "").strip(), f"{name} has no help"
        for parameter in command.params:
            assert parameter.help, f"{name}: {parameter.name} has no help"


def test_every_setting_is_described_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", OPERATIONS, flags=re.MULTILINE))
    for name, default in Settings():
        assert name in rows, f"docs/operations.md says nothing of the setting {name}"
        if default not in (None, "") and name != "models":
            written = ",".join(default) if isinstance(default, tuple) else default
            assert rows[name] == f"`{written}`"
    assert len(Settings().models) == 11, "operations.md says: all eleven"


def test_every_exit_code_is_described() -> None:
    from threatcast_orchestration import errors

    codes = {
        value.exit_code
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.OrchestrationError)
    }
    section = OPERATIONS.split("## Exit codes")[1].split("\n## ")[0]
    said = {int(code) for code in re.findall(r"^\| (\d+) \|", section, flags=re.MULTILINE)}
    assert codes <= said


def test_every_target_is_described() -> None:
    assert {row["target"] for row in seed("targets")} <= headings(PAGES["targets.md"])


def test_feeds_and_targets_name_each_other() -> None:
    by_feed = {feed: spec.targets for feed, spec in load_catalog().items() if spec.targets}
    assert by_feed == {row["feed"]: [row["target"]] for row in seed("targets")}


def test_every_model_has_its_card() -> None:
    from threatcast_forecasting.combinations.members import all_models

    page = PAGES["models.md"]
    for name, model in all_models().items():
        assert name in headings(page)
        assert " ".join(model.card.limits.split()) in page


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_published_column_is_described(name: str) -> None:
    section = PAGES["tables.md"].split(f"\n## {name}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| `(\w+)`[^|]*\| ([^|]*) \| (.*?) \|$", section, flags=re.MULTILINE)
    assert set(TABLES[name].required) | set(TABLES[name].key) <= {column for column, _, _ in cells}
    assert [column for column, kind, text in cells if not (kind and text)] == []


def test_every_gate_suite_is_described() -> None:
    suites = {suite.key for kind in KINDS for suite in load_suites(kind)}
    assert suites <= headings(PAGES["gates.md"])
