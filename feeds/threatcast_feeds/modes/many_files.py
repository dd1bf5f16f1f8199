"""Feeds that are many small files: all of now in one bundle, or dated ones a week.

A listing says which files there are. Every file is checked against it (length, and the name
that git gives its bytes), so that a bundle never mixes two runs of its source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.bundles import (
    CONTENTS_CAP,
    LEFT_OUT,
    ListingError,
    Member,
    dated,
    pack,
    read_listing,
    week_of,
)
from threatcast_feeds.errors import NotModified
from threatcast_feeds.http.fetch import Answer, Session
from threatcast_feeds.http.redirects import public
from threatcast_feeds.impostors import trouble
from threatcast_feeds.landing import Landed
from threatcast_feeds.registry import FeedSpec

MODE = "live"
# more files than this are a back-fill, not a night's visit
MOST_MEMBERS = 1000
MOST_LISTING_PAGES = 100


def condition(spec: FeedSpec, url: str, previous: Landed | None) -> tuple[str, str]:
    """Return ETag and Last-Modified of the payload that came from this very address."""
    if previous is None or not spec.live.conditional or previous.mode != MODE:
        return "", ""
    return (previous.etag, previous.last_modified) if previous.url == public(url) else ("", "")


def arrival_of(session: Session, now: datetime, ext: str, answer: Answer) -> Arrival:
    """Return an answer as the payload of the day of the visit."""
    return Arrival(
        feed=session.spec.key,
        day=now.astimezone(UTC).date(),
        ext=ext,
        content=answer.content,
        retrieved_at=now,
        mode=MODE,
        url=public(answer.url),
        etag=answer.etag,
        last_modified=answer.last_modified,
    )


def bundle(session: Session, now: datetime, previous: Landed | None) -> Arrival:
    """Return all files of now as one zip."""
    spec = session.spec
    if spec.live.listing:
        listing, members = _listed(session, spec.live.listing, previous)
        wanted = [member for member in members if member.name not in LEFT_OUT]
    else:
        listing = Answer(spec.live.urls[0], b"")
        wanted = [_named_by(session, url) for url in spec.live.urls]
    content = _pack(session, wanted, {member.path: member.path for member in wanted})
    whole = Answer(listing.url, content, "", listing.etag, listing.last_modified)
    return arrival_of(session, now, "zip", whole)


def _named_by(session: Session, url: str) -> Member:
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    if not name:
        raise session.refuse(url, "the address does not end in a file's name")
    return Member(name, name, url=url)


def archive_weeks(
    session: Session, now: datetime, previous: Landed | None, weeks: int
) -> Iterator[Arrival]:
    """Yield the dated files a week, from the week of the last landed one on."""
    spec = session.spec
    url = spec.live.listing or spec.live.urls[0]
    listing, members = _listed(session, url, previous)
    by_name = {member.name: member for member in members}
    today = now.astimezone(UTC).date()
    files = [one for one in dated(by_name) if one.day <= today]
    if not files:
        raise session.refuse(url, "the listing names no file that begins with its date")
    mondays = sorted({one.monday for one in files})
    first = week_of(previous.day) if previous else mondays[-1]
    wanted = [monday for monday in mondays if monday >= first]
    if len(wanted) > weeks > 1:
        session.around.tell(
            f"{spec.key}: {len(wanted)} weeks are new; the newest {weeks} are fetched now. "
            f"The others: threatcast feeds backfill {spec.key} --since {first}"
        )
    unchanged = True
    for monday in wanted[-weeks:]:
        ours = [one for one in files if one.monday == monday]
        chosen = [by_name[one.name] for one in ours]
        content = _pack(session, chosen, {member.path: member.name for member in chosen})
        if previous and sha256(content).hexdigest() == previous.sha256:
            continue
        unchanged = False
        yield Arrival(
            feed=spec.key,
            day=ours[-1].day,
            ext="zip",
            content=content,
            retrieved_at=now,
            mode=MODE,
            url=public(listing.url),
            # the weeks before the newest are complete; only the newest answers for the listing
            etag=listing.etag if monday == wanted[-1] else "",
            last_modified=listing.last_modified if monday == wanted[-1] else "",
        )
    if unchanged:
        since = f" since {previous.day}" if previous else ""
        problem = f"{spec.key}, {public(url)}: nothing new{since}"
        raise NotModified(problem)


def _listed(session: Session, url: str, previous: Landed | None) -> tuple[Answer, list[Member]]:
    """Return the listing's first page and the files that all its pages name."""
    etag, last_modified = condition(session.spec, url, previous)
    first = session.get(url, etag=etag, last_modified=last_modified)
    members = listed(session, first)
    if len(members) == CONTENTS_CAP and not first.next_url:
        raise session.refuse(
            url,
            f"it names exactly {CONTENTS_CAP:,} files, where such listings are cut in silence",
            "Name a listing of the trees API in the feed's defs.yaml (…/git/trees/<branch>:<path>)",
        )
    page = first
    for _ in range(MOST_LISTING_PAGES):
        if not page.next_url:
            break
        page = session.get(page.next_url)
        members += listed(session, page)
    else:
        raise session.refuse(url, f"its listing has more than {MOST_LISTING_PAGES} pages")
    if not members:
        raise session.refuse(url, "the listing names no file")
    if page is not first:
        # a first page that stays the same says nothing about the pages after it
        first = Answer(first.url, first.content, first.media_type)
    return first, members


def listed(session: Session, page: Answer) -> list[Member]:
    """Return the files that one page of a listing names.

    Raises
    ------
    FetchError
        If it is no listing.
    """
    try:
        problem = trouble(page.content, "json")
        if problem:
            raise ListingError(problem)
        return read_listing(page.content)
    except ListingError as error:
        raise session.refuse(page.url, str(error)) from error


def _pack(session: Session, members: list[Member], names: Mapping[str, str]) -> bytes:
    """Fetch the files and return them as one zip; one missing file costs the bundle."""
    limits = session.spec.limits
    if len(members) > MOST_MEMBERS:
        problem = f"{len(members):,} files are wanted; at most {MOST_MEMBERS:,} are fetched"
        raise session.refuse(members[0].url, problem, "Use the feed's back-fill instead")
    most = min(limits.max_unpacked_bytes, limits.max_bytes)
    contents: dict[str, bytes] = {}
    taken = 0
    for member in members:
        content = _member(session, member)
        taken += len(content)
        if taken > most:
            raise session.refuse(member.url, f"the files hold more than {most:,} bytes together")
        if names[member.path] in contents:
            raise session.refuse(member.url, f"two files are named {names[member.path]!r}")
        contents[names[member.path]] = content
    if not any(content.strip() for content in contents.values()):
        raise session.refuse(
            session.spec.live.listing or session.spec.live.urls[0],
            f"all of its {len(members)} files are empty",
        )
    return pack(contents)


def _member(session: Session, member: Member) -> bytes:
    url = member_url(session, member)
    content = session.get(url).content
    if problem := trouble_of(member, content):
        raise session.refuse(
            url, f"{member.name}: {problem}", "Run again in a few minutes", again=True
        )
    return content


def trouble_of(member: Member, content: bytes) -> str:
    """Say why these bytes are not the file that was listed; empty if they are."""
    ext = PurePosixPath(member.name).suffix.lstrip(".") or "txt"
    return trouble(content, ext, may_be_empty=True) or member.mismatch(content)


def member_url(session: Session, member: Member) -> str:
    """Return where a listed file is had.

    Raises
    ------
    FetchError
        If nothing says it, or the listing sends us where no redirect may.
    """
    live = session.spec.live
    if live.member_url:
        return live.member_url.replace("{name}", quote(member.name))
    if not member.url:
        problem = f"the listing gives no address for {member.name!r}"
        raise session.refuse(live.listing or "", problem)
    if not live.listing:
        return member.url
    # a listing is somebody else's text: it may not send us anywhere a redirect may not
    return session.onward(live.listing, live.listing, member.url, f"lists {member.name!r}")
