"""The warnings of a release for programs: `warnings.json` and the Atom feed `warnings.atom`.

Both tell what the page tells, in English; what a fault of the data may have made is in neither's
entries of threats. Days come from the tables: the same tables give the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from threatcast_publishing.site.languages import LANGUAGES, SOURCE
from threatcast_publishing.site.speech import Speech
from threatcast_publishing.site.warning_words import WarningWords

if TYPE_CHECKING:
    from datetime import date

    from threatcast_publishing.site.outlook_details import Row
    from threatcast_publishing.site.views import ReleaseViews

_ATOM = "http://www.w3.org/2005/Atom"
_NAME = "urn:threatcast:warnings"
_PAGE = "warnings.html"


def warning_files(views: ReleaseViews) -> dict[str, bytes]:
    """Return `warnings.json` and `warnings.atom`."""
    words = WarningWords(Speech(LANGUAGES[SOURCE], views))
    return {"warnings.json": _json(views, words), "warnings.atom": _atom(views, words)}


def _json(views: ReleaseViews, words: WarningWords) -> bytes:
    mark = views.release.mark
    content = {
        "description": "Warnings that stand, as the table `warnings` of the release has them.",
        "mark": mark.text if mark else None,
        "as_of": views.as_of,
        "warnings": [
            {
                **row,
                "title": words.title(row),
                "text": _text(row, words),
                "page": _address(views, row),
                "guidance": [
                    f"{_root(views)}guidance.html#{part}" for part, _ in words.guidance(row)
                ],
            }
            for row in views.warnings.told
        ],
    }
    return json.dumps(content, ensure_ascii=False, default=str, indent=1).encode() + b"\n"


def _atom(views: ReleaseViews, words: WarningWords) -> bytes:
    mark = views.release.mark
    lead = f"{mark.word}: " if mark else ""
    Xml.register_namespace("", _ATOM)
    feed = Xml.Element(f"{{{_ATOM}}}feed")
    _add(feed, "id", _NAME)
    _add(feed, "title", f"{lead}Threatcast warnings")
    if mark:
        _add(feed, "subtitle", mark.text)
    _add(feed, "updated", _moment(views.as_of))
    _add(_add(feed, "author"), "name", "Threatcast")
    _add(feed, "link", href=_root(views) + _PAGE)
    for row in views.warnings.told:
        entry = _add(feed, "entry")
        _add(entry, "id", f"{_NAME}:{row['warning_id']}")
        _add(entry, "title", f"{lead}{words.title(row)} ({words.standing(row)})")
        _add(entry, "published", _moment(row["since"]))
        _add(entry, "updated", _moment(row["reference_date"]))
        _add(entry, "link", href=_address(views, row))
        _add(entry, "category", term=row["kind"])
        _add(entry, "category", term=row["level"])
        _add(entry, "summary", _text(row, words))
    Xml.indent(feed, space=" ")
    text: bytes = Xml.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add(above: Xml.Element, name: str, text: str = "", **attributes: str) -> Xml.Element:
    element = Xml.SubElement(above, f"{{{_ATOM}}}{name}", attributes)
    element.text = text or None
    return element


def _text(row: Row, words: WarningWords) -> str:
    return " ".join((words.what(row), words.unusual(row), words.sure(row)))


def _root(views: ReleaseViews) -> str:
    """Return the site's address, if it is known; else entries lead from beside the page."""
    address = views.release.public_url.rstrip("/")
    return f"{address}/" if address else ""


def _address(views: ReleaseViews, row: Row) -> str:
    return f"{_root(views)}{_PAGE}#w{row['warning_id']}"


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
