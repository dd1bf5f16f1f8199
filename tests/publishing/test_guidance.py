"""What a reader may do: the file of guidance, its schema, its words and its pages."""

from __future__ import annotations

import csv
import re
from html import unescape
from pathlib import Path

import pytest
import yaml
from small_release import AS_OF, write_warehouse
from threatcast_publishing.kinds import FAMILIES
from threatcast_publishing.privacy import kind_of
from threatcast_publishing.site.assets import shared_files
from threatcast_publishing.site.guidance import GUIDANCE, REGIONS, GuidanceError, read_guidance
from threatcast_publishing.site.languages import LANGUAGES
from threatcast_publishing.site.pages import render_pages
from threatcast_publishing.site.views import ReleaseViews
from threatcast_publishing.source import ReleaseContext, read_tables

SEEDS = Path(__file__).parents[2] / "dbt_project/seeds"
# the only names that an item may bear: of public bodies, places, treaties
NAMES = {
    "State", "States", "Member", "Article", "United", "Nations", "Budapest", "Convention",
    "Cybercrime", "Malabo", "African", "Organisation", "Organization", "Islamic", "Cooperation",
    "American", "ASEAN", "Regional", "Forum", "Asia", "Pacific", "OSCE", "European", "Union",
}  # fmt: skip
PUBLISHERS = {
    "African Commission on Human and Peoples' Rights", "African Union", "AfricaCERT",
    "ASEAN Regional Forum", "Asia Pacific Computer Emergency Response Team", "Council of Europe",
    "Council of the European Union",
    "Cybersecurity and Infrastructure Security Agency of the United States", "European Union",
    "Europol and partners", "Forum of Incident Response and Security Teams",
    "International Committee of the Red Cross", "Internet Engineering Task Force",
    "National Institute of Standards and Technology of the United States",
    "Office of the United Nations High Commissioner for Human Rights",
    "Organisation of Islamic Cooperation", "Organization for Security and Co-operation in Europe",
    "Organization of American States", "Pacific Cyber Security Operational Network", "TF-CSIRT",
    "United Nations General Assembly", "United Nations Human Rights Council",
}  # fmt: skip


@pytest.fixture
def document() -> dict:
    return yaml.safe_load(GUIDANCE.read_text(encoding="utf-8"))


def read(document: object, tmp_path: Path) -> None:
    path = tmp_path / "guidance.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    read_guidance(path)


# the file


def test_every_family_and_region_has_guidance_and_every_item_a_source():
    guidance = read_guidance()
    assert guidance.families.keys() == FAMILIES.keys()
    assert guidance.regions.keys() == REGIONS
    assert {item.source for item in guidance.items()} == guidance.sources.keys()


def test_no_item_names_a_company_a_product_a_person_or_an_incident():
    strange = {
        (word, item.text)
        for item in read_guidance().items()
        for word in re.findall(r"(?<![.] )(?<!^)\b[A-Z]\w+", item.text)
        if word not in NAMES
    }
    assert strange == set()
    assert {source.publisher for source in read_guidance().sources.values()} <= PUBLISHERS


def test_no_item_bears_an_address_a_weakness_number_or_a_name_that_the_feeds_know():
    known = set()
    for name, column in (("hosting_platforms.csv", 0), ("tool_renames.csv", 0)):
        with (SEEDS / name).open(encoding="utf-8", newline="") as file:
            known |= {row[column].lower() for row in list(csv.reader(file))[1:]}
    assert len(known) > 10
    for item in read_guidance().items():
        assert kind_of(item.text) == "", item.text
        assert not re.search(r"CVE-\d|20\d\d-\d\d", item.text), item.text
        words = f" {re.sub(r'[^a-z0-9.]+', ' ', item.text.lower())} "
        assert not {name for name in known if f" {name} " in words}, item.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["families"].pop("extortion"), "families without guidance: extortion"),
        (
            lambda d: d["regions"].update({"M49-021": d["regions"]["WORLD"]}),
            "unknown regions: M49-021",
        ),
        (lambda d: d["regions"]["M49-009"][0].update(source="rumour"), "unknown sources: rumour"),
        (lambda d: d["regions"].update({"M49-009": []}), "regions.M49-009: Tuple should have"),
        (lambda d: d["sources"]["budapest"].update(url="http://x.org"), "sources.budapest.url"),
        (lambda d: d["sources"]["budapest"].update(year="soon"), "sources.budapest.year"),
        (lambda d: d["sources"]["budapest"].update(yaer=2001), "sources.budapest.yaer"),
        (lambda d: d["sources"].update(unused=d["sources"]["budapest"]), "no item names: unused"),
    ],
)
def test_what_does_not_hold_together_is_refused_with_its_place_and_a_cure(
    document, tmp_path, change, said
):
    change(document)
    with pytest.raises(GuidanceError) as refused:
        read(document, tmp_path)
    assert said in str(refused.value)
    assert "guidance.yaml" in str(refused.value)
    assert "Mend these keys" in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "sources: {", "just words"])
def test_file_that_is_none_of_guidance_is_refused(tmp_path, text):
    path = tmp_path / "guidance.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GuidanceError, match=r"guidance\.yaml"):
        read_guidance(path)


# its pages


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    tables = read_tables(write_warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb"))
    views = ReleaseViews(ReleaseContext(AS_OF, "mirror", "0" * 40, {}, tables))
    assets, _ = shared_files(views)
    wanted = [LANGUAGES["en"], LANGUAGES["ar"]]
    return {path: unescape(page) for path, page in render_pages(views, assets, wanted)}


def test_page_shows_every_item_with_its_source_publisher_and_year(pages):
    page = pages["guidance.html"]
    for item in read_guidance().items():
        source = read_guidance().sources[item.source]
        assert f"<li>{item.text} <small" in page
        assert f'<a href="{source.url}" rel="noreferrer">{source.title}</a>' in page
        assert source.publisher in page
        assert f", {source.year}</small>" in page


def test_other_language_says_items_in_its_own_words_and_sources_in_english(pages):
    page = pages["ar/guidance.html"]
    of = LANGUAGES["ar"]
    for item in read_guidance().items():
        assert of.written(item.text) in page
        assert f"<li>{item.text}" not in page
        assert read_guidance().sources[item.source].title in page


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("threats/ransomware_claims.html", "extortion"),
        ("threats/phishing_mix.html", "abused_infrastructure"),
        ("places/de.html", "M49-150"),
        ("places/m49-150.html", "M49-150"),
        ("places/world.html", "WORLD"),
    ],
)
def test_threats_and_places_lead_to_what_concerns_them(pages, path, part):
    assert f'href="../guidance.html#{part}"' in pages[path]
    assert f' id="{part}"' in pages["guidance.html"]
