"""Which releases there are, which is current, and going back."""

from __future__ import annotations

from datetime import date

import pytest
from threatcast_publishing import catalog
from threatcast_publishing.errors import (
    DamagedReleaseError,
    NoReleaseError,
    ReleaseError,
    UnknownReleaseError,
)
from threatcast_publishing.release import publish


@pytest.fixture(scope="module")
def three(warehouse, stage, tmp_path_factory):
    """Three releases; the newest is current."""
    releases = tmp_path_factory.mktemp("three")
    for day in (14, 15, 16):
        publish(stage(warehouse, releases, as_of=date(2026, 6, day)))
    return releases


def test_releases_are_listed_oldest_first_with_the_current_one_marked(three):
    found = catalog.list_releases(three)
    assert [info.as_of.day for info in found] == [14, 15, 16]
    assert [info.current for info in found] == [False, False, True]
    assert all(info.size_bytes > 10_000 and info.files > 30 for info in found)


def test_no_folder_means_no_releases(tmp_path):
    assert catalog.list_releases(tmp_path / "none") == []
    assert catalog.current(tmp_path / "none") is None


def test_no_release_yet_is_told_with_the_command_that_makes_one(tmp_path):
    with pytest.raises(NoReleaseError) as caught:
        catalog.resolve(tmp_path)
    assert str(caught.value) == f"{tmp_path}: there is no release yet. Make one: threatcast run."


def test_beginning_of_an_id_is_enough_if_it_is_unique(three):
    assert catalog.resolve(three, "2026-06-15").name.startswith("2026-06-15-")
    with pytest.raises(UnknownReleaseError, match="release '2026-06-1' is not unique"):
        catalog.resolve(three, "2026-06-1")


@pytest.mark.parametrize("name", ["2027-01-01", "../secrets", ".", "site"])
def test_unknown_id_names_the_known_ones(three, name):
    with pytest.raises(UnknownReleaseError) as caught:
        catalog.resolve(three, name)
    assert f"release {name!r} is not known" in str(caught.value)
    for info in catalog.list_releases(three):
        assert info.release_id in str(caught.value)


def test_show_returns_the_manifest_of_the_current_release(three):
    assert catalog.show(three).as_of == date(2026, 6, 16)
    assert catalog.show(three, "2026-06-14").as_of == date(2026, 6, 14)


def test_rollback_goes_one_back_and_forward_again_by_name(three):
    newest = catalog.current(three)
    assert catalog.rollback(three).as_of == date(2026, 6, 15)
    assert catalog.rollback(three).as_of == date(2026, 6, 14)
    with pytest.raises(UnknownReleaseError, match="there is no release before 2026-06-14"):
        catalog.rollback(three)
    assert catalog.rollback(three, newest).current
    assert catalog.current(three) == newest
    assert len(catalog.list_releases(three)) == 3


def test_rollback_to_a_damaged_release_is_refused(published, stage, warehouse, tmp_path):
    releases = tmp_path / "r"
    old = published(releases)
    new = publish(stage(warehouse, releases, as_of=date(2026, 6, 15))).info
    (old.folder / "csv" / "skill.csv").unlink()
    with pytest.raises(DamagedReleaseError) as caught:
        catalog.rollback(releases)
    assert "does not verify: missing: csv/skill.csv" in str(caught.value)
    assert f"Current is still {new.release_id}." in str(caught.value)
    assert catalog.current(releases) == new.release_id


def test_release_without_a_manifest_hides_no_other(published, tmp_path):
    good = published(tmp_path / "r")
    (tmp_path / "r" / "2026-06-20-0123456789ab").mkdir()
    assert [info.release_id for info in catalog.list_releases(tmp_path / "r")] == [good.release_id]


def test_link_to_a_removed_release_counts_as_none(published, tmp_path):
    good = published(tmp_path / "r")
    good.folder.rename(tmp_path / "elsewhere")
    assert catalog.current(tmp_path / "r") is None


def test_removed_release_is_out_of_sight_at_once_and_the_current_one_stays(
    published, stage, warehouse, tmp_path, monkeypatch
):
    releases = tmp_path / "r"
    old = published(releases)
    new = publish(stage(warehouse, releases, as_of=date(2026, 6, 15))).info
    with pytest.raises(ReleaseError, match="is the current release and is not removed"):
        catalog.remove(releases, new.release_id)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(catalog.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            catalog.remove(releases, old.release_id)
    assert [info.release_id for info in catalog.list_releases(releases)] == [new.release_id]
    catalog.remove_set_aside(releases)
    assert sorted(path.name for path in releases.iterdir()) == [new.release_id, "current"]
    with pytest.raises(UnknownReleaseError):
        catalog.remove(releases, old.release_id)
