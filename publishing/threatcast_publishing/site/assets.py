"""The style and the script that all pages share, with the places that the search knows."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from threatcast_publishing.site.social_card import social_card
from threatcast_publishing.site.views import path_of

if TYPE_CHECKING:
    from threatcast_publishing.site.views import ReleaseViews


@dataclass(frozen=True)
class Assets:
    """The files that all pages share, by names that hold their content's hash.

    `card` is the picture for links from elsewhere; empty if the site's public address is unknown.
    """

    style: str
    script: str
    card: str = ""


def shared_files(views: ReleaseViews) -> tuple[Assets, dict[str, bytes]]:
    """Return the style, the script and the card with the names that pages call them by."""
    folder = files("threatcast_publishing.site")
    style = folder.joinpath("style.css").read_bytes()
    script = folder.joinpath("site.js").read_text(encoding="utf-8")
    search = (script.replace("/*PLACES*/[]", _search_index(views))).encode()
    names = {f"style.{_hash(style)}.css": style, f"site.{_hash(search)}.js": search}
    if views.release.public_url:
        card = social_card(views)
        names[f"map.{_hash(card)}.png"] = card
    return Assets(*names), names


def _search_index(views: ReleaseViews) -> str:
    """Return all places with their names in all languages, as a script holds them."""
    found = []
    for code, one in views.places.items():
        name = one.row["location_name"]
        names = dict.fromkeys(of.place(code, name) for of in views.languages.values())
        also = [text for text in (code, one.row.get("iso_alpha3")) if text]
        found.append([path_of(code), *names, *also])
    # </script> cannot end a file of its own, but the same text must never be harmful elsewhere
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _hash(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return base64.b32encode(digest)[:10].decode().lower()
