"""What each layer takes of a world 1, 10 and 100 times as large: seconds, and memory at the peak.

    python -m benchmarks.scale                      all layers, all sizes
    python -m benchmarks.scale payloads forecasts --times 10

Each layer and size is a process of its own. Its seconds are those of the layer alone, without the
generator and without imports, which would flatter a comparison of sizes; its memory is that of the
whole tree of processes, the generator's included.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from process_tree import watch
from readings import Reading, header, line_of

from scale import payloads

TIMES = (1, 10, 100)
MOST_MEGABYTES = 6_000.0
SLACK = 1.1
"""Times ten, of ten times as much, is linear; a tenth more is noise."""
SERIES, WEEKS = 200, 260
PROCESSES = 2


def payload_layer(times: int, scratch: Path) -> dict[str, float]:
    """Land and parse ten years of copies; what the store grows by is told beside their size."""
    from threatcast_feeds.landing import Landing
    from threatcast_feeds.parsing import parse_new
    from threatcast_feeds.registry import load_feed

    landing, seconds, size, rows = Landing(scratch / "landing"), 0.0, 0, 0
    for feed in payloads.FEEDS:
        for arrival in payloads.arrivals(feed, times):
            size += len(arrival.content)
            begun = time.perf_counter()
            landing.land(arrival)
            seconds += time.perf_counter() - begun
        begun = time.perf_counter()
        for outcome in parse_new(load_feed(feed), landing, scratch / "raw"):
            if outcome.state != "accepted":
                raise RuntimeError(f"{feed}: {outcome.message}")
            rows += outcome.rows
        seconds += time.perf_counter() - begun
    kept = {folder: _bytes(scratch / folder) / 1e6 for folder in ("landing", "raw")}
    return {"seconds": seconds, "rows": rows, "MB served": size / 1e6, **kept}


def forecast_layer(times: int, scratch: Path) -> dict[str, float]:
    """Forecast as many series with two models, one of them Prophet."""
    del scratch
    return _forecasts(times, ("prophet", "comb_two"))


def champion_layer(times: int, scratch: Path) -> dict[str, float]:
    """Forecast as many series with the champion: its members' past forecasts make the time."""
    del scratch
    return _forecasts(times, ("champion",))


def _forecasts(times: int, models: tuple[str, ...]) -> dict[str, float]:
    from panels import counted_panel
    from threatcast_forecasting import forecast

    panel = counted_panel(SERIES * times, WEEKS)
    begun = time.perf_counter()
    found = forecast(panel, models, jobs=PROCESSES)
    rows = sum(map(len, found.forecast_frames()))
    return {"seconds": time.perf_counter() - begun, "series": SERIES * times, "rows": rows}


def release_layer(times: int, scratch: Path) -> dict[str, float]:
    """Write outlook and published forecasts as Parquet and DuckDB, with their manifest."""
    from scale.release import write_release

    begun = time.perf_counter()
    folder = write_release(scratch / "releases", times)
    return {"seconds": time.perf_counter() - begun, "MB": _bytes(folder) / 1e6}


LAYERS: dict[str, Callable[[int, Path], dict[str, float]]] = {
    "payloads": payload_layer,
    "forecasts": forecast_layer,
    "release": release_layer,
    "champion": champion_layer,
}
# a champion of 20,000 series takes half an hour
MOST_TIMES = {"champion": 10}


def measure(
    scratch: Path, layers: Iterable[str] = tuple(LAYERS), sizes: Iterable[int] | None = None
) -> Iterator[Reading]:
    """Yield seconds and memory of each layer and size; ten times as much may take ten times.

    Raises
    ------
    RuntimeError
        If a layer fails.
    """
    for layer in layers:
        before: tuple[int, float] | None = None
        for times in sizes or [one for one in TIMES if one <= MOST_TIMES.get(layer, one)]:
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                words = [sys.executable, __file__, "--inside", layer, str(times), folder]
                found = watch(words, dict(os.environ))
            if found.exit_code:
                last = "\n".join(found.output.splitlines()[-5:])
                raise RuntimeError(f"{layer} at {times} x ended with {found.exit_code}:\n{last}")
            numbers = json.loads(found.output.splitlines()[-1])
            seconds = numbers.pop("seconds")
            cpu = f"{found.cpu:.0f} CPU s of the whole process; "
            note = cpu + ", ".join(f"{value:,.0f} {name}" for name, value in numbers.items())
            name = f"scale/{layer}/{times}x"
            linear = before[1] * times / before[0] if before else None
            share = SLACK if before else None
            yield Reading(f"{name}/time", seconds, "s", None, note, linear, share)
            yield Reading(f"{name}/memory", found.peak / 1e6, "MB", MOST_MEGABYTES)
            before = times, seconds


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure layers of larger worlds.")
    parser.add_argument("layers", nargs="*", metavar="LAYER", help=f"of {', '.join(LAYERS)}")
    parser.add_argument(
        "--times", type=int, action="append", help="only this size; may be repeated"
    )
    parser.add_argument("--scratch", type=Path, help="folder on the disk to measure on")
    options = parser.parse_args()
    unknown = sorted(set(options.layers) - set(LAYERS))
    if unknown:
        parser.error(f"no layer {', '.join(unknown)}; there are {', '.join(LAYERS)}")
    print(header())
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        sizes = sorted(options.times) if options.times else None
        for reading in measure(Path(folder), options.layers or LAYERS, sizes):
            print(line_of(reading), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        layer, times, folder = sys.argv[2:]
        print(json.dumps(LAYERS[layer](int(times), Path(folder))))
    else:
        main()
