"""The shipped history as a folder of recordings, which its counts are counted of again.

The layout is the mirror's (`modes/mirror.py`), so that a night on the starter goes the same way as
one on recordings: counts in, counts out.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.errors import FeedError
from threatcast_feeds.history import read_history
from threatcast_feeds.modes.made import made_folder, write_feed
from threatcast_feeds.registry import generator_of, load_catalog
from threatcast_feeds.simulation import CountedWorld

NOTICE = "STARTER.txt"


def past_of_the_starter() -> CountedWorld:
    """Return the weeks that the starter re-enacts."""
    return CountedWorld(read_history())


def notice_of(past: CountedWorld) -> str:
    """Return what the folder says of itself: which history it re-enacts."""
    return (
        f"Real weekly counts up to {past.end} (release {past.history.release_id}), re-enacted as\n"
        "stand-in records: their numbers by week and place are real, all else is invented.\n"
    )


def prepare_mirror(folder: Path) -> None:
    """Write the stand-in records of all feeds of the history, unless they are there.

    A feed without counts in the history, or without a re-enactment, is left out.

    Raises
    ------
    FeedError
        If the folder re-enacts another history, or holds anything else: stand-ins of two
        histories must not be counted together.
    """
    past = past_of_the_starter()
    text = notice_of(past)
    notice = folder / NOTICE
    if notice.is_file():
        if notice.read_text(encoding="utf-8") == text:
            return
        raise FeedError(
            "",
            str(folder),
            "re-enacts another history than the one that ships now",
            kept="all that is in it",
            cure="Run the starter in another home: --home DIR",
        )
    with made_folder(folder, NOTICE, text) as partial:
        for spec in load_catalog().values():
            generator = generator_of(spec)
            if spec.role == "reference":
                write_feed(partial / spec.key, generator.payloads(past), archive=False)
            elif spec.key in past.history.feeds and hasattr(generator, "reenacted"):
                write_feed(partial / spec.key, generator.reenacted(past), archive=False)
