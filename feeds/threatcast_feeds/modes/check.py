"""One look at every address of a feed: does it answer, has it moved, how old is what it serves.

Of a listing its newest file is asked too: one may be named that nobody can have. Nothing is landed,
and nothing is tried twice. How old the records of a body are is for the caller to say (`read`): it
takes the feed's parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.bundles import Member, newest_of
from threatcast_feeds.errors import FeedError, FetchError
from threatcast_feeds.http.fetch import Answer, Session
from threatcast_feeds.http.github import hosted, state_of
from threatcast_feeds.http.redirects import public
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.impostors import kind_of, trouble
from threatcast_feeds.modes.many_files import arrival_of, listed, member_url, trouble_of
from threatcast_feeds.registry import FeedSpec

Read = Callable[[Arrival], date | None]
"""Returns the newest day of which a payload's records speak; None if they bear no days."""
_GONE = (404, 410)
_REFUSED = (401, 403, 429)


@dataclass(frozen=True)
class AddressReport:
    """What one look at one address showed.

    Attributes
    ----------
    feed, address : str
        Which feed, and where (without keys).
    state : str
        `ok`; `old`: it answers, but its newest content is older than the feed's limit; `moved`:
        gone, or for good to another place; `archived`: its repository is closed; `refused`;
        `wrong`: it answers something else; `unreachable`.
    newest : date or None
        Day of the newest content; None if nothing tells it.
    told_by : str
        What tells that day: `records`, `name` (of the newest file listed), `commit` (of the file),
        `header`; empty if nothing does.
    licence : str
        Of the data, as the catalog has it.
    reason : str
        What is the matter, empty if nothing is.
    cure : str
        What to do, empty if nothing is to be done.
    """

    feed: str
    address: str
    state: str
    newest: date | None = None
    told_by: str = ""
    licence: str = ""
    reason: str = ""
    cure: str = ""


def check(
    spec: FeedSpec,
    *,
    now: datetime,
    read: Read,
    credentials: Mapping[str, str] | None = None,
    around: Surroundings | None = None,
) -> Iterator[AddressReport]:
    """Yield a look at each address of a feed, in their order.

    Parameters
    ----------
    spec : FeedSpec
        The feed.
    now : datetime
        Aware time of the look.
    read : callable
        Tells the newest day of a payload's records.
    credentials, around
        As for `modes.live.fetch`.
    """
    try:
        session = Session(spec, now=now, credentials=credentials, around=around)
    except FetchError as error:
        yield AddressReport(
            spec.key, "", "refused", None, "", spec.licence.name, error.problem, error.cure
        )
        return
    with session:
        for url in spec.live.addresses:
            yield from _looks(session, url, now, read)


def _looks(session: Session, url: str, now: datetime, read: Read) -> Iterator[AddressReport]:
    """Yield a look at one address, and at the newest file if it is a listing."""
    spec = session.spec
    look = AddressReport(spec.key, public(url), "ok", licence=spec.licence.name)
    is_listing = url == spec.live.listing
    try:
        answer = session.look(url, whole=is_listing or _is_dated(spec))
        newest = _newest_listed(session, answer) if is_listing else None
        yield _judged(spec, now, _seen(session, look, url, now, read, answer))
        if newest:
            look = replace(look, address=public(newest.url))
            if problem := trouble_of(newest.member, session.look(newest.url).content):
                raise session.refuse(newest.url, problem)
            told_by = "name" if newest.day else ""
            yield _judged(spec, now, replace(look, newest=newest.day, told_by=told_by))
    except FeedError as error:
        yield _failed(spec, look, error)


class _Listed(NamedTuple):
    """A file of a listing, its address, and the day that its name bears."""

    member: Member
    url: str
    day: date | None


def _newest_listed(session: Session, listing: Answer) -> _Listed:
    member, day = newest_of(listed(session, listing))
    if member is None:
        raise session.refuse(listing.url, "the listing names no file")
    return _Listed(member, member_url(session, member), day)


def _is_dated(spec: FeedSpec) -> bool:
    return bool(spec.coverage and spec.coverage.days) and spec.live.method == "file"


def _seen(
    session: Session, look: AddressReport, url: str, now: datetime, read: Read, answer: Answer
) -> AddressReport:
    """Return what an address that answers shows."""
    dated = _is_dated(session.spec)
    place = hosted(url)
    if answer.moved_to:
        look = _moved(look, f"it says that it has moved for good to {public(answer.moved_to)}")
    if dated:
        look = replace(look, newest=_of_records(session, url, now, answer, read), told_by="records")
    if place is not None:
        state = state_of(session, place)
        if not dated:
            look = replace(look, newest=state.changed, told_by="commit")
        if state.name.lower() != place.repository.lower():
            look = _moved(look, f"its repository is {state.name} now")
        elif state.archived and look.state == "ok":
            cure = f"It will not change any more; look for a successor: {session.spec.homepage}"
            look = replace(look, state="archived", reason="its repository is archived", cure=cure)
    if look.newest is None and answer.last_modified:
        look = replace(look, newest=_day(answer.last_modified), told_by="header")
    return look if look.newest else replace(look, told_by="")


def _of_records(
    session: Session, url: str, now: datetime, answer: Answer, read: Read
) -> date | None:
    ext = kind_of(answer.content, session.spec.extensions)
    if problem := trouble(answer.content, ext):
        raise session.refuse(url, problem)
    return read(arrival_of(session, now, ext, answer))


def _moved(look: AddressReport, reason: str) -> AddressReport:
    cure = f"Put the new address into `live` of catalog/{look.feed}/defs.yaml"
    return replace(look, state="moved", reason=reason, cure=cure)


def _judged(spec: FeedSpec, now: datetime, look: AddressReport) -> AddressReport:
    """Say of an address that answers whether its content is older than the feed may be."""
    age = (now.date() - look.newest).days if look.newest else 0
    if look.state != "ok" or spec.role == "reference" or age <= 7 * spec.silent_weeks:
        return look
    return replace(
        look,
        state="old",
        reason=f"it answers, but its newest content is {age:,} days old, "
        f"limit {7 * spec.silent_weeks:,} days",
        cure=f"The source has gone quiet: see its page or ask the publisher: {spec.homepage}",
    )


def _failed(spec: FeedSpec, look: AddressReport, error: FeedError) -> AddressReport:
    """Say what an address is that gave nothing."""
    status = error.status if isinstance(error, FetchError) else 0
    if status in _GONE:
        return _moved(look, error.problem)
    unreached = isinstance(error, FetchError) and (error.retryable or error.unreached)
    state = "refused" if status in _REFUSED else "unreachable" if unreached else "wrong"
    cure = error.cure or f"See whether the source has changed: {spec.homepage}"
    return replace(look, state=state, reason=error.problem, cure=cure)


def _day(header: str) -> date | None:
    try:
        return parsedate_to_datetime(header).date()
    except ValueError:
        return None
