"""Payloads from the sources themselves, as they are served now.

Four ways to get one payload from a feed's addresses (`live.method` in its `defs.yaml`):

    file      one file; several addresses are tried in order and the first good one wins
    paged     an API's pages, put together into one document
    bundle    many small files of now as one zip: all `urls`, or all that a listing names
    archive   the dated files of a growing folder, a zip a week (Monday to Sunday)

Nothing is written here. Whatever is not surely the feed is refused with the reason, so that a
later address or the next night can do better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.errors import FetchError
from threatcast_feeds.http.fetch import Answer, Session
from threatcast_feeds.http.paging import read_pages
from threatcast_feeds.http.redirects import public
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.impostors import kind_of, trouble
from threatcast_feeds.landing import Landed
from threatcast_feeds.modes.many_files import archive_weeks, arrival_of, bundle, condition
from threatcast_feeds.registry import FeedSpec

MOST_WEEKS = 8


def fetch(
    spec: FeedSpec,
    *,
    now: datetime,
    previous: Landed | None = None,
    credentials: Mapping[str, str] | None = None,
    around: Surroundings | None = None,
) -> Arrival:
    """Return what the source serves now.

    Parameters
    ----------
    spec : FeedSpec
        The feed.
    now : datetime
        Aware time of the visit; its UTC day is the vintage day (except for an archive, whose
        files carry their own).
    previous : Landed, optional
        The newest landed payload that was believed; the source is asked only for another one.
    credentials : mapping of str to str, optional
        Keys by the name of their environment variable (`live.auth_env`).
    around : Surroundings, optional
        Clock, waiting, rewriting of addresses (for tests) and who is told of small troubles.

    Raises
    ------
    NotModified
        If there is nothing new.
    FetchError
        If no address gives a payload; names each with its reason.
    """
    [newest] = arrivals(
        spec, now=now, previous=previous, credentials=credentials, around=around, weeks=1
    )
    return newest


def arrivals(
    spec: FeedSpec,
    *,
    now: datetime,
    previous: Landed | None = None,
    credentials: Mapping[str, str] | None = None,
    around: Surroundings | None = None,
    weeks: int = MOST_WEEKS,
) -> Iterator[Arrival]:
    """Yield what the source serves now: one payload, of an archive one a week since `previous`.

    Takes and raises the same as `fetch`. `weeks` is how many weeks of an archive are fetched at
    most, the newest ones; what is older is for the back-fill.
    """
    if now.tzinfo is None:
        msg = "now must be an aware datetime"
        raise ValueError(msg)
    with Session(spec, now=now, credentials=credentials, around=around) as session:
        match spec.live.method:
            case "file" | "paged":
                yield _first_good(session, now, previous)
            case "bundle":
                yield bundle(session, now, previous)
            case "archive":
                yield from archive_weeks(session, now, previous, weeks)


def _first_good(session: Session, now: datetime, previous: Landed | None) -> Arrival:
    """Return the first address' payload that can be the feed."""
    spec = session.spec
    failures: list[FetchError] = []
    for url in spec.live.urls:
        try:
            answer = _ask(session, url, previous)
            ext = kind_of(answer.content, spec.extensions)
            problem = trouble(answer.content, ext)
            if problem:
                raise session.refuse(url, problem)
        except FetchError as error:
            failures.append(error)
            continue
        _mention(session, failures, answer)
        return arrival_of(session, now, ext, answer)
    raise _all_failed(spec, failures)


def _ask(session: Session, url: str, previous: Landed | None) -> Answer:
    etag, last_modified = condition(session.spec, url, previous)
    if session.spec.live.method == "paged":
        return read_pages(session, url, etag=etag, last_modified=last_modified)
    return session.get(url, etag=etag, last_modified=last_modified)


def _mention(session: Session, failures: list[FetchError], answer: Answer) -> None:
    """Tell what went otherwise than planned although a payload came."""
    spec, tell = session.spec, session.around.tell
    for failure in failures:
        tell(f"{failure} Taken instead: {public(answer.url)}")
    wished = spec.live.media_types
    if answer.media_type and wished and answer.media_type not in wished:
        tell(
            f"{spec.key}, {public(answer.url)}: it is served as {answer.media_type}, not "
            f"{' or '.join(wished)}; the body looks right and was taken"
        )


def _all_failed(spec: FeedSpec, failures: list[FetchError]) -> FetchError:
    """Return one error for all addresses of a feed."""
    if len(failures) == 1:
        return failures[0]
    reasons = "; ".join(f"{one.place}: {one.problem}" for one in failures)
    return FetchError(
        spec.key,
        "",
        f"none of its {len(failures)} addresses gives a payload ({reasons})",
        failures[0].kept,
        failures[0].cure,
        retryable=any(one.retryable for one in failures),
    )
