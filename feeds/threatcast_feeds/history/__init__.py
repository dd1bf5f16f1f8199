"""The history that ships with the project: real weekly counts, and nothing that they count.

`history.parquet` holds what `threatcast history write` takes from a release; README.md beside it
names each feed. No record, name, address or text is in it.
"""

from __future__ import annotations

from threatcast_feeds.history.file import SHIPPED, FeedPast, History, read_history, write_history

__all__ = ["SHIPPED", "FeedPast", "History", "read_history", "write_history"]
