"""A gate's version: it changes with all that decides a verdict, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from threatcast_orchestration.gates import suites
from threatcast_orchestration.gates.suites import read_suite
from threatcast_orchestration.gates.version import gate_version

SHARED = "frames: {rows: {query: select 1}}\nexpectations:\n- {frame: rows, type: expect_a,"
OWN = "protects: Counts.\nuses: [volume]\nparameters: {most: 5}\n"
RULE = " kwargs: {value: '{{ most }}'}, severity: critical, meta: {why: a, cure: b}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(suites, "_ROOT", tmp_path)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "volume.yaml").write_text(SHARED + RULE, encoding="utf-8")
    (tmp_path / "counts.yaml").write_text(OWN, encoding="utf-8")
    return tmp_path


def version(folder: Path, *reads: str) -> str:
    return gate_version(read_suite(folder / "counts.yaml", "marts"), *reads)


def test_comment_changes_nothing_and_a_parameter_does(folder: Path) -> None:
    first = version(folder)
    (folder / "counts.yaml").write_text(f"# why\n{OWN}", encoding="utf-8")
    assert version(folder) == first
    (folder / "counts.yaml").write_text(OWN.replace("5", "6"), encoding="utf-8")
    assert version(folder) != first


def test_shared_part_and_what_makes_the_rows_count(folder: Path) -> None:
    first = version(folder, "parser one")
    assert version(folder, "parser two") != first
    shared = folder / "shared" / "volume.yaml"
    shared.write_text(shared.read_text().replace("critical", "warning"), encoding="utf-8")
    assert version(folder, "parser one") != first
