"""Pages of other programs: what `threatcast mlflow` and `threatcast dbt-docs` open, and how."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.request import urlopen

import pytest
from in_process import threatcast
from opened_page import PATIENCE, opened_page
from threatcast_orchestration.run.home import Home
from threatcast_orchestration.tracking import newest_page, track_night
from tracking_kit import one_target


@pytest.mark.slow
@pytest.mark.browser
def test_mlflow_opens_at_the_newest_night(tmp_path: Path) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs a browser: no chromium on the PATH (Debian: apt-get install chromium)")
    from playwright.sync_api import expect, sync_playwright

    home = Home(tmp_path / "home")
    home.prepare()
    track_night(home, one_target())
    with opened_page("mlflow", home.root) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{address}{newest_page(home)}")
        night = f"nightly {one_target().as_of}"
        expect(page.get_by_role("heading", name=night)).to_be_visible(timeout=PATIENCE * 1000)
        # the list above it is one of runs, not of conversations with a language model
        page.get_by_role("link", name="Runs").first.click()
        expect(page.get_by_role("link", name=night)).to_be_visible(timeout=PATIENCE * 1000)
        browser.close()


def test_mlflow_of_a_home_without_a_night_says_what_to_do(tmp_path: Path) -> None:
    result = threatcast("mlflow", "--home", str(tmp_path / "home"), cwd=tmp_path)
    assert result.returncode == 4
    assert "threatcast run" in result.stderr


@pytest.mark.slow
def test_dbt_docs_tell_of_every_table_before_the_first_night(tmp_path: Path) -> None:
    with opened_page("dbt-docs", tmp_path / "home") as address:
        with urlopen(f"{address}/manifest.json", timeout=PATIENCE) as answer:  # noqa: S310
            nodes = json.load(answer)["nodes"]
        assert nodes["model.threatcast.outlook"]["description"]
        with urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310
            assert b"dbt Docs" in answer.read()
    assert [*(tmp_path / "home").rglob("*.duckdb")] == []
