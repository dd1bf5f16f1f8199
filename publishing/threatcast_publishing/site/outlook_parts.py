"""What a published outlook is made of, in words: steps from the usual to the expected number.

The numbers are those of the table `drivers`. They are steps of a calculation: no text here may say
that one of them causes events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatcast_publishing.site.messages import N_

if TYPE_CHECKING:
    from threatcast_publishing.site.languages import Language
    from threatcast_publishing.site.outlook_details import Outlook, Row

PARTS = {
    "usual": N_("the usual: the last 26 observed weeks as counted"),
    "late_reports": N_("late reports that those weeks still expect"),
    "level_shift": N_("the shift of level on record within those weeks"),
    "level": N_("the recent level as the models see it"),
    "trend": N_("trend"),
    "season": N_("season and calendar"),
    "undivided": N_("level, trend and season together, which this model cannot tell apart"),
    "borrowed": N_("the share of the sub-region from which the place borrows"),
    "calibration": N_("ranges corrected by how past ones held"),
    "coherence": N_("moved so that places add up"),
    "middle": N_("from the mean to the middle of the range, and rounding"),
}
SEEN = 0.05
"""Events below which a part shows as nought, and is left out."""
LEAST = 0.5
LEAST_SHARE = 0.02
"""A step smaller than half an event, or than this share of the usual, is not worth a sentence."""


def made_of(one: Outlook, of: Language) -> str:
    """Return in a sentence what is usual, what is expected and the largest step between them."""
    usual, *steps = one.parts
    start = usual["events_4w"]
    numbers = {"usual": of.count(start), "expected": of.count(one.row["expected_4w"])}
    largest = max(steps, key=_size)
    if _size(largest) < max(LEAST, LEAST_SHARE * start):
        return of.words(
            "Usual are %(usual)s in 4 weeks, expected %(expected)s. No step from the one to the "
            "other comes to half an event or to 2%% of the usual.",
            **numbers,
        )
    return of.words(
        "Usual are %(usual)s in 4 weeks, expected %(expected)s. The largest step from the one to "
        "the other is %(events)s: %(part)s.",
        events=of.signed(largest["events_4w"]),
        part=told(largest, of),
        **numbers,
    )


def told_parts(one: Outlook, of: Language) -> list[tuple[str, str, str]]:
    """Return each part that shows, in words, with its events in 4 and in 12 weeks."""
    usual, *steps = one.parts
    return [
        (told(usual, of), of.count(usual["events_4w"]), of.count(usual["events_12w"])),
        *(
            (told(row, of), of.signed(row["events_4w"]), of.signed(row["events_12w"]))
            for row in steps
            if max(abs(row["events_4w"]), abs(row["events_12w"])) >= SEEN
        ),
    ]


def told(row: Row, of: Language) -> str:
    """Return the name of a part in words."""
    name = row["driver"]
    return of.words(PARTS[name]) if name in PARTS else name


def _size(row: Row) -> float:
    return abs(float(row["events_4w"]))
