"""Makes small files of what Vega draws: no names, no nesting, one decimal, steps instead of places.

A page shows dozens of charts, and a release keeps them in one folder for all languages. Vega writes
9 KB a chart, most of it words about marks; what is drawn takes 3 KB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import NamedTuple
from xml.etree import ElementTree as ET

VIEW = (640, 220)
LEFT, TOP, RIGHT, BOTTOM = 60, 12, 8, 28
WIDTH, HEIGHT = VIEW[0] - LEFT - RIGHT, VIEW[1] - TOP - BOTTOM
TEXT = 15

_PAINTS = (
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "text-anchor",
)
_SVG = "{http://www.w3.org/2000/svg}"
# A chart knows the width and the colour scheme of the <img> that shows it: digits grow in a narrow
# one. They are 4.5:1 from their own ground, and 3:1 from the other, if a browser does not tell it.
_TEXT_NARROW = 22
_DIGIT = 0.62  # width of a digit at most, by its size
_TONES = "text{fill:#6a717a}@media(prefers-color-scheme:dark){text{fill:#8b929b}}"


class _Drawn(NamedTuple):
    """One mark: how it is painted, and its path, or the text and where it stands."""

    paint: tuple[tuple[str, str], ...]
    path: str = ""
    text: str = ""


def small_svgs(drawn: str) -> list[bytes]:
    """Return the charts of one faceted drawing as files, from top to bottom.

    Examples
    --------
    >>> small_svgs('<svg xmlns="http://www.w3.org/2000/svg"/>')
    []
    """
    root = ET.fromstring(drawn)  # noqa: S314 drawn by Vega from numbers
    cells = [
        cell
        for group in root.iter(f"{_SVG}g")
        if "cell" in group.get("class", "").split()
        for cell in group
    ]
    return [_file(cell).encode() for cell in cells]


def _file(cell: ET.Element) -> str:
    drawn = list(_marks(cell))
    parts = [_head(drawn)]
    for (paint, is_text), group in groupby(drawn, lambda mark: (mark.paint, bool(mark.text))):
        marks = list(group)
        attributes = "".join(f' {name}="{value}"' for name, value in paint)
        if is_text:
            parts += [f"<g{attributes}>", *(mark.text for mark in marks), "</g>"]
        elif any(name == "fill-opacity" for name, _ in paint):  # laid on each other they get darker
            parts += [f'<path{attributes} d="{mark.path}"/>' for mark in marks]
        else:
            parts.append(f'<path{attributes} d="{"".join(mark.path for mark in marks)}"/>')
    return "".join([*parts, "</g></svg>\n"])


def _head(marks: Iterable[_Drawn]) -> str:
    counts = [mark.text for mark in marks if ("text-anchor", "end") in mark.paint]
    digits = max((len(text.partition(">")[2].partition("<")[0]) for text in counts), default=1)
    size = int((LEFT - 6) / (_DIGIT * digits))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {VIEW[0]} {VIEW[1]}"><style>{_TONES}'
        f"@media(max-width:32em){{text{{font-size:{min(_TEXT_NARROW, size)}px}}}}</style>"
        f'<g transform="translate({LEFT} {TOP})" fill="none" font-family="sans-serif"'
        f' font-size="{min(TEXT, size)}">'
    )


def _marks(cell: ET.Element) -> Iterator[_Drawn]:
    # the cell's own place in the column of cells is left out
    for child in cell:
        yield from _walk(child, 0.0, 0.0)


def _walk(element: ET.Element, x: float, y: float) -> Iterator[_Drawn]:
    if element.get("class") in ("background", "foreground") or element.get("opacity") == "0":
        return
    move = re.match(r"translate\((.+),(.+)\)", element.get("transform", ""))
    if move:
        x, y = x + float(move[1]), y + float(move[2])
    paint = tuple((name, element.attrib[name]) for name in _PAINTS if name in element.attrib)
    match element.tag.removeprefix(_SVG):
        case "g":
            for child in element:
                yield from _walk(child, x, y)
        case "path" if element.get("d"):
            yield _Drawn(paint, path=_path(element.attrib["d"], x, y))
        case "line":
            to = (x + float(element.get("x2", "0")), y + float(element.get("y2", "0")))
            yield _Drawn(paint, path=_steps([(x, y), to], closed=False))
        case "text" if element.text:
            place = f'x="{_number(round(x * 10))}" y="{_number(round(y * 10))}"'
            yield _Drawn(paint, text=f"<text {place}>{element.text}</text>")


def _path(d: str, x: float, y: float) -> str:
    """Return a path of straight lines, moved by (x, y), in steps of tenths."""
    lines = []
    for line in d.split("M")[1:]:
        places = re.findall(r"(-?[\d.]+),(-?[\d.]+)", line)
        lines.append(
            _steps([(x + float(a), y + float(b)) for a, b in places], closed=line.endswith("Z"))
        )
    return "".join(lines)


def _steps(places: list[tuple[float, float]], *, closed: bool) -> str:
    tenths = [(round(x * 10), round(y * 10)) for x, y in places]
    start = "M" + _pair(*tenths[0])
    if not any(place != tenths[0] for place in tenths):
        return f"{start}h0"  # a dot, by its round cap
    steps = [(to[0] - at[0], to[1] - at[1]) for at, to in pairwise(tenths)]
    if len(steps) == 1 and 0 in steps[0]:
        across, down = steps[0]
        return start + (f"v{_number(down)}" if down else f"h{_number(across)}")
    line = ""
    for step in steps:
        pair = _pair(*step)
        line += pair if not line or pair.startswith("-") else f" {pair}"
    return start + (f"l{line}" if line else "") + ("z" if closed else "")


def _pair(x: int, y: int) -> str:
    first, second = _number(x), _number(y)
    return first + second if second.startswith("-") else f"{first} {second}"


def _number(tenths: int) -> str:
    """Return a number of tenths as short as SVG allows.

    Examples
    --------
    >>> _number(-5), _number(120), _number(123)
    ('-.5', '12', '12.3')
    """
    whole, tenth = divmod(abs(tenths), 10)
    digits = f"{whole or ''}.{tenth}" if tenth else str(whole)
    return f"-{digits}" if tenths < 0 else digits
