"""What GitHub says of the repository behind an address: whether it lives, and what changed when."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from threatcast_feeds.http.fetch import Session

_API = "https://api.github.com/repos"
_RAW = re.compile(r"/([^/]+)/([^/]+)/(?:refs/heads/)?([^/]+)/(.+)")
_CONTENTS = re.compile(r"/repos/([^/]+)/([^/]+)/contents/(.+)")
_TREES = re.compile(r"/repos/([^/]+)/([^/]+)/git/trees/([^/:]+):(.+)")


@dataclass(frozen=True)
class Hosted:
    """A path of a repository; `branch` is empty for the default one."""

    repository: str
    branch: str
    path: str


@dataclass(frozen=True)
class RepositoryState:
    """How a repository stands.

    Attributes
    ----------
    name : str
        Its name today, `owner/name`.
    archived : bool
        Whether its owner has closed it.
    changed : date or None
        UTC day of the newest commit that touched the path; None if there is none.
    """

    name: str
    archived: bool
    changed: date | None


def hosted(url: str) -> Hosted | None:
    """Return which path of which repository an address serves; None if it is not GitHub's.

    Examples
    --------
    >>> hosted("https://raw.githubusercontent.com/somebody/lists/refs/heads/main/a/feed.txt")
    Hosted(repository='somebody/lists', branch='main', path='a/feed.txt')
    >>> hosted("https://feeds.example.org/list.json")
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.netloc == "raw.githubusercontent.com" and (found := _RAW.fullmatch(path)):
        owner, name, branch, inside = found.groups()
        return Hosted(f"{owner}/{name}", branch, inside)
    if parts.netloc != "api.github.com":
        return None
    if found := _TREES.fullmatch(path):
        owner, name, branch, inside = found.groups()
        return Hosted(f"{owner}/{name}", branch, inside)
    if found := _CONTENTS.fullmatch(path):
        owner, name, inside = found.groups()
        return Hosted(f"{owner}/{name}", "", inside)
    return None


def state_of(session: Session, place: Hosted) -> RepositoryState:
    """Ask GitHub twice, without a key.

    Raises
    ------
    FetchError
        If it does not answer, or not with what it says of repositories and commits.
    """
    url = f"{_API}/{place.repository}"
    facts = _json(session, url)
    branch = f"&sha={quote(place.branch)}" if place.branch else ""
    commits_url = f"{url}/commits?path={quote(place.path)}{branch}&per_page=1"
    commits = _json(session, commits_url)
    try:
        changed = (
            datetime.fromisoformat(commits[0]["commit"]["committer"]["date"]).date()
            if commits
            else None
        )
        return RepositoryState(str(facts["full_name"]), bool(facts["archived"]), changed)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise session.refuse(url, f"it does not say how the repository stands: {error}") from error


def _json(session: Session, url: str) -> Any:
    try:
        return json.loads(session.look(url).content)
    except ValueError as error:
        raise session.refuse(url, "it answers something else than JSON") from error
