"""Building aside, the gate, the switch, and the same bytes for the same content."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import frictionless
import pytest
from threatcast_publishing.catalog import current, list_releases, rollback
from threatcast_publishing.duckdb_content import FILE_NAME
from threatcast_publishing.errors import (
    FormatError,
    GateError,
    PrivacyError,
    ReleaseError,
    WarehouseError,
)
from threatcast_publishing.files import plain_files
from threatcast_publishing.formats import discover
from threatcast_publishing.release import BUILDING, discard, publish, stand
from threatcast_publishing.verify import verify

OTHER = "update published.outlook set expected_4w = 9 where state = 'published'"


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return all files that must be the same bytes, by name."""
    outside = {FILE_NAME, "manifest.json"}
    files = {path.relative_to(folder).as_posix(): path for path in plain_files(folder)}
    return {name: path.read_bytes() for name, path in files.items() if name not in outside}


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_bytes())


def leftovers(releases: Path) -> list[str]:
    return [path.name for path in releases.iterdir() if path.name.startswith(".")]


def test_staged_release_is_not_visible_until_published(staged):
    assert list_releases(staged.releases) == []
    assert current(staged.releases) is None


def test_published_release_is_current_complete_and_verifies(warehouse, stage, tmp_path):
    done = publish(stage(warehouse, tmp_path))
    assert done.new
    assert done.message == f"Published {done.info.release_id}."
    assert current(tmp_path) == done.info.release_id
    assert verify(tmp_path / "current").ok
    assert leftovers(tmp_path) == []


@pytest.fixture
def strict_umask():
    before = os.umask(0o077)
    yield
    os.umask(before)


def modes(release: Path) -> dict[str, set[str]]:
    """Return the modes of a release's folders and files, itself among them."""
    paths = [release, *release.rglob("*")]
    return {
        kind: {f"{path.stat().st_mode & 0o777:o}" for path in paths if path.is_dir() == is_folder}
        for kind, is_folder in (("folders", True), ("files", False))
    }


@pytest.mark.usefixtures("strict_umask")
def test_web_server_may_read_a_release_under_any_umask(warehouse, stage, tmp_path):
    releases = tmp_path / "releases"
    first = publish(stage(warehouse, releases)).info.folder
    assert modes(releases / "current") == {"folders": {"755"}, "files": {"644"}}
    assert f"{releases.stat().st_mode & 0o777:o}" == "755"
    # one that was made unreadable is opened when it is published or made current again
    (first / "csv").chmod(0o700)
    assert not publish(stage(warehouse, releases)).new
    assert modes(first) == {"folders": {"755"}, "files": {"644"}}
    publish(stage(warehouse, releases, commit="1" * 40))
    (first / "manifest.json").chmod(0o600)
    rollback(releases, first.name)
    assert modes(releases / "current") == {"folders": {"755"}, "files": {"644"}}


def test_release_is_named_by_day_and_content_hash(staged):
    manifest = manifest_of(staged.folder)
    assert staged.release_id == f"2026-06-14-{manifest['content_hash'][:12]}"


def test_manifest_lists_every_file_with_its_size_and_hash(staged):
    manifest = manifest_of(staged.folder)
    names = {path.relative_to(staged.folder).as_posix() for path in plain_files(staged.folder)}
    assert set(manifest["files"]) == names - {"manifest.json"}
    for name, entry in manifest["files"].items():
        assert entry["bytes"] == (staged.folder / name).stat().st_size
        assert len(entry["sha256"]) == 64


def test_manifest_says_what_the_release_was_made_of(staged):
    manifest = manifest_of(staged.folder)
    assert manifest["as_of"] == "2026-06-14"
    assert manifest["commit"] == "0" * 40
    assert manifest["settings"] == {"horizon": 12}
    assert manifest["contract_version"] == "1.8"
    assert (manifest["source"], manifest["simulated"]) == ("mirror", False)
    assert manifest["built_at"] == "2026-06-15T02:00:00+00:00"
    assert manifest["data_vintages"] == [
        {"feed": "cisa_kev", "vintage_day": "2026-06-14", "payload": "123456789abc", "vintages": 2},
        {
            "feed": "ransomware_live",
            "vintage_day": "2026-05-01",
            "payload": "23456789abcd",
            "vintages": 1,
        },
    ]


@pytest.mark.parametrize(
    ("contact", "link", "kind"),
    [
        ("desk@example.org", "mailto:desk@example.org", "email"),
        ("https://example.org/contest", "https://example.org/contest", "path"),
    ],
)
def test_address_to_contest_a_number_stands_wherever_the_release_tells_how(
    warehouse, stage, staged, tmp_path, contact, link, kind
):
    told = stage(warehouse, tmp_path, contact=contact)
    assert manifest_of(told.folder)["contact"] == contact
    package = json.loads((told.folder / "datapackage.json").read_bytes())
    assert [who[kind] for who in package["contributors"]] == [contact]
    assert frictionless.Package(str(told.folder / "datapackage.json")).contributors
    for page in ("about.html", "governance.html", "ar/governance.html"):
        assert f'<a href="{link}"' in (told.folder / "site" / page).read_text("utf-8")
    assert manifest_of(staged.folder)["contact"] == ""
    assert "can be reached at" not in (staged.folder / "site/governance.html").read_text("utf-8")


def test_same_rows_in_another_order_give_the_same_bytes(changed, stage, staged, tmp_path):
    for seed in (1, 2):
        again = stage(changed(shuffle=seed), tmp_path / str(seed))
        assert again.release_id == staged.release_id
        assert bytes_of(again.folder) == bytes_of(staged.folder)


def test_clock_changes_nothing_but_built_at(warehouse, stage, staged, tmp_path):
    later = manifest_of(staged.folder)["built_at"]
    moment = datetime.fromisoformat(later) + timedelta(days=40)
    again = stage(warehouse, tmp_path, built_at=moment)
    assert bytes_of(again.folder) == bytes_of(staged.folder)
    old, new = manifest_of(staged.folder), manifest_of(again.folder)
    for manifest in (old, new):
        # the DuckDB file is the same in content only
        manifest["files"][FILE_NAME] = manifest["files"][FILE_NAME]["content_sha256"]
    assert new == {**old, "built_at": moment.isoformat()}


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_settings_of_the_connection_change_no_byte(
    warehouse, stage, staged, tmp_path, threads
):
    config = {"threads": threads, "default_order": "desc", "preserve_insertion_order": False}
    with duckdb.connect(str(warehouse), read_only=True, config=config) as con:
        con.execute("set produce_arrow_string_view = true; set arrow_large_buffer_size = true")
        con.execute("set timezone = 'Asia/Kathmandu'")
        again = stage(con, tmp_path)
    assert again.release_id == staged.release_id
    assert bytes_of(again.folder) == bytes_of(staged.folder)


def test_another_process_with_another_hash_seed_gives_the_same_bytes(warehouse, staged, tmp_path):
    code = (
        "import sys; from datetime import date, datetime, UTC; from pathlib import Path\n"
        "from threatcast_publishing.release import build\n"
        "build(Path(sys.argv[1]), Path(sys.argv[2]), as_of=date(2026, 6, 14), source='mirror', "
        "settings={'horizon': 12}, commit='0' * 40, built_at=datetime(2030, 1, 1, tzinfo=UTC))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "42", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    subprocess.run(
        [sys.executable, "-c", code, str(warehouse), str(tmp_path)], check=True, env=environment
    )
    (folder,) = tmp_path.glob(f"{BUILDING}*")
    assert bytes_of(folder) == bytes_of(staged.folder)


@pytest.mark.parametrize(
    "other",
    [{"as_of": date(2026, 6, 15)}, {"commit": "1" * 40}, {"settings": {"horizon": 11}}],
    ids=str,
)
def test_other_content_has_another_name(warehouse, stage, staged, tmp_path, other):
    assert stage(warehouse, tmp_path, **other).release_id != staged.release_id


def test_one_changed_number_changes_the_name(changed, stage, staged, tmp_path):
    assert stage(changed(OTHER), tmp_path / "r").release_id != staged.release_id


def test_publishing_the_same_content_again_writes_nothing(published, warehouse, stage, tmp_path):
    releases = tmp_path / "r"
    first = published(releases)
    second = publish(stage(warehouse, releases))
    assert not second.new
    assert second.message == f"Same content as {first.release_id}: nothing new was published."
    assert len(list_releases(releases)) == 1
    assert leftovers(releases) == []


def test_release_made_of_the_same_stands(published, tmp_path):
    releases = tmp_path / "r"
    first = published(releases)
    (releases / ".building-2026-06-14-0badcafe").mkdir()
    again = stand(releases, first.release_id)
    assert again is not None
    assert not again.new
    assert again.info == first
    assert again.message == f"Same content as {first.release_id}: nothing new was published."
    assert leftovers(releases) == []


def test_release_that_is_damaged_gone_or_not_current_does_not_stand(
    published, changed, stage, tmp_path
):
    releases = tmp_path / "r"
    first = published(releases)
    second = publish(stage(changed(OTHER), releases)).info
    assert stand(releases, first.release_id) is None
    assert stand(releases, "2026-06-14-000000000000") is None
    (second.folder / "csv" / "outlook.csv").write_text("spoiled")
    assert stand(releases, second.release_id) is None


def test_damaged_release_of_the_same_name_is_replaced(published, warehouse, stage, tmp_path):
    releases = tmp_path / "r"
    (published(releases).folder / "csv" / "outlook.csv").write_text("spoiled")
    second = publish(stage(warehouse, releases))
    assert second.new
    assert verify(second.info.folder).ok
    assert leftovers(releases) == []


def test_gate_refuses_and_the_last_release_stays_current(published, changed, stage, tmp_path):
    first = published(tmp_path / "r")
    staged = stage(changed(OTHER), tmp_path / "r")
    with pytest.raises(GateError) as caught:
        publish(staged, failed_checks=["counts fell by half"], gate=lambda _: ["too few rows"])
    assert caught.value.reasons == ("counts fell by half", "too few rows")
    assert str(caught.value) == (
        f"{staged.release_id}: the new release was refused: counts fell by half; too few rows. "
        f"Current is still {first.release_id}; the refused files are in {staged.folder} until "
        "the next run. Mend what the gate names and run again."
    )
    assert current(tmp_path / "r") == first.release_id
    assert len(list_releases(tmp_path / "r")) == 1


def test_gate_sees_the_whole_release_before_anybody_else(warehouse, stage, tmp_path):
    seen = []

    def gate(staged):
        seen.append((verify(staged.folder).ok, current(tmp_path), staged.rows["outlook"]))
        return []

    publish(stage(warehouse, tmp_path), gate=gate)
    assert seen == [(True, None, 5)]


def test_discarded_release_leaves_nothing(warehouse, stage, tmp_path):
    discard(stage(warehouse, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_is_told_with_a_cure(warehouse, stage, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReleaseError) as caught:
        stage(warehouse, tmp_path / "file" / "releases")
    assert str(caught.value).endswith(
        "cannot be written: Not a directory. Current is still none. "
        "Make room or mend the permissions, then run again."
    )


def test_current_that_is_no_link_is_told_and_the_release_is_kept(warehouse, stage, tmp_path):
    (tmp_path / "current").mkdir()
    staged = stage(warehouse, tmp_path)
    with pytest.raises(ReleaseError, match="it must be a symbolic link"):
        publish(staged)
    assert verify(tmp_path / staged.release_id).ok


def test_format_that_refuses_itself_leaves_the_last_release(published, changed, stage, tmp_path):
    first = published(tmp_path / "r")
    wrong = changed("update published.forecast set target_week = target_week + 7 where horizon = 3")
    with pytest.raises(FormatError, match="not 7 days a horizon after the reference date"):
        stage(wrong, tmp_path / "r")
    assert current(tmp_path / "r") == first.release_id
    assert leftovers(tmp_path / "r") == []


def test_build_removes_what_a_crash_left_and_no_release(published, warehouse, stage, tmp_path):
    releases = tmp_path / "r"
    first = published(releases)
    (releases / f"{BUILDING}2026-06-01-00000000").mkdir()
    (releases / ".current-4711").symlink_to("nowhere")
    discard(stage(warehouse, releases))
    assert leftovers(releases) == []
    assert [info.release_id for info in list_releases(releases)] == [first.release_id]


def test_clock_without_a_zone_is_refused(warehouse, stage, tmp_path):
    with pytest.raises(ReleaseError, match="no time zone"):
        stage(warehouse, tmp_path, built_at=datetime(2026, 6, 15))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("drop table published.skill", "schema published lacks skill"),
        ("alter table published.scores drop wis", "lacks the columns wis"),
        ("comment on table published.scores is null", "no comment that says what a row is"),
        (
            "insert into published.targets select * from published.targets limit 1",
            "the key (target) comes more than once: target=exploited_vulnerabilities",
        ),
        (
            "update published.activity_weekly set week = null where location = 'NA'",
            "the key (target, location, week) is null in part",
        ),
        (
            "update published.outlook set expected_4w = 'inf' where location = 'NA'",
            "column expected_4w holds an infinite number",
        ),
        (
            "update published.forecast set quantile = 'nan' where location = 'NA'",
            "the key (target, location, model, reference_date, horizon, quantile) is null in part",
        ),
    ],
)
def test_broken_warehouse_is_refused_by_name(changed, stage, tmp_path, sql, problem):
    with pytest.raises(WarehouseError) as caught:
        stage(changed(sql), tmp_path / "r")
    assert problem in str(caught.value)
    assert "Nothing was published." in str(caught.value)


def test_missing_warehouse_is_told_with_a_cure(stage, tmp_path):
    with pytest.raises(WarehouseError, match="run the job"):
        stage(tmp_path / "none.duckdb", tmp_path / "r")


def test_indicator_refuses_the_whole_release(published, changed, stage, tmp_path):
    first = published(tmp_path / "r")
    leaking = changed("update published.outlook set reason = 'seen at 192.0.2.7'")
    with pytest.raises(PrivacyError) as caught:
        stage(leaking, tmp_path / "r")
    assert "outlook.reason: an IPv4 address (1 found, like 'see…')" in str(caught.value)
    assert "192.0.2.7" not in str(caught.value)
    assert current(tmp_path / "r") == first.release_id


def test_column_without_description_is_a_warning_in_the_manifest(changed, stage, tmp_path):
    staged = stage(changed("alter table published.targets add odd integer"), tmp_path / "r")
    assert "targets.odd has no description" in staged.warnings
    assert "targets.odd has no description" in manifest_of(staged.folder)["warnings"]


def test_warnings_of_checks_go_out_with_the_release(warehouse, stage, staged, tmp_path):
    one = stage(warehouse, tmp_path / "1", warnings=["counts fell", "a feed is late"])
    two = stage(warehouse, tmp_path / "2", warnings=["a feed is late", "counts fell"])
    assert manifest_of(one.folder)["warnings"][:2] == ["a feed is late", "counts fell"]
    assert one.warnings[:2] == ("a feed is late", "counts fell")
    assert one.release_id == two.release_id != staged.release_id


def test_warning_that_quotes_an_indicator_is_told_without_its_words(warehouse, stage, tmp_path):
    staged = stage(warehouse, tmp_path, warnings=["odd country of victim.example"])
    assert staged.warnings[0] == "a warning is withheld, because it holds a host name"
    assert "victim.example" not in (staged.folder / "manifest.json").read_text()


def test_formats_come_after_those_they_describe():
    names = [output.name for output in discover()]
    assert {"csv", "parquet", "duckdb", "hubverse", "data_package"} <= set(names)
    for output in discover():
        for earlier in output.after:
            assert names.index(earlier) < names.index(output.name)
