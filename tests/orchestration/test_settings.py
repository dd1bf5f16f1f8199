"""Settings: file, environment, flags; the later wins, and every refusal says where and why."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from small_release import make_release, write_warehouse
from threatcast_feeds import database as feeds_database
from threatcast_feeds import payload
from threatcast_orchestration.errors import WrongUse
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.run.project import DBT
from threatcast_orchestration.run.settings import (
    Settings,
    home_path,
    limit_memory,
    load_settings,
    quiet_environment,
)
from threatcast_orchestration.warehouse import night_file as warehouse
from threatcast_publishing import database as publishing_database
from threatcast_publishing import query


def write_toml(home: Home, text: str) -> Path:
    home.root.mkdir(parents=True, exist_ok=True)
    path = home.root / "threatcast.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_neither_file_nor_environment(home: Home) -> None:
    settings = load_settings(home)
    assert settings == Settings()
    assert {settings.came_from(name) for name in Settings.model_fields} == {"default"}


def test_environment_wins_over_file_and_flag_over_environment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_toml(home, "jobs = 3\norigins = 5\nstep = 2\n")
    monkeypatch.setenv("THREATCAST_ORIGINS", "6")
    monkeypatch.setenv("THREATCAST_STEP", "3")
    settings = load_settings(home, {"step": 4, "seed": None})
    assert (settings.jobs, settings.origins, settings.step) == (3, 6, 4)
    assert settings.came_from("jobs") == str(path)
    assert settings.came_from("origins") == "THREATCAST_ORIGINS"
    assert settings.came_from("step") == "flag"
    assert settings.came_from("seed") == "default"


def test_empty_environment_variable_counts_as_not_set(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREATCAST_MIRROR", "")
    assert load_settings(home).chosen_source == "starter"


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({}, "starter"),
        ({"mirror": "/somewhere"}, "mirror"),
        ({"mirror": "/somewhere", "source": "live"}, "live"),
    ],
)
def test_source_is_the_named_one_else_the_mirror_else_the_starter(
    home: Home, given: dict[str, str], source: str
) -> None:
    assert load_settings(home, given).chosen_source == source


def test_a_home_of_the_sample_goes_on_with_it(home: Home) -> None:
    home.bind_source("sample")
    assert load_settings(home).chosen_source == "sample"
    assert load_settings(home, {"mirror": "/somewhere"}).chosen_source == "mirror"


def test_a_night_of_the_starter_does_less_unless_more_is_asked_for(home: Home) -> None:
    assert load_settings(home).of_a_night().origins < Settings().origins
    asked = load_settings(home, {"source": "starter", "origins": 6}).of_a_night()
    assert asked.origins == 6
    assert "prophet" not in asked.models
    sample = load_settings(home, {"source": "sample"})
    assert sample.of_a_night() == sample


@pytest.mark.parametrize(
    "contact", ["", "cyber-desk@mofa.example.org", "https://example.org:8443/contest?a=b#c"]
)
def test_contact_is_an_address_or_none(home: Home, contact: str) -> None:
    write_toml(home, f"contact = '{contact}'")
    assert load_settings(home).contact == contact


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("origin = 12", ["unknown setting 'origin'", "origins"]),
        # a night looks twelve weeks ahead; other panels are told with --horizon
        ("horizon = 12", ["unknown setting 'horizon'"]),
        ("jobs = 'many'", ["jobs is 'many'", "valid integer"]),
        ("jobs = 0", ["jobs is '0'", "greater than or equal to 1"]),
        ("models = []", ["models is '[]'", "at least 1 item"]),
        ("memory_limit = 'lots'", ["memory_limit is 'lots'", "match pattern"]),
        ("source = 'lvie'", ["source is 'lvie'", "'live', 'mirror', 'starter' or 'sample'"]),
        ("jobs = [", ["not valid TOML"]),
        ("public_url = 'javascript:alert(1)'", ["public_url is 'javascript:alert(1)'"]),
        ("contact = 'http://example.org/'", ["contact is 'http://example.org/'", "https address"]),
        ("contact = 'javascript:alert(1)//a@b.c'", ["it is no e-mail address"]),
        ("contact = 'https://desk@example.org/'", ["it is no e-mail address"]),
        ("contact = 'desk@example.org, x@example.org'", ["it is no e-mail address"]),
        ("webhook_on = 'never'", ["'never'", "'failure', 'degraded' or 'all'"]),
        ("as_of = 20260614", ["as_of is '20260614'", "valid date"]),
        ("as_of = 'yesterday'", ["as_of is 'yesterday'", "YYYY-MM-DD"]),
    ],
)
def test_bad_file_is_refused_with_place_and_cure(home: Home, toml: str, said: list[str]) -> None:
    path = write_toml(home, toml)
    with pytest.raises(WrongUse) as refused:
        load_settings(home)
    assert refused.value.exit_code == 2
    for part in said:
        assert part in str(refused.value)
    assert str(path) in str(refused.value)


def test_bad_environment_variable_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREATCAST_SEED", "x")
    with pytest.raises(WrongUse, match=r"THREATCAST_SEED: seed is 'x': input should be"):
        load_settings(home)


@pytest.mark.parametrize("toml", ["models = ['flat', 'champion']", "models = 'flat, champion'"])
def test_models_are_a_list_however_they_are_told(
    home: Home, toml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_toml(home, toml)
    assert load_settings(home).models == ("flat", "champion")
    monkeypatch.setenv("THREATCAST_MODELS", "flat,comb_two")
    assert load_settings(home).models == ("flat", "comb_two")


def test_day_and_folder_are_what_they_are(home: Home) -> None:
    write_toml(home, "as_of = 2026-06-14\nmirror = '/somewhere'")
    settings = load_settings(home)
    assert (settings.as_of, settings.mirror) == (date(2026, 6, 14), Path("/somewhere"))
    assert load_settings(home, {"as_of": "2026-06-07"}).as_of == date(2026, 6, 7)


def test_limit_of_one_home_is_not_taken_for_a_word_of_the_environment(
    home: Home, tmp_path: Path
) -> None:
    write_toml(home, "memory_limit = '300MB'")
    limit_memory(load_settings(home))
    other = load_settings(Home(tmp_path / "other"))
    assert (other.memory_limit, other.came_from("memory_limit")) == ("2GB", "default")


def test_memory_limit_reaches_every_duckdb(home: Home, tmp_path: Path) -> None:
    write_toml(home, "memory_limit = '300MiB'")
    limit_memory(load_settings(home))
    made = make_release(write_warehouse(tmp_path / "w.duckdb"), tmp_path / "releases")
    release = made.info.folder.name
    with warehouse.connect(home) as connection:
        limits = {limit_of(connection)}
    opened = (
        feeds_database.connect(),
        payload.connect(),
        publishing_database.connect(),
        query.connect(tmp_path / "releases", release),
    )
    for connection in opened:
        limits.add(limit_of(connection))
        connection.close()
    assert limits == {"300.0 MiB"}
    assert "THREATCAST_DUCKDB_MEMORY" in (DBT / "profiles.yml").read_text()


def limit_of(connection: Any) -> str:
    return str(connection.execute("SELECT current_setting('memory_limit')").fetchone()[0])


def test_site_is_written_in_all_its_languages_unless_fewer_are_asked_for(home: Home) -> None:
    from threatcast_publishing.site.languages import LANGUAGES

    assert Settings().languages == tuple(LANGUAGES)
    assert load_settings(home, {"languages": "fr"}).languages == ("en", "fr")
    with pytest.raises(WrongUse, match="the site has no language de"):
        load_settings(home, {"languages": "de"})


def test_nothing_opens_duckdb_by_another_way(project: Path) -> None:
    opened = {
        path.name
        for package in ("feeds", "forecasting", "publishing", "orchestration")
        for path in (project / package).rglob("*.py")
        if "duckdb.connect(" in path.read_text()
    }
    assert opened == {"database.py"}


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


@pytest.mark.parametrize("name", ["keep_nights", "keep_runs"])
def test_days_to_keep_are_none_or_more(home: Home, name: str) -> None:
    assert getattr(load_settings(home, {name: 0}), name) == 0
    with pytest.raises(WrongUse, match=f"flag: {name} is '-1'"):
        load_settings(home, {name: -1})
