"""Derives `boundaries.json`, the shapes of the map, from Natural Earth; run by hand.

    python -m threatcast_publishing.site.derive_boundaries WORLD_ATLAS LOCATIONS

WORLD_ATLAS is the folder of the npm package `world-atlas` 2.0.2, which holds Natural Earth 4.1
(public domain) as TopoJSON; LOCATIONS is `dbt_project/seeds/locations.csv`, whose M49 codes are
those of the shapes.

Shapes are those of the scale 1:110 million in the projection Equal Earth (Šavrič, Patterson and
Jenny 2018), which keeps areas. A country without a shape, or with one too small to be seen or hit,
gets a dot. Where Natural Earth draws who holds a place, the map follows M49 and the General
Assembly of the United Nations; that expresses no opinion of this project.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

BOUNDARIES = Path(__file__).with_name("boundaries.json")
WIDTH = 960
NORTH, SOUTH = 84.0, -65.0
MIDDLE = 11.6  # degrees east: the map is cut in Bering Strait, where it cuts no land
SCALE = WIDTH / (2 * 2.70663)  # Equal Earth is 2.70663 wide on each side of its middle
DOT = 2.5  # radius of a dot
SMALL = 10  # a shape of less has a dot instead, in units of the drawing squared
SPECK = 1.5  # an island of less is left out
DETAIL = 1.4  # a corner that cuts off less is taken away
# Parts of one state's shape that belong to another place of the table: a point inside, and why
PARTS = {
    "GF": ("250", (-53.0, 4.0)),  # M49 lists French Guiana apart
    "SJ": ("578", (16.0, 78.5)),  # and Svalbard
    "UA": ("643", (34.3, 45.2)),  # Crimea: resolution 68/262 of the General Assembly
}
NAMED = {"Kosovo": "XK"}  # a place of the table whose shape has no M49 code
# Longitude and latitude of places that have no shape of their own at 1:50 million either
PLACED = {
    "AQ": (-57.0, -63.3),  # its northern tip: the rest is below the map
    "BQ": (-68.27, 12.18),
    "BV": (3.36, -54.42),
    "CC": (96.83, -12.17),
    "CX": (105.63, -10.48),
    "GI": (-5.35, 36.14),
    "GP": (-61.55, 16.2),
    "MQ": (-61.02, 14.65),
    "RE": (55.53, -21.13),
    "TK": (-171.85, -9.2),
    "TV": (179.2, -8.52),
    "UM": (166.63, 19.3),
    "YT": (45.15, -12.83),
}

Place = tuple[float, float]
Ring = list[Place]


def derive(world_atlas: Path, locations: Path) -> dict[str, Any]:
    """Return what `boundaries.json` holds.

    `shapes` are SVG paths and `dots` middles by location, `nobody` is the path of what belongs to
    no location, and `beside` names the shapes that a dot lies on, which must be drawn before it.
    """
    codes = _codes(locations)
    coarse = _read(world_atlas / "countries-110m.json", DETAIL)
    fine = _read(world_atlas / "countries-50m.json", 0.0)
    rings, nobody = _by_location(coarse, codes)
    parts, _ = _by_location(fine, codes)
    seen = {code: kept for code, found in rings.items() if (kept := _seen(found))}
    dots = {code: _dot(code, parts) for code in codes.values() if code not in seen}
    return {
        "source": "Natural Earth 4.1, public domain, by world-atlas 2.0.2; Equal Earth",
        "size": [WIDTH, math.ceil(_project(MIDDLE, SOUTH)[1])],
        "radius": DOT,
        "shapes": {code: _path(seen[code]) for code in sorted(seen)},
        "nobody": _path([ring for ring in nobody if len(ring) > 2]),
        "dots": {code: list(dots[code]) for code in sorted(dots)},
        "beside": {code: near for code in sorted(dots) if (near := _beside(dots[code], seen))},
    }


def _codes(locations: Path) -> dict[str, str]:
    """Return each country's location by its M49 code, or by its location where it has none."""
    with locations.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["location_level"] == "country"]
    return {row["m49"] or row["location"]: row["location"] for row in rows}


def _read(path: Path, detail: float) -> list[tuple[str, str, Ring, list[Ring]]]:
    """Return code, name, first ring as longitudes and latitudes, and all rings of each polygon.

    The latter are places of the drawing, simplified by arc, so that neighbours stay neighbours.
    """
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = [_degrees(arc, topology["transform"]) for arc in topology["arcs"]]
    drawn = [_simple([_project(*place) for place in arc], detail) for arc in arcs]
    polygons = []
    for shape in topology["objects"]["countries"]["geometries"]:
        parts = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for part in parts:
            rings = [_joined(drawn, ring) for ring in part]
            name = shape["properties"]["name"]
            polygons.append((shape.get("id", ""), name, _joined(arcs, part[0]), rings))
    return polygons


def _degrees(arc: Sequence[Sequence[int]], transform: Mapping[str, Any]) -> Ring:
    (scale_x, scale_y), (x, y) = transform["scale"], transform["translate"]
    ring, at_x, at_y = [], 0, 0
    for step_x, step_y in arc:
        at_x, at_y = at_x + step_x, at_y + step_y
        ring.append((at_x * scale_x + x, at_y * scale_y + y))
    return ring


def _joined(arcs: Sequence[Ring], ring: Sequence[int]) -> Ring:
    """Return a ring of arcs; the last place, which is the first again, is left out."""
    places: Ring = []
    for at in ring:
        arc = arcs[at] if at >= 0 else arcs[~at][::-1]
        places += arc[:-1]
    return places


def _project(longitude: float, latitude: float) -> Place:
    """Return where a place lies in the drawing: Equal Earth, with `NORTH` at its upper edge."""
    x, y = _equal_earth((longitude - MIDDLE + 180) % 360 - 180, latitude)
    return x + WIDTH / 2, _equal_earth(0, NORTH)[1] - y


def _equal_earth(longitude: float, latitude: float) -> Place:
    a1, a2, a3, a4, m = 1.340264, -0.081106, 0.000893, 0.003796, math.sqrt(3) / 2
    t = math.asin(m * math.sin(math.radians(latitude)))
    bend = a1 + 3 * a2 * t**2 + t**6 * (7 * a3 + 9 * a4 * t**2)
    x = math.radians(longitude) * math.cos(t) / (m * bend)
    y = t * (a1 + a2 * t**2 + t**6 * (a3 + a4 * t**2))
    return SCALE * x, SCALE * y


def _simple(arc: Ring, detail: float) -> Ring:
    """Return an arc without the corners that matter least (Visvalingam and Whyatt 1993)."""
    kept = list(arc)
    least = 4 if kept[0] == kept[-1] else 2
    while len(kept) > least:
        corners = [_area(kept[at - 1 : at + 2]) for at in range(1, len(kept) - 1)]
        smallest = min(range(len(corners)), key=corners.__getitem__)
        if corners[smallest] >= detail:
            break
        del kept[smallest + 1]
    return kept


def _area(ring: Sequence[Place]) -> float:
    closed = [*ring, ring[0]]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(closed))) / 2


def _by_location(
    polygons: Sequence[tuple[str, str, Ring, list[Ring]]], codes: Mapping[str, str]
) -> tuple[dict[str, list[Ring]], list[Ring]]:
    """Return the rings of each location, and those of none."""
    found: dict[str, list[Ring]] = {}
    nobody: list[Ring] = []
    for m49, name, degrees, rings in polygons:
        parts = [to for to, (of, place) in PARTS.items() if of == m49 and _inside(place, degrees)]
        code = parts[0] if parts else codes.get(m49, NAMED.get(name, ""))
        if code == "AQ":
            continue
        (found.setdefault(code, []) if code else nobody).extend(rings)
    return found, nobody


def _seen(rings: Sequence[Ring]) -> list[Ring]:
    """Return rings that are seen; none if all of a country is too small."""
    kept = [ring for ring in rings if len(ring) > 2 and _area(ring) >= SPECK]
    return kept if sum(map(_area, kept)) >= SMALL else []


def _dot(code: str, parts: Mapping[str, list[Ring]]) -> tuple[int, int]:
    """Return the middle of a country's largest part, or the place that is known by hand."""
    if code in PLACED:
        x, y = _project(*PLACED[code])
    elif code in parts:
        x, y = _middle(max(parts[code], key=_area))
    else:
        raise SystemExit(f"{code} has no shape: give it a place in PLACED")
    return round(x), round(y)


def _middle(ring: Ring) -> Place:
    steps = [(a, b, a[0] * b[1] - b[0] * a[1]) for a, b in pairwise([*ring, ring[0]])]
    whole = 3 * sum(cross for _, _, cross in steps)
    x = sum((a[0] + b[0]) * cross for a, b, cross in steps) / whole
    y = sum((a[1] + b[1]) * cross for a, b, cross in steps) / whole
    return x, y


def _inside(place: Place, ring: Ring) -> bool:
    x, y = place
    crossed = [
        (a[1] > y) != (b[1] > y) and x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]
        for a, b in pairwise([*ring, ring[0]])
    ]
    return sum(crossed) % 2 == 1


def _beside(dot: tuple[int, int], shapes: Mapping[str, list[Ring]]) -> list[str]:
    """Return which shapes a dot lies on, in part at least."""
    rim = [
        (dot[0] + DOT * math.cos(angle), dot[1] + DOT * math.sin(angle))
        for angle in (math.pi * step / 6 for step in range(12))
    ]
    return sorted(
        code
        for code, rings in shapes.items()
        if any(_inside(place, ring) for place in (dot, *rim) for ring in rings)
    )


def _path(rings: Sequence[Ring]) -> str:
    """Return rings as one path of whole steps, each from where the one before began."""
    path, at = "", (0, 0)
    for ring in rings:
        places = [(round(x), round(y)) for x, y in ring]
        corners = [place for before, place in pairwise([places[-1], *places]) if place != before]
        if len(set(corners)) < 3:
            continue
        steps = [_step(*pair) for pair in pairwise([at, *corners])]
        path += "m" + "".join(_spaced(steps)) + "z"
        at = corners[0]
    return path


def _step(before: tuple[int, int], after: tuple[int, int]) -> str:
    x, y = after[0] - before[0], after[1] - before[1]
    return f"{x}{y}" if y < 0 else f"{x} {y}"


def _spaced(steps: Sequence[str]) -> Iterator[str]:
    for at, step in enumerate(steps):
        yield step if at == 0 or step.startswith("-") else f" {step}"


def main(words: Sequence[str]) -> None:
    """Write `boundaries.json`."""
    if len(words) != 2:
        raise SystemExit(__doc__)
    found = derive(Path(words[0]), Path(words[1]))
    BOUNDARIES.write_bytes(as_bytes(found))


def as_bytes(found: Mapping[str, Any]) -> bytes:
    """Return the file: one country a line, so that a change can be read."""
    text = json.dumps(found, ensure_ascii=False, indent=0, separators=(",", ":"))
    return text.encode() + b"\n"


if __name__ == "__main__":
    main(sys.argv[1:])
