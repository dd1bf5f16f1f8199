"""Runs a command and watches what it and all processes that it starts take.

Memory is the sum of the proportional set sizes (PSS) of the tree, read from /proc at short
intervals: a page that processes share counts once. Linux only.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from readings import cpu_seconds

INTERVAL = 0.1
"""Seconds between two looks; a peak shorter than this may be missed."""
_PROC = Path("/proc")
_KIB = 1024


@dataclass(frozen=True)
class Watched:
    """What a command took: wall and CPU seconds, most bytes at once, its exit code and output.

    Attributes
    ----------
    largest : dict
        Bytes of each process at the moment of the peak, by process id.
    """

    seconds: float
    cpu: float
    peak: int
    largest: dict[int, int]
    exit_code: int
    output: str


def watch(command: list[str], environment: dict[str, str]) -> Watched:
    """Run a command to its end and return what its process tree took."""
    cpu, started = cpu_seconds(resource.RUSAGE_CHILDREN), perf_counter()
    most: dict[int, int] = {}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True
        )
        while process.poll() is None:
            now = {one: memory_of(one) for one in tree_of(process.pid)}
            if sum(now.values()) > sum(most.values()):
                most = now
            sleep(INTERVAL)
        seconds = perf_counter() - started
        output.seek(0)
        said = output.read()
    used = cpu_seconds(resource.RUSAGE_CHILDREN) - cpu
    return Watched(seconds, used, sum(most.values()), most, process.returncode, said)


def tree_of(root: int) -> set[int]:
    """Return the ids of a process and of all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            children.setdefault(_parent(folder), []).append(int(folder.name))
    tree, waiting = set(), [root]
    while waiting:
        one = waiting.pop()
        tree.add(one)
        waiting += children.get(one, [])
    return tree


def memory_of(process: int) -> int:
    """Return a process' proportional set size in bytes; 0 if it has ended."""
    try:
        text = (_PROC / str(process) / "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    lines = (line.split() for line in text.splitlines())
    return sum(int(line[1]) * _KIB for line in lines if line[0] == "Pss:")


def _parent(folder: Path) -> int:
    try:
        stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    # a program's name may hold blanks and brackets; the parent is the second word after it
    return int(stat.rpartition(")")[2].split()[1])
