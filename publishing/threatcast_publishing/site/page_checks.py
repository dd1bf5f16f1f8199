"""Reads the site back: is all of it there and marked, does it load nothing, lead nowhere wrong.

Every page is looked through for what it would load and where it leads; one page of each kind and
language is parsed whole, for pages of a kind come from one template.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

from threatcast_publishing.marks import WORDS
from threatcast_publishing.site.languages import LANGUAGES, Language, languages_of

_FOLDER = "site"
_OPENING = re.compile(r"<([a-zA-Z][\w-]*)((?:\s+[^\s=<>\"']+(?:=\"[^\"]*\")?)*)\s*/?>")
_ATTRIBUTE = re.compile(r"([^\s=]+)=\"([^\"]*)\"")
_LOADING_TAGS = frozenset(
    ("iframe", "frame", "object", "embed", "base", "video", "audio", "source", "style")
)
_OUTSIDE = re.compile(r"https?://|mailto:")
_EVENT = re.compile(r"on\w+$")
_WITHOUT_END = frozenset(("meta", "link", "br", "hr", "img", "input"))
# what each element may load, of the files of this release; and what a form may ask of their server
_LOADS = {"link": re.compile(r"[\w./-]+\.css$|data:,$|[\w./-]+\.html$"),
          "script": re.compile(r"(?:\.\./)*site\.\w+\.js$"),
          "img": re.compile(r"(?:\.\./)*charts/\w+\.svg$"),
          "form": re.compile(r"diff$")}  # fmt: skip


def site_problems(folder: Path, published: set[str], mark: str) -> Iterator[str]:
    """Yield what is wrong with the site of a release's folder, as sentences.

    Parameters
    ----------
    folder
        Of the release.
    published
        Ids of the rows that the places' pages must show, each once: `<target>.<location>`.
    mark
        The word that every page must bear. Empty if none must.
    """
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    pages = {
        name: (folder / name).read_text(encoding="utf-8")
        for name in sorted(files)
        if name.startswith(f"{_FOLDER}/") and name.endswith(".html")
    }
    files |= {"manifest.json", "datapackage.json"}  # written after the pages
    yield from _incomplete(pages)
    yield from _rows(pages, published)
    parsed = set()
    for name, page in pages.items():
        kind = re.sub(r"(places|threats|groupings|sheets|models)/(?!index\.)[^/]+$", r"\1/", name)
        problems = [*_loads(page), *_dead_ends(name, page, files), *_marks(page, mark)]
        if kind not in parsed:
            parsed.add(kind)
            problems += _form(page, mark)
        yield from (f"{name} {problem}" for problem in problems[:5])


def _incomplete(pages: Mapping[str, str]) -> Iterator[str]:
    """Yield which languages of the front page's menu lack pages that the source language has."""
    languages = _languages(pages)
    own = {code: {n for n in pages if n.startswith(f"{_FOLDER}/{code}/")} for code in LANGUAGES}
    first = {
        name.removeprefix(f"{_FOLDER}/") for name in pages if not any(name in own[c] for c in own)
    }
    if "index.html" not in first:
        yield f"{_FOLDER}/index.html is missing"
    for code, language in languages.items():
        if language.folder:
            lacks = first - {name.removeprefix(f"{_FOLDER}/{code}/") for name in own[code]}
            if lacks:
                yield f"{_FOLDER}/{code} lacks {len(lacks)} pages, like {min(lacks)}"


def _languages(pages: Mapping[str, str]) -> dict[str, Language]:
    """Return the languages that the front page leads to."""
    front = pages.get(f"{_FOLDER}/index.html", "")
    return languages_of(re.findall(r'<link rel="alternate" hreflang="(\w+)"', front))


def _rows(pages: Mapping[str, str], published: set[str]) -> Iterator[str]:
    """Yield where the places' pages show other rows than those that are published."""
    for code, language in _languages(pages).items():
        start = f"{_FOLDER}/{language.folder}places/"
        shown = [
            unescape(row)
            for name, page in pages.items()
            if name.startswith(start)
            for row in re.findall(r'<tr id="([^"]*)"', page)
        ]
        if len(set(shown)) != len(shown):
            yield f"{start} shows a row twice"
        found = set(shown)
        wanted = {row for row in published if not row.endswith(".UNLOCATED")}
        for kind, rows in (("lacks", wanted - found), ("shows unpublished", found - wanted)):
            if rows:
                yield f"{start} ({code}) {kind}: {len(rows)} outlooks, like {min(rows)}"


def _loads(page: str) -> Iterator[str]:
    """Yield what a browser would fetch or run that is not of this site."""
    if not re.search(r'<meta http-equiv="Content-Security-Policy" content="default-src ', page):
        yield "has no content security policy"
    if page.count("http-equiv") > 1 or page.count("<script") != 1:
        yield "would run or order more than the site's script"
    for tag, attributes in _OPENING.findall(page):
        if tag in _LOADING_TAGS:
            yield f"would load <{tag}>"
        for name, value in _ATTRIBUTE.findall(attributes):
            what = unescape(value)
            if _EVENT.match(name) or name == "style" or "javascript:" in what.lower():
                yield f"would run {name}={what[:60]} of <{tag}>"
            elif (
                name in ("src", "href", "srcset", "poster", "action")
                and tag != "a"
                and not (tag in _LOADS and _LOADS[tag].match(what))
            ):
                yield f"would load {name}={what[:60]} of <{tag}>"


def _dead_ends(name: str, page: str, files: set[str]) -> Iterator[str]:
    """Yield where a page leads that is neither outside, nor a file of this release, nor on it."""
    here = posixpath.dirname(name)
    ids = None
    for value in {*re.findall(r'\s(?:href|src)="([^"]*)"', page)}:
        target = unescape(value)
        if _OUTSIDE.match(target) or target == "data:,":
            continue
        path, _, part = target.partition("#")
        if path and posixpath.normpath(posixpath.join(here, path)) not in files:
            yield f"leads to {target[:80]}, which is not there"
        if part and not path:
            ids = ids or set(re.findall(r'\sid="([^"]*)"', page))
            if part not in ids:
                yield f"leads to #{part[:80]}, which is not on it"


def _marks(page: str, mark: str) -> Iterator[str]:
    """Yield which words a page should bear in its title and banner, or should not."""
    title = page.partition("<title>")[2].partition("</title>")[0]
    for word in WORDS:
        has_banner = f'id="{word.lower()}"' in page
        if word == mark and not (has_banner and word in title):
            yield f"does not say everywhere that it is {word}"
        if word != mark and (has_banner or word in title):
            yield f"says that it is {word}, and it is not"


def _form(page: str, mark: str) -> Iterator[str]:
    """Yield whether a page is not well formed, or a table lacks the mark."""
    reader = PageReader()
    reader.feed(page)
    reader.close()
    if reader.unbalanced or reader.open_tags:
        yield f"is not well formed near {(reader.unbalanced + reader.open_tags)[:3]}"
    if mark and sum(mark in foot for foot in reader.feet) != reader.tables:
        yield f"does not say everywhere that it is {mark}"


class PageReader(HTMLParser):
    """Notes of a parsed page what `site_problems` asks: rows, tables and their feet."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[str] = []
        self.open_tags: list[str] = []
        self.unbalanced: list[str] = []
        self.feet: list[str] = []
        self.tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = {name: value or "" for name, value in attrs}
        if tag == "tr" and "id" in given:
            self.rows.append(given["id"])
        self.tables += tag == "table"
        if tag == "tfoot":
            self.feet.append("")
        if tag not in _WITHOUT_END:
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note an end; an element that was not opened last is out of balance."""
        if self.open_tags and self.open_tags[-1] == tag:
            self.open_tags.pop()
        else:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the text of the tables' feet."""
        if "tfoot" in self.open_tags:
            self.feet[-1] += data
