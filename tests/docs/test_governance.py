"""What the page of governance states of the project is so."""

from __future__ import annotations

from pathlib import Path

from threatcast_orchestration.run.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "publishing/threatcast_publishing/site/templates/governance.html.j2"


def test_page_names_the_days_that_the_settings_keep() -> None:
    days = {name: Settings.model_fields[name].default for name in ("keep_nights", "keep_runs")}
    text = PAGE.read_text(encoding="utf-8")
    assert f"all of the newest {days['keep_nights']} days" in text
    assert f"{days['keep_nights']} to {days['keep_runs']} days" in text
