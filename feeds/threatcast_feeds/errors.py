"""Errors of this package, all of one tree, all written for the person who must mend them.

    FeedError
    |- CatalogError      a defs.yaml that does not hold together
    |- FetchError        a source that cannot be reached or has nothing to give
    |- BackfillError     a git history that cannot be replayed
    |- LandingError      bytes that cannot be written down
    |  `- DamagedError   bytes or notes that are not what was written down
    |- UnpackError       an archive that is cut, hostile or too large
    `- ParseError        a payload that is not the feed it should be
       `- PayloadRefused a payload that could be read and is not believed

`NotModified` is no error: the source has nothing new. It is raised past the caller's happy path
all the same, because there is no payload to return.
"""

from __future__ import annotations

from threatcast_feeds.outside import MOST_MESSAGE, MOST_SAMPLE, shown


class FeedError(Exception):
    """What happened to a feed, where, what was kept, and what to do.

    Parameters
    ----------
    feed : str
        Key of the feed; empty if no single feed is concerned.
    place : str
        File, URL, record or member at which it happened; may be empty.
    problem : str
        What is wrong, without a full stop at the end.
    kept : str
        What is still there, as a clause ("the payloads landed before").
    cure : str
        What the reader can do, as a sentence without its full stop.
    retryable : bool
        Whether the same attempt may succeed a little later.

    Examples
    --------
    >>> str(FeedError("cisa_kev", "2024-11-26.json", "the payload is a web page", cure="Wait"))
    'cisa_kev, 2024-11-26.json: the payload is a web page. Wait.'
    """

    def __init__(
        self,
        feed: str,
        place: str,
        problem: str,
        kept: str = "",
        cure: str = "",
        *,
        retryable: bool = False,
    ) -> None:
        self.feed = feed
        # both may quote what a source wrote
        self.place = shown(place, MOST_SAMPLE)
        self.problem = shown(problem, MOST_MESSAGE)
        self.kept = kept
        self.cure = cure
        self.retryable = retryable
        super().__init__(feed, self.place, self.problem, kept, cure)

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.feed, self.place) if part)
        sentences = [f"{where}: {self.problem}" if where else self.problem]
        if self.kept:
            sentences.append(f"Kept: {self.kept}")
        if self.cure:
            sentences.append(self.cure)
        return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences)


class CatalogError(FeedError):
    """A feed's `defs.yaml` is missing, unreadable or says something it must not."""


class FetchError(FeedError):
    """A source cannot be reached, refuses, or has no payload to give.

    `status` is what it answered, 0 if it is not the answer that is wrong; `unreached` that it is
    this machine that reaches nobody.
    """

    status: int = 0
    unreached: bool = False


class BackfillError(FeedError):
    """A repository's history cannot be replayed as vintages."""


class LandingError(FeedError):
    """Bytes cannot be written down, or are not what was written."""


class DamagedError(LandingError):
    """What was landed is no longer what was written; other feeds are not concerned."""


class UnpackError(FeedError):
    """A compressed file or archive is cut, hostile or larger than its feed may be."""


class ParseError(FeedError):
    """A payload is not the feed it should be; it is set aside whole."""


class PayloadRefused(ParseError):  # noqa: N818 the name says what happened, as the others do
    """A payload that can be read but is not believed (too large beside the last one)."""


class NotModified(Exception):  # noqa: N818 not an error
    """The source says that nothing has changed since the last visit."""
