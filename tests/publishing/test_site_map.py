"""The map: every country has its place, links can be used, and nothing breaks out of a title."""

from __future__ import annotations

import csv
import math
import os
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from small_release import HOSTILE
from threatcast_publishing.site import derive_boundaries
from threatcast_publishing.site.map import CLASSES, read_boundaries, world_map

LOCATIONS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "locations.csv"
STYLE = Path(derive_boundaries.__file__).parent / "style.css"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def countries() -> dict[str, str]:
    with LOCATIONS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["location_level"] == "country"]
    return {row["location"]: row["location_name"] for row in rows}


def links_of(codes) -> dict[str, str]:
    return {code: f"places/{code.lower()}.html" for code in codes}


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 our own


def hrefs(svg: str) -> list[str]:
    return [link.attrib["href"] for link in read(svg).iter(f"{SVG}a")]


def test_every_country_has_a_shape_or_a_dot_and_nothing_else_has(countries):
    boundaries = read_boundaries()
    assert sorted([*boundaries["shapes"], *boundaries["dots"]]) == sorted(countries)


def test_shapes_and_dots_lie_on_the_map():
    boundaries = read_boundaries()
    width, height = boundaries["size"]
    for path in (*boundaries["shapes"].values(), boundaries["nobody"]):
        for x, y in corners(path):
            assert 0 <= x <= width
            assert 0 <= y <= height
    for x, y in boundaries["dots"].values():
        assert 0 < x < width
        assert 0 < y < height


@pytest.mark.parametrize(
    ("west", "east"), [("US", "BR"), ("BR", "NG"), ("NG", "IN"), ("IN", "JP"), ("JP", "NZ")]
)
def test_countries_lie_where_one_looks_for_them(west, east):
    shapes = read_boundaries()["shapes"]
    middles = [
        sum(x for x, _ in found) / len(found)
        for found in map(corners, (shapes[west], shapes[east]))
    ]
    assert middles[0] < middles[1]


def test_crimea_is_drawn_with_ukraine():
    x, y = derive_boundaries._project(34.3, 45.2)
    shapes = read_boundaries()["shapes"]
    assert [code for code, path in shapes.items() if covers(path, x, y)] == ["UA"]


def test_the_file_and_the_map_are_small(countries):
    path = Path(derive_boundaries.__file__).with_name("boundaries.json")
    assert path.stat().st_size < 60_000
    titles = {code: f"{name}: probably above the usual" for code, name in countries.items()}
    drawn = world_map(dict.fromkeys(countries, "unsure"), links_of(countries), titles, label="x")
    assert len(drawn.encode()) < 60_000


def test_links_stand_in_the_order_of_their_titles(countries):
    land = read_boundaries()["shapes"]
    drawn = hrefs(world_map({}, links_of(land), countries, label="The world"))
    names = [countries[href[7:9].upper()] for href in drawn]
    assert names == sorted(
        names, key=lambda name: name.replace("ô", "o").replace("ü", "u").casefold()
    )
    russian = {**countries, "DE": "Германия", "RU": "Россия", "FR": "Франция"}
    shown = hrefs(world_map({}, links_of(["FR", "DE", "RU"]), russian, label="Мир"))
    assert shown == ["places/de.html", "places/ru.html", "places/fr.html"]


def test_a_dot_is_drawn_after_the_land_that_it_lies_on():
    titles = {"HK": "A", "CN": "B", "VA": "A", "IT": "Z", "AD": "Andorra", "AE": "B"}
    svg = world_map({}, links_of(titles), titles, label="x")
    order = [href[7:9] for href in hrefs(svg)]
    assert order.index("cn") < order.index("hk")
    assert order[-2:] == ["it", "va"]


def test_a_country_says_its_title_and_wears_its_class(countries):
    svg = world_map({"DE": "up2", "SG": "down1"}, links_of(["DE"]), countries, label="The world")
    shapes = {
        shape.find(f"{SVG}title").text: shape
        for shape in read(svg).iter()
        if shape.find(f"{SVG}title") is not None
    }
    assert shapes["Germany"].attrib["class"] == "up2"
    assert (shapes["Singapore"].tag, shapes["Singapore"].attrib["class"]) == (
        f"{SVG}circle",
        "down1",
    )
    assert shapes["Kenya"].attrib["class"] == "dark"


def test_only_linked_countries_can_be_reached(countries):
    svg = world_map({}, links_of(["DE", "SG"]), countries, label="The world")
    assert sorted(hrefs(svg)) == ["places/de.html", "places/sg.html"]


def test_the_map_has_a_name_and_no_role_that_hides_its_links():
    root = read(world_map({}, {}, {}, label='The "world"'))
    assert (root.attrib["role"], root.attrib["aria-label"]) == ("group", 'The "world"')


@pytest.mark.parametrize(
    "hostile",
    [
        HOSTILE,
        '"><img src=x onerror=alert(1)>',
        "</title></svg><script>",
        "a\x00b\x1b[31m",
        "]]>&lt;",
    ],
)
def test_hostile_titles_links_and_labels_stay_text(hostile):
    svg = world_map({}, {"DE": hostile}, {"DE": hostile}, label=hostile)
    root = read(svg)
    shown = re.sub(r"[\x00-\x1f]", " ", hostile)
    assert next(root.iter(f"{SVG}a")).attrib["href"] == shown
    assert root.attrib["aria-label"] == shown
    assert shown in [title.text for title in root.iter(f"{SVG}title")]
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "defs", "pattern", "path", "circle", "a", "title",
    }  # fmt: skip


def test_a_title_cannot_turn_the_text_around_it():
    assert "\u202e" not in world_map({}, {}, {"DE": "a\u202eb"}, label="\u202dx")


def test_an_unknown_class_is_refused():
    with pytest.raises(ValueError, match=r"no class of the map: \['red'\]"):
        world_map({"DE": "red"}, {}, {}, label="x")


def test_the_same_words_give_the_same_bytes(countries):
    turned = dict(reversed(countries.items()))
    one = world_map(dict.fromkeys(countries, "near"), links_of(countries), countries, label="x")
    assert one == world_map(dict.fromkeys(turned, "near"), links_of(turned), turned, label="x")


def test_every_class_has_its_colour_and_neighbours_of_the_scale_differ_without_colour():
    style = STYLE.read_text(encoding="utf-8")
    assert all(f".map .{name}" in style for name in CLASSES)
    patterns = [
        element.attrib["id"]
        for element in read(world_map({}, {}, {}, label="x")).iter(f"{SVG}pattern")
    ]
    assert set(re.findall(r'url\("#([^"]+)"\)', style)) == set(patterns)
    for block in re.findall(r"--up2: [^}]*", style):
        tones = dict(re.findall(r"--(\w+): (#\w{6})", block))
        for scale in (("up2", "up1", "near"), ("down2", "down1", "near")):
            for one, other in pairwise(scale):
                assert abs(lightness(tones[one]) - lightness(tones[other])) > 10


def lightness(tone: str) -> float:
    parts = [int(tone[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    line = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    y = 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]
    return 116 * y ** (1 / 3) - 16


def corners(path: str) -> list[tuple[int, int]]:
    return [place for ring in rings(path) for place in ring]


def rings(path: str) -> list[list[tuple[int, int]]]:
    found, x, y = [], 0, 0
    for part in path.removesuffix("z").split("z"):
        numbers = [int(n) for n in re.findall(r"-?\d+", part)]
        ring = []
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        x, y = ring[0]
        found.append(ring)
    return found


def covers(path: str, x: float, y: float) -> bool:
    return sum(derive_boundaries._inside((x, y), ring) for ring in rings(path)) % 2 == 1


def test_the_boundaries_are_what_the_script_derives():
    atlas = os.environ.get("THREATCAST_WORLD_ATLAS")
    if not atlas:
        pytest.skip("THREATCAST_WORLD_ATLAS names no folder of the npm package world-atlas 2.0.2")
    derived = derive_boundaries.as_bytes(derive_boundaries.derive(Path(atlas), LOCATIONS))
    assert derived == derive_boundaries.BOUNDARIES.read_bytes()


def test_the_script_says_what_it_needs():
    with pytest.raises(SystemExit, match="WORLD_ATLAS LOCATIONS"):
        derive_boundaries.main([])


@pytest.mark.parametrize(
    ("place", "there"), [((0, 0), (0, 0)), ((180, 0), (480, 0)), ((0, 90), (0, 233.6))]
)
def test_the_projection_is_equal_earth(place, there):
    assert derive_boundaries._equal_earth(*place) == pytest.approx(there, abs=0.1)


def test_the_projection_keeps_areas():
    def cell(longitude: float, latitude: float) -> float:
        ring = [
            derive_boundaries._equal_earth(longitude + across, latitude + up)
            for across, up in ((0, 0), (1, 0), (1, 1), (0, 1))
        ]
        return derive_boundaries._area(ring)

    for longitude, latitude in ((0, 0), (120, 30), (-60, 60), (10, 75)):
        band = math.sin(math.radians(latitude + 1)) - math.sin(math.radians(latitude))
        assert cell(longitude, latitude) / band == pytest.approx(
            cell(0, 0) / math.sin(math.radians(1)), rel=0.002
        )
