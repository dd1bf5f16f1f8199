"""Reads the page back: whether all of it is there, is marked, and loads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from threatcast_publishing.marks import WORDS

_REFERENCES = frozenset(
    ("href", "xlink:href", "src", "srcset", "data", "poster", "background", "action", "formaction")
)
_LOADING_TAGS = frozenset(
    ("script", "iframe", "frame", "object", "embed", "base", "form", "video", "audio", "source")
)
_WITHOUT_END = frozenset(("meta", "link", "br", "hr", "img"))
# a publisher's address, a place on this page, or a file of this release
_PLAIN_LINK = re.compile(r"https?://|#|\.\./[\w./-]+$")


def page_problems(page: str, published: set[str], mark: str) -> Iterator[str]:
    """Yield what is wrong with a page, each as the rest of a sentence that begins with its name.

    Parameters
    ----------
    page
        The HTML.
    published
        Ids of the rows that it must show, and no others: `<target>.<location>`.
    mark
        The word that it must bear: in its title, by a banner, at the foot of every table. Empty if
        it must bear none.
    """
    reader = PageReader()
    reader.feed(page)
    reader.close()
    if reader.unbalanced or reader.open_tags:
        yield f"is not well formed near {(reader.unbalanced + reader.open_tags)[:3]}"
    if reader.loads:
        yield f"would load {'; '.join(reader.loads[:3])}"
    if "url(" in reader.texts.get("style", "") or "@import" in reader.texts.get("style", ""):
        yield "would load something by its styles"
    shown = set(reader.rows)
    if len(shown) != len(reader.rows):
        yield "shows a row twice"
    if published - shown:
        yield f"lacks {len(published - shown)} outlooks, like {min(published - shown)}"
    if shown - published:
        yield f"shows {len(shown - published)} unpublished outlooks, like {min(shown - published)}"
    for word in WORDS:
        marked = sum(word in foot for foot in reader.feet)
        in_title = word in reader.texts.get("title", "")
        has_banner = word.lower() in reader.ids
        if word == mark and not (has_banner and in_title and marked == reader.tables):
            yield f"does not say everywhere that it is {word}"
        if word != mark and (has_banner or in_title or marked):
            yield f"says that it is {word}, and it is not"


def _loads(tag: str, given: dict[str, str]) -> Iterator[str]:
    """Yield what a browser would fetch or run for this element; a plain link is neither."""
    if tag in _LOADING_TAGS or "http-equiv" in given:
        yield f"<{tag}>"
    for name, value in given.items():
        if name == "href" and tag == "a":
            safe = _PLAIN_LINK.match(value) is not None
        elif name in _REFERENCES:
            safe = value.startswith("data:")
        else:
            safe = not name.startswith("on") and not (name == "style" and "url(" in value)
        if not safe:
            yield f"{name}={value[:60]} of <{tag}>"


class PageReader(HTMLParser):
    """Notes of a parsed page what `validate` asks: rows, marks, and all that would be loaded."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[str] = []
        self.ids: set[str] = set()
        self.loads: list[str] = []
        self.open_tags: list[str] = []
        self.unbalanced: list[str] = []
        self.texts: dict[str, str] = {}
        self.feet: list[str] = []
        self.tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = {name: value or "" for name, value in attrs}
        if tag == "tr" and "id" in given:
            self.rows.append(given["id"])
        self.ids.add(given.get("id", ""))
        self.tables += tag == "table"
        if tag == "tfoot":
            self.feet.append("")
        self.loads.extend(_loads(tag, given))
        if tag not in _WITHOUT_END:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element that closes itself."""
        self.loads.extend(_loads(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Note an end; an element that was not opened last is out of balance."""
        if self.open_tags and self.open_tags[-1] == tag:
            self.open_tags.pop()
        else:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the text of the title, of styles and of the tables' feet."""
        if not self.open_tags:
            return
        tag = self.open_tags[-1]
        if tag in ("title", "style"):
            self.texts[tag] = self.texts.get(tag, "") + data
        if "tfoot" in self.open_tags:
            self.feet[-1] += data
