"""The form in which every mode hands over a payload: the bytes and where they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class Arrival:
    """One payload of one feed on one UTC day, not yet written down.

    Attributes
    ----------
    feed : str
        Key of the feed.
    day : date
        UTC day on which the source served these bytes (the vintage day).
    ext : str
        Extension of the plain bytes, without dot and without our own compression.
    content : bytes
        The bytes as served.
    retrieved_at : datetime
        Aware time of retrieval; a recording carries the end of its day.
    mode : str
        `live`, `mirror`, `sample` or `git_history`.
    url, etag, last_modified : str
        What the source said about them; empty where it says nothing.
    """

    feed: str
    day: date
    ext: str
    content: bytes = field(repr=False)
    retrieved_at: datetime
    mode: str
    url: str = ""
    etag: str = ""
    last_modified: str = ""
