"""Settings: file, environment, flags; the later wins, and every refusal says where and why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.settings import (
    Settings,
    home_path,
    load_settings,
    quiet_environment,
)


def write_toml(home: Home, text: str) -> Path:
    home.root.mkdir(parents=True, exist_ok=True)
    path = home.root / "threatcast.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_neither_file_nor_environment(home: Home) -> None:
    settings = load_settings(home)
    assert settings == Settings()
    assert set(settings.provenance.values()) == {"default"}


def test_environment_wins_over_file_and_flag_over_environment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_toml(home, "jobs = 3\norigins = 5\nstep = 2\n")
    monkeypatch.setenv("THREATCAST_ORIGINS", "6")
    monkeypatch.setenv("THREATCAST_STEP", "3")
    settings = load_settings(home, {"step": 4, "horizon": None})
    assert (settings.jobs, settings.origins, settings.step) == (3, 6, 4)
    assert settings.provenance["jobs"] == str(path)
    assert settings.provenance["origins"] == "THREATCAST_ORIGINS"
    assert settings.provenance["step"] == "flag"
    assert settings.provenance["horizon"] == "default"


def test_empty_environment_variable_counts_as_not_set(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREATCAST_MIRROR", "")
    assert load_settings(home).chosen_source == "sample"


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({}, "sample"),
        ({"mirror": "/somewhere"}, "mirror"),
        ({"mirror": "/somewhere", "source": "live"}, "live"),
    ],
)
def test_source_is_the_named_one_else_the_mirror_else_the_sample(
    home: Home, given: dict[str, str], source: str
) -> None:
    assert load_settings(home, given).chosen_source == source


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("horizont = 12", ["unknown setting 'horizont'", "horizon"]),
        ("jobs = 'many'", ["'jobs' must be a whole number", "'many'"]),
        ("jobs = [", ["not valid TOML"]),
        ("webhook_on = 'never'", ["'never'", "failure, degraded, all"]),
        ("as_of = 'yesterday'", ["as_of", "YYYY-MM-DD"]),
    ],
)
def test_bad_file_is_refused_with_place_and_cure(home: Home, toml: str, said: list[str]) -> None:
    path = write_toml(home, toml)
    with pytest.raises(WrongUse) as refused:
        load_settings(home)
    assert refused.value.exit_code == 2
    for part in said:
        assert part in str(refused.value)
    if "as_of" not in toml:
        assert str(path) in str(refused.value)


def test_bad_environment_variable_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREATCAST_SEED", "x")
    with pytest.raises(WrongUse, match=r"environment: 'seed' must be a whole number"):
        load_settings(home)


def test_home_is_flag_then_environment_then_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_path().root == (tmp_path / "data").resolve()
    monkeypatch.setenv("THREATCAST_HOME", str(tmp_path / "env"))
    assert home_path().root == tmp_path / "env"
    assert home_path(tmp_path / "flag").root == tmp_path / "flag"


def test_telemetry_of_every_package_is_off(home: Home) -> None:
    quiet_environment(home)
    # mlflow knows only the word `true`
    assert os.environ["DO_NOT_TRACK"] == "true"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert os.environ["DAGSTER_HOME"] == str(home.dagster)
