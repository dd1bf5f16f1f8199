"""Keys of what is kept: every file that can change a published number changes its stage's key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from threatcast_orchestration.run.keys import CODE, SETTINGS, Roots, code_key_of, key, roots
from threatcast_orchestration.run.settings import Settings

PACKAGES = ("feeds", "forecasting", "publishing", "orchestration")
# the stage whose result a file changes, by the beginning of its name below its root; the longest
# beginning that fits counts
CHANGES = {
    "feeds/readers/": "parsed",
    "feeds/catalog/": "parsed",
    "feeds/parsing.py": "parsed",
    "feeds/payload.py": "parsed",
    "feeds/database.py": "parsed",
    "feeds/unpack.py": "parsed",
    "forecasting/": "forecasts",
    "publishing/": "release",
    "orchestration/meaning/": "judged",
    "orchestration/feed_steps/": "judged",
    "orchestration/warehouse/": "raw",
    "orchestration/forecasts/": "forecasts",
    "orchestration/published_models/": "forecasts",
    "orchestration/live_scores/": "live",
    "orchestration/early_warning/": "warnings",
    "dbt/models/": "warehouse",
    "dbt/models/published/": "published",
    "dbt/macros/": "warehouse",
    "dbt/seeds/": "warehouse",
}
SAME = ("orchestration/commands/", "orchestration/documents/", "orchestration/cli.py")
SUFFIXES = {".py", ".sql", ".csv"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Roots:
    """The project's code, copied so that it may be changed."""
    folder = tmp_path_factory.mktemp("code")
    for name, place in roots().items():
        if place.is_file():
            shutil.copy(place, folder / name)
        else:
            hidden = shutil.ignore_patterns("__pycache__", "target", "logs", ".*")
            shutil.copytree(place, folder / name, ignore=hidden)
    return {name: folder / name for name in roots()}


def files(copy: Roots) -> Iterator[tuple[str, Path]]:
    for root in (*PACKAGES, "dbt"):
        for path in sorted(copy[root].rglob("*")):
            if path.suffix in SUFFIXES and (root == "dbt" or path.suffix == ".py"):
                yield f"{root}/{path.relative_to(copy[root]).as_posix()}", path


def changed_by(path: Path, copy: Roots, *stages: str) -> set[str]:
    """Return the stages whose keys change when a line is added to a file."""
    before, content = {stage: code_key_of(stage, copy) for stage in stages}, path.read_bytes()
    path.write_bytes(content + b"\n# one more line\n")
    after = {stage: code_key_of(stage, copy) for stage in stages}
    path.write_bytes(content)
    return {stage for stage in stages if before[stage] != after[stage]}


def test_every_file_that_can_change_a_number_changes_the_key_of_its_stage(copy: Roots) -> None:
    tried = 0
    for name, path in files(copy):
        begins = [start for start in CHANGES if name.startswith(start)]
        if begins:
            stage = CHANGES[max(begins, key=len)]
            assert changed_by(path, copy, stage) == {stage}, name
            tried += 1
    assert tried > 250


def test_gate_of_a_feed_changes_the_key_of_that_feed_alone(copy: Roots) -> None:
    path = copy["feeds"] / "catalog" / "eurepoc" / "gate.yaml"
    before = {feed: code_key_of("judged", copy, feed) for feed in ("*", "eurepoc", "cisa_kev")}
    content = path.read_bytes()
    path.write_bytes(content + b"\n# one more line\n")
    changed = {feed for feed, key in before.items() if code_key_of("judged", copy, feed) != key}
    path.write_bytes(content)
    assert changed == {"*", "eurepoc"}


def test_commands_documents_and_tests_change_no_key(copy: Roots) -> None:
    spared = [path for name, path in files(copy) if name.startswith(SAME)]
    assert len(spared) > 10
    for path in spared:
        assert changed_by(path, copy, *CODE) == set(), path


def test_a_published_table_leaves_the_warehouse_as_it_is(copy: Roots) -> None:
    (path,) = (copy["dbt"] / "models" / "published").rglob("outlook.sql")
    assert changed_by(path, copy, "warehouse", "published") == {"published"}


def test_settings_that_change_numbers_change_the_key_and_others_do_not() -> None:
    one = key("forecasts", Settings(), "data")
    for name, value in {"models": "flat", "origins": 3, "step": 2, "seed": 1}.items():
        assert key("forecasts", Settings(**{name: value}), "data") != one
        assert name in SETTINGS["forecasts"]
    for name, value in {"jobs": 7, "memory_limit": "1GB", "webhook_url": "x"}.items():
        assert key("forecasts", Settings(**{name: value}), "data") == one
    assert key("forecasts", Settings(), "other data") != one
