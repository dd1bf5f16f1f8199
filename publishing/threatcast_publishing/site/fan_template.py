"""How a fan chart looks: one Altair chart for many fans, compiled to `fan.vega.json` by hand.

    python -m threatcast_publishing.site.fan_template

To compile takes longer than to draw sixty charts, and 70 MB; what comes out is the same each time.
Whoever changes the chart compiles it anew and counts `fans.DRAWING` up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from threatcast_publishing.site.fan_drawing import TEMPLATE
from threatcast_publishing.site.fans import AHEAD, PAST
from threatcast_publishing.site.svg import HEIGHT, TEXT, WIDTH

if TYPE_CHECKING:
    import altair as alt

DAYS = (-7 * PAST, 7 * AHEAD)  # what a chart shows, counted from the day after the reference date
# Each 3.9:1 or more from white and from #14171b: one drawing serves both grounds. Grey, blue and
# orange are told apart with any kind of sight, and line, band and mark without colour.
COUNTED, ESTIMATED, MARKED = "#747b84", "#2a7fd0", "#c4670a"


def compiled() -> dict[str, Any]:
    """Return the chart as a Vega specification that waits for the rows of its data set `fans`."""
    import vl_convert

    vega: dict[str, Any] = vl_convert.vegalite_to_vega(_chart().to_dict(validate=False))
    # Vega-Lite filters the rows of all fans as well, for scales that no two of them share
    used = ("fans", vega["marks"][0]["from"]["facet"]["data"])
    return {**vega, "data": [source for source in vega["data"] if source["name"] in used]}


def _chart() -> alt.FacetChart:
    import altair as alt

    chart: alt.FacetChart = (
        alt.layer(*_estimates(), *_marks(), *_counts(), *_calendar(), data=alt.NamedData("fans"))
        .properties(width=WIDTH, height=HEIGHT)
        .facet(row=alt.Row("fan:N", header=None), bounds="flush", spacing=0, align="none")
        .resolve_scale(y="independent")
        .configure(aria=False, padding=0, autosize=alt.AutoSizeParams(type="none"))
        .configure_view(stroke=None)
    )
    return chart


def _layer(kind: str, **across: Any) -> alt.Chart:
    """Return a layer of rows of one kind, `x` days after the reference date unless said."""
    import altair as alt

    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=list(DAYS), nice=False))
    return alt.Chart().transform_filter(f"datum.t == '{kind}'").encode(**{"x": x, **across})


def _height(field: str = "y") -> alt.Y:
    """Return `field` on the axis of counts: few whole numbers, zero included, no grid."""
    import altair as alt

    between = alt.datum.value % 1  # Vega's own least step lets halves through
    axis = alt.Axis(
        title=None,
        tickCount=4,
        tickMinStep=1,
        tickOpacity=alt.when(between).then(alt.value(0)).otherwise(alt.value(1)),
        labelOverlap=False,  # no font of this machine has a say
        labelExpr="datum.value % 1 ? '' : datum.label",
        format="d",
        grid=False,
        domain=False,
        labelFontSize=TEXT,
        labelColor=COUNTED,
        tickColor=COUNTED,
        tickSize=4,
        tickRound=False,
        translate=0,
    )
    return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(nice=False, zero=True))


def _estimates() -> Iterator[alt.Chart]:
    """Yield bands that lie on each other with seen edges, and bars of the nowcast."""
    for low, high in (("q0", "q6"), ("q1", "q5"), ("q2", "q4")):
        band = _layer("forecast", y=_height(low), y2=high)
        yield band.mark_area(fill=ESTIMATED, fillOpacity=0.2, stroke=ESTIMATED, strokeWidth=0.75)
    bar = _layer("nowcast", y=_height(), y2="y2")
    yield bar.mark_rule(stroke=ESTIMATED, strokeWidth=1.5)
    middle = _layer("nowcast", y=_height("mid"))
    yield middle.mark_point(shape="diamond", filled=True, size=22, opacity=1, color=ESTIMATED)


def _marks() -> Iterator[alt.Chart]:
    """Yield the usual level, shifts of the level, the reference date, and the median."""
    import altair as alt

    y = _height()
    across = {"x": alt.value(0), "x2": alt.value(WIDTH)}
    yield _layer("usual", y=y, **across).mark_rule(stroke=MARKED, strokeWidth=1)
    shift = _layer("shift", y=y, y2="y2")
    yield shift.mark_rule(stroke=MARKED, strokeWidth=1.5, strokeDash=[4, 3])
    head = _layer("shift", y=alt.value(0))
    yield head.mark_point(shape="triangle-down", filled=True, size=70, opacity=1, color=MARKED)
    yield _layer("reference", y=y, y2="y2").mark_rule(stroke=COUNTED, strokeWidth=1)
    median = _layer("forecast", y=_height("q3"))
    yield median.mark_line(stroke=ESTIMATED, strokeWidth=2.5, strokeCap="round", strokeJoin="round")


def _counts() -> Iterator[alt.Chart]:
    """Yield the counted weeks, those that may still grow with dashes; a missing one is a gap."""
    y = _height()
    look: dict[str, Any] = {
        "stroke": COUNTED,
        "strokeWidth": 2,
        "strokeCap": "round",
        "strokeJoin": "round",
    }
    yield _layer("counted", y=y).mark_line(**look)
    yield _layer("provisional", y=y).mark_line(**look, strokeDash=[3, 4.5])


def _calendar() -> Iterator[alt.Chart]:
    """Yield the base line, a tick at each quarter and a longer one with the year's number."""
    import altair as alt

    floor = alt.value(HEIGHT)
    across = {"x": alt.value(0), "x2": alt.value(WIDTH)}
    yield _layer("reference", y=floor, **across).mark_rule(stroke=COUNTED, strokeWidth=1)
    end = alt.value(alt.expr(f"{HEIGHT} + datum.long"))
    yield _layer("tick", y=floor, y2=end).mark_rule(stroke=COUNTED, strokeWidth=1)
    year = _layer("year", y=floor, text="year:Q")
    yield year.mark_text(align="left", baseline="top", dx=4, dy=8, fontSize=TEXT, color=COUNTED)


def as_bytes(vega: dict[str, Any]) -> bytes:
    """Return the file: short lines, so that a change can be read."""
    return json.dumps(vega, indent=1, sort_keys=True).encode() + b"\n"


if __name__ == "__main__":
    TEMPLATE.write_bytes(as_bytes(compiled()))
