"""ThreatFox addresses: a plain list of IPv4 addresses, read by DuckDB.

Addresses that cannot be placed (0.0.0.0, private, multicast, reserved) are addresses all the
same: staging leaves them out of the count, and raw shows that they were listed.
"""

from __future__ import annotations

from pathlib import Path

from threatcast_feeds.payload import ParseOutcome, PayloadSource
from threatcast_feeds.readers.addresses import IPV4_PATTERN
from threatcast_feeds.readers.text_lines import copy_lines


def parse(source: PayloadSource, target: Path) -> ParseOutcome:
    """Write the addresses of one state of the list."""
    return copy_lines(
        source, target, pattern=IPV4_PATTERN, columns="line AS address", what="an IPv4 address"
    )
