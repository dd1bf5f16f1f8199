"""The map as a picture, which other sites show beside a link to this one.

It bears the as-of day and the mark of its source, for it is seen without its page. There are no
other words on it, so that it serves all languages.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from threatcast_publishing.site.map import read_boundaries, world_map
from threatcast_publishing.site.map_classes import map_classes

if TYPE_CHECKING:
    from threatcast_publishing.site.views import ReleaseViews

WIDTH, HEIGHT = 1200, 630
_MARGIN = 40
_HEAD = 90
_FONT = "Liberation Sans"  # comes with vl-convert: a machine's own fonts would change the bytes
_STYLE = """
.map { stroke: $edge; stroke-width: .5; stroke-linejoin: round; fill-rule: evenodd; }
.map .up2 { fill: $up2; } .map .up1 { fill: $up1; } .map .near { fill: $near; }
.map .down1 { fill: url(#map-less1); } .map .down2 { fill: url(#map-less2); }
.map .unsure { fill: url(#map-unsure); } .map .dark, .map .nobody { fill: $none; }
.map pattern path { stroke: none; }
.map pattern .down1 { fill: $down1; } .map pattern .down2 { fill: $down2; }
.map .line { fill: $edge; }
"""


def social_card(views: ReleaseViews) -> bytes:
    """Return the map of the front page as PNG, 1200 by 630 pixels; same tables, same bytes."""
    import vl_convert

    png: bytes = vl_convert.svg_to_png(card_svg(views), scale=1)
    return png


def card_svg(views: ReleaseViews) -> str:
    """Return the picture as SVG that needs nothing from elsewhere."""
    colours = _colours()
    style = re.sub(r"\$(\w+)", lambda name: colours[name[1]], _STYLE)
    drawn = world_map(map_classes(views), {}, {}, label="")
    width, height = read_boundaries()["size"]
    room = min((WIDTH - 2 * _MARGIN) / width, (HEIGHT - _HEAD - _MARGIN) / height)
    place = (
        f'<svg x="{(WIDTH - room * width) / 2:.1f}" y="{_HEAD}" width="{room * width:.1f}" '
        f'height="{room * height:.1f}" '
    )
    mark = views.release.mark
    word = (
        f'<text x="{WIDTH - _MARGIN}" y="62" text-anchor="end" fill="{colours["alarm"]}">'
        f"{mark.word}</text>"
        if mark
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><style>{style}</style>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours["ground"]}"/>'
        f'<g font-family="{_FONT}" font-size="40" font-weight="bold">'
        f'<text x="{_MARGIN}" y="62" fill="{colours["ink"]}">Threatcast {views.as_of}</text>'
        f"{word}</g>{drawn.replace('<svg ', place, 1)}</svg>"
    )


def _colours() -> dict[str, str]:
    """Return the colours of the light page, by name: the style is where they stand."""
    style = files("threatcast_publishing.site").joinpath("style.css").read_text(encoding="utf-8")
    light = style.partition(":root {")[2].partition("}")[0]
    return dict(re.findall(r"--(\w+): (#\w+);", light))
