"""Suites are read from YAML; a mistake in one is found at once and names the file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from threatcast_feeds.registry import CATALOG, load_catalog
from threatcast_orchestration.gates import suites as module
from threatcast_orchestration.gates.suites import (
    KINDS,
    Suite,
    SuiteError,
    load_suite,
    load_suites,
    read_suite,
)

GOOD = """\
protects: Something.
parameters: {most: 9, table: counts}
frames:
  rows:
    samples: [week]
    query: select week, value from {{ table }}
expectations:
  - frame: rows
    type: expect_column_values_to_be_between
    kwargs: {column: value, max_value: "{{ most }}"}
    severity: critical
    meta: {why: No count is so high., cure: Look at it.}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "counts.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_feed_has_a_suite_for_its_payload() -> None:
    assert {suite.name for suite in load_suites("payloads")} == set(load_catalog())


@pytest.mark.parametrize("kind", KINDS)
def test_every_suite_can_be_read_and_says_what_it_protects(kind: str) -> None:
    for suite in load_suites(kind):
        assert suite.protects
        assert suite.key == f"{kind}.{suite.name}"
        assert all(rule.meta.why and rule.meta.cure for rule in suite.expectations)


def test_no_suite_of_a_payload_shows_columns_with_personal_data() -> None:
    texts = {"post_title", "victim", "title", "description", "ip", "url", "host", "address"}
    for suite in load_suites("payloads"):
        for name, frame in suite.frames.items():
            assert not texts & set(frame.samples), f"{suite.key}, frame {name}"


def test_placeholders_are_filled_and_a_lone_one_keeps_its_type(tmp_path: Path) -> None:
    suite = read_suite(write(tmp_path, GOOD), "marts")
    assert suite.name == "counts"
    assert suite.frames["rows"].query == "select week, value from counts"
    assert suite.expectations[0].kwargs["max_value"] == 9


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("protects: Something.", "protects: [Something", "not YAML"),
        ("protects: Something.", "protects: Something.\nname: rows", "name"),
        (GOOD, "- counts", "must hold a mapping"),
        ("most: 9, ", "", "no parameter for most"),
        ("protects: Something.\n", "", "protects"),
        ("severity: critical", "severity: grave", "severity"),
        ("expect_column_values_to_be_between", "check_values", "type"),
        ("frame: rows", "frame: lines", "frames of the expectations"),
        ("    meta: {why: No count is so high., cure: Look at it.}\n", "", "meta"),
        ("protects:", "protect:", "protect"),
        ("parameters:", "uses: [weather]\nparameters:", "uses 'weather'"),
    ],
)
def test_mistake_in_a_suite_names_the_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(SuiteError) as refused:
        read_suite(path, "marts")
    assert str(path) in str(refused.value)
    assert said in str(refused.value)


def test_gate_of_a_feed_is_named_after_its_folder_and_told_its_feed(tmp_path: Path) -> None:
    path = tmp_path / "floods" / "gate.yaml"
    path.parent.mkdir()
    path.write_text(GOOD.replace("{{ table }}", "raw.{{ feed }}"), encoding="utf-8")
    suite = read_suite(path, "payloads")
    assert (suite.key, suite.frames["rows"].query) == (
        "payloads.floods",
        "select week, value from raw.floods",
    )


def test_unknown_kind_and_unknown_suite_are_named_beside_the_known_ones() -> None:
    with pytest.raises(SuiteError, match=r"'weather'. Known: payloads, marts"):
        load_suites("weather")
    with pytest.raises(SuiteError, match=r"no suite 'cisa' .* cisa_kev"):
        load_suite("payloads", "cisa")


def test_names_of_checks_are_unique_among_all_kinds() -> None:
    names = [suite.check_name for kind in KINDS for suite in load_suites(kind)]
    assert len(names) == len(set(names))


def test_every_shared_part_is_used() -> None:
    root = Path(module.__file__).parent / "suites"
    used = {
        part
        for path in [*root.glob("*/*.yaml"), *CATALOG.glob("*/gate.yaml")]
        for part in yaml.safe_load(path.read_text(encoding="utf-8")).get("uses", [])
    }
    assert {path.stem for path in (root / "shared").glob("*.yaml")} == used


def test_rules_keep_their_place_in_the_file(tmp_path: Path) -> None:
    suite = read_suite(write(tmp_path, GOOD), "marts")
    assert isinstance(suite, Suite)
    assert [place for place, _ in suite.on("rows")] == [0]
    assert suite.on("lines") == []
