"""A small world in which nights are short: a few simulated feeds and plain models."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FEEDS = ("country_codes", "cisa_kev", "ransomware_live_press", "xposedornot_breaches")
SETTINGS = 'origins = 2\nmodels = "flat,comb_two,champion"\njobs = 1\nlanguages = "en"\n'


def write_world(folder: Path, feeds: tuple[str, ...] = FEEDS) -> Path:
    """Write recordings of a few simulated feeds, and return their folder."""
    from threatcast_feeds.modes.made import write_feed
    from threatcast_feeds.registry import generator_of, load_feed
    from threatcast_feeds.simulation import SEED, simulate

    world = simulate(SEED)
    for feed in feeds:
        write_feed(folder / feed, generator_of(load_feed(feed)).payloads(world))
    return folder


def new_home(folder: Path) -> Path:
    """Make a home whose settings make a night short."""
    folder.mkdir(parents=True)
    (folder / "threatcast.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def start(home: Path, mirror: Path) -> subprocess.Popen[str]:
    """Start a night in a process group of its own, without settings of the caller's."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("THREATCAST_")}
    words = ["run", "--source", "mirror", "--mirror", str(mirror), "--home", str(home)]
    return subprocess.Popen(
        [sys.executable, "-m", "threatcast_orchestration.cli", *words],
        env=clean,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(home: Path, mirror: Path) -> None:
    """Run a night to its end.

    Raises
    ------
    RuntimeError
        If it does not end with a release; says its last lines.
    """
    night = start(home, mirror)
    _, said = night.communicate()
    if night.returncode:
        last = "\n".join(said.splitlines()[-8:])
        raise RuntimeError(f"the night ended with code {night.returncode}:\n{last}")
