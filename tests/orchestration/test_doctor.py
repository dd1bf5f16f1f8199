"""`threatcast doctor`: settings and where each came from, and what would stop a run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from small_release import make_release, write_warehouse
from threatcast_orchestration import cli
from threatcast_orchestration.commands import doctor
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.lock import run_lock
from threatcast_orchestration.run.settings import Settings, load_settings


@pytest.fixture
def examine(monkeypatch, capfd) -> Callable[..., tuple[int, str, str]]:
    """Run `threatcast doctor` in this process and return exit code, output and complaints."""

    def run(home: Home, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["threatcast", "doctor", *words, "--home", str(home.root)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capfd.readouterr()

    return run


def checks(home: Home, **flags: Any) -> dict[str, doctor.Check]:
    return {
        check.check: check for check in doctor.all_checks(home, load_settings(home, flags or None))
    }


def test_new_machine_passes_and_nothing_is_made(examine, home):
    code, out, err = examine(home)
    assert (code, err) == (0, "")
    assert out.endswith("Nothing stands in the way of a run.\n")
    assert not home.root.exists()


def test_every_setting_is_shown_with_where_it_came_from(examine, home, monkeypatch):
    home.root.mkdir()
    (home.root / "threatcast.toml").write_text("seed = 6\norigins = 3\n")
    monkeypatch.setenv("THREATCAST_ORIGINS", "4")
    facts = json.loads(examine(home, "--json")[1])
    shown = {row["setting"]: (row["value"], row["from"]) for row in facts["settings"]}
    assert set(shown) == set(Settings.model_fields)
    assert shown["seed"] == ("6", str(home.root / "threatcast.toml"))
    assert shown["origins"] == ("4", "THREATCAST_ORIGINS")
    assert shown["step"] == ("4", "default")
    assert facts["ok"] is True


def test_secret_is_never_shown(examine, home, monkeypatch):
    monkeypatch.setenv("THREATCAST_WEBHOOK_URL", "https://example.org/very-secret")
    for words in ((), ("--json",)):
        _, out, err = examine(home, *words)
        assert "very-secret" not in out + err
        assert "(set)" in out


def test_unknown_setting_exits_with_2_and_lists_the_known_ones(examine, home):
    home.root.mkdir()
    (home.root / "threatcast.toml").write_text("origin = 6\n")
    code, _, err = examine(home)
    assert code == 2
    assert "unknown setting 'origin'" in err
    assert "origins" in err


def test_home_of_another_source_stops_a_run_and_says_the_cure(examine, home):
    home.root.mkdir()
    (home.root / "source.json").write_text('{"source": "live"}')
    code, out, err = examine(home)
    assert code == 1
    assert err == "threatcast: A run would stop at: source. The table says why.\n"
    assert "a run needs --source live, or another --home" in out
    assert checks(home, source="live")["source"].result == "ok"


def test_mirror_that_is_no_folder_stops_a_run(home, tmp_path):
    found = checks(home, source="mirror", mirror=str(tmp_path / "none"))["source"]
    assert found.result == "fail"
    assert str(tmp_path / "none") in found.detail
    assert checks(home, source="mirror")["source"].result == "fail"


def test_mirror_with_feeds_passes(home, small_mirror):
    found = checks(home, mirror=str(small_mirror))["source"]
    assert (found.result, found.detail) == ("ok", f"mirror {small_mirror}, 3 feeds")


def test_home_that_is_a_file_stops_a_run(tmp_path):
    (tmp_path / "file").write_text("")
    assert checks(Home(tmp_path / "file"))["home"].result == "fail"
    assert checks(Home(tmp_path / "file" / "below"))["home"].result == "fail"


def test_record_of_the_source_that_cannot_be_read_stops_a_run(home):
    home.root.mkdir()
    (home.root / "source.json").write_text("{")
    assert checks(home)["source"].result == "fail"


def test_run_that_works_now_is_noted_and_its_lock_left_alone(home):
    home.root.mkdir()
    with run_lock(home.lock):
        found = checks(home)["lock"]
        assert found.result == "note"
        assert f"process {os.getpid()}" in found.detail
    assert checks(home)["lock"].result == "ok"


def test_lock_of_a_process_that_died_is_free(home):
    home.root.mkdir()
    home.lock.write_text(str(2**22 + 1))  # above the highest process id of Linux
    assert checks(home)["lock"].result == "ok"


def test_damaged_release_is_noted_and_does_not_stop_a_run(examine, home, tmp_path):
    made = make_release(write_warehouse(tmp_path / "w.duckdb"), home.releases)
    assert checks(home)["release"].result == "ok"
    (made.info.folder / "csv" / "outlook.csv").write_text("x")
    found = checks(home)["release"]
    assert found.result == "note"
    assert found.detail.startswith("changed: csv/outlook.csv")
    code, out, _ = examine(home, "--quiet")
    assert code == 0
    assert "csv/outlook.csv" in out


def test_quiet_shows_neither_settings_nor_what_is_well(examine, home):
    out = examine(home, "--quiet")[1]
    assert "origins" not in out
    assert "prophet" not in out


def test_missing_key_of_a_live_feed_is_a_note(home, monkeypatch):
    from threatcast_feeds import registry

    spec = registry.load_feed("cisa_kev")
    keyed = spec.model_copy(update={"live": spec.live.model_copy(update={"auth_env": "SOME_KEY"})})
    # no feed of today needs a key
    monkeypatch.setattr(registry, "load_catalog", lambda: {"cisa_kev": keyed})
    found = checks(home, source="live")["key of cisa_kev"]
    assert found.result == "note"
    assert found.detail.startswith("SOME_KEY is not set")
    monkeypatch.setenv("SOME_KEY", "x")
    assert "key of cisa_kev" not in checks(home, source="live")
    assert "key of cisa_kev" not in checks(home, source="sample")


def test_missing_package_stops_a_run(home, monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("duckdb", "no-such-package"))
    found = checks(home)
    assert found["duckdb"].result == "ok"
    assert (found["no-such-package"].result, found["no-such-package"].detail) == (
        "fail",
        "not installed: run `make setup`",
    )


def test_full_disk_stops_a_run(home, monkeypatch):
    monkeypatch.setattr(doctor, "NEEDED_BYTES", 10**18)
    assert checks(home)["disk"].result == "fail"


def test_more_jobs_than_cores_are_noted(home):
    cores = len(os.sched_getaffinity(0))
    assert checks(home, jobs=cores)["cores"].result == "ok"
    assert checks(home, jobs=cores + 1)["cores"].result == "note"


def test_text_with_brackets_is_shown_as_it_is(examine, tmp_path):
    home = Home(tmp_path / "[red]home[/b]")
    code, out, _ = examine(home)
    assert code == 0
    assert "[red]home[/b]" in out


def test_playbook_that_would_tell_nobody_is_a_note(home, monkeypatch):
    home.playbooks.mkdir(parents=True)
    (home.playbooks / "bad.yaml").write_text("levle: severe\n")
    (home.playbooks / "duty.yaml").write_text("channel: {kind: webhook, url: '${CAST_HOOK}'}\n")
    found = checks(home)
    assert found["playbook"].result == found["playbook duty"].result == "note"
    assert "bad.yaml, line 1: levle" in found["playbook"].detail
    assert found["playbook duty"].detail == "not set: CAST_HOOK"
    monkeypatch.setenv("CAST_HOOK", "https://example.org/s3cret")
    assert vars(checks(home)["playbook duty"]) == {
        "check": "playbook duty", "result": "ok", "detail": "to webhook ${CAST_HOOK}"
    }  # fmt: skip
