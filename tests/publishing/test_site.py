"""The page for people, written from a real release."""

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
from small_release import AS_OF, HOSTILE, REFERENCE_WEEK, make_release, write_warehouse
from threatcast_publishing.contract import TABLES
from threatcast_publishing.formats.site import FORMAT, PAGE
from threatcast_publishing.site import wording
from threatcast_publishing.site.charts import HEIGHT, WEEKS, Point, last_weeks, sparkline
from threatcast_publishing.site.page_checks import PageReader
from threatcast_publishing.site.pages import render
from threatcast_publishing.source import ReleaseContext, read_tables


class Elements(HTMLParser):
    """Every element of a page in order: its name, attributes and the text directly inside."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.all.append((tag, dict(attrs), []))
        if tag not in ("meta", "link", "br"):
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
def page(real) -> str:
    return (real / PAGE).read_text(encoding="utf-8")


def context(tables, *, source: str = "mirror") -> ReleaseContext:
    return ReleaseContext(AS_OF, source, "0" * 40, {}, tables)


def with_rows(tables, name: str, rows: list[dict]):
    """Return the tables with other rows in one of them."""
    data = pa.Table.from_pylist(rows, schema=tables[name].data.schema)
    return {**tables, name: replace(tables[name], data=data)}


def rows_of(page: str) -> list[str]:
    reader = PageReader()
    reader.feed(page)
    return reader.rows


# what the page shows


def test_every_published_outlook_has_a_row_the_world_first_then_by_expected_count(page):
    assert rows_of(page) == [
        f"ransomware_claims.{place}" for place in ("WORLD", "M49-150", "DE", "NA", "XX")
    ]


def test_row_shows_both_horizons_with_ranges_usual_trend_evidence_and_model(page):
    rows = {attrs.get("id"): text for attrs, text in Elements(page).named("tr")}
    text = rows["ransomware_claims.DE"].replace("\N{NO-BREAK SPACE}", " ")
    for part in ("Germany", "300", "240 to 390", "900", "660 to 1,230", "stable, 62 %", "A"):
        assert part in text
    assert text.endswith("Champion")


def test_usual_number_is_of_the_weeks_of_the_expected_one_beside_it(tables):
    rows = [
        row | {"usual_weekly": 186.0, "usual_4w": 744.0, "usual_12w": 2232.0}
        if row["usual_weekly"]
        else row
        for row in tables["outlook"].data.to_pylist()
    ]
    page = render(context(with_rows(tables, "outlook", rows)))
    assert "186" not in page
    assert "Usual a week" not in page
    shown = [columns_of(page, place) for place in ("glance", "ransomware_claims")]
    glance, table = shown
    assert glance["Usual, 4 weeks"] == "744"
    assert (table["Next 4 weeks"], table["Usual, 4 weeks"]) == ("1,200", "744")
    assert (table["Next 12 weeks"], table["Usual, 12 weeks"]) == ("3,600", "2,232")


def columns_of(page: str, table: str) -> dict[str, str]:
    """Return the first row with numbers of a table of the page, by the headings of its columns."""
    part = page[page.index(f'id="caption-{table}"') :]
    part = part[: part.index("</table>")]
    heads = re.findall(r'<th scope="col">(.*?)</th>', part)
    row = next(row for row in part.split("<tr")[2:] if '<td class="n">' in row or "<svg" in row)
    return dict(zip(heads[1:], re.findall(r"<td[^>]*>(.*?)</td>", row), strict=True))


def changed_model(since: date, **other) -> dict:
    """Return a row of `model_changes`."""
    return {
        "target": "ransomware_claims",
        "since": since,
        "action": "promote",
        "model_before": "champion",
        "model": "common_level",
        "decided_by": "gate",
        "reason": "it wins: 0.910 (0.860 to 0.960)",
        "until": None,
    } | other


def test_new_published_model_is_told_at_the_top_and_in_its_target_with_day_and_reason(tables):
    rows = [changed_model(AS_OF - timedelta(days=2))]
    page = render(context(with_rows(tables, "model_changes", rows)))
    told = [
        re.sub(r"<[^>]+>", "", part)
        for part in re.findall(r"<p>(.*?)</p>", page)
        if "common_level" in part
    ]
    assert len(told) == 2
    assert told[0].startswith("New model, Ransomware claims. Since 2026-06-12 the numbers come")
    for text in told:
        assert "“common_level” instead of “Champion”" in text
        assert "differ from earlier ones for that reason alone" in text
        assert (
            "Decided by the nightly comparison of models: it wins: 0.910 (0.860 to 0.960)." in text
        )


def test_change_of_model_goes_to_its_target_alone_once_it_is_old_and_then_nowhere(tables):
    old = changed_model(AS_OF - timedelta(days=28))
    page = render(context(with_rows(tables, "model_changes", [old])))
    assert "New model" not in page
    assert page.count("instead of “Champion”") == 1
    over = old | {"until": AS_OF - timedelta(days=1)}
    assert "instead of" not in render(context(with_rows(tables, "model_changes", [over])))


def test_model_that_speaks_from_tomorrow_or_for_one_night_is_told_so(tables):
    rows = [
        changed_model(AS_OF, action="fall_back", until=AS_OF),
        changed_model(AS_OF + timedelta(days=1), decided_by="person"),
    ]
    page = re.sub(r"<[^>]+>", "", render(context(with_rows(tables, "model_changes", rows))))
    assert "On 2026-06-14 alone the model “common_level” stands in for “Champion”." in page
    assert "From 2026-06-15 on the numbers will come from the model “common_level”" in page
    assert "Decided by a person: it wins" in page


def test_front_of_the_page_says_which_countries_have_an_outlook_and_which_have_none(page, tables):
    rows = [row for row in tables["outlook"].data.to_pylist() if row["location_level"] == "country"]
    names = {row["location_name"] or row["location"] for row in rows}
    seen = {row["location_name"] or row["location"] for row in rows if row["state"] == "published"}
    assert 0 < len(seen) < len(names)
    glance = unescape(page[page.index('<section id="glance"') :].partition("</section>")[0])
    with_one, without = re.findall(r"<details><summary>(.*?)</summary><p>(.*?)</p>", glance)
    assert with_one[0].startswith(f"{len(seen)} with an outlook")
    assert without[0].startswith(f"{len(names - seen)} without one")
    listed = {part.partition(" (")[0] for part in with_one[1].split("; ")}
    assert listed == seen
    assert "Germany (Ransomware claims)" in with_one[1]
    assert set(without[1].split("; ")) == names - seen


def test_weeks_that_another_release_counted_are_told_at_the_top_and_in_their_target(tables):
    data = tables["activity_weekly"].data
    seam = REFERENCE_WEEK - timedelta(weeks=3)
    imported = "imported from 2026-05-01-0123456789ab, as of 2026-05-01"
    counters = [
        imported if row["target"] == "ransomware_claims" and row["week"] < seam else "own"
        for row in data.to_pylist()
    ]
    counted = replace(
        tables["activity_weekly"], data=data.append_column("counted_by", pa.array(counters))
    )
    page = render(context({**tables, "activity_weekly": counted}))
    told = (
        f"The weeks of {min(data['week'].to_pylist())} to {seam - timedelta(weeks=1)} "
        f"were not counted here: they are {imported}. "
        f"This home counts itself since the week of {seam}."
    )
    plain = re.sub(r"<[^>]+>", "", page)
    assert plain.count(told) == 2
    assert page.count("Imported past.") == 1
    assert "Imported past" not in render(context(tables))


def test_world_sentence_stands_before_the_table_of_its_target(page):
    section = page[page.index('<section id="ransomware_claims"') :]
    assert section.index("World: about 1,200 events") < section.index("<table")


def test_row_whose_counts_end_before_the_newest_complete_week_says_through_which_day(tables):
    rows = tables["outlook"].data.to_pylist()
    for row in rows:
        if row["location"] in ("WORLD", "DE"):
            row["data_through"] = date(2026, 6, 7)
    page = render(context(with_rows(tables, "outlook", rows)))
    shown = {attrs.get("id"): text for attrs, text in Elements(page).named("tr")}
    assert "data through 2026-06-07" in shown["ransomware_claims.DE"]
    assert "data through" not in shown["ransomware_claims.NA"]
    glance = page[page.index('id="caption-glance"') : page.index('<section id="ransomware_claims"')]
    assert glance.count("data through") == 1


def test_place_without_outlook_has_state_and_reason_and_no_number(page):
    summaries = [text for _, text in Elements(page).named("summary")]
    assert "2 places, too little evidence: 2 to 4 events in the last 104 weeks, 20 are needed" in (
        summaries
    )
    listed = [text for _, text in Elements(page).named("details")]
    assert any("France; Not located" in text for text in listed)
    cells = [text for _, text in Elements(page).named("td")]
    assert not [text for text in cells if "France" in text]


def test_world_without_outlook_says_why(page):
    section = page[page.index('<section id="ddos_targets"') :]
    first = re.search(r'<p class="lead">(.*?)</p>', section)
    assert first is not None
    assert first[1] == (
        "World: no outlook, source failed: ddosia_targets is stale: nothing since 2026-05-01, "
        "limit 21 days."
    )


def test_target_says_what_zero_means_and_what_it_over_and_underrepresents(page):
    section = Elements(page).named("dd")
    texts = [text for _, text in section]
    for part in ("no group named a victim there that week", "groups that extort in public"):
        assert part in texts
    assert "victims who pay quickly" in texts


def test_every_table_of_places_says_what_a_place_is(page):
    captions = [text for _, text in Elements(page).named("caption")]
    [claims] = [text for text in captions if "Ransomware claims: what to expect" in text]
    assert claims.endswith("A place is the country of who was harmed")
    section = page[page.index('<section id="ddos_targets"') :].replace("&#39;", "'")
    assert (
        "A place is the country where an address is registered, neither attacker nor victim, or "
        "the country of the ending of a host's name."
    ) in section
    texts = [text for _, text in Elements(page).named("dd")]
    assert {"extortion", "attacks on services", "abused infrastructure"} <= set(texts)


def test_withheld_mix_is_shown_as_shares(page):
    section = page[page.index('<section id="phishing_mix"') :].replace("\N{NO-BREAK SPACE}", " ")
    assert '<th scope="row">own domain</th><td class="n">70 %</td>' in section


def test_feed_health_vintages_and_licences_are_shown(page):
    rows = [text for _, text in Elements(page).named("tr")]
    why = "nothing since 2026-05-01, limit 21 days"
    assert f"ddosia_targetsstale{why}2026-06-122026-06-13 02:0012,34567" in rows
    assert "ddosia_targets32026-05-302026-06-13sample3" in rows
    assert any("Publisher of openphishCC-BY-4.0Mix of phishing pages" in text for text in rows)


def test_every_link_of_the_page_names_a_file_of_the_release(real, page):
    links = [attrs["href"] for attrs, _ in Elements(page).named("a")]
    relative = {link for link in links if link.startswith("../")}
    assert len(relative) > 2 * len(TABLES)
    assert [link for link in relative if not (real / "site" / link).is_file()] == []


def test_days_of_both_horizons_follow_the_reference_date(page):
    first = AS_OF + timedelta(days=1)
    days = re.findall(r'<p class="quiet">.*?UTC', page)[0]
    assert re.findall(r"[0-9-]{10}", days) == [
        str(day) for day in (first, date(2026, 7, 12), first, date(2026, 9, 6))
    ]


# marks


def test_simulated_page_says_so_in_title_banner_heading_and_every_table(simulated):
    elements = Elements((simulated / PAGE).read_text(encoding="utf-8"))
    assert elements.named("title")[0][1].startswith("SIMULATED: ")
    assert elements.named("h1")[0][1].startswith("SIMULATED")
    banner = [text for attrs, text in elements.named("div") if attrs.get("id") == "simulated"]
    assert banner == ["SIMULATED Nothing on this page was observed: a generator made it all."]
    tables = elements.named("table")
    assert len(tables) == len(elements.named("tfoot")) >= 5
    assert all("SIMULATED" in text for _, text in elements.named("tfoot"))
    assert all(text.startswith("SIMULATED ") for _, text in elements.named("caption"))
    assert all(
        text.startswith("SIMULATED")
        for attrs, text in elements.named("p")
        if attrs.get("class") == "lead" and "World" in text
    )


def test_real_page_never_says_simulated(page):
    assert "simulated" not in page.lower()


def test_page_of_the_starter_says_everywhere_what_it_is_and_never_that_it_is_simulated(starter):
    page = (starter / PAGE).read_text(encoding="utf-8")
    elements = Elements(page)
    assert elements.named("title")[0][1].startswith("STARTER: ")
    (banner,) = [text for attrs, text in elements.named("div") if attrs.get("id") == "starter"]
    assert f"Real weekly counts up to {AS_OF}, re-enacted as stand-in records" in banner
    assert "not today's outlook" in banner
    assert all("STARTER" in text for _, text in elements.named("tfoot"))
    assert "simulated" not in page.lower()


# text that comes from elsewhere


def test_text_from_tables_is_escaped(page):
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;Söhne&#34;" in page


def test_address_that_could_run_a_script_is_no_link(tables):
    rows = tables["feed_health"].data.to_pylist()
    rows[0]["url"] = "javascript:alert(1)"
    page = render(context(with_rows(tables, "feed_health", rows)))
    assert "javascript:" not in page
    assert "<td>Publisher of ddosia_targets</td>" in page


# charts


def test_missing_week_is_a_gap_and_not_a_zero():
    points = [Point(5.0), Point(3.0), Point(None), Point(0.0), Point(2.0)]
    chart = sparkline(points)
    assert chart is not None
    assert chart.settled.count("M") == 2
    assert chart.label == "0 to 5 a week, 1 missing"
    bottom = HEIGHT - 2
    assert f"M7 {bottom}l" in chart.settled, "the zero lies on the base line"


def test_provisional_weeks_are_drawn_apart_and_joined_to_the_week_before():
    chart = sparkline([Point(1.0), Point(2.0), Point(3.0, provisional=True)])
    assert chart is not None
    assert chart.settled.startswith("M1 ")
    assert chart.provisional.startswith("M3 ")
    assert chart.settled.count(" 2") == 1


def test_lone_week_between_gaps_is_a_dot():
    chart = sparkline([Point(None), Point(4.0), Point(None)])
    assert chart is not None
    assert chart.settled == "M3 2l0 0"


def test_series_that_nobody_watched_has_no_chart():
    assert sparkline([Point(None)] * WEEKS) is None


def test_week_without_a_row_is_missing():
    points = last_weeks({REFERENCE_WEEK: Point(1.0)}, REFERENCE_WEEK)
    assert len(points) == WEEKS
    assert points[-1] == Point(1.0)
    assert points[:-1] == [Point(None)] * (WEEKS - 1)


def test_charts_of_the_page_have_the_gap_of_the_unwatched_weeks(page):
    paths = re.findall(r'<svg [^>]*aria-label="([^"]*)"><path d="([^"]*)"', page)
    assert len(paths) == 5
    for label, path in paths:
        assert label.endswith("3 missing")
        assert path.count("M") == 2


# wording


@pytest.mark.parametrize(
    ("reasons", "text"),
    [
        (["3 events, 20 needed", "11 events, 20 needed"], "3 to 11 events, 20 needed"),
        (["since 2026-05-01", "since 2026-04-02"], "since 2026-04-02 to 2026-05-01"),
        (["c2_tracker failed"], "c2_tracker failed"),
        (["9 of 1,200", "10 of 1,200"], "9 to 10 of 1,200"),
        ([None], "no reason given"),
    ],
)
def test_reasons_that_differ_in_numbers_become_one(reasons, text):
    assert len({wording.shape_of(reason) for reason in reasons}) == 1
    assert wording.merged(reasons) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not known"),
        (0.0, "0"),
        (0.04, "below 0.1"),
        (2.25, "2.2"),
        (12.4, "12"),
        (1e6, "1,000,000"),
    ],
)
def test_unknown_or_small_count_is_not_written_as_zero(value, text):
    assert wording.count(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.004, "<1 %"), (0.62, "62 %"), (0.998, ">99 %"), (1.0, "100 %")],
)
def test_what_is_not_certain_is_never_called_certain(share, text):
    assert wording.percent(share).replace(wording.NO_BREAK, " ") == text


# the page as a document


def test_page_has_language_landmarks_and_a_skip_link_that_leads_somewhere(page):
    elements = Elements(page)
    assert elements.named("html")[0][0]["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(elements.named(landmark)) == 1
    skip, _ = elements.named("a")[0]
    ids = [attrs["id"] for _, attrs, _ in elements.all if "id" in attrs]
    assert skip["class"] == "skip"
    assert skip["href"].removeprefix("#") in ids
    assert len(ids) == len(set(ids))


def test_links_within_the_page_lead_to_places_that_exist(page):
    elements = Elements(page)
    ids = {attrs["id"] for _, attrs, _ in elements.all if "id" in attrs}
    inner = {attrs["href"][1:] for attrs, _ in elements.named("a") if attrs["href"].startswith("#")}
    labels = {
        attrs["aria-labelledby"] for _, attrs, _ in elements.all if "aria-labelledby" in attrs
    }
    assert inner | labels <= ids


def test_headings_have_one_top_and_skip_no_level(page):
    levels = [int(tag[1]) for tag, _, _ in Elements(page).all if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(page):
    elements = Elements(page)
    assert len(elements.named("caption")) == len(elements.named("table")) >= 5
    assert all(text.strip() for _, text in elements.named("caption"))
    assert all(attrs.get("scope") in ("col", "row") for attrs, _ in elements.named("th"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "link", "warn", "bad", "good"])
def test_text_has_the_contrast_that_wcag_asks_for(page, scheme, ink):
    styles = page[page.index("<style>") : page.index("</style>")]
    blocks = re.findall(r":root \{(.*?)\}", styles, flags=re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w+)", blocks[scheme == "dark"]))
    assert contrast(colours[ink], colours["ground"]) >= 4.5
    assert contrast("#fff", colours["alarm"]) >= 7


def contrast(one: str, other: str) -> float:
    """Ratio of WCAG 2.2, 1.4.3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_same_tables_give_the_same_bytes(tables):
    assert render(context(tables)) == render(context(tables))


def test_page_of_two_thousand_outlooks_stays_below_one_and_a_half_megabytes(tables):
    outlook = tables["outlook"].data.to_pylist()
    pattern = next(
        row for row in outlook if row["location"] == "DE" and row["state"] == "published"
    )
    places = [f"C{number:04}" for number in range(2000)]
    many = [
        pattern | {"location": place, "location_name": f"Country number {place}"}
        for place in places
    ]
    grown = with_rows(tables, "outlook", many)
    weeks = [
        {
            "target": pattern["target"],
            "location": place,
            "week": REFERENCE_WEEK - timedelta(weeks=back),
            "value": float((back * 37 + at) % 1000),
            "observation": "observed",
        }
        for at, place in enumerate(places)
        for back in range(WEEKS)
    ]
    schema = tables["activity_weekly"].data.schema
    activity = pa.Table.from_pylist(weeks, schema=schema)
    grown["activity_weekly"] = replace(tables["activity_weekly"], data=activity)
    page = render(context(grown, source="sample"))
    assert len(rows_of(page)) == 2000
    assert len(page.encode()) < 1_500_000


def test_page_without_forecasts_activity_or_vintages_can_be_written(tables):
    bare = tables
    for name in ("forecast", "activity_weekly", "data_vintages", "models", "phishing_mix"):
        bare = with_rows(bare, name, [])
    page = render(context(bare))
    assert len(rows_of(page)) == 5
    assert "none accepted" in page


# the format's own check


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('<tr id="ransomware_claims.DE">', "<tr>", "lacks 1 outlooks, like ransomware_claims.DE"),
        ("ransomware_claims.DE", "ransomware_claims.FR", "shows 1 unpublished outlooks"),
        ("ransomware_claims.DE", "ransomware_claims.NA", "shows a row twice"),
        ("<main", '<img src="https://example.org/x.png"><main', "would load src=https://"),
        ("<main", '<script src="x.js"></script><main', "would load <script>"),
        (
            "<main",
            '<link rel="stylesheet" href="https://example.org/x.css"><main',
            "would load href",
        ),
        ("<main", '<a href="javascript:alert(1)">x</a><main', "would load href=javascript"),
        ('<main id="main">', '<main id="main" onclick="x()">', "would load onclick"),
        ("<style>", "<style>@import 'x.css';", "would load something by its styles"),
        ("</main>", "", "is not well formed"),
        ("<main", '<div id="simulated"></div><main', "says that it is SIMULATED, and it is not"),
    ],
)
def test_check_refuses_a_page_that_lacks_adds_or_loads_something(real, tmp_path, old, new, problem):
    folder = copy_of(real, tmp_path)
    text = (folder / PAGE).read_text(encoding="utf-8")
    assert old in text
    (folder / PAGE).write_text(text.replace(old, new), encoding="utf-8")
    assert any(problem in found for found in FORMAT.validate(folder))


@pytest.mark.parametrize("old", ['id="simulated"', "<title>SIMULATED: ", "<tfoot><tr>"])
def test_check_refuses_a_simulated_page_that_does_not_say_so(simulated, tmp_path, old):
    folder = copy_of(simulated, tmp_path)
    text = (folder / PAGE).read_text(encoding="utf-8")
    new = {"<tfoot><tr>": "<tfoot><tr hidden><td></td></tr></tfoot><tbody><tr>"}.get(old, "<title>")
    cut = text.replace(old, new if old.startswith("<") else "", 1)
    (folder / PAGE).write_text(cut, encoding="utf-8")
    assert FORMAT.validate(folder)


def test_check_accepts_the_pages_of_real_and_simulated_releases(real, simulated):
    assert FORMAT.validate(real) == []
    assert FORMAT.validate(simulated) == []


def test_check_says_that_the_page_is_missing(real, tmp_path):
    folder = copy_of(real, tmp_path)
    (folder / PAGE).unlink()
    (problem,) = FORMAT.validate(folder)
    assert "cannot be read" in problem


def copy_of(release: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    for name in ("site", "parquet"):
        shutil.copytree(release / name, folder / name)
    return folder


# a real browser


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_browser_shows_the_page_without_a_request_a_complaint_or_sideways_scrolling(
    simulated, width
):
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs the program chromium")
    from playwright.sync_api import sync_playwright

    requests: list[str] = []
    complaints: list[str] = []
    address = (simulated / PAGE).as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": width, "height": 900})
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: complaints.append(message.text))
        tab.goto(address)
        wide = tab.evaluate("document.documentElement.scrollWidth")
        banner = tab.locator("#simulated").bounding_box()
        tab.mouse.wheel(0, 3000)
        tab.wait_for_function("window.scrollY > 1000")
        after = tab.locator("#simulated").bounding_box()
        browser.close()
    assert requests == [address]
    assert complaints == []
    assert wide <= width
    assert banner is not None
    assert after is not None
    assert after["y"] == 0, "the banner stays in sight"
