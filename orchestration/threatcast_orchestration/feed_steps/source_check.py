"""One look at every address of the catalog, with each feed's own reading of how new it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from threatcast_orchestration.feed_steps.pull import surroundings
from threatcast_orchestration.run.home import Home

if TYPE_CHECKING:
    from datetime import date

    from threatcast_feeds.arrivals import Arrival
    from threatcast_feeds.modes.check import AddressReport
    from threatcast_feeds.registry import FeedSpec

    from threatcast_orchestration.run.plan import Plan


def look_at(
    specs: list[FeedSpec], plan: Plan, say: Callable[[str], None] = lambda _: None
) -> Iterator[AddressReport]:
    """Yield a look at each address of these feeds; nothing of it is kept.

    Parameters
    ----------
    specs
        The feeds.
    plan
        Of a live night; its home is not touched.
    say
        Told which feed is asked next.
    """
    from threatcast_feeds.modes.check import check

    from threatcast_orchestration.run.settings import credentials

    around = replace(surroundings(plan), tell=say)
    for spec in specs:
        say(f"asking {spec.key}")
        yield from check(
            spec,
            now=plan.moment,
            read=partial(_newest_record, spec),
            credentials=credentials(),
            around=around,
        )


def _newest_record(spec: FeedSpec, arrival: Arrival) -> date | None:
    """Return the newest day of which a payload's records speak, as a night would read it.

    Raises
    ------
    ParseError
        If the feed's parser sets it aside.
    """
    from threatcast_feeds.database import connect
    from threatcast_feeds.errors import ParseError
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.parsing import parse_new

    from threatcast_orchestration.warehouse.raw import write_raw

    with TemporaryDirectory(prefix="threatcast-") as folder, connect() as connection:
        home = Home(Path(folder).resolve())
        landing = Landing(home.landing)
        landing.land(arrival)
        outcomes = parse_new(spec, landing, home.raw)
        for outcome in outcomes:
            if outcome.state != "accepted":
                raise ParseError(spec.key, arrival.url, outcome.message.rstrip("."))
        write_raw(
            connection, home, {spec.key: spec}, landing, as_of=arrival.day, source=arrival.mode
        )
        row = connection.execute("SELECT max(content_day) FROM raw.vintages").fetchone()
        return row[0] if row else None
