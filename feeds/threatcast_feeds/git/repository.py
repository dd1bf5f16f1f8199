"""A bare, partial clone of one branch of a public repository.

Commits and trees are cloned, file contents are fetched when wanted and in batches: histories of
ten thousand versions are megabytes that way instead of gigabytes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from threatcast_feeds.errors import BackfillError
from threatcast_feeds.git.program import BlobReader, GitError, GitProgram
from threatcast_feeds.http.redirects import public

KEPT = "all vintages landed before; the back-fill goes on from there"
_PLAIN_FILES = ("100644", "100755")


@dataclass(frozen=True)
class Version:
    """One commit that touched the feed's path."""

    commit: str
    at: datetime


@dataclass(frozen=True)
class TreeFile:
    """One plain file of a commit: its path, and the name that git gives its bytes."""

    path: str
    blob: str


class Repository:
    """A local copy of one branch of a repository.

    Parameters
    ----------
    feed : str
        Key of the feed, for messages and for the folder's name.
    source : str
        Where it is cloned from: an https address, or a folder.
    branch : str
        The branch that holds the history.
    folder : Path
        Where `<feed>.git` is, or is to be.
    git : str
        The program.
    """

    def __init__(
        self, feed: str, source: str, branch: str, folder: Path, *, git: str = "git"
    ) -> None:
        self.feed = feed
        self.branch = branch
        self.path = folder / f"{feed}.git"
        self._source = source
        self._url = source if "://" in source else Path(source).absolute().as_uri()
        self._git = GitProgram(self.path, git)

    @property
    def name(self) -> str:
        """The repository's address as a message may show it."""
        return public(self._source) if "://" in self._source else self._source

    def bring_up_to_date(self) -> None:
        """Clone the branch, or fetch what is new since.

        A clone that was interrupted never gets its name, and one that turns out to be broken or
        to be of another repository is made again.

        Raises
        ------
        BackfillError
            Without git, without network, or if there is no such repository or branch.
        """
        if not self._git.is_installed:
            raise self.refuse(
                f"the program {self._git.program!r} is not on this machine",
                "Install git (2.30 or later), then run the same command again",
            )
        try:
            self._clear_away()
            if self.path.exists():
                self._fetch_branch()
            else:
                self._clone()
        except GitError as error:
            raise self._explained(error) from error
        except OSError as error:
            raise self.refuse(
                f"its copy cannot be written to {self.path.parent}: {error.strerror or error}",
                "Free space on this disk or make the folder writable, then run again",
            ) from error

    def versions(self, path: str) -> list[Version]:
        """Return all commits that touched a path, by committer time; merges are left out.

        The whole history is walked: the first-parent view, or one simplified by git, hides the
        runs that an author merged into his own branch.
        """
        try:
            log = self._git.run(
                "log",
                "--full-history",
                "--no-merges",
                "--format=%H %ct",
                self._ref,
                "--",
                *_paths(path),
            )
        except GitError as error:
            raise self.refuse(
                f"the copy {self.path} cannot be read: {error}",
                f"Remove {self.path} and run the same command again",
            ) from error
        # git names the newest first; the sort is stable, so that parents stay before children
        found = [line.split() for line in log.decode().splitlines()][::-1]
        versions = [Version(one, datetime.fromtimestamp(int(at), UTC)) for one, at in found]
        return sorted(versions, key=lambda version: version.at)

    def head(self) -> Version:
        """Return the branch's newest commit."""
        try:
            commit, at = self._git.run("log", "-1", "--format=%H %ct", self._ref).decode().split()
        except (GitError, ValueError) as error:
            raise self.refuse(
                f"the branch {self.branch!r} of the copy {self.path} cannot be read",
                f"Remove {self.path} and run the same command again",
            ) from error
        return Version(commit, datetime.fromtimestamp(int(at), UTC))

    def files(self, commit: str, path: str) -> list[TreeFile]:
        """Return the plain files at or below a path of a commit, by path; links are left out."""
        try:
            listing = self._git.run(
                "ls-tree", "-r", "-z", "--full-tree", commit, "--", *_paths(path)
            )
        except GitError as error:
            raise self.refuse(f"the files of {commit[:12]} cannot be listed: {error}") from error
        found: list[TreeFile] = []
        for entry in listing.decode("utf-8", errors="replace").split("\0"):
            facts, _, name = entry.partition("\t")
            mode, _, blob = facts.partition(" blob ")
            if mode in _PLAIN_FILES:
                found.append(TreeFile(name, blob))
        return sorted(found, key=lambda file: file.path)

    def prefetch(self, blobs: Iterable[str]) -> None:
        """Fetch file contents in one go; git would fetch them one by one when they are read."""
        wanted = sorted(set(blobs))
        if not wanted or self._setting("remote.origin.promisor") != "true":
            return
        try:
            self._git.run(
                "-c",
                "fetch.negotiationAlgorithm=noop",
                "fetch",
                "origin",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--filter=blob:none",
                "--stdin",
                text="".join(f"{blob}\n" for blob in wanted),
            )
        except GitError as error:
            raise self._explained(error) from error

    @contextmanager
    def reader(self, most: int) -> Iterator[BlobReader]:
        """Open one process that reads the contents of any number of files.

        Parameters
        ----------
        most : int
            Files of more bytes are skipped.

        Raises
        ------
        BackfillError
            If a file's bytes are not to be had.
        """
        try:
            with self._git.blobs(most) as blobs:
                yield blobs
        except GitError as error:
            raise self._explained(error) from error

    def refuse(self, problem: str, cure: str = "", *, again: bool = False) -> BackfillError:
        """Return the error for this repository."""
        cure = cure or "Run the same command again; what is there is not fetched twice"
        return BackfillError(self.feed, self.name, problem, KEPT, cure, retryable=again)

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.branch}"

    def _clear_away(self) -> None:
        """Remove what killed runs left behind, and a copy that cannot be used."""
        shutil.rmtree(self._unfinished, ignore_errors=True)
        if not self.path.exists():
            return
        for leftover in [*self.path.rglob("*.lock"), *self.path.glob("objects/pack/tmp_*")]:
            leftover.unlink(missing_ok=True)
        if not self._is_sound():
            shutil.rmtree(self.path)

    @property
    def _unfinished(self) -> Path:
        return self.path.with_name(f".{self.path.name}.unfinished")

    def _is_sound(self) -> bool:
        """Whether the copy is one of this very branch and its commits can be walked."""
        try:
            if self._setting("remote.origin.url") != self._url:
                return False
            # trees are walked too: a pack cut short by a full disk still names its commits
            self._git.run("rev-list", "--objects", "--filter=blob:none", "--count", self._ref)
        except GitError:
            return False
        return True

    def _clone(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._git.run(
            "clone",
            "--quiet",
            "--bare",
            "--filter=blob:none",
            "--single-branch",
            "--no-tags",
            "--template=",
            f"--branch={self.branch}",
            "--",
            self._url,
            str(self._unfinished),
            inside=False,
        )
        self._unfinished.rename(self.path)

    def _fetch_branch(self) -> None:
        self._git.run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--filter=blob:none",
            "origin",
            f"+{self._ref}:{self._ref}",
        )

    def _setting(self, name: str) -> str:
        try:
            return self._git.run("config", "--local", "--get", name).decode().strip()
        except GitError:
            return ""

    def _explained(self, error: GitError) -> BackfillError:
        """Return what a failed clone or fetch means to the person who started it."""
        said, about = str(error), error.about
        if about == "branch":
            known = ", ".join(self._branches()) or "none"
            return self.refuse(
                f"it has no branch {self.branch!r}; it has: {known}",
                "Correct history.branch in the feed's defs.yaml",
            )
        if about == "repository":
            return self.refuse(
                f"there is no such public repository ({said})",
                "Correct history.repository in the feed's defs.yaml, or name another one",
            )
        if about == "protocol":
            return self.refuse(
                f"its address is not https or a folder ({said})", "Name it by its https address"
            )
        if about == "network":
            return self.refuse(
                f"it cannot be reached ({said})",
                "Check this machine's network, then run the same command again",
                again=True,
            )
        return self.refuse(f"git failed ({said})", again=True)

    def _branches(self) -> list[str]:
        try:
            heads = self._git.run("ls-remote", "--heads", "--", self._url, inside=False).decode()
        except GitError:
            return []
        return [line.partition("refs/heads/")[2] for line in heads.splitlines()][:20]


def _paths(path: str) -> list[str]:
    """Return a path as git takes it; the whole repository is no path at all."""
    return [] if path in ("", ".") else [path]
