"""The register of decisions on the page of governance: from the tables, in order, whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from html import unescape

import pyarrow as pa
import pytest
from small_release import AS_OF, HOSTILE, write_warehouse
from threatcast_publishing.site.assets import shared_files
from threatcast_publishing.site.languages import LANGUAGES, language
from threatcast_publishing.site.pages import render_pages
from threatcast_publishing.site.register import CORRECTION, register_of
from threatcast_publishing.site.views import ReleaseViews
from threatcast_publishing.source import ReleaseContext, read_tables

TARGET = "ransomware_claims"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return read_tables(write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb"))


def views_with(tables, **rows: list[dict]) -> ReleaseViews:
    """Return the views of a release with other rows in the named tables."""
    own = {
        name: replace(tables[name], data=pa.Table.from_pylist(given))
        for name, given in rows.items()
    }
    return ReleaseViews(ReleaseContext(AS_OF, "mirror", "0" * 40, {}, {**tables, **own}))


def page_of(views: ReleaseViews, code: str = "en", path: str = "governance.html") -> str:
    assets, _ = shared_files(views)
    of = LANGUAGES[code]
    return unescape(dict(render_pages(views, assets, [of]))[of.folder + path])


def change(action: str, since: date, **other) -> dict:
    return {
        "target": TARGET, "since": since, "action": action, "until": None, "model_before": "flat",
        "model": "champion", "decided_by": "person", "reason": "readers asked for it",
    } | other  # fmt: skip


def held(day: date, **other) -> dict:
    return {
        "target": TARGET, "as_of": day, "action": "keep", "model_before": "champion",
        "model_after": "champion", "decided_by": "gate", "reason": f"looked at on {day}",
    } | other  # fmt: skip


CORRECTED = {
    "target": TARGET, "reference_date": AS_OF - timedelta(weeks=2), "number": 1,
    "model": "champion", "release_id": "r", "reason": "data changed: openphish", "as_of": AS_OF,
}  # fmt: skip


def test_changes_and_corrections_stand_together_the_newest_first(tables):
    older, newer = AS_OF - timedelta(days=40), AS_OF - timedelta(days=3)
    register = register_of(
        views_with(
            tables,
            model_changes=[change("promote", older), change("rollback", newer)],
            corrections=[CORRECTED],
        )
    )
    assert [(one.kind, one.day) for one in register.changes] == [
        (CORRECTION, AS_OF),
        ("rollback", newer),
        ("promote", older),
    ]


def test_hold_is_the_newest_of_its_target_with_the_days_it_was_held(tables):
    days = [AS_OF - timedelta(days=back) for back in (1, 5, 3)]
    rows = [held(day) for day in days] + [held(AS_OF, action="promote")]
    (hold,) = register_of(views_with(tables, model_decisions=rows)).holds
    assert (hold.row["as_of"], hold.nights) == (AS_OF - timedelta(days=1), 3)


def test_correction_without_a_day_is_told_last_and_as_not_known(tables):
    undated = {name: value for name, value in CORRECTED.items() if name != "as_of"}
    views = views_with(tables, corrections=[undated], model_changes=[change("promote", AS_OF)])
    assert [one.day for one in register_of(views).changes] == [AS_OF, None]
    assert "not known" in page_of(views)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("promote", "“Champion” was promoted in place of “flat”"),
        ("rollback", "“flat” was withdrawn; “Champion” is published again"),
        ("fall_back", "“Champion” stood in for “flat” for one night"),
    ],
)
def test_page_says_what_was_decided_by_whom_and_why(tables, action, said):
    page = page_of(views_with(tables, model_changes=[change(action, AS_OF)]))
    for part in (said, "a person", "readers asked for it", "14 June 2026"):
        assert part in page
    assert "No model was changed" not in page


def test_page_says_that_nothing_was_changed_where_the_tables_hold_nothing(tables):
    page = page_of(views_with(tables))
    assert "No model was changed and no forecast was corrected so far." in page
    assert "it does not win on WIS" in page


def test_corrected_forecast_is_told_in_every_language(tables):
    for code in LANGUAGES:
        of = language(code)
        said = of.words(
            "the forecast of %(day)s was published again, corrected",
            day=of.day(CORRECTED["reference_date"]),
        )
        assert said in page_of(views_with(tables, corrections=[CORRECTED]), code)


def test_reason_that_a_person_wrote_is_escaped(tables):
    views = views_with(tables, model_changes=[change("promote", AS_OF, reason=HOSTILE)])
    assets, _ = shared_files(views)
    page = dict(render_pages(views, assets, [LANGUAGES["en"]]))["governance.html"]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_record_and_about_lead_to_the_register_instead_of_saying_it_again(tables):
    views = views_with(tables)
    assert 'href="governance.html#register"' in page_of(views, path="record.html")
    assert "it does not win on WIS" not in page_of(views, path="record.html")
    assert 'href="governance.html"' in page_of(views, path="about.html")
    assert "How to contest" not in page_of(views, path="about.html")


def test_closed_warnings_stand_in_the_register_the_newest_first(tables):
    page = page_of(views_with(tables))
    told = page.partition('<div id="closed">')[2].partition("</div>")[0]
    first, second = told.index("a false alarm"), told.index("confirmed")
    assert first < second
    assert "Surge: Ransomware claims, Germany" in told
    assert "11 June 2026" in told
    assert "warnings_closed.csv" in page


def test_that_none_was_closed_is_told_apart_from_not_knowing(tables):
    none = {name: replace(tables[name], data=tables[name].data.slice(0, 0))
            for name in ("warnings_closed", "warning_outcomes")}  # fmt: skip
    known = views_with({**tables, "warnings_closed": none["warnings_closed"]})
    assert "No warning was closed so far." in page_of(known)
    assert "is not known this time" in page_of(views_with({**tables, **none}))
