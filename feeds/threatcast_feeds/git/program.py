"""Running `git` as a program of ours alone.

No hooks, no settings, keys or password helpers of the user, no questions at the terminal, and no
protocol but https and file: what a repository's address says cannot start anything else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fetch.recurseSubmodules": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "protocol.version": "2",
}
_HEADER_WORDS = 3


# the first that fits; git's English, which LC_ALL=C makes sure of
_COMPLAINTS = {
    "branch": ("remote branch", "couldn't find remote ref"),
    # a host that asks for a user has no such public repository, or does not say so
    "repository": ("not found", "does not exist", "does not appear", "could not read username"),
    "protocol": ("not allowed",),
    "network": (
        "could not resolve",
        "unable to access",
        "connection",
        "timed out",
        "early eof",
        "hung up",
    ),
}


class GitError(Exception):
    """The git program ended with an error; the text is what it said last."""

    @property
    def about(self) -> str:
        """What it complains of: branch, repository, protocol, network, or nothing known."""
        said = str(self).lower()
        found = (what for what, words in _COMPLAINTS.items() if any(one in said for one in words))
        return next(found, "")


class GitProgram:
    """The git program, working on one bare repository.

    Parameters
    ----------
    path : Path
        The repository's folder; it need not be there yet.
    program : str
        Name or path of the program.
    """

    def __init__(self, path: Path, program: str = "git") -> None:
        self.path = path
        self.program = program

    @property
    def is_installed(self) -> bool:
        """Whether there is such a program on this machine."""
        return shutil.which(self.program) is not None

    def run(self, *arguments: str, text: str = "", inside: bool = True) -> bytes:
        """Return what git writes; `inside` means: about the repository at `path`.

        Raises
        ------
        GitError
            If it ends with an error.
        """
        # the words are ours or stand behind `--`, and no shell reads them
        done = subprocess.run(  # noqa: S603
            self._command(*arguments, inside=inside),
            input=text.encode(),
            capture_output=True,
            env=self._surroundings(),
            check=False,
        )
        if done.returncode:
            raise GitError(_last_words(done.stderr))
        return done.stdout

    @contextmanager
    def blobs(self, most: int) -> Iterator[BlobReader]:
        """Open one `git cat-file --batch` for any number of files of at most `most` bytes."""
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603 see `run`
                self._command("cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=self._surroundings(),
            )
            try:
                yield BlobReader(process, said, most)
            finally:
                process.kill()
                process.communicate()

    def _command(self, *arguments: str, inside: bool = True) -> list[str]:
        settings = [word for pair in _SETTINGS.items() for word in ("-c", "=".join(pair))]
        here = ["--git-dir", str(self.path)] if inside else []
        return [self.program, "--literal-pathspecs", *here, *settings, *arguments]

    def _surroundings(self) -> dict[str, str]:
        """Return the machine's environment (path, proxy), without anything of a user's git."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GIT_", "SSH_", "XDG_"))
        }
        return kept | {
            # a .netrc in the user's home holds passwords that no public feed needs
            "HOME": str(self.path.parent),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ALLOW_PROTOCOL": "https:file",
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
        }


class BlobReader:
    """The contents of files, read one after the other through one process."""

    def __init__(self, process: subprocess.Popen[bytes], said: IO[bytes], most: int) -> None:
        self._process = process
        self._said = said
        self._most = most

    def read(self, blob: str) -> bytes | None:
        """Return the bytes of a file, None if it has more than may be taken.

        Raises
        ------
        GitError
            If they are not to be had.
        """
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            msg = "git cat-file was started without pipes"
            raise GitError(msg)
        try:
            asked.write(f"{blob}\n".encode())
            asked.flush()
            facts = answers.readline().split()
        except OSError:
            facts = []
        if len(facts) != _HEADER_WORDS or facts[1] != b"blob":
            self._said.seek(0)
            raise GitError(
                _last_words(self._said.read() or b"the file %.12s is missing" % blob.encode())
            )
        size = int(facts[2])
        if size > self._most:
            _skip(answers, size + 1)
            return None
        content = answers.read(size)
        _skip(answers, 1)
        return content


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0 and (chunk := stream.read(min(count, 1 << 20))):
        count -= len(chunk)


def _last_words(stderr: bytes) -> str:
    """Return what git complained of last, without its prefix."""
    lines = [line.strip() for line in stderr.decode("utf-8", errors="replace").splitlines()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    last = next((line for line in telling if line), "it said nothing")
    return last.removeprefix("fatal:").removeprefix("error:").strip()[:300]
