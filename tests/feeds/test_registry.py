"""The catalog: read in full, and every mistake in it named."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml
from threatcast_feeds.errors import CatalogError, FeedError
from threatcast_feeds.registry import (
    CATALOG,
    COMPONENT,
    FeedSpec,
    load_catalog,
    load_feed,
    parser_of,
    read_definition,
)

FACTS = {
    "key": "example",
    "title": "Example",
    "description": "An example.",
    "publisher": "Nobody",
    "homepage": "https://example.org",
    "licence": {"name": "CC0-1.0"},
    "event": "one line",
    "seen": "the day of the list",
    "cadence": "daily",
    "fresh_days": 3,
    "silent_weeks": 2,
    "coverage": {"quiet_days": 2},
    "biases": ["none known"],
    "extensions": ["txt"],
    "live": {"urls": ["https://example.org/list.txt"]},
    "columns": {"line": {"type": "VARCHAR", "meaning": "A line."}},
}


def define(folder: Path, facts: object, **others: object) -> Path:
    path = folder / "example" / "defs.yaml"
    path.parent.mkdir(exist_ok=True)
    document = {"type": COMPONENT, "attributes": facts} | others
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def test_every_feed_of_the_catalog_is_read_and_stands_under_its_folder() -> None:
    catalog = load_catalog()
    assert list(catalog) == sorted(path.parent.name for path in CATALOG.glob("*/defs.yaml"))
    assert {"cisa_kev", "c2_tracker", "threatfox_ips", "openphish"} <= set(catalog)
    for key, spec in catalog.items():
        assert spec.key == key


def test_every_feed_has_a_parser() -> None:
    for spec in load_catalog().values():
        assert callable(parser_of(spec).parse)


def test_listing_the_feeds_imports_nothing_heavy() -> None:
    heavy = "{'duckdb', 'pyarrow', 'pandas', 'numpy', 'httpx', 'dagster', 'openpyxl'}"
    code = (
        "import sys; from threatcast_feeds.registry import load_catalog; load_catalog();"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_spec_survives_being_written_and_read_again() -> None:
    spec = load_feed("cisa_kev")
    assert FeedSpec.model_validate(spec.model_dump(mode="json")) == spec
    assert spec.breaks[0].day == date(2021, 11, 3)


def test_misspelt_key_is_named_with_its_file(tmp_path: Path) -> None:
    path = define(tmp_path, FACTS | {"licence": {"name": "CC0-1.0", "publsih": "counts"}})
    with pytest.raises(CatalogError) as caught:
        read_definition(path)
    assert str(caught.value) == (
        "example, catalog/example/defs.yaml: licence.publsih: extra inputs are not permitted. "
        "Mend these keys."
    )


def test_missing_keys_are_all_named_at_once(tmp_path: Path) -> None:
    facts = {key: value for key, value in FACTS.items() if key not in ("event", "biases")}
    with pytest.raises(CatalogError, match=r"event: field required; biases: field required"):
        read_definition(define(tmp_path, facts))


def test_key_must_be_the_folders_name(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="key is 'other' but the folder is 'example'"):
        read_definition(define(tmp_path, FACTS | {"key": "other"}))


def test_columns_of_the_house_cannot_be_a_feeds_own(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="payload is written by the house"):
        read_definition(
            define(tmp_path, FACTS | {"columns": {"payload": FACTS["columns"]["line"]}})
        )


@pytest.mark.parametrize("tlp", ["GREEN", "AMBER"])
def test_feed_that_not_everybody_may_have_is_refused_with_the_cure(
    tmp_path: Path, tlp: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        read_definition(define(tmp_path, FACTS | {"tlp": tlp}))
    assert str(caught.value).startswith("example, catalog/example/defs.yaml: tlp: ")
    assert f"{tlp.lower()} is not for everybody, as releases are" in str(caught.value)
    assert "leave the feed out" in str(caught.value)
    assert read_definition(define(tmp_path, FACTS | {"tlp": "CLEAR"})).tlp == "CLEAR"


def test_live_source_without_any_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="urls are needed, or a listing"):
        read_definition(define(tmp_path, FACTS | {"live": {"method": "file"}}))


@pytest.mark.parametrize("text", ["", "- a list\n", "type: other\n", "a: [1,\n"])
def test_what_is_no_definition_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "example" / "defs.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match=r"catalog/example/defs\.yaml: "):
        read_definition(path)


def test_key_beside_type_and_attributes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="unknown key: atributes"):
        read_definition(define(tmp_path, FACTS, atributes={}))


def test_unknown_feed_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CatalogError, match=r"no feed 'kev'\. Known feeds: .*cisa_kev"):
        load_feed("kev")


@pytest.mark.parametrize(
    ("feed", "last", "on", "fresh"),
    [
        ("cisa_kev", "2026-08-22", "2026-08-22", True),
        ("threatfox_ips", "2026-08-22", "2026-08-22", True),
        ("openphish", "2026-08-22", "2026-08-22", True),
        ("c2_tracker", "2026-03-16", "2026-08-22", False),
        ("cisa_kev", "2022-07-13", "2022-08-05", True),
        ("openphish", "2025-04-21", "2025-05-02", True),
        ("c2_tracker", "2023-03-16", "2023-04-02", True),
    ],
)
def test_freshness_limits_fit_the_feeds_own_pauses(
    feed: str, last: str, on: str, *, fresh: bool
) -> None:
    age = (date.fromisoformat(on) - date.fromisoformat(last)).days
    assert (age <= load_feed(feed).fresh_days) is fresh


def test_an_error_says_what_where_what_was_kept_and_the_cure() -> None:
    error = FeedError("cisa_kev", "record 812", "no cveID", kept="1,401 records", cure="Look")
    assert str(error) == "cisa_kev, record 812: no cveID. Kept: 1,401 records. Look."
    assert str(FeedError("", "", "nothing")) == "nothing."


@pytest.mark.parametrize(
    "spec", [one for one in load_catalog().values() if one.targets], ids=lambda spec: spec.key
)
def test_every_counted_feed_says_which_languages_it_reads(spec) -> None:
    assert spec.source_languages is not None
    assert spec.source_languages == sorted(set(spec.source_languages))
