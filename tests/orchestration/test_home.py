"""A home holds one source, can be written, and is worked in by one run at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from threatcast_orchestration.errors import LockHeld, OrchestrationError, WrongUse
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.lock import run_lock
from threatcast_orchestration.run.settings import home_path


def test_first_run_binds_the_home_to_its_source(home: Home) -> None:
    assert home.source is None
    home.bind_source("mirror")
    home.bind_source("mirror")
    assert home.source == "mirror"


def test_another_source_is_refused_with_the_cure(home: Home) -> None:
    home.bind_source("sample")
    with pytest.raises(WrongUse) as refused:
        home.bind_source("live")
    assert home.source == "sample"
    assert "sample" in str(refused.value)
    assert f"--home {home.root}-live" in str(refused.value)


def test_unknown_source_is_refused_before_anything_is_made(home: Home) -> None:
    with pytest.raises(WrongUse, match="live, mirror, starter, sample"):
        home.bind_source("tape")
    assert not home.root.exists()


def test_damaged_note_of_the_source_names_its_file(home: Home) -> None:
    home.root.mkdir()
    (home.root / "source.json").write_text("{", encoding="utf-8")
    with pytest.raises(OrchestrationError, match=r"source\.json does not say"):
        home.bind_source("live")


def test_prepared_home_gives_dagster_its_pool_limit_and_no_telemetry(home: Home) -> None:
    home.prepare()
    config = yaml.safe_load((home.dagster / "dagster.yaml").read_text(encoding="utf-8"))
    assert config["telemetry"] == {"enabled": False}
    # without a limit a pool does nothing, and two steps would open DuckDB's file at once
    assert config["concurrency"]["pools"]["default_limit"] == 1


def test_settings_of_the_instance_that_a_person_changed_stay(home: Home) -> None:
    home.prepare()
    (home.dagster / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    home.prepare()
    assert "concurrency" not in (home.dagster / "dagster.yaml").read_text(encoding="utf-8")


def test_settings_that_threatcast_wrote_follow_an_upgrade(home: Home) -> None:
    config = home.dagster / "dagster.yaml"
    home.prepare()
    written = config.read_text(encoding="utf-8")
    config.write_text(written.splitlines()[0] + "\n", encoding="utf-8")
    home.prepare()
    assert config.read_text(encoding="utf-8") == written


def test_home_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OrchestrationError) as refused:
        Home(tmp_path / "file" / "home").prepare()
    assert "cannot be written" in str(refused.value)
    assert "--home" in str(refused.value)


def test_full_disk_is_one_clear_error_before_any_work(home: Home) -> None:
    home.prepare()
    # a limit on the size of files is what a process sees of a full disk
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from threatcast_orchestration.errors import OrchestrationError\n"
        "from threatcast_orchestration.run.home import Home\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    Home(Path(sys.argv[1])).prepare()\n"
        "except OrchestrationError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home.root)], capture_output=True, text=True, check=True
    )
    assert f"The home {home.root} cannot be written" in done.stdout
    assert "Free the disk" in done.stdout
    assert not (home.root / ".writable").exists()


def test_lock_is_held_against_another_process_and_freed_at_the_end(home: Home) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from threatcast_orchestration.errors import LockHeld\n"
        "from threatcast_orchestration.run.lock import run_lock\n"
        "try:\n"
        "    with run_lock(Path(sys.argv[1])):\n        print('mine')\n"
        "except LockHeld as error:\n    print(error)\n    sys.exit(error.exit_code)\n"
    )
    call = [sys.executable, "-c", code, str(home.lock)]
    with run_lock(home.lock):
        refused = subprocess.run(call, capture_output=True, text=True, check=False)
    assert refused.returncode == 75
    assert "Another run (process " in refused.stdout
    assert str(home.root) in refused.stdout
    assert subprocess.run(call, capture_output=True, text=True, check=True).stdout == "mine\n"


def test_lock_of_a_killed_process_does_not_stay(home: Home) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from threatcast_orchestration.run.lock import run_lock\n"
        "with run_lock(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(home.lock)], check=False)
    assert killed.returncode == -9
    with run_lock(home.lock):
        pass


def test_lock_names_the_process_that_holds_it(home: Home) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from threatcast_orchestration.run.lock import run_lock\n"
        "with run_lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home.lock)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LockHeld, match=f"process {other.pid}"), run_lock(home.lock):
            pass
        other.kill()


def test_lock_is_lent_to_blocks_that_borrow_and_to_no_others(home: Home) -> None:
    with run_lock(home.lock, lend=True):
        with run_lock(home.lock, borrow=True):
            assert home.lock.read_text(encoding="utf-8") == str(os.getpid())
        with pytest.raises(LockHeld), run_lock(home.lock):
            pass
    with run_lock(home.lock), pytest.raises(LockHeld), run_lock(home.lock, borrow=True):
        pass
    assert home.lock.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("name", ["what?", "p%41q", "a\nb", "a\\[b", "a\\*b", "\udcff"])
def test_home_below_a_name_that_cannot_be_quoted_is_refused_with_the_character(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(WrongUse, match="cannot lie below") as refused:
        home_path(tmp_path / name / "home")
    assert repr(name) in str(refused.value)
    assert "--home" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["C#", "arch [2026]", "a*b", "a\\b", "a$b", "o'neil", "k=v", "{{x}}"]
)
def test_home_below_any_other_name_is_taken(tmp_path: Path, name: str) -> None:
    assert home_path(tmp_path / name).root == tmp_path / name


def test_lock_in_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused = pytest.raises(OrchestrationError, match="cannot be opened")
    with refused, run_lock(tmp_path / "file" / "run.lock"):
        pass


def test_source_note_is_json_that_other_programs_can_read(home: Home) -> None:
    home.bind_source("live")
    assert json.loads((home.root / "source.json").read_text(encoding="utf-8")) == {"source": "live"}


def test_web_server_may_go_through_a_home_made_under_a_strict_umask(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        for name in ("new", "mine"):
            with run_lock(tmp_path / name / "run.lock"):
                Home(tmp_path / name).prepare()
    finally:
        os.umask(before)
    modes = {path.name: f"{path.stat().st_mode & 0o777:o}" for path in tmp_path.iterdir()}
    assert modes == {"new": "711", "mine": "700"}
