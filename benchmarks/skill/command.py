"""The command: which panels, which models, what is printed and written."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from .measure import Trial, measure
from .panel import CYBER, SEASONAL, Panel
from .panels import MADE, NAMES, RECORDED, from_file
from .recorded import build_home, recordings, recordings_split
from .tables import panel_part, report
from .verdicts import Verdict, verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Row = dict[str, Any]

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "results" / "skill.md"
MODELS = (
    *("champion", "comb_two", "flat", "climatology", "negative_binomial", "prophet"),
    "seasonal_naive",
)


def main(arguments: list[str] | None = None) -> int:
    """Measure the panels asked for; return 1 if `--check` is given and something is not reached."""
    options = _options(arguments)
    found = _measure(options)
    missed = [one for one in found if one.reached is False]
    if found:
        print(
            f"\n{len(found) - len(missed)} of {len(found)} requirements reached or not measurable"
        )
    return int(options.check and bool(missed or not found))


def run(arguments: list[str]) -> list[Verdict]:
    """Measure as the command does and return the verdicts."""
    return _measure(_options(arguments))


def _measure(options: argparse.Namespace) -> list[Verdict]:
    found: list[Verdict] = []
    panels: list[Row] = []
    notes: list[str] = []
    with _panels(options, notes) as makers:
        for name, make in makers.items():
            _say(f"{name} ...")
            figures = measure(make(), _trial(options))
            panels.append(figures)
            found += (one := verdicts(figures))
            print("\n" + panel_part(figures) + "\n", flush=True)
            print("\n".join(verdict.line() for verdict in one), flush=True)
    for note in notes:
        print(f"not measured: {note}")
    about = {"models": list(_models(options)), "origins": options.origins}
    _write(options, panels, found, notes, about)
    return found


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.skill", description="Measure how good the forecasts are."
    )
    parser.add_argument("--panel", type=Path, help="measure this panel file instead")
    parser.add_argument(
        "--kind", choices=(CYBER, SEASONAL), default=CYBER, help="what is required of --panel"
    )
    parser.add_argument("--panels", default=",".join(NAMES), help=f"of {', '.join(NAMES)}")
    parser.add_argument("--models", default=",".join(MODELS), help="names, or all")
    parser.add_argument("--origins", type=int, default=8, help="origins a series")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--home", type=Path, help="a home built from recordings; else one is built")
    parser.add_argument("--out", type=Path, help="folder for skill.json and skill.md")
    parser.add_argument("--docs", action="store_true", help=f"write {PAGE.relative_to(PROJECT)}")
    parser.add_argument("--check", action="store_true", help="exit code 1 if one is not reached")
    options = parser.parse_args(arguments)
    options.panels = [name for name in options.panels.split(",") if name]
    unknown = sorted(set(options.panels) - set(NAMES))
    if unknown:
        parser.error(f"no panel {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if wrong := sorted(set(_models(options)) - set(_all_models())):
        parser.error(f"no model {', '.join(wrong)}; there are {', '.join(_all_models())}")
    return options


def _all_models() -> list[str]:
    from threatcast_forecasting import all_models

    return sorted(all_models())


def _models(options: argparse.Namespace) -> tuple[str, ...]:
    if options.models == "all":
        return tuple(_all_models())
    return tuple(name.strip() for name in options.models.split(",") if name.strip())


def _trial(options: argparse.Namespace) -> Trial:
    return Trial(_models(options), options.origins, options.jobs, _progress())


@contextmanager
def _panels(
    options: argparse.Namespace, notes: list[str]
) -> Iterator[dict[str, Callable[[], Panel]]]:
    """Yield the makers of the panels asked for; say in `notes` why one is left out."""
    if options.panel is not None:
        from threatcast_forecasting.errors import ForecastError
        from threatcast_orchestration.errors import WrongUse

        try:
            panel = from_file(options.panel, options.kind)
        except (ForecastError, WrongUse) as error:
            raise SystemExit(f"skill: {error}") from None
        yield {panel.name: lambda: panel}
        return
    with tempfile.TemporaryDirectory(prefix="threatcast-skill-") as scratch:
        asked = [name for name in options.panels if name in RECORDED]
        recorded = _recorded(options, Path(scratch), notes) if asked else {}
        yield {
            name: maker
            for name in options.panels
            if (maker := MADE.get(name) or recorded.get(name)) is not None
        }


def _recorded(
    options: argparse.Namespace, scratch: Path, notes: list[str]
) -> dict[str, Callable[[], Panel]]:
    mirror = os.environ.get("THREATCAST_MIRROR", "")
    folder = Path(mirror).resolve() if mirror else None
    home = options.home
    if home is None and folder is None:
        notes.append(
            f"{', '.join(RECORDED)}: THREATCAST_MIRROR names no folder of recordings, and --home "
            "no home built from them"
        )
        return {}
    if home is None:
        home = scratch / "home"
        _say("building a home from the recordings ...")
        build_home(Path(mirror).resolve(), home)
    if folder is None or not (folder.parent / "extra").is_dir():
        notes.append("recordings_split: families of the folder `extra` beside the recordings")
    return {
        "recordings": lambda: recordings(home),
        "recordings_split": lambda: recordings_split(home, folder),
    }


def _write(
    options: argparse.Namespace,
    panels: list[Row],
    found: list[Verdict],
    notes: list[str],
    about: Row,
) -> None:
    page = report(panels, found, notes, about)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        rows = [vars(one) | {"reached": one.reached} for one in found]
        document = about | {"not_measured": notes, "verdicts": rows, "panels": panels}
        text = json.dumps(document, indent=1, allow_nan=False) + "\n"
        (options.out / "skill.json").write_text(text, encoding="utf-8")
        (options.out / "skill.md").write_text(page, encoding="utf-8")
        print(f"written: {options.out / 'skill.json'}, {options.out / 'skill.md'}")
    if options.docs:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")
        print(f"written: {PAGE.relative_to(PROJECT)}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _progress() -> Callable[[int, int, str], None] | None:
    """Return what rewrites one line of a terminal, at most twice a second; none elsewhere."""
    if not sys.stderr.isatty():
        return None
    last = 0.0

    def show(done: int, total: int, what: str) -> None:
        nonlocal last
        if done == total or monotonic() - last > 0.5:
            last = monotonic()
            end = "\n" if done == total else ""
            print(f"\r\x1b[K[{done}/{total}] {what}", end=end, file=sys.stderr, flush=True)

    return show
