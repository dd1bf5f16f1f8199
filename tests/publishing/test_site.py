"""The pages for people, written from a real release."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from small_release import AS_OF, make_release, write_warehouse
from threatcast_publishing.contract import TABLES
from threatcast_publishing.formats.site import FORMAT, PAGE
from threatcast_publishing.site.assets import shared_files
from threatcast_publishing.site.environment import link
from threatcast_publishing.site.languages import LANGUAGES
from threatcast_publishing.site.page_checks import PageReader
from threatcast_publishing.site.pages import pages_of, render_pages
from threatcast_publishing.site.views import ReleaseViews
from threatcast_publishing.source import ReleaseContext, read_tables


class Elements(HTMLParser):
    """Every element of a page in order: its name, attributes and the text inside."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.all.append((tag, dict(attrs), []))
        if tag not in ("meta", "link", "br", "img", "input"):
            self.open.append(len(self.all) - 1)

    def handle_startendtag(self, tag, attrs):
        self.all.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        self.open.pop()

    def handle_data(self, data):
        for at in self.open:
            self.all[at][2].append(data)

    def named(self, tag: str) -> list[tuple[dict[str, str], str]]:
        return [(attrs, "".join(text)) for name, attrs, text in self.all if name == tag]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    return write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb")


@pytest.fixture(scope="module")
def tables(warehouse):
    return read_tables(warehouse)


@pytest.fixture(scope="module")
def simulated(warehouse, tmp_path_factory) -> Path:
    releases = tmp_path_factory.mktemp("simulated")
    return make_release(warehouse, releases, source="sample").info.folder


@pytest.fixture(scope="module")
def starter(warehouse, tmp_path_factory) -> Path:
    releases = tmp_path_factory.mktemp("starter")
    return make_release(warehouse, releases, source="starter").info.folder


@pytest.fixture(scope="module")
def real(warehouse, tmp_path_factory) -> Path:
    return make_release(warehouse, tmp_path_factory.mktemp("real"), source="mirror").info.folder


@pytest.fixture(scope="module")
def site(real) -> dict[str, str]:
    return pages_in(real)


def pages_in(release: Path) -> dict[str, str]:
    folder = release / "site"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.html"))
    }


def rendered(tables) -> dict[str, str]:
    """Return the English pages of tables, by path."""
    views = views_of(tables)
    assets, _ = shared_files(views)
    return dict(render_pages(views, assets, [LANGUAGES["en"]]))


def views_of(tables) -> ReleaseViews:
    return ReleaseViews(ReleaseContext(AS_OF, "mirror", "0" * 40, {}, tables))


def with_rows(tables, name: str, rows: list[dict]):
    """Return the tables with other rows in one of them; columns may be added."""
    data = pa.Table.from_pylist(rows)
    if not rows:
        data = tables[name].data.slice(0, 0)
    return {**tables, name: replace(tables[name], data=data)}


def changed(tables, name: str, change) -> dict:
    """Return the tables with `change(row)` merged into each row of one of them."""
    rows = [row | change(row) for row in tables[name].data.to_pylist()]
    data = pa.Table.from_pylist(rows, schema=tables[name].data.schema)
    return {**tables, name: replace(tables[name], data=data)}


def rows_of(page: str) -> list[str]:
    reader = PageReader()
    reader.feed(page)
    return reader.rows


def text_of(page: str) -> str:
    """Return what a reader sees of a page's content, spaces made plain."""
    content = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


# which pages there are


def test_every_place_threat_and_shared_subject_has_a_page_in_every_language(site):
    places = ("world", "m49-150", "de", "fr", "na", "xx")
    threats = ("ransomware_claims", "ddos_targets", "phishing_mix")
    own = {
        *(f"places/{place}.html" for place in (*places, "index")),
        *(f"threats/{threat}.html" for threat in threats),
        "groupings/eu.html",
        "models/champion.html",
        *(f"sheets/{feed}.html" for feed in ("ransomware_live", "ddosia_targets", "openphish")),
        *(
            f"{name}.html"
            for name in (
                "index",
                "record",
                "warnings",
                "fairness",
                "feeds",
                "methods",
                "archive",
                "about",
                "guidance",
                "governance",
            )
        ),
        "glossary.html",
    }
    assert site.keys() == {of.folder + path for of in LANGUAGES.values() for path in own}


def test_page_names_its_language_its_direction_and_its_kin(site):
    for code, of in LANGUAGES.items():
        page = site[of.folder + "places/de.html"]
        (attrs, _), *_ = Elements(page).named("html")
        assert (attrs["lang"], attrs["dir"]) == (code, "rtl" if code == "ar" else "ltr")
        kin = [a for a, _ in Elements(page).named("link") if a.get("rel") == "alternate"]
        assert [one["hreflang"] for one in kin] == list(LANGUAGES)
        assert all(one["href"].endswith("places/de.html") for one in kin)


def test_a_site_may_be_written_in_fewer_languages(warehouse, site, tmp_path):
    release = make_release(warehouse, tmp_path, source="mirror", languages=("fr",))
    pages = pages_in(release.info.folder)
    own = [path for path in site if not re.match(r"(ar|zh|fr|ru|es)/", path)]
    assert pages.keys() == {folder + path for folder in ("", "fr/") for path in own}
    links = [attrs for attrs, _ in Elements(pages["index.html"]).named("link")]
    assert [one["hreflang"] for one in links if "hreflang" in one] == ["en", "fr"]


def test_switch_of_language_keeps_the_page(site):
    languages = [
        attrs["href"]
        for attrs, _ in Elements(site["fr/places/de.html"]).named("a")
        if attrs.get("hreflang") and attrs["hreflang"] != "en"
    ]
    assert languages == [f"../../{code}/places/de.html" for code in ("ar", "zh", "ru", "es")]


def test_only_pages_that_no_native_reader_checked_say_so_and_once(site):
    for path, page in site.items():
        of = next(
            (of for of in LANGUAGES.values() if of.folder and path.startswith(of.folder)), None
        )
        note = "No native reader has checked this translation yet"
        said = of.words(f"{note}; the English page is the reference.") if of else note
        assert page.count(said.partition(";")[0]) == (1 if of else 0), path


# what they show


def test_place_shows_every_published_outlook_with_both_horizons(site):
    assert rows_of(site["places/de.html"]) == ["ransomware_claims.DE"]
    text = text_of(site["places/de.html"])
    for part in ("300", "240 to 390", "900", "660 to 1,230", "stable (62%)", "Champion"):
        assert part in text


def test_threat_shows_every_place_the_world_first_then_by_expected_count(site):
    assert rows_of(site["threats/ransomware_claims.html"]) == [
        f"ransomware_claims.{place}" for place in ("WORLD", "M49-150", "DE", "NA", "XX")
    ]


def test_usual_number_is_of_the_weeks_of_the_expected_one_beside_it(tables):
    numbers = {"usual_weekly": 186.0, "usual_4w": 744.0, "usual_12w": 2232.0}
    own = changed(tables, "outlook", lambda row: numbers if row["usual_weekly"] else {})
    page = rendered(own)["places/world.html"]
    row = columns_of(page, "place")
    assert (row["Expected, 4 weeks"], row["Usual, 4 weeks"]) == ("1,200", "744")
    assert (row["Expected, 12 weeks"], row["Usual, 12 weeks"]) == ("3,600", "2,232")


def columns_of(page: str, table: str) -> dict[str, str]:
    """Return the first row with numbers of a table of the page, by the headings of its columns."""
    part = page[page.index(f'id="caption-{table}"') :]
    part = part[: part.index("</table>")]
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', part)
    body = part[part.index("<tbody>") :]
    row = next(row for row in body.split("<tr") if 'class="n"' in row)
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
    return dict(zip(heads, (re.sub("<[^>]+>", "", cell) for cell in cells), strict=True))


def changed_model(since: date, **other) -> dict:
    return {
        "target": "ransomware_claims",
        "since": since,
        "action": "promote",
        "until": None,
        "model_before": "flat",
        "model": "champion",
        "decided_by": "gate",
        "reason": "its error is 0.6 times that of the one before",
    } | other


def test_new_published_model_is_told_on_the_front_page_and_at_its_threat(tables):
    rows = [changed_model(AS_OF - timedelta(days=3))]
    pages = rendered(with_rows(tables, "model_changes", rows))
    for path in ("index.html", "threats/ransomware_claims.html"):
        text = text_of(pages[path])
        assert "Since 11 June 2026 the numbers come from the model “Champion”" in text
        assert "Decided by the nightly comparison of models: its error is 0.6 times" in text


def test_change_of_model_stays_at_its_threat_once_it_is_old_and_goes_when_it_ended(tables):
    old = with_rows(tables, "model_changes", [changed_model(AS_OF - timedelta(days=60))])
    pages = rendered(old)
    assert "Decided by" not in text_of(pages["index.html"])
    assert "Decided by" in text_of(pages["threats/ransomware_claims.html"])
    ended = [changed_model(AS_OF - timedelta(days=60), until=AS_OF - timedelta(days=1))]
    gone = rendered(with_rows(tables, "model_changes", ended))
    assert "Decided by" not in text_of(gone["threats/ransomware_claims.html"])


def test_model_that_speaks_from_tomorrow_or_for_one_night_is_told_so(tables):
    for change, said in (
        ({"since": AS_OF + timedelta(days=1)}, "From 15 June 2026 on the numbers will come from"),
        ({"action": "fall_back", "until": AS_OF}, "On 14 June 2026 alone the model “Champion”"),
    ):
        rows = [changed_model(AS_OF) | change]
        pages = rendered(with_rows(tables, "model_changes", rows))
        assert said in text_of(pages["threats/ransomware_claims.html"])


def test_front_page_says_how_much_can_be_spoken_about_and_what_is_dark(site):
    text = text_of(site["index.html"])
    assert "Of 8 pairs of a threat and a country, 38% have an outlook." in text
    assert "2 threats are dark today for the whole world" in text
    assert "with an outlook: 3 too little evidence: 1 source failed: 4 withheld: 0" in text


def change(location: str, **other) -> dict:
    return {
        "target": "ransomware_claims",
        "location": location,
        "as_of": AS_OF,
        "previous_as_of": AS_OF - timedelta(days=1),
        "previous_release_id": "a",
        "state_before": "published",
        "state": "published",
        "expected_4w_before": 100.0,
        "expected_4w": 100.0,
        "cause": "new_counts",
        "reason": "counts through 2026-06-14 instead of 2026-06-07",
        "location_level": "country",
        "location_name": location,
        "change_4w": 0.0,
        "is_beyond_range": False,
        "usual_4w": 100.0,
        "usual_4w_before": 100.0,
    } | other


def test_front_page_tells_the_three_largest_changes_with_their_cause(tables):
    rows = [
        change("DE", change_4w=5.0),
        change("FR", change_4w=-90.0, expected_4w=10.0),
        change("NA", change_4w=40.0, expected_4w=140.0, is_beyond_range=True),
        change("XX", change_4w=7.0),
        change("WORLD", cause="none", location_level="world"),
    ]
    page = rendered(with_rows(tables, "changes", rows))["index.html"]
    part = page[page.index('id="new"') : page.index('id="sight"')]
    told = re.findall(r"<li><strong>(.*?)</strong>", part)
    names = [re.sub("<[^>]+>", "", one).split(", ")[1] for one in told]
    assert names[:2] == ["Namibia.", "France."]
    assert names[2].startswith("&lt;script&gt;")
    assert "Expected in 4 weeks: 140, before 100. Cause: new counts." in text_of(page)


def test_weeks_that_another_release_counted_are_told_on_the_front_page_and_at_the_threat(tables):
    own_since = AS_OF - timedelta(days=13)

    def counted_by(row: dict) -> dict:
        return row | {"counted_by": "own" if row["week"] >= own_since else "the shipped counts"}

    rows = [counted_by(row) for row in tables["activity_weekly"].data.to_pylist()]
    pages = rendered(with_rows(tables, "activity_weekly", rows))
    for path in ("index.html", "threats/ransomware_claims.html"):
        text = text_of(pages[path])
        assert "were not counted here: they are the shipped counts." in text
        assert "This home counts itself since the week of 1 June 2026." in text


def test_row_whose_counts_end_before_the_newest_complete_week_says_through_which_day(tables):
    early = AS_OF - timedelta(days=21)
    own = changed(
        tables, "outlook", lambda row: {"data_through": early} if row["location"] == "DE" else {}
    )
    pages = rendered(own)
    assert "counts end on 24 May 2026" in text_of(pages["places/de.html"])
    assert "The counts end on 24 May 2026." in text_of(pages["places/de.html"])
    assert "24 May" not in text_of(pages["places/na.html"])


@pytest.mark.parametrize(
    ("chance", "said", "colour"),
    [
        (0.0, "More than usual is very unlikely for: Ransomware claims (0%).", "down1"),
        (0.2, "For none of them is more than usual likely over the next 4 weeks.", "down1"),
        (0.8, "is likely or more for: Ransomware claims (80%).", "up1"),
        (0.81, "is likely or more for: Ransomware claims (81%).", "up2"),
    ],
)
def test_overview_and_map_speak_of_the_degree_that_the_sentence_names(tables, chance, said, colour):
    pages = rendered(changed(tables, "outlook", lambda _: {"p_above_usual_4w": chance}))
    text = text_of(pages["places/de.html"])
    assert said in text
    assert ("very unlikely for" in text) == (chance == 0.0)
    assert f'<a href="places/de.html"><path class="{colour}"' in pages["index.html"]


def test_place_without_outlook_has_state_and_reason_and_points_to_what_it_lies_in(site):
    text = text_of(site["places/fr.html"])
    assert "no threat has a number here today" in text
    assert "For the wider picture see Europe" in text
    assert "too little evidence: 4 events in the last 104 weeks, 20 are needed" in text
    assert "source failed: ddosia_targets is stale: nothing since 2026-05-01" in text


def test_world_without_outlook_says_why(site):
    text = text_of(site["threats/ddos_targets.html"])
    assert "Targets of the DDoSia attacks, World: no outlook, source failed: ddosia_targets" in text


def test_threat_says_what_is_counted_what_zero_means_and_what_volume_does_not_mean(site):
    text = text_of(site["threats/ransomware_claims.html"])
    for part in (
        "Victims that ransomware groups name on their leak sites.",
        "the country of who was harmed",
        "no group named a victim there that week",
        "groups that extort in public",
        "victims who pay quickly",
        "Volume is not burden",
    ):
        assert part in text


def test_withheld_mix_is_shown_as_shares(site):
    text = text_of(site["threats/phishing_mix.html"])
    assert "own domain 70%" in text
    assert "withheld: the feed is a window of fixed size" in text


def test_feed_health_vintages_and_licences_are_shown(site):
    text = text_of(site["feeds.html"])
    assert "12,345" in text
    assert "stale" in text
    sheet = text_of(site["sheets/openphish.html"])
    assert "3 copies" in sheet
    assert "made by a generator" in sheet
    assert "Publisher of openphish" in sheet


def test_data_sheet_says_what_is_counted_what_is_skewed_and_which_weeks_nobody_watched(tables):
    facts = {
        "event": "one claim",
        "settle_weeks": 13,
        "series_start_world": date(2025, 4, 21),
        "publishes": "weekly counts, never names or rows",
    }
    targets = [row | facts for row in tables["targets"].data.to_pylist()]
    sheet = text_of(rendered(with_rows(tables, "targets", targets))["sheets/ransomware_live.html"])
    for said in (
        "Counted here Ransomware claims",
        "One event is one claim",
        "Shows too much of groups that extort in public",
        "Shows too little of victims who pay quickly",
        "Counted since the week of world: 21 April 2025",
        "A week's count may grow for 13 weeks",
        "Weeks that nobody watched 3 of 60",
        "5 January 2026 to 25 January 2026",
        "Published here weekly counts, never names or rows",
    ):
        assert said in sheet


def test_sheet_of_a_feed_without_copies_or_targets_says_so(tables):
    bare = with_rows(tables, "data_vintages", [])
    targets = [row | {"feed": "ransomware_live"} for row in tables["targets"].data.to_pylist()]
    sheet = text_of(rendered(with_rows(bare, "targets", targets))["sheets/openphish.html"])
    assert "Counted here reference data" in sheet
    assert "none accepted" in sheet


def test_model_card_says_its_limits_for_what_it_is_published_and_how_it_fared(tables):
    models = [
        row | {"published_for": "ransomware_claims, ddos_targets", "method": "It looks & learns."}
        for row in tables["models"].data.to_pylist()
    ]
    skill = [
        row | {"horizon": horizon, "scores": 40, "relative_to_flat": 0.75}
        for row in tables["skill"].data.to_pylist()
        for horizon in (1, 2, 4)
    ]
    changes = [
        dict.fromkeys(("until", "ratio"))
        | {"target": "ransomware_claims", "since": date(2026, 1, 5), "action": "promote"}
        | {"model_before": "flat", "model": "champion", "decided_by": "gate", "reason": "it won"}
    ]
    own = with_rows(with_rows(tables, "models", models), "skill", skill)
    pages = rendered(with_rows(own, "model_changes", changes))
    card = text_of(pages["models/champion.html"])
    assert "Published for Ransomware claims · Targets of the DDoSia attacks" in card
    assert "It looks & learns." in card
    assert "What it cannot do It follows sudden changes a few weeks late." in card
    assert card.count("0.75") == 2, "horizons 1 and 4"
    assert "Since 5 January 2026 the numbers come from the model “Champion”" in card


def test_pages_lead_to_the_data_sheet_and_the_model_card_that_they_speak_of(site):
    for path, leads in (
        ("places/de.html", ("../sheets/ransomware_live.html", "../models/champion.html")),
        ("threats/ddos_targets.html", ("../sheets/ddosia_targets.html",)),
        ("feeds.html", ("sheets/openphish.html",)),
        ("methods.html", ("models/champion.html", "glossary.html")),
        ("models/champion.html", ("../governance.html#register",)),
    ):
        found = {attrs.get("href") for attrs, _ in Elements(site[path]).named("a")}
        assert found >= set(leads), path


def test_place_whose_model_has_no_card_names_it_without_a_link(tables):
    page = rendered(with_rows(tables, "models", []))["places/de.html"]
    assert "Model champion" in text_of(page)
    assert "models/" not in page


def test_rate_by_people_stands_beside_the_count_with_its_source_and_a_caution(tables):
    rows = [
        row | {"population": 83_000_000 if row["location"] == "DE" else None}
        for row in tables["locations"].data.to_pylist()
    ]
    pages = rendered(with_rows(tables, "locations", rows))
    text = text_of(pages["places/de.html"])
    assert "0.36 expected in 4 weeks, of 83,000,000 people (GeoNames)." in text
    assert "Per 100,000 people" not in text_of(pages["places/na.html"])


def test_rate_by_internet_users_has_its_year_and_is_missing_where_they_are_not_known(tables):
    online = {"DE": 75_000_000, "M49-150": 150_000_000}
    rows = [
        row | {"internet_users": online.get(row["location"]), "internet_year": 2021}
        for row in tables["locations"].data.to_pylist()
    ]
    pages = rendered(with_rows(tables, "locations", rows))
    text = text_of(pages["places/de.html"])
    assert "0.4 expected in 4 weeks, of 75,000,000 people who use the internet" in text
    assert "The share is of 2021. How much and how safely" in text
    assert "of 2021 and later; countries without one" in text_of(pages["places/m49-150.html"])
    assert "internet users" not in text_of(pages["places/na.html"])


def test_record_of_a_place_says_in_words_first_how_past_forecasts_fared(tables):
    row = {
        "target": "ransomware_claims", "location": "DE", "location_level": "country",
        "kind": "backtest", "model": "champion", "forecasts": 24, "origins": 2, "covered_50": 0.5,
        "covered_80": 0.79, "covered_95": 0.96, "wis": 3.0, "wis_baseline": 2.5,
        "relative_wis": 1.2, "is_worse": True,
    }  # fmt: skip
    record = replace(tables["skill"], name="track_record", data=pa.Table.from_pylist([row]))
    pages = rendered({**tables, "track_record": record})
    text = text_of(pages["places/de.html"])
    assert "Here we were worse than the simplest rival. Over 24 scored forecasts" in text
    assert "79% of cases" in text
    assert "1 pair of threat and place of 1." in text_of(pages["record.html"])
    assert "No forecast of this has been scored yet." in text_of(pages["places/na.html"])


def test_place_says_of_what_each_number_is_made_and_where_it_was_not_taken_apart(tables):
    part = {"target": "ransomware_claims", "location": "DE", "model": "champion", "run_id": "run"}
    events = (("usual", 1, 7.5, 22.5), ("season", 6, 2.6, 0.0), ("middle", 11, -0.01, 0.02))
    parts = [
        part | {"driver": name, "position": place, "events_4w": near, "events_12w": whole}
        for name, place, near, whole in reversed(events)
    ]
    member = part | {"events_4w": 9.0, "events_12w": 27.0}
    mix = [
        member | {"member": name, "member_title": title, "weight": share}
        for name, title, share in (("a", None, 0.2), ("b", "Like the last year", 0.8))
    ]
    pages = rendered(with_rows(with_rows(tables, "drivers", parts), "outlook_mix", mix))
    text = text_of(pages["places/de.html"])
    assert "The largest step from the one to the other is +2.6: season and calendar." in text
    assert "season and calendar +2.6 0" in text
    assert "from the mean to the middle" not in text
    assert text.index("Like the last year: 80%") < text.index("a: 20%")
    assert "a simple rule stands in for the model" in text_of(pages["places/na.html"])


def test_grouping_has_a_page_with_its_members_and_the_source_of_its_list(tables):
    members = [
        {
            "grouping": "EU", "location": "DE", "since": date(1958, 1, 1), "until": None,
            "grouping_name": "European Union", "is_member": True, "note": None,
            "source_url": "https://example.org/eu",
        }
    ]  # fmt: skip
    outlook = next(
        row
        for row in tables["outlook"].data.to_pylist()
        if row["location"] == "DE" and row["state"] == "published"
    )
    whole = {key: value for key, value in outlook.items() if not key.startswith("location")} | {
        "grouping": "EU", "grouping_name": "European Union", "members": 27,
        "members_with_outlook": 26,
    }  # fmt: skip
    pages = rendered(
        with_rows(with_rows(tables, "groupings", members), "outlook_groupings", [whole])
    )
    text = text_of(pages["groupings/eu.html"])
    assert "Ransomware claims, European Union: about 300 expected" in text
    assert "26 of 27" in text
    assert "Germany 1 January 1958 today" in text
    assert 'href="https://example.org/eu"' in pages["groupings/eu.html"]
    assert "groupings/eu.html" in pages["index.html"]


def test_days_of_both_horizons_follow_the_reference_date(site):
    text = text_of(site["index.html"])
    assert "The next 4 weeks end on 12 July 2026, the next 12 weeks on 6 September 2026" in text


def test_rows_of_a_place_can_be_had_as_files(real):
    import json

    import pyarrow.parquet as pq

    folder = real / "site" / "data"
    rows = json.loads((folder / "de.json").read_text("utf-8"))["rows"]
    assert {row["location"] for row in rows} == {"DE"}
    assert pq.read_table(folder / "de.parquet").num_rows == len(rows) == 2
    assert len((folder / "de.csv").read_text("utf-8").splitlines()) == 3


# what is not observed says so


def test_simulated_pages_say_so_in_title_banner_heading_and_every_table(simulated):
    for path, page in pages_in(simulated).items():
        elements = Elements(page)
        assert elements.named("title")[0][1].startswith("SIMULATED: "), path
        assert elements.named("h1")[0][1].startswith("SIMULATED "), path
        assert any(attrs.get("id") == "simulated" for attrs, _ in elements.named("div")), path
        assert all("SIMULATED" in text for _, text in elements.named("caption")), path
        assert len(elements.named("tfoot")) == len(elements.named("table")), path


def test_real_pages_never_say_simulated_or_starter(site):
    assert not [path for path, page in site.items() if "SIMULATED" in page or "STARTER" in page]


def test_pages_of_the_starter_say_everywhere_what_they_are(starter):
    for path, page in pages_in(starter).items():
        assert 'id="starter"' in page, path
        assert "SIMULATED" not in page, path
    assert "counts up to 2026-06-14" in pages_in(starter)["index.html"]


# what comes from outside


def test_text_from_tables_is_escaped_on_every_page(site):
    for path, page in site.items():
        assert "<script>alert" not in page, path
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in site["places/xx.html"]


def test_script_of_the_search_cannot_be_left_by_a_name(tables):
    assets, contents = shared_files(views_of(tables))
    script = contents[assets.script].decode()
    assert "<script" not in script
    assert "\\u003cscript>alert(1)" in script


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//x", "", None])
def test_address_that_could_run_a_script_is_no_link(address):
    assert link(address) == ""


# how it reads without eyes or mouse


def test_pages_have_landmarks_and_a_skip_link_that_leads_somewhere(site):
    for path, page in site.items():
        for mark in ("<header", "<main", "<footer", "<nav", 'name="viewport"'):
            assert mark in page, (path, mark)
        assert 'class="skip" href="#main"' in page


def test_headings_have_one_top_and_skip_no_level(site):
    for path, page in site.items():
        levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), path


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(site):
    for path, page in site.items():
        elements = Elements(page)
        assert len(elements.named("caption")) == len(elements.named("table")), path
        assert all("scope" in attrs for attrs, _ in elements.named("th")), path


def test_every_picture_has_words(site):
    for path, page in site.items():
        assert all(attrs.get("alt") for attrs, _ in Elements(page).named("img")), path


STYLE = (Path(__file__).parents[2] / "publishing/threatcast_publishing/site/style.css").read_text()


@pytest.mark.parametrize("scheme", [0, 1, 2])
@pytest.mark.parametrize("ink", ["ink", "quiet", "link", "warn", "bad", "good"])
def test_text_has_the_contrast_that_wcag_asks_for(scheme, ink):
    palette = STYLE.split("--ground: ")[scheme + 1]
    colours = dict(re.findall(r"--(\w+): (#\w+)", f"--ground: {palette}"))
    assert contrast(colours[ink], colours["ground"]) >= 4.5
    assert contrast(colours[ink], colours["panel"]) >= 4.5


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    text = colour[1:] if len(colour) == 7 else "".join(2 * letter for letter in colour[1:])
    parts = [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# how it is made


def test_same_tables_give_the_same_bytes(tables):
    assert rendered(tables) == rendered(tables)


def test_pages_stay_below_150_kilobytes(tables):
    many = [f"{one}{other}" for one in "ABCDEFGHIJKLMNOP" for other in "ABCDEFGHIJKLMNO"]
    outlook = tables["outlook"].data.to_pylist()
    model = next(row for row in outlook if row["location"] == "DE" and row["state"] == "published")
    rows = [model | {"location": code, "location_name": code} for code in many]
    worlds = [row for row in outlook if row["location"] == "WORLD"]
    own = with_rows(tables, "outlook", [*worlds, *rows])
    places = [
        {"location": code, "location_level": "country", "location_name": code, "parent": "WORLD"}
        for code in many
    ]
    world = [row for row in tables["locations"].data.to_pylist() if row["location"] == "WORLD"]
    pages = rendered(with_rows(own, "locations", [*world, *places]))
    large = {path: len(page.encode()) for path, page in pages.items() if len(page.encode()) > 150e3}
    assert large == {}


def test_site_without_forecasts_activity_or_vintages_can_be_written(tables):
    bare = tables
    for name in ("forecast", "forecast_published", "activity_weekly", "data_vintages", "models",
                 "phishing_mix"):  # fmt: skip
        bare = with_rows(bare, name, [])
    pages = rendered(bare)
    assert "none accepted" in pages["sheets/openphish.html"]
    assert len(pages) == len(list(pages_of(views_of(bare))))


# the format's own check

CHECKED = "site/places/de.html"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('<tr id="ransomware_claims.DE">', "<tr>", "lacks: 1 outlooks, like ransomware_claims.DE"),
        ('"ransomware_claims.DE"', '"ransomware_claims.FR"', "shows unpublished: 1 outlooks"),
        ('"ransomware_claims.DE"', '"ransomware_claims.NA"', "shows a row twice"),
        ("<main", '<img src="https://example.org/x.png" alt="x"><main', "would load src=https://"),
        ("<main", '<script src="x.js"></script><main', "more than the site's script"),
        (
            "<main",
            '<link rel="stylesheet" href="https://example.org/x.css"><main',
            "would load href",
        ),
        ("<main", '<a href="javascript:alert(1)">x</a><main', "would run href=javascript"),
        ('<main id="main">', '<main id="main" onclick="x()">', "would run onclick"),
        ('<main id="main">', '<main id="main" style="x">', "would run style"),
        ("<main", "<style>@import 'x.css';</style><main", "would load <style>"),
        ("<main", '<iframe src="x"></iframe><main', "would load <iframe>"),
        ("<main", '<a href="nowhere.html">x</a><main', "leads to nowhere.html, which is not there"),
        ("<main", '<a href="#nowhere">x</a><main', "leads to #nowhere, which is not on it"),
        ("Content-Security-Policy", "X", "has no content security policy"),
        ("<main", '<div id="simulated"></div><main', "says that it is SIMULATED, and it is not"),
    ],
)
def test_check_refuses_a_page_that_lacks_adds_or_loads_something(real, tmp_path, old, new, problem):
    folder = copy_of(real, tmp_path)
    text = (folder / CHECKED).read_text(encoding="utf-8")
    assert old in text
    (folder / CHECKED).write_text(text.replace(old, new), encoding="utf-8")
    assert any(problem in found for found in FORMAT.validate(folder)), FORMAT.validate(folder)


def test_check_refuses_a_page_that_is_not_well_formed(real, tmp_path):
    folder = copy_of(real, tmp_path)
    text = (folder / PAGE).read_text(encoding="utf-8")
    (folder / PAGE).write_text(text.replace("</main>", ""), encoding="utf-8")
    assert any("is not well formed" in found for found in FORMAT.validate(folder))


@pytest.mark.parametrize("old", ['id="simulated"', "<title>SIMULATED: ", "<tfoot><tr>"])
def test_check_refuses_a_simulated_page_that_does_not_say_so(simulated, tmp_path, old):
    folder = copy_of(simulated, tmp_path)
    text = (folder / PAGE).read_text(encoding="utf-8")
    new = {"<tfoot><tr>": "<tfoot><tr hidden><td></td></tr></tfoot><tbody><tr>"}.get(old, "<title>")
    (folder / PAGE).write_text(
        text.replace(old, new if old.startswith("<") else "", 1), encoding="utf-8"
    )
    assert FORMAT.validate(folder)


def test_check_accepts_the_pages_of_real_and_simulated_releases(real, simulated):
    assert FORMAT.validate(real) == []
    assert FORMAT.validate(simulated) == []


@pytest.mark.parametrize(
    ("lost", "said"), [(PAGE, "is missing"), ("site/fr/about.html", "site/fr lacks 1 pages")]
)
def test_check_says_which_page_is_missing(real, tmp_path, lost, said):
    folder = copy_of(real, tmp_path)
    (folder / lost).unlink()
    assert any(said in found for found in FORMAT.validate(folder))


def copy_of(release: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    shutil.copytree(release, folder)
    return folder


def test_every_table_of_the_release_is_offered(site):
    assert all(f"csv/{name}.csv" in site["archive.html"] for name in TABLES)
