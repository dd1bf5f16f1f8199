"""The nights that there can be: one partition a day, named by the as-of day of the night.

Said once for all assets (`definitions.py`), the job and its schedule.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from threatcast_orchestration.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_DAY = date(2020, 1, 1)
"""No feed of the catalog has a payload of an earlier day, and the simulated world begins later."""
NIGHTS = dg.DailyPartitionsDefinition(
    start_date=FIRST_DAY.isoformat(),
    timezone="UTC",
    end_offset=1,  # tonight's as-of day is today, which is not over
)
DAY_TAG = "dagster/partition"
"""The tag by which Dagster says of which partition a run is."""
_RANGE_TAGS = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def day_of_run(tags: Mapping[str, str]) -> str:
    """Return the day of the partition that a run was launched for; empty if it names none.

    Raises
    ------
    WrongUse
        If it is of several days: the warehouse holds one at a time.
    """
    days = {tags[name] for name in (DAY_TAG, *_RANGE_TAGS) if name in tags}
    if len(days) > 1:
        raise WrongUse(
            f"A run makes one night, and this one was launched for several: {min(days)} to "
            f"{max(days)}. Nothing was changed. Launch a back-fill, which starts a run a day."
        )
    return days.pop() if days else ""
