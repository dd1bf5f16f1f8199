"""Threat actors and ransomware families, two clusters in one bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from payload_reading import Rows, ask, bundle, read_payload, read_recordings
from threatcast_feeds.errors import FeedError, ParseError, UnpackError
from threatcast_feeds.payload import ParseOutcome
from threatcast_feeds.registry import load_feed

SPEC = load_feed("misp_galaxy")
ACTOR = {
    "description": "",
    "meta": {"country": "NA", "synonyms": ["Second Name", "Third"], "refs": []},
    "uuid": "00000000-0000-4000-8000-000000000001",
    "value": "First Name",
}
FAMILY = {"value": "ExampleLocker", "uuid": "00000000-0000-4000-8000-000000000002"}


def cluster(*values: Any, version: Any = 349) -> str:
    return json.dumps({"name": "x", "values": list(values), "version": version}, indent=2)


def read(actors: str, families: str, folder: Path) -> tuple[ParseOutcome, Rows]:
    members = {"threat-actor.json": actors, "ransomware.json": families}
    return read_payload(SPEC, bundle(members), folder)


def test_both_clusters_give_rows(tmp_path: Path) -> None:
    outcome, rows = read(cluster(ACTOR), cluster(FAMILY, version=172), tmp_path)
    assert outcome == ParseOutcome(2)
    assert [tuple(row.values()) for row in rows] == [
        ("ransomware", FAMILY["uuid"], "ExampleLocker", [], None, 172),
        ("threat-actor", ACTOR["uuid"], "First Name", ["Second Name", "Third"], "NA", 349),
    ]


def test_folders_and_other_clusters_in_the_bundle_do_not_matter(tmp_path: Path) -> None:
    members = {
        "clusters/threat-actor.json": cluster(ACTOR),
        "clusters/ransomware.json": cluster(FAMILY),
        "clusters/tool.json": "not read",
        "README.md": "not read",
    }
    assert read_payload(SPEC, bundle(members), tmp_path)[0] == ParseOutcome(2)


@pytest.mark.parametrize(
    ("synonyms", "expected"),
    [("One", ["One"]), (None, []), ([" One ", "", 7, None], ["One"]), ({"a": 1}, [])],
)
def test_synonyms_of_another_shape_are_read_where_they_can_be(
    synonyms: Any, expected: list[str], tmp_path: Path
) -> None:
    rows = read(cluster(ACTOR | {"meta": {"synonyms": synonyms}}), cluster(FAMILY), tmp_path)[1]
    assert rows[1]["synonyms"] == expected


def test_name_of_two_actors_is_kept_twice(tmp_path: Path) -> None:
    other = ACTOR | {"uuid": "00000000-0000-4000-8000-000000000003"}
    assert len(read(cluster(ACTOR, other), cluster(FAMILY), tmp_path)[1]) == 3


@pytest.mark.parametrize("strange", [None, 7, "text", {}, FAMILY | {"uuid": ""}, {"value": "x"}])
def test_record_without_uuid_or_value_costs_itself(strange: Any, tmp_path: Path) -> None:
    outcome, rows = read(cluster(ACTOR), cluster(FAMILY, strange), tmp_path)
    assert (len(rows), outcome.rejected) == (2, 1)
    assert outcome.samples == ["ransomware.json, record 2: no uuid or value"]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ('{"uuid": "u", "value": "half \\ud83d"}', "value holds what cannot be kept"),
        ('{"uuid": "u", "value": "v", "meta": {"synonyms": ["\\ud83d"]}}', "synonyms holds what"),
        ('{"uuid": "u", "value": "v", "x": ' + "[" * 10_000 + "]" * 10_000 + "}", "it is nested"),
        ('{"uuid": "u", "value": v}', "it is not JSON: byte "),
        ('{"uuid": "u", "value": "\udce9"}', "it is not UTF-8: byte "),
    ],
    ids=["half a name", "half a synonym", "deep", "no JSON", "bytes"],
)
def test_record_that_cannot_be_read_costs_itself(record: str, said: str, tmp_path: Path) -> None:
    good = json.dumps(FAMILY)
    families = f'{{"values": [{good}, {record}, {good}], "version": {10**30}}}'
    members = {
        "threat-actor.json": cluster(ACTOR),
        "ransomware.json": families.encode("utf-8", "surrogateescape"),
    }
    outcome, rows = read_payload(SPEC, bundle(members), tmp_path)
    assert (len(rows), outcome.rejected) == (3, 1)
    assert outcome.samples[0].startswith(f"ransomware.json, record 2: {said}")
    assert rows[0]["version"] is None


@pytest.mark.parametrize(
    ("actors", "said"),
    [
        (cluster(ACTOR)[:-9], "threat-actor.json is not JSON, or cut"),
        ("", "threat-actor.json is not JSON, or cut"),
        ("<html>404</html>", "threat-actor.json is not JSON, or cut"),
        ("[]", "threat-actor.json has no list 'values'"),
        (cluster(), "threat-actor.json holds no record with uuid and value"),
    ],
)
def test_member_that_is_no_cluster_is_named(actors: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ParseError) as caught:
        read(actors, cluster(FAMILY), tmp_path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", ParseError, "the payload is empty"),
        (b"<html><title>Rate limit</title>", ParseError, "a web page titled 'Rate limit', not zip"),
        (b"{}", UnpackError, "the archive is cut or damaged"),
        (bundle({"ransomware.json": cluster(FAMILY)}), ParseError, "lacks threat-actor.json"),
        (bundle({"readme": "x"}), ParseError, "lacks threat-actor.json, ransomware.json"),
        (bundle({"../ransomware.json": "{}"}), UnpackError, "points outside the archive"),
        (bundle({"ransomware.json": b"1" * 9_000_000}), UnpackError, "unpacks to more than"),
        (bundle({"ransomware.json": b'{"a": "\xe9"}'}), ParseError, "has no list 'values'"),
        (
            bundle({"ransomware.json": b'{"values": [{"value": "\xe9"}]}'}),
            ParseError,
            "with uuid and value (ransomware.json, record 1: it is not UTF-8: byte 23 is 0xe9)",
        ),
    ],
)
def test_what_is_not_the_feed_is_called_by_its_name(
    content: bytes, kind: type[FeedError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(kind) as caught:
        read_payload(SPEC, content, tmp_path)
    assert said in str(caught.value)


def test_recorded_clusters_are_read_whole(mirror: Path, tmp_path: Path) -> None:
    [outcome] = read_recordings(SPEC, mirror, tmp_path).values()
    assert (outcome.rows, outcome.rejected) == (1041 + 2135, 0)
    actors = ask(
        tmp_path,
        SPEC,
        "SELECT count(*), count_if(len(synonyms) > 0), sum(len(synonyms)), count(country), "
        "count_if(country = 'CN'), any_value(version) FROM raw WHERE galaxy = 'threat-actor'",
    )
    assert actors == (1041, 403, 1403, 476, 216, 349)
    families = ask(
        tmp_path,
        SPEC,
        "SELECT count(*), count_if(len(synonyms) > 0), any_value(version) FROM raw "
        "WHERE galaxy = 'ransomware'",
    )
    assert families == (2135, 207, 172)
