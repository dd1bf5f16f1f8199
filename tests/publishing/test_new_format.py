"""A new output format is one module: found, written, served, or refused with what it lacks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from threatcast_publishing import formats
from threatcast_publishing.errors import FormatError
from threatcast_publishing.formats import content_types, discover

LINES = """
class Lines:
    name = "lines"
    after = ()
    content_types = {".jsonl": "application/jsonl"}

    def write(self, release, folder):
        (folder / "lines.jsonl").write_text("{}")
        return [folder / "lines.jsonl"]

    def validate(self, folder):
        return []

FORMAT = Lines()
"""


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Add a module to the folder of formats."""

    def write(text: str) -> None:
        (tmp_path / "lines.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])

    content_types.cache_clear()
    yield write
    sys.modules.pop("threatcast_publishing.formats.lines", None)
    content_types.cache_clear()


def test_module_with_a_format_is_found_and_says_what_its_files_are_called(add):
    add(LINES)
    assert "lines" in [output.name for output in discover()]
    assert content_types()[".jsonl"] == "application/jsonl"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '    content_types = {".jsonl": "application/jsonl"}\n',
            "",
            "no content_types",
        ),
        ("    def validate", "    def check", "FORMAT has no validate"),
        ('".jsonl"', '".json"', "calls .json application/jsonl, another format application/json"),
        ("after = ()", 'after = ("weather",)', "comes after weather"),
    ],
)
def test_format_that_cannot_take_part_is_refused_with_the_reason(add, old, new, said):
    add(LINES.replace(old, new))
    with pytest.raises(FormatError, match=said):
        content_types()


def test_every_file_of_a_release_has_a_content_type(staged):
    endings = {path.suffix for path in Path(staged.folder).rglob("*") if path.is_file()}
    assert endings <= set(content_types())
