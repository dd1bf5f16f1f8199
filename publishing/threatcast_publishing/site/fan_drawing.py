"""Fills the chart of `fan_template` with rows and makes small SVGs of it.

Vega-Lite compiles a chart anew for each picture, which costs more than drawing it. So one chart,
faceted by fan, was compiled once, and Vega fills it with the rows of some fans at a time.

Run as a program it reads lines of JSON, each the rows of one fan, and writes as many lines, each a
JSON text with its SVG: V8 draws on one core, and its memory goes when the process ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from threatcast_publishing.site.svg import small_svgs

TEMPLATE = Path(__file__).with_name("fan.vega.json")
AT_A_TIME = 5  # twice as many take 25 MB more and are no faster


def render(fans: Sequence[Sequence[Mapping[str, Any]]]) -> list[bytes]:
    """Draw fans, each given by the rows of its marks (`Fan.rows`); return an SVG file of each."""
    import vl_convert

    rows = [{**row, "fan": f"{at:04d}"} for at, fan in enumerate(fans) for row in fan]
    vega = _template()
    data = [
        {**source, "values": rows} if source["name"] == "fans" else source
        for source in vega["data"]
    ]
    svgs = small_svgs(vl_convert.vega_to_svg({**vega, "data": data}))
    if len(svgs) != len(fans):
        raise AssertionError(f"Vega drew {len(svgs)} of {len(fans)} charts")
    return svgs


@cache
def _template() -> Mapping[str, Any]:
    vega: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    return vega


def main() -> None:
    """Draw the fans of standard input."""
    fans = [json.loads(line) for line in sys.stdin]
    for start in range(0, len(fans), AT_A_TIME):
        for svg in render(fans[start : start + AT_A_TIME]):
            sys.stdout.write(json.dumps(svg.decode()) + "\n")


if __name__ == "__main__":
    main()
