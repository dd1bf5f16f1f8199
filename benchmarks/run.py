"""Measures what the documents promise; says which numbers are within their limits.

    python benchmarks/run.py                 one table of what has a goal; all else is in the file
    python benchmarks/run.py all             everything, the skill of the forecasts too
    python benchmarks/run.py parsing nights  only these
    python benchmarks/run.py skill --help    how good the forecasts are, with options of its own

Reads the recordings in THREATCAST_MIRROR, else a generated sample. Exit code: 0 if all goals are
reached, 1 if one is not or a benchmark could not be run. Writes `benchmarks/latest.json`.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

# the benchmarks lie beside this file, as a script and as `python -m benchmarks.run`
sys.path.insert(0, str(Path(__file__).parent))

import distance
import nights
import nowcasting
import parsing
import rivals
import skill.command
import workers
from readings import Reading, header, line_of, write_readings
from scale import measured as scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LATEST = Path(__file__).with_name("latest.json")


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks that are named and return the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["skill"]:
        return skill.command.main(words[1:])
    options = _options(words)
    folder = os.environ.get("THREATCAST_MIRROR", "")
    source = "mirror" if folder else "sample"
    readings: list[Reading] = []
    failures: list[str] = []
    print(f"source: {source}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n{header()}")
    for name in options.names:
        with tempfile.TemporaryDirectory(
            prefix="threatcast-bench-", dir=options.scratch
        ) as scratch:
            mirror = Path(folder).resolve() if folder else _sample(Path(scratch))
            try:
                for reading in BENCHMARKS[name](mirror, Path(scratch), source):
                    readings.append(reading)
                    if reading.goals or not options.goals_alone:
                        print(line_of(reading), flush=True)
            except RuntimeError as error:
                failures.append(f"{name}: {error}")
                print(failures[-1], file=sys.stderr)
    about = {"source": source, "cores": os.cpu_count(), "machine": platform.machine()}
    write_readings(options.out, readings, about | {"failures": failures})
    broken = [reading.name for reading in readings if not reading.ok]
    print(f"broken: {', '.join(broken)}" if broken else "every measured goal is reached")
    return int(bool(broken or failures))


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what the documents promise.")
    offered = f"all, or of {', '.join(BENCHMARKS)}"
    parser.add_argument("names", nargs="*", metavar="NAME", help=offered)
    parser.add_argument("--out", type=Path, default=LATEST, help="where to write the numbers")
    parser.add_argument("--scratch", type=Path, help="folder on the disk to measure on")
    options = parser.parse_args(words)
    options.goals_alone = not options.names
    options.names = list(BENCHMARKS) if options.names == ["all"] else options.names or list(GOALS)
    unknown = sorted(set(options.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return options


def _sample(scratch: Path) -> Path:
    from threatcast_feeds.modes.sample import write_mirror

    write_mirror(scratch / "sample")
    return scratch / "sample"


def _parsing(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    del source
    return parsing.measure(mirror, scratch)


def _nights(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    return nights.measure(mirror, scratch, source=source)


def _skill(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    """Yield the verdicts as numbers without a limit: a forecast that falls short breaks nothing."""
    del mirror, source
    for verdict in skill.command.run(["--out", str(scratch / "skill")]):
        if verdict.value is not None:
            name = f"skill/{verdict.panel}"
            note = f"{verdict.requirement}: {verdict.word}"
            yield Reading(name, verdict.value, "", note=note)


def _nowcasting(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    return nowcasting.measure(mirror, scratch, source=source)


def _workers(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    del mirror, source
    return workers.measure(scratch)


def _prophet(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    del mirror, scratch, source
    return rivals.measure_prophet()


def _champion(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    del mirror, scratch, source
    return rivals.measure_champion()


def _distance(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    del mirror, source
    return distance.measure(scratch)


def _scale(mirror: Path, scratch: Path, source: str) -> Iterator[Reading]:
    del mirror, source
    return scale.measure(scratch)


GOALS = ("prophet", "champion", "nights", "outlook", "scale")
"""Measured unless others are named."""
BENCHMARKS: dict[str, Callable[[Path, Path, str], Iterator[Reading]]] = {
    "parsing": _parsing,
    "nights": _nights,
    "prophet": _prophet,
    "champion": _champion,
    "outlook": _distance,
    "scale": _scale,
    "skill": _skill,
    "nowcasting": _nowcasting,
    "workers": _workers,
}

if __name__ == "__main__":
    sys.exit(main())
