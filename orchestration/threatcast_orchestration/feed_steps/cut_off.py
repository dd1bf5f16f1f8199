"""One table of what a night without a network could not reach, in place of a message a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from threatcast_feeds.outside import MOST_SAMPLE, shown

if TYPE_CHECKING:
    from threatcast_orchestration.run.plan import Plan

_CURE = (
    "Check this machine's network: its name service, its firewall, and HTTPS_PROXY if one stands "
    "in between. Then run again; nothing was tried a second time, and nothing is lost."
)


def cut_off(plan: Plan) -> str:
    """Return which hosts could not be reached, if it is known that none could; else ''.

    A night that reaches some sources, or has not failed to reach one, gives ''.
    """
    failures = plan.way_out.failures if plan.source == "live" else {}
    if not failures:
        return ""
    feeds = {
        host: ", ".join(
            spec.key
            for spec in plan.catalog.values()
            if any(urlsplit(url).netloc == host for url in spec.live.addresses)
        )
        for host in failures
    }
    rows = [("host", "why", "feeds")] + [
        (host, shown(why, MOST_SAMPLE), feeds[host]) for host, why in sorted(failures.items())
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows]
    told = f"None of the {len(failures)} hosts that the feeds are read from can be reached:"
    return "\n".join((told, *lines, _CURE))
