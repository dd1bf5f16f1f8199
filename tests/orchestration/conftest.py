"""What the tests of the wiring share: an empty home, and a small mirror of simulated feeds."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.plan import Plan, make_plan
from threatcast_orchestration.run.settings import load_settings
from threatcast_orchestration.tracking import open_store
from threatcast_orchestration.tracking.artifact_paths import store_path

# pytest's importlib mode puts no test folder on the path, and the kits are modules of their own
sys.path.insert(0, str(Path(__file__).parent))

MakePlan = Callable[..., Plan]


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Start without the caller's settings, and leave the environment as it was."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("THREATCAST_", "DAGSTER_"))]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def simulated_vintages() -> dict[str, list[tuple[date, str, bytes]]]:
    """Return the newest vintages of three quick feeds of the simulated world."""
    from threatcast_feeds.registry import generator_of, load_feed
    from threatcast_feeds.simulation import simulate

    world = simulate()
    return {
        feed: list(generator_of(load_feed(feed)).payloads(world))[-keep:]
        for feed, keep in (("country_codes", 1), ("cisa_kev", 4), ("xposedornot_breaches", 2))
    }


@pytest.fixture
def small_mirror(
    tmp_path: Path, simulated_vintages: dict[str, list[tuple[date, str, bytes]]]
) -> Path:
    """Return a mirror of three feeds whose newest day is 2026-06-14."""
    folder = tmp_path / "mirror"
    for feed, vintages in simulated_vintages.items():
        (folder / feed).mkdir(parents=True)
        for day, ext, content in vintages:
            (folder / feed / f"{day}.{ext}").write_bytes(content)
    return folder


@pytest.fixture
def mirror_plan(home: Home, small_mirror: Path) -> MakePlan:
    """Return how to plan a night on the small mirror."""

    def plan(**flags: str) -> Plan:
        told = {"source": "mirror", "mirror": str(small_mirror)} | flags
        made = make_plan(home, load_settings(home, told))
        home.bind_source(made.source)
        return made

    return plan


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new store without a run; making one takes seconds, copying it none."""
    home = Home(tmp_path_factory.mktemp("empty"))
    (home.root / "here").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home.root / "here")
        with open_store(home) as client:
            client.search_experiments()
    return store_path(home)


@pytest.fixture
def fresh(home: Home, empty_store: Path) -> Home:
    home.mlflow.mkdir(parents=True)
    shutil.copy(empty_store, store_path(home))
    return home
