"""When the files of a mirror were taken: what their names and `MIRROR/mirror.toml` say.

2026-08-22.json         at the hour that mirror.toml says for all, else at the end of the day
2026-08-22T0200.json    at 02:00 UTC
taken_at = "02:00"      the one line of mirror.toml, which may be missing
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from threatcast_feeds.errors import FetchError
from threatcast_feeds.moments import END_OF_DAY, at
from threatcast_feeds.registry import FeedSpec

NAME = "mirror.toml"
KEPT = "all other vintages of this feed, and all landed before"
_KEYS = ("taken_at",)
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2})(\d{2}))?\.([a-z0-9]+)(\.gz)?")


@dataclass(frozen=True)
class MirrorLabel:
    """What holds for all files of a mirror.

    Attributes
    ----------
    taken_at : time
        UTC time of day at which a file was taken whose name says no hour.
    """

    taken_at: time = END_OF_DAY


def read_label(mirror: Path) -> MirrorLabel:
    """Return what a mirror says of itself, and the usual where it says nothing.

    Raises
    ------
    FetchError
        If the file is not TOML, or has an unknown key or a value that is no time of day.
    """
    path = mirror / NAME
    if not path.is_file():
        return MirrorLabel()
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _refused(path, f"cannot be read as TOML ({error})") from error
    unknown = sorted(set(facts) - set(_KEYS))
    if unknown:
        raise _refused(path, f"has the unknown key {unknown[0]!r}; known: {', '.join(_KEYS)}")
    return MirrorLabel(_time(path, facts.get("taken_at", END_OF_DAY)))


def parse_name(spec: FeedSpec, name: str, label: MirrorLabel) -> tuple[datetime, str] | None:
    """Return when a file was taken and its extension; None if it is no vintage of the feed."""
    match = _FILE.fullmatch(name)
    if match is None or match[4] not in spec.extensions:
        return None
    try:
        hour = time(int(match[2]), int(match[3])) if match[2] else label.taken_at
        return at(date.fromisoformat(match[1]), hour), match[4]
    except ValueError:
        return None


def ahead(spec: FeedSpec, path: Path, today: date) -> FetchError:
    """Return the complaint about a file that is named by a day to come."""
    return FetchError(
        spec.key,
        str(path),
        f"is named by a day to come; today is {today} (UTC), so nobody can have taken it",
        kept=KEPT,
        cure="Rename it to the day on which it was taken",
    )


def _time(path: Path, said: object) -> time:
    try:
        taken = said if isinstance(said, time) else time.fromisoformat(str(said))
    except ValueError:
        taken = None
    if taken is None or taken.tzinfo is not None:
        raise _refused(path, f"says taken_at = {said!r}, which is no time of day in UTC")
    return taken.replace(microsecond=0)


def _refused(path: Path, what: str) -> FetchError:
    return FetchError(
        "",
        str(path),
        what,
        kept="all landed before",
        cure='Write taken_at = "HH:MM", or take the file away: then a day means its end',
    )
