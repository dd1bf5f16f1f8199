"""Fan charts: what is drawn where, the same each time, and what the release before has drawn."""

from __future__ import annotations

import hashlib
import random
import re
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from threatcast_publishing.files import json_bytes, sha256_of
from threatcast_publishing.manifest import MANIFEST
from threatcast_publishing.site import fans
from threatcast_publishing.site.fan_drawing import TEMPLATE, render
from threatcast_publishing.site.fan_template import COUNTED, ESTIMATED, MARKED, as_bytes, compiled
from threatcast_publishing.site.fans import CHARTS, Fan, draw
from threatcast_publishing.site.svg import HEIGHT, LEFT, VIEW, WIDTH

FIRST = date(2026, 8, 17)
AHEAD = tuple(FIRST + timedelta(weeks=week) for week in range(12))
FORECAST = (5.0, 10.0, 20.0, 30.0, 40.0, 60.0, 100.0)
# what the chart of `a_fan` hashes to, by DRAWING and vl-convert
DRAWN = {(2, "1.9.0.post1"): "b7e92b42114b96e7"}


def ago(weeks: int) -> date:
    return FIRST - timedelta(weeks=weeks)


def a_fan(**changed) -> Fan:
    said = {
        "weeks": tuple((ago(back), float(back % 40), False) for back in range(104, 0, -1)),
        "quantiles": tuple((week, FORECAST) for week in AHEAD),
        "usual": 25.0,
    }
    return Fan(**{**said, **changed})


@pytest.fixture
def look():
    return lambda fan: Chart(render([fan.rows()])[0])


class Chart:
    """A drawn chart, read back: lines as lists of absolute places."""

    def __init__(self, svg: bytes) -> None:
        self.svg = svg.decode()
        self.root = ET.fromstring(svg)  # noqa: S314 our own
        self.paths = [
            (element.attrib, lines(element.attrib["d"]))
            for element in self.root.iter("{http://www.w3.org/2000/svg}path")
        ]

    @property
    def numbers(self) -> list[str]:
        return [element.text for element in self.root.iter("{http://www.w3.org/2000/svg}text")]

    def of(self, stroke: str, width: str, *, dashed: bool = False) -> list[list[tuple]]:
        return [
            line
            for paint, found in self.paths
            for line in found
            if (paint.get("stroke"), paint.get("stroke-width")) == (stroke, width)
            and ("stroke-dasharray" in paint) == dashed
        ]

    def counted(self) -> list[list[tuple]]:
        return self.of(COUNTED, "2")

    def bands(self) -> list[list[tuple]]:
        return self.of(ESTIMATED, "0.75")


def lines(d: str) -> list[list[tuple[float, float]]]:
    found: list[list[tuple[float, float]]] = []
    for command, rest in re.findall(r"([Mlhvz])([^Mlhvz]*)", d):
        numbers = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        if command == "M":
            found.append([(numbers[0], numbers[1])])
        elif command == "l":
            for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
                x, y = found[-1][-1]
                found[-1].append((x + dx, y + dy))
        elif command in "hv":
            x, y = found[-1][-1]
            found[-1].append((x + numbers[0], y) if command == "h" else (x, y + numbers[0]))
    return found


def height(value: float, top: float) -> float:
    return HEIGHT * (1 - value / (top * 1.04))


def heights(line) -> list[float]:
    return [y for _, y in line]


def near(values) -> object:
    return pytest.approx(list(values), abs=0.11)


@pytest.mark.parametrize("said", ["none", "absent"])
def test_a_missing_week_is_a_gap_and_no_zero(look, said):
    weeks = [(week, value, grows) for week, value, grows in a_fan().weeks]
    if said == "none":
        weeks[50:53] = [(week, None, False) for week, _, _ in weeks[50:53]]
    else:
        del weeks[50:53]
    before, after = look(a_fan(weeks=tuple(weeks))).counted()
    assert (len(before), len(after)) == (50, 51)
    assert heights(before) == near(height(back % 40, 100) for back in range(104, 54, -1))
    assert heights(after) == near(height(back % 40, 100) for back in range(51, 0, -1))


def test_a_zero_is_drawn_on_the_base_line(look):
    chart = look(a_fan(weeks=((ago(3), 0.0, False), (ago(2), 0.0, False), (ago(1), 9.0, False))))
    assert heights(chart.counted()[0])[:2] == near([HEIGHT, HEIGHT])


def test_a_lone_week_is_a_dot(look):
    weeks = ((ago(5), 9.0, False), (ago(3), 9.0, False), (ago(2), None, False))
    svg = look(a_fan(weeks=weeks, quantiles=())).svg
    first, second = (round(WIDTH * (728 - 7 * back + 3.5) / 812, 1) for back in (4, 2))
    dots = rf"M{first:g} (\S+)h0M{second:g} \1h0"
    assert re.search(rf'stroke-linecap="round"[^>]* d="{dots}"', svg), svg


def test_the_edges_of_the_fan_lie_at_their_counts(look):
    chart = look(a_fan())
    assert len(chart.bands()) == 3
    for band, (low, high) in zip(chart.bands(), [(0, 6), (1, 5), (2, 4)], strict=True):
        edges = near([height(FORECAST[high], 100)] * 12 + [height(FORECAST[low], 100)] * 12)
        assert sorted(heights(band)) == edges
    (median,) = chart.of(ESTIMATED, "2.5")
    assert heights(median) == near([height(30, 100)] * 12)


def test_the_fan_begins_after_the_line_of_the_reference_date_and_fits(look):
    chart = look(a_fan())
    across = [x for band in chart.bands() for x, _ in band]
    reference = WIDTH * 728 / 812
    assert [(reference, HEIGHT), (reference, 0)] in [
        [pytest.approx(place, abs=0.06) for place in line] for line in chart.of(COUNTED, "1")
    ]
    assert reference < min(across) < max(across) < WIDTH
    assert max(x for x, _ in chart.counted()[0]) < reference


def test_provisional_weeks_are_dashed_and_hang_on_the_week_before(look):
    weeks = tuple((ago(back), 10.0 + back, back <= 3) for back in range(104, 0, -1))
    chart = look(a_fan(weeks=weeks))
    (settled,), (growing,) = chart.counted(), chart.of(COUNTED, "2", dashed=True)
    assert (len(settled), len(growing)) == (101, 4)
    assert growing[0] == pytest.approx(settled[-1], abs=0.11)


def test_the_nowcast_is_a_bar_over_its_range(look):
    chart = look(a_fan(nowcast=((ago(2), 30.0, 20.0, 45.0), (ago(1), 31.0, 21.0, 90.0))))
    bars = chart.of(ESTIMATED, "1.5")
    assert [sorted(heights(bar)) for bar in bars] == [
        near([height(45, 100), height(20, 100)]),
        near([height(90, 100), height(21, 100)]),
    ]


def test_shifts_in_sight_are_marked_where_they_began(look):
    chart = look(a_fan(shifts=(ago(150), ago(104), ago(26))))
    marks = chart.of(MARKED, "1.5", dashed=True)
    assert [mark[0][0] for mark in marks] == near([0, WIDTH * 546 / 812])
    assert heights(marks[1]) == near([HEIGHT, 0])


def test_the_usual_level_goes_all_the_way_and_is_left_out_if_unknown(look):
    (usual,) = look(a_fan()).of(MARKED, "1")
    assert usual == [pytest.approx((x, height(25, 100)), abs=0.06) for x in (0, WIDTH)]
    assert look(a_fan(usual=None)).of(MARKED, "1") == []


def test_a_place_without_a_forecast_shows_its_past(look):
    chart = look(a_fan(quantiles=(), usual=None))
    assert chart.bands() == []
    assert len(chart.counted()[0]) == 104


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0.0, ["0", "1"]),
        (1.0, ["0", "1"]),
        (2.0, ["0", "1", "2"]),
        (3.0, ["0", "1", "2", "3"]),
        (100.0, ["0", "20", "40", "60", "80", "100"]),
        (150000.0, ["0", "50000", "100000", "150000"]),
    ],
)
def test_the_numbers_are_few_whole_and_plain(look, highest, ticks):
    fan = a_fan(weeks=((ago(1), highest, False),), quantiles=(), usual=0.0)
    chart = look(fan)
    assert chart.numbers == [*ticks, "2025", "2026"]
    assert len(chart.of(COUNTED, "1")) == len(ticks) + 1 + 1 + 9  # reference, base, quarters


def test_there_is_no_word_in_a_chart(look):
    chart = look(a_fan())
    assert all(text.isascii() and text.isdigit() for text in chart.numbers)
    tags = {element.tag.rpartition("}")[2] for element in chart.root.iter()}
    assert tags == {"svg", "style", "g", "path", "text"}
    assert chart.root.attrib == {"viewBox": f"0 0 {VIEW[0]} {VIEW[1]}"}


def test_a_restless_chart_takes_less_than_7_kb(look):
    chance = random.Random(1)  # noqa: S311
    weeks = tuple((ago(back), chance.randint(0, 99999), back < 60) for back in range(104, 0, -1))
    nowcast = tuple((ago(back), 5e4, 1e4, 9e4) for back in range(60, 0, -1))
    quantiles = tuple((week, tuple(sorted(chance.sample(range(99999), 7)))) for week in AHEAD)
    fan = a_fan(weeks=weeks, nowcast=nowcast, quantiles=quantiles, shifts=(ago(9), ago(50)))
    assert len(look(fan).svg) < 7_000


@pytest.mark.parametrize("tone", [COUNTED, ESTIMATED, MARKED])
def test_lines_stand_out_from_a_white_and_from_a_dark_page(tone):
    for ground in ("#ffffff", "#14171b"):
        assert contrast(tone, ground) >= 3


@pytest.mark.parametrize(
    ("ground", "other", "scheme"), [("#ffffff", "#14171b", ""), ("#14171b", "#ffffff", "dark")]
)
def test_digits_are_legible_on_their_ground_and_not_lost_on_the_other(look, ground, other, scheme):
    style = next(look(a_fan()).root.iter("{http://www.w3.org/2000/svg}style")).text
    tone = re.search(scheme + r"[){]*text\{fill:(#\w+)", style)[1]
    assert contrast(tone, ground) >= 4.5
    assert contrast(tone, other) >= 3


@pytest.mark.parametrize("highest", [9.0, 9999.0, 99999.0, 999999.0])
def test_the_numbers_of_the_axis_fit_on_a_wide_and_on_a_narrow_chart(look, highest):
    chart = look(a_fan(weeks=((ago(1), highest, False),)))
    longest = max(len(number) for number in chart.numbers if number not in ("2025", "2026"))
    narrow = int(re.search(r"max-width:32em\)\{text\{font-size:(\d+)px", chart.svg)[1])
    wide = int(re.search(r'font-size="(\d+)"', chart.svg)[1])
    assert 12 <= wide <= narrow
    assert narrow * 0.62 * longest <= LEFT - 6


def contrast(one: str, other: str) -> float:
    def light(tone: str) -> float:
        parts = [int(tone[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        line = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]

    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)


def test_a_chart_is_the_same_alone_among_others_and_in_another_process():
    many = {fan.key(): fan for usual in range(5) for fan in [a_fan(usual=float(usual))]}
    alone = {key: render([fan.rows()])[0] for key, fan in many.items()}
    rows = [fan.rows() for fan in reversed(many.values())]
    assert render(rows) == list(reversed(alone.values()))
    assert draw(many) == alone
    assert list(draw(dict(reversed(many.items())))) == sorted(many)


def test_charts_drawn_side_by_side_come_back_in_their_places(monkeypatch):
    monkeypatch.setattr(fans, "_WORTH_A_PROCESS", 2)
    monkeypatch.setattr(fans.os, "sched_getaffinity", lambda _: {0, 1})
    many = {fan.key(): fan for usual in range(5) for fan in [a_fan(usual=float(usual))]}
    for key, chart in draw(many).items():
        assert chart == render([many[key].rows()])[0]


def test_the_compiled_chart_is_what_altair_makes():
    cure = "python -m threatcast_publishing.site.fan_template"
    assert TEMPLATE.read_bytes() == as_bytes(compiled()), cure


def test_a_drawing_that_changed_has_another_number(look):
    fan = a_fan(nowcast=((ago(1), 30.0, 20.0, 45.0),), shifts=(ago(26),))
    digest = hashlib.sha256(look(fan).svg.encode()).hexdigest()[:16]
    now = (fans.DRAWING, version("vl-convert-python"))
    assert DRAWN.get(now) == digest, "count DRAWING up, and write the new hash here"


def test_the_key_stands_for_what_is_drawn_and_for_nothing_else():
    fan = a_fan()
    others = [
        a_fan(usual=26.0),
        a_fan(shifts=(ago(3),)),
        a_fan(nowcast=((ago(1), 30.0, 20.0, 45.0),)),
        a_fan(quantiles=fan.quantiles[:-1]),
        a_fan(weeks=fan.weeks[:-1]),
        a_fan(weeks=(*fan.weeks[:-1], (ago(1), fan.weeks[-1][1], True))),
    ]
    assert len({fan.key(), *(other.key() for other in others)}) == 7
    assert re.fullmatch(r"[0-9a-f]{16}", fan.key())
    assert a_fan(weeks=((ago(105), 7.0, False), *fan.weeks)).key() == fan.key()


def test_no_chart_starts_no_program(monkeypatch):
    monkeypatch.setattr(fans.subprocess, "run", None)
    assert draw({}) == {}


def test_a_program_that_fails_says_why(monkeypatch):
    monkeypatch.setattr(fans.sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="charts were not drawn, status 1"):
        draw({a_fan().key(): a_fan()})


def a_release(folder: Path, charts: dict[str, bytes]) -> Path:
    """Write a release that holds only charts."""
    files = {}
    for key, chart in charts.items():
        path = folder / CHARTS / f"{key}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chart)
        name = path.relative_to(folder).as_posix()
        files[name] = {"bytes": len(chart), "sha256": sha256_of(path)}
    told = {
        "release_id": "2026-03-02-abc",
        "as_of": "2026-03-02",
        "source": "mirror",
        "simulated": False,
    }
    told |= {"content_hash": "abc", "built_at": "2026-03-02T04:00:00+00:00", "commit": "1" * 40}
    (folder / MANIFEST).write_bytes(json_bytes(told | {"files": files}))
    return folder


def test_a_chart_of_the_release_before_is_taken_and_only_new_ones_are_drawn(tmp_path):
    old, new = a_fan(), a_fan(usual=26.0)
    earlier = a_release(tmp_path, {old.key(): b"<svg>as it was</svg>"})
    charts = draw({old.key(): old, new.key(): new}, earlier)
    assert charts[old.key()] == b"<svg>as it was</svg>"
    assert charts[new.key()] == draw({new.key(): new})[new.key()]


def damage_chart(folder: Path) -> None:
    for path in (folder / CHARTS).iterdir():
        path.write_bytes(b"<svg>as it waS</svg>")


def remove_chart(folder: Path) -> None:
    for path in (folder / CHARTS).iterdir():
        path.unlink()


def tear_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"files":')


def empty_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("[]")


def remove_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


@pytest.mark.parametrize(
    "damage",
    [damage_chart, remove_chart, tear_manifest, empty_manifest, remove_manifest],
)
def test_a_damaged_chart_of_the_release_before_is_drawn_again(tmp_path, monkeypatch, damage):
    def in_this_process(many):
        return render([fan.rows() for fan in many])

    monkeypatch.setattr(fans, "_draw_apart", in_this_process)  # to start is most of the time
    fan = a_fan()
    earlier = a_release(tmp_path, {fan.key(): b"<svg>as it was</svg>"})
    damage(earlier)
    assert draw({fan.key(): fan}, earlier) == {fan.key(): render([fan.rows()])[0]}
