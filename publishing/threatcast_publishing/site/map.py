"""The map of the world: inline SVG whose countries are links, coloured by their class."""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

CLASSES = ("up2", "up1", "near", "down1", "down2", "unsure", "dark")
_UNSEEN = dict.fromkeys([*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F)], " ")
# Lines for what is less and stripes for what is unsure, so that they are told apart without colour;
# the colours are those of the page.
_PATTERN = (
    '<pattern id="map-{0}" width="4" height="4" patternUnits="userSpaceOnUse"{1}>{2}</pattern>'
)
_GROUND = '<path class="{}" d="M0 0h4v4H0z"/>'
_LINE = '<path class="line" d="M0 0h4v1H0z"/>'
_PATTERNS = "".join(
    _PATTERN.format(name, turn, _GROUND.format(ground) + _LINE)
    for name, turn, ground in (
        ("less1", "", "down1"),
        ("less2", "", "down2"),
        ("unsure", ' patternTransform="rotate(45)"', "near"),
    )
)


def world_map(
    classes: Mapping[str, str],
    links: Mapping[str, str],
    titles: Mapping[str, str],
    *,
    label: str,
) -> str:
    """Return the map as inline SVG, its links in the order of their titles.

    A dot that lies on another country follows that country, or it would be hidden.

    Parameters
    ----------
    classes : mapping of location to one of `CLASSES`
        A country that is not named is `dark`; what is no country is not looked at.
    links : mapping of location to URL
        A country without one is drawn, and cannot be reached by keyboard.
    titles : mapping of location to text
        What a country says of itself; without one its code.
    label : str
        Accessible name of the whole map.

    Raises
    ------
    ValueError
        If a class is none of `CLASSES`.
    """
    boundaries = read_boundaries()
    unknown = sorted(set(classes.values()) - set(CLASSES))
    if unknown:
        raise ValueError(f"no class of the map: {unknown}; there are {CLASSES}")
    width, height = boundaries["size"]
    parts = [
        f'<svg class="map" role="group" aria-label="{_safe(label)}"'
        f' viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg"><defs>{_PATTERNS}</defs>'
        f'<path class="nobody" d="{boundaries["nobody"]}"/>'
    ]
    for code in _order(boundaries, titles):
        title = f"<title>{_safe(titles.get(code, code))}</title>"
        shape = _shape(boundaries, code, classes.get(code, "dark"), title)
        parts.append(f'<a href="{_safe(links[code])}">{shape}</a>' if code in links else shape)
    return "".join([*parts, "</svg>"])


@cache
def read_boundaries() -> Mapping[str, Any]:
    """Return `boundaries.json`, as `derive_boundaries.derive` describes it."""
    path = Path(__file__).with_name("boundaries.json")
    boundaries: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return boundaries


def _order(boundaries: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    codes = [*boundaries["shapes"], *boundaries["dots"]]
    codes.sort(key=lambda code: (_alphabetical(titles.get(code, code)), code))
    place = {code: at for at, code in enumerate(codes)}

    def after_those_below(code: str) -> tuple[int, bool, int]:
        below = [place[other] for other in boundaries["beside"].get(code, ())]
        return max([place[code], *below]), code in boundaries["dots"], place[code]

    return sorted(codes, key=after_those_below)


def _alphabetical(title: str) -> str:
    """Return what sorts a title, so that Åland stands by Albania.

    Examples
    --------
    >>> _alphabetical("Åland Islands")
    'aland islands'
    """
    plain = unicodedata.normalize("NFKD", title).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _shape(boundaries: Mapping[str, Any], code: str, kind: str, title: str) -> str:
    if code in boundaries["shapes"]:
        return f'<path class="{kind}" d="{boundaries["shapes"][code]}">{title}</path>'
    x, y = boundaries["dots"][code]
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{boundaries["radius"]}">{title}</circle>'


def _safe(text: str) -> str:
    """Return text for an attribute or an element, without what turns or hides other text."""
    return html.escape(text.translate(_UNSEEN))
