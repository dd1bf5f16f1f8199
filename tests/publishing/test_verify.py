"""A copy of a release is checked against its manifest, wherever it lies."""

from __future__ import annotations

import json
import shutil

import duckdb
import pytest
from small_release import AS_OF
from threatcast_publishing.duckdb_content import FILE_NAME, content_digest
from threatcast_publishing.files import json_bytes, sha256_of
from threatcast_publishing.manifest import MANIFEST, content_hash
from threatcast_publishing.verify import verify


@pytest.fixture
def copy(staged, tmp_path):
    return shutil.copytree(staged.folder, tmp_path / "copied")


def problems(folder) -> list[tuple[str, str]]:
    return [(problem.kind, problem.path) for problem in verify(folder).problems]


def rewrite(folder, change) -> None:
    """Change the manifest and make its own hash fit again, as a forger would."""
    path = folder / MANIFEST
    manifest = json.loads(path.read_bytes())
    change(manifest)
    manifest["content_hash"] = content_hash(manifest)
    path.write_bytes(json_bytes(manifest))


def test_copy_in_another_place_verifies(copy, staged):
    outcome = verify(copy)
    assert outcome.ok
    assert outcome.summary() == f"{staged.release_id}: {outcome.checked} files as the manifest says"


def test_changed_byte_is_found(copy):
    path = copy / "csv" / "outlook.csv"
    path.write_bytes(path.read_bytes().replace(b"Namibia", b"Namibja"))
    assert problems(copy) == [("changed", "csv/outlook.csv")]
    assert "other bytes of the same size" in verify(copy).summary()


def test_shortened_file_is_found(copy):
    path = copy / "parquet" / "skill.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    assert problems(copy) == [("changed", "parquet/skill.parquet")]


def test_missing_file_is_found(copy):
    (copy / "hub" / "hub-config" / "admin.json").unlink()
    assert problems(copy) == [("missing", "hub/hub-config/admin.json")]


def test_extra_file_is_found(copy):
    (copy / "csv" / "victims.csv").write_text("name\n")
    assert problems(copy) == [("extra", "csv/victims.csv")]


def test_link_in_place_of_a_file_is_found(copy):
    path = copy / "csv" / "skill.csv"
    path.rename(copy.parent / "skill.csv")
    path.symlink_to(copy.parent / "skill.csv")
    assert problems(copy) == [("changed", "csv/skill.csv")]


def test_changed_manifest_is_found(copy):
    path = copy / MANIFEST
    path.write_text(path.read_text().replace('"commit": "0', '"commit": "1'))
    assert problems(copy) == [("manifest", MANIFEST)]


def test_manifest_that_hides_the_simulation_is_found(simulated, tmp_path):
    folder = shutil.copytree(simulated.folder, tmp_path / "copied")

    def hide(manifest):
        manifest["simulated"] = False

    rewrite(folder, hide)
    assert ("manifest", MANIFEST) in problems(folder)


@pytest.mark.parametrize("source", ["mirror", "live", "sample"])
def test_manifest_that_hides_the_starter_is_found(starter, tmp_path, source):
    assert starter.release_id.startswith(f"starter-{AS_OF}-")
    folder = shutil.copytree(starter.folder, tmp_path / "copied")

    def hide(manifest):
        manifest["source"] = source

    rewrite(folder, hide)
    assert ("manifest", MANIFEST) in problems(folder)


def test_forged_manifest_no_longer_fits_its_own_id(copy):
    path = copy / "csv" / "outlook.csv"
    path.write_bytes(path.read_bytes().replace(b"Namibia", b"Namibja"))
    rewrite(copy, lambda m: m["files"]["csv/outlook.csv"].update(sha256=sha256_of(path)))
    assert problems(copy) == [("manifest", MANIFEST)]


def test_changed_rows_of_the_duckdb_file_are_found_though_its_bytes_may_differ(copy):
    path = copy / FILE_NAME
    with duckdb.connect(str(path)) as con:
        con.execute("update outlook set expected_4w = 0 where location = 'NA'")
    # the file's own size and hash are outside the content hash, so that a forger can renew them
    entry = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    rewrite(copy, lambda m: m["files"][FILE_NAME].update(entry))
    assert problems(copy) == [("changed", FILE_NAME)]


def test_path_that_climbs_out_of_the_release_is_refused(copy):
    rewrite(copy, lambda m: m["files"].update({"../x": {"bytes": 1, "sha256": "0"}}))
    assert ("manifest", "../x") in problems(copy)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": {"a": 1}}'])
def test_unreadable_manifest_is_a_problem_and_no_crash(copy, text):
    (copy / MANIFEST).write_text(text)
    assert problems(copy) == [("manifest", MANIFEST)]


def test_digest_of_a_file_does_not_hang_on_how_it_was_written(tmp_path):
    rows = "select range as a, nullif(range % 3, 0) as b, 'x' || range as c, range / 7 as d"
    digests = set()
    for name, extra in (("a", ""), ("b", "; create table t2 as select 1; drop table t2; vacuum")):
        path = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute(f"create table t as {rows} from range(1000){extra}")
        digests.add(content_digest(path))
    assert len(digests) == 1


@pytest.mark.parametrize(
    "change",
    [
        "update t set a = null where a = 0",
        "update t set b = '' where b is null",
        "update t set c = 2.5 where c = 1.5",
        "comment on column t.a is 'else'",
        "alter table t alter a type bigint",
        "update t set b = 'xy', d = [] where a = 2",
        "update t set e = date '2026-06-15'",
    ],
)
def test_digest_sees_any_change_of_content(tmp_path, change):
    def digest(name, *sql):
        path = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute(
                "create table t (a integer, b varchar, c double, d varchar[], e date);"
                "insert into t values (0, null, 1.5, ['p'], date '2026-06-14'), "
                "(2, 'x', null, ['yq', 'r'], null)"
            )
            for statement in sql:
                con.execute(statement)
        return content_digest(path)

    assert digest("one") == digest("same")
    assert digest("other", change) != digest("one-more")
