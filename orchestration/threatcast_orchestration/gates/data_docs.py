"""Pages for people: Great Expectations' own, made to stand alone, and an index over them.

As rendered, every page asks five content networks for scripts and styles, and a sixth for a logo
with an id of this installation. A gate's page must work without a network and tell no one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatcast_feeds.durable import write_durably

if TYPE_CHECKING:
    from threatcast_orchestration.gates.gate_results import ExpectationResult

_STYLE = """\
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 75rem; margin: 1rem auto; padding: 0 1rem }
table { border-collapse: collapse } td, th { padding: .3rem .8rem; text-align: left; \
border-bottom: 1px solid #8885 }
.failed { font-weight: bold } .btn, .navbar-brand, footer { display: none }
:root { color-scheme: light dark }
</style>
"""
# Scripts need what is fetched; outside links are for the makers' news
_SCRIPTS = re.compile(r"<script\b.*?</script>", re.DOTALL)
_FETCHED = re.compile(r"<link\b[^>]*https?://[^>]*>")
_OUTSIDE = re.compile(r"""\s(?:href|src)=["']https?://[^"']*["']""")
_NEWSLETTER = re.compile(r"<p>\s*Stay current.*?</p>", re.DOTALL)
_LOGO = re.compile(r"https://great-expectations-web-assets[^\"')\s]*")
# links into a site that is laid out in another way than this one
_INSIDE = re.compile(r"""\s(?:href|src)=["'](?:\.\./)+(?:expectations|static)/[^"']*["']""")
_FIRST_PAGE = re.compile(r"(?:\.\./)+index\.html")


def render(validated: Any, failed: Sequence[ExpectationResult] = ()) -> str:
    """Return the page of a validated suite, as Great Expectations renders it, made to stand alone.

    The rows that failed, which it leaves out, follow with what to do.

    Nothing outside is reached, no script is run, and the one link leads to the first page.
    """
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    document = ValidationResultsPageRenderer().render(validated)
    text = str(_view().render(document, show_how_to_buttons=False))
    for pattern in (_SCRIPTS, _FETCHED, _OUTSIDE, _NEWSLETTER, _LOGO, _INSIDE):
        text = pattern.sub("", text)
    text = _FIRST_PAGE.sub("../index.html", text).replace("</head>", f"{_STYLE}</head>", 1)
    return text.replace("</body>", f"{''.join(map(_failure, failed))}</body>", 1)


@cache
def _view() -> Any:
    """Return what writes pages; a new one would compile its templates for each page again."""
    from great_expectations.render.view.view import DefaultJinjaPageView

    return DefaultJinjaPageView()


def _failure(rule: ExpectationResult) -> str:
    """Return one failed expectation: why it matters, the rows that show it, the cure."""
    names = list(dict.fromkeys(name for row in rule.sample for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(row.get(name, '')))}</td>" for name in names) + "</tr>"
        for row in rule.sample
    )
    table = f"<table><tr>{head}</tr>{rows}</table>" if rows else ""
    return (
        f"<h2>{escape(rule.severity)}: {escape(rule.rule)}</h2><p>{escape(rule.why)}</p>"
        f"{table}<p>Cure: {escape(rule.cure)}</p>"
    )


def write_index(
    page: Path, nights: Mapping[str, Iterable[tuple[Mapping[str, Any], Mapping[str, Path]]]]
) -> None:
    """Write the first page: nights, newest first, with each gate's outcome and its pages.

    Parameters
    ----------
    page
        Where it goes.
    nights
        By day: each suite's result as JSON holds it, with the pages of its frames by name.
    """
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Gates</title>',
        f"{_STYLE}</head><body><h1>Gates</h1>",
    ]
    for night in sorted(nights, reverse=True):
        parts.append(f"<h2>{escape(night)}</h2><table>")
        parts.append("<tr><th>gate</th><th>outcome</th><th>pages</th><th>protects</th></tr>")
        parts += [_row(page.parent, result, pages) for result, pages in nights[night]]
        parts.append("</table>")
    write_whole(page, "\n".join([*parts, "</body></html>\n"]))


def write_whole(path: Path, text: str) -> None:
    """Write a file that is complete before it is visible."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, text.encode())


def _row(root: Path, result: Mapping[str, Any], pages: Mapping[str, Path]) -> str:
    links = ", ".join(
        f'<a href="{escape(path.relative_to(root).as_posix())}">{escape(name)}</a>'
        for name, path in pages.items()
    )
    crash = result["error"] and f"crashed: {result['error']}"
    outcome = "holds" if result["success"] else crash or f"failed: {result['severity']}"
    kind = "" if result["success"] else ' class="failed"'
    cells = (escape(result["suite"]), escape(outcome), links, escape(result["protects"]))
    return f"<tr{kind}>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
