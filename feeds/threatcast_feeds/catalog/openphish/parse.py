"""OpenPhish community feed: URLs, newest first, read by DuckDB.

`position` is the line's number: 1 is the newest. Rejected lines are told by number only, since a
URL of this feed may hold its recipient's e-mail address.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.text_lines import copy_lines

URL_PATTERN = r"(?i:https?)://[^/?#\s][^\s]*"


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the URLs of one window."""
    return copy_lines(
        source,
        target,
        pattern=URL_PATTERN,
        columns="position, line AS url",
        what="an http or https URL",
    )
