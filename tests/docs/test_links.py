"""What a document points at is there: files, headings, make targets, commands, paths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from in_process import commands

PROJECT = Path(__file__).resolve().parents[2]
TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
DOCUMENTS = [PROJECT / name for name in TOP] + sorted((PROJECT / "docs").rglob("*.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
TREE = re.compile(
    r"`((?:feeds|forecasting|publishing|orchestration|dbt_project|tests|docs)/[\w./-]*\w)/?`"
)

# the feed of CONTRIBUTING.md's worked example
INVENTED = "power_outages"


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def prose(path: Path) -> str:
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(path), flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in plain}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_paths_of_the_tree_exist(document: Path) -> None:
    named = set(TREE.findall(document.read_text(encoding="utf-8")))
    lacking = [path for path in sorted(named) if not (PROJECT / path).exists()]
    assert [path for path in lacking if INVENTED not in path] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_make_targets_and_commands_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), flags=re.M))
    known = set(commands())
    groups = {name.rsplit(" ", 1)[0] for name in known if name.count(" ") == 2}
    asked = re.findall(
        r"(?:`|bin/|^)(threatcast (?:(?:feeds|releases|models) )?[a-z-]+)", text, re.M
    )
    unknown = {command for command in asked if command not in known | groups}
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    assert unknown == set()


def test_every_document_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    open_ends = [PROJECT / "docs" / "index.md"]
    while open_ends:
        document = open_ends.pop()
        if document in seen:
            continue
        seen.add(document)
        if document.is_dir():
            open_ends += document.glob("*.md")
            continue
        links = [link.partition("#")[0] for link in LINK.findall(prose(document))]
        found = [(document.parent / link).resolve() for link in links if link and ":" not in link]
        open_ends += [path for path in found if path.suffix == ".md" or path.is_dir()]
    assert [name_of(path) for path in DOCUMENTS if path not in seen] == []


def test_no_document_names_a_path_of_a_machine() -> None:
    suspicious = re.compile(r"(?<![\w.])/(?:home|root|work|tmp|Users)/")
    named = {name_of(path) for path in DOCUMENTS if suspicious.search(path.read_text("utf-8"))}
    assert named == set()


def test_architecture_fits_its_page() -> None:
    assert len((PROJECT / "docs" / "architecture.md").read_text().splitlines()) < 200
