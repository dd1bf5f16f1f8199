"""A feed's past, replayed from the commits of a public repository.

A feed that only shows "now" has no past, unless somebody kept it in git. Each week's (or day's)
last version becomes one vintage, named by the UTC day of its commit; the newest version closes
the series. An archive of dated files (DDoSia's target lists) needs no commits: its newest state
holds them all, and each week's files become one vintage named by the day of the last of them.

Payloads are yielded in the order of their days, so that a caller who lands each one can stop and
go on at any time: `known` days are not read again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from itertools import chain, groupby, takewhile
from pathlib import Path, PurePosixPath
from typing import Literal

from threatcast_feeds.arrivals import Arrival
from threatcast_feeds.bundles import LEFT_OUT, DatedFile, dated, pack, week_of
from threatcast_feeds.errors import BackfillError
from threatcast_feeds.git.program import BlobReader
from threatcast_feeds.git.repository import KEPT, Repository, TreeFile, Version
from threatcast_feeds.impostors import kind_of, trouble
from threatcast_feeds.registry import FeedSpec, GitHistory

MODE = "git_history"
Every = Literal["week", "day"]
Progress = Callable[[int, int, date], None]
# contents are fetched for so many vintages at a time: few calls, and little lost if interrupted
_BATCH = 25
# how many earlier versions of the same week may stand in for a broken last one
_SPARES = 5
logger = logging.getLogger(__name__)


def backfill(
    spec: FeedSpec,
    *,
    since: date,
    until: date,
    workdir: Path,
    repository: str | None = None,
    every: Every = "week",
    known: AbstractSet[date] = frozenset(),
    progress: Progress | None = None,
    tell: Callable[[str], None] = logger.warning,
    git: str = "git",
) -> Iterator[Arrival]:
    """Yield past vintages of a feed from the history of a repository.

    Parameters
    ----------
    spec : FeedSpec
        The feed; its `history` says which repository, branch and path.
    since, until : date
        First and last UTC day of a vintage.
    workdir : Path
        Where the repository's copy (`<feed>.git`) is kept for the next time.
    repository : str, optional
        Another repository with the same branch and path: an https address, or a folder.
    every : {"week", "day"}
        Take the last version at or before each Sunday 23:59:59 UTC, or of each day.
    known : set of date
        Days already landed; they are not fetched again.
    progress : callable, optional
        Called after each vintage with how many are done, how many there are, and its day.
    tell : callable, optional
        Told in a sentence which version was passed over, and why.
    git : str
        The git program.

    Raises
    ------
    BackfillError
        If the feed has no history, or git, network, branch or path fail; with the cure.
    """
    history = spec.history
    if history is None:
        raise BackfillError(
            spec.key,
            "",
            "no repository is known to hold its past",
            KEPT,
            "Its records carry dates of their own, or it starts with the first live night",
        )
    if since > until:
        problem = f"the first day ({since}) is after the last ({until})"
        raise BackfillError(spec.key, "", problem, KEPT, "Give an earlier --since")
    copy = Repository(spec.key, repository or history.repository, history.branch, workdir, git=git)
    copy.bring_up_to_date()
    replay = _Replay(spec, history, copy, tell)
    if spec.live.method == "archive":
        plans = replay.plan_files(since, until, every, known)
    else:
        plans = replay.plan_versions(since, until, every, known)
    done = 0
    with copy.reader(spec.limits.max_bytes) as reader:
        for start in range(0, len(plans), _BATCH):
            batch = plans[start : start + _BATCH]
            copy.prefetch(file.blob for plan in batch for file in plan.state.files)
            for plan in batch:
                arrival = replay.arrival(plan, reader)
                done += 1
                if arrival is not None:
                    yield arrival
                if progress is not None:
                    progress(done, len(plans), plan.state.day)


@dataclass(frozen=True)
class _State:
    """The files of the feed at one commit."""

    version: Version
    files: tuple[TreeFile, ...]

    @property
    def day(self) -> date:
        return self.version.at.date()


@dataclass(frozen=True)
class _Plan:
    """One vintage to come: the state to take, and older versions in case it is broken."""

    state: _State
    spares: tuple[Version, ...] = ()


@dataclass(frozen=True)
class _Replay:
    spec: FeedSpec
    history: GitHistory
    copy: Repository
    tell: Callable[[str], None]

    def plan_versions(
        self, since: date, until: date, every: Every, known: AbstractSet[date]
    ) -> list[_Plan]:
        """Return the last version of each period that is not there yet."""
        folder, _ = _folder_and_pattern(self.history.path)
        versions = self.copy.versions(folder)
        if not versions:
            raise self._no_path()
        wanted = [one for one in versions if since <= one.at.date() <= until]
        plans: list[_Plan] = []
        for _, group in groupby(wanted, key=lambda one: _period(one.at.date(), every)):
            newest_first = list(group)[::-1]
            # what is landed needs no second look, and nothing older may stand in for it
            fresh = tuple(takewhile(lambda one: one.at.date() not in known, newest_first))
            for place, version in enumerate(fresh):
                state = self._state(version)
                if state.files:
                    plans.append(_Plan(state, fresh[place + 1 : place + 1 + _SPARES]))
                    break
        return plans

    def plan_files(
        self, since: date, until: date, every: Every, known: AbstractSet[date]
    ) -> list[_Plan]:
        """Return the dated files of the newest state, a week each (or a day)."""
        head = self.copy.head()
        by_name = {PurePosixPath(file.path).name: file for file in self._state(head).files}
        if not by_name:
            raise self._no_path()
        files = [one for one in dated(by_name) if one.day <= until]
        plans: list[_Plan] = []
        for _, group in groupby(files, key=lambda one: _period(one.day, every)):
            ours: list[DatedFile] = list(group)
            last = ours[-1]
            if last.day < since or last.day in known:
                continue
            at = Version(head.commit, last.moment)
            plans.append(_Plan(_State(at, tuple(by_name[one.name] for one in ours))))
        return plans

    def arrival(self, plan: _Plan, reader: BlobReader) -> Arrival | None:
        """Return the first state of a plan that can be the feed, None if there is none."""
        for state in chain([plan.state], map(self._state, plan.spares)):
            if not state.files:
                continue
            content, problem = self._content(state, reader)
            ext = "zip" if self._many else kind_of(content, self.spec.extensions)
            problem = problem or trouble(content, ext)
            if not problem:
                return Arrival(
                    feed=self.spec.key,
                    day=state.day,
                    ext=ext,
                    content=content,
                    retrieved_at=state.version.at,
                    mode=MODE,
                    url=f"{self.copy.name}@{state.version.commit}",
                )
            self.tell(
                f"{self.spec.key}, {state.version.commit[:12]} of {state.day}: passed over, "
                f"{problem}"
            )
        return None

    @property
    def _many(self) -> bool:
        return self.history.bundle or self.spec.live.method == "archive"

    def _state(self, version: Version) -> _State:
        folder, pattern = _folder_and_pattern(self.history.path)
        files = self.copy.files(version.commit, folder)
        if self._many:
            files = [file for file in files if _belongs(file.path, pattern)]
        return _State(version, tuple(files))

    def _content(self, state: _State, reader: BlobReader) -> tuple[bytes, str]:
        """Return the payload of a state, and what is wrong with it if it can be told already."""
        most = self.spec.limits.max_bytes
        contents: dict[str, bytes] = {}
        for file in state.files:
            content = reader.read(file.blob)
            if content is None or sum(map(len, contents.values())) + len(content) > most:
                return b"", f"it has more than {most:,} bytes"
            if not self._many:
                return content, ""
            ext = PurePosixPath(file.path).suffix.lstrip(".") or "txt"
            problem = trouble(content, ext, may_be_empty=True)
            if problem:
                return b"", f"{file.path}: {problem}"
            contents[self._member_name(file.path)] = content
        if not any(content.strip() for content in contents.values()):
            return b"", f"all of its {len(contents)} files are empty"
        return pack(contents), ""

    def _member_name(self, path: str) -> str:
        """Return a file's name in the bundle: as the recordings have it."""
        return PurePosixPath(path).name if self.spec.live.method == "archive" else path

    def _no_path(self) -> BackfillError:
        return self.copy.refuse(
            f"its branch {self.history.branch!r} has no {self.history.path!r}",
            "Correct history.path in the feed's defs.yaml",
        )


def _period(day: date, every: Every) -> date:
    return week_of(day) if every == "week" else day


def _folder_and_pattern(path: str) -> tuple[str, str]:
    """Part `data/*_list.json` into folder and pattern; a plain path has the pattern `*`."""
    folder, _, last = path.rstrip("/").rpartition("/")
    return (folder or ".", last) if "*" in last else (path.rstrip("/"), "*")


def _belongs(path: str, pattern: str) -> bool:
    name = PurePosixPath(path).name
    return name not in LEFT_OUT and not name.startswith(".") and fnmatchcase(name, pattern)
