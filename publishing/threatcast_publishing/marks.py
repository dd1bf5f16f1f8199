"""What a release says of itself when its counts were not taken from the feeds: one mark a source.

Every format, the sentences of the outlook and the command line say it in these words. A release of
live or recorded feeds bears no mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Mark:
    """How what comes of one source is told from what was observed.

    Attributes
    ----------
    word : str
        Begins titles and captions, and, in small letters, the release's id.
    text : str
        The whole of it, in a sentence that begins with the word.
    opening : str
        Begins the sentence of each outlook.
    banner : str
        Stands beside the word at the head of the page.
    publishers : str
        What the release holds of the publishers whose feeds it names.
    of_a_feed : str
        Stands in brackets behind a feed's name.
    closing : str
        Last line of commands, with what to do for live numbers.
    """

    word: str
    text: str
    opening: str
    banner: str
    publishers: str
    of_a_feed: str
    closing: str


def mark_of(source: str, as_of: date) -> Mark | None:
    """Return the mark of what is made of a source by a day; None if it needs none.

    Examples
    --------
    >>> mark_of("starter", date(2026, 8, 22)).opening
    'STARTER, counts up to 2026-08-22.'
    >>> mark_of("mirror", date(2026, 8, 22)) is None
    True
    """
    if source == "sample":
        return _SIMULATED
    return _starter(as_of) if source == "starter" else None


def prefix_of(source: str) -> str:
    """Return what the ids of a source's releases begin with.

    Examples
    --------
    >>> [prefix_of(source) for source in ("sample", "starter", "live")]
    ['simulated-', 'starter-', '']
    """
    mark = mark_of(source, date.min)
    return f"{mark.word.lower()}-" if mark else ""


_SIMULATED = Mark(
    word="SIMULATED",
    text="SIMULATED, not observed: made by the sample generator.",
    opening="SIMULATED.",
    banner="Nothing on this page was observed: a generator made it all.",
    publishers="No data of these publishers is in this release: it is simulated in the form of "
    "theirs.",
    of_a_feed="its format only: simulated",
    closing="All of this is SIMULATED: made by a generator, not observed anywhere.",
)


def _starter(day: date) -> Mark:
    what = f"real weekly counts up to {day}, re-enacted as stand-in records; not today's outlook"
    return Mark(
        word="STARTER",
        text=f"STARTER: {what}.",
        opening=f"STARTER, counts up to {day}.",
        banner=f"{what[0].upper()}{what[1:]}. Weeks after {day} are not known here.",
        publishers="Weekly counts made of these publishers' data are in this release. Their "
        "records are not: stand-ins were counted in their place.",
        of_a_feed="weekly counts only; its records are stand-ins",
        closing=f"STARTER: {what}. For today's: threatcast run --source live --home data-live",
    )


WORDS = ("SIMULATED", "STARTER")
"""The words of all marks, by which a mark that does not belong is found."""
