"""A home and the store that it shares: what others have is brought, what came is handed over.

The home is a copy with everything in it that can be made again; the store is what counts. Where a
home has gone on alone and others have handed over since, what it kept for itself gives way.
"""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from threatcast_feeds.durable import replacing, write_durably
from threatcast_feeds.outcomes import digest_of

from threatcast_orchestration.errors import OrchestrationError, WrongUse
from threatcast_orchestration.sharing.head import (
    Head,
    read_head,
    record_name,
    release_folder,
    write_head,
)
from threatcast_orchestration.sharing.marker import Marker, read_marker, write_marker
from threatcast_orchestration.sharing.shared_files import (
    payload_files,
    payloads_first,
    records_of,
)

if TYPE_CHECKING:
    from threatcast_orchestration.run.home import Home
    from threatcast_orchestration.sharing.lease import Lease
    from threatcast_orchestration.sharing.shared_store import SharedStore

log = logging.getLogger(__name__)
_AT_ONCE = 8
"""Files on their way at a time."""


@dataclass(frozen=True)
class HandedOver:
    """What was handed over: payload files, records and releases that the store did not have."""

    payloads: int
    records: int
    releases: int


class Exchange:
    """The exchange between a home and a store, by the run that has the lease."""

    def __init__(self, home: Home, store: SharedStore, lease: Lease) -> None:
        self._home = home
        self._store = store
        self._lease = lease
        self._head, self._version = read_head(store)
        self._marker = self._known()

    @property
    def address(self) -> str:
        """Of the store."""
        return self._store.address

    def check(self) -> None:
        """Raise LeaseLost if this run may publish nothing any more."""
        self._lease.check()

    def bring(self) -> None:
        """Make the home equal to the store, as far as it is shared.

        Raises
        ------
        WrongUse
            If the home holds another source.
        OrchestrationError
            If what the store gives is not what was handed over.
        """
        if self._head is None:
            return
        if self._head.source:
            self._home.bind_source(self._head.source)
        self._bring_payloads()
        if self._marker.head != self._head.digest:
            self._bring_records(self._head.records)
            self._bring_releases(self._head)
            self._mark(head=self._head.digest)

    def land(self) -> int:
        """Hand over the payloads that the store lacks; returns how many files went.

        Raises
        ------
        LeaseLost
            If this run may write no more.
        """
        landed = set(self._marker.landed)
        new = [name for name in payload_files(self._home) if name not in landed]
        for part in payloads_first(new):
            self.check()
            _side_by_side(self._land_one, part)
        if new:
            self._mark(landed=(*self._marker.landed, *new))
        return len(new)

    def hand_over(self) -> HandedOver:
        """Hand over all that came; others see all of it, or nothing but payloads.

        Raises
        ------
        LeaseLost
            If another run has taken over; nothing was published then.
        """
        payloads = self.land()
        before = self._head
        head = self._present()
        if before is not None and head == before.model_copy(update={"fence": head.fence}):
            return HandedOver(payloads, 0, 0)
        known = before.records if before else {}
        records = [path for path, digest in head.records.items() if known.get(path) != digest]
        releases = [one for one in head.releases if before is None or one not in before.releases]
        _side_by_side(partial(self._send_record, head.records), records)
        for release_id in releases:
            self._send_release(release_id)
        self.check()
        self._version = write_head(self._store, head, self._version)
        self._head = head
        self._mark(head=head.digest)
        if before is not None:
            self._clear(before, head)
        return HandedOver(payloads, len(records), len(releases))

    def _known(self) -> Marker:
        """Return what the home knows of this store; refuses a home that has a past of its own."""
        marker, head = read_marker(self._home), self._head
        if marker is None:
            if head is not None and self._has_past():
                raise self._refused("has a past of its own, which this store does not have")
            marker = Marker(store=head.store if head else secrets.token_hex(8))
            write_marker(self._home, marker)
        elif head is None and marker.head:
            raise self._refused("shares a store that was not empty; this one is")
        elif head is not None and marker.store != head.store:
            raise self._refused("shares another store")
        return marker

    def _has_past(self) -> bool:
        return bool(payload_files(self._home) or records_of(self._home) or self._releases())

    def _refused(self, what: str) -> WrongUse:
        return WrongUse(
            f"The home {self._home.root} {what} ({self.address}). Nothing was changed. Begin with "
            "an empty home (--home), which brings all from the store, or name another store "
            "(THREATCAST_STORE)."
        )

    def _mark(self, *, head: str | None = None, landed: Iterable[str] | None = None) -> None:
        self._marker = Marker(
            store=self._marker.store,
            head=self._marker.head if head is None else head,
            landed=self._marker.landed if landed is None else tuple(sorted(landed)),
        )
        write_marker(self._home, self._marker)

    def _releases(self) -> list[str]:
        from threatcast_publishing.catalog import release_folders

        return [folder.name for folder in release_folders(self._home.releases)]

    def _present(self) -> Head:
        """Return what the store would hold if all of the home were handed over."""
        from threatcast_publishing.catalog import current

        return Head(
            store=self._marker.store,
            fence=self._lease.fence,
            source=self._home.source or "",
            release=current(self._home.releases),
            releases=tuple(self._releases()),
            records=records_of(self._home),
        )

    def _bring_payloads(self) -> None:
        """Bring payloads that others landed; what this home landed alone stays beside them."""
        landed = set(self._marker.landed)
        new = [name for name in self._store.names("landing") if name not in landed]
        for part in payloads_first(new):
            _side_by_side(self._fetch, part)
        self._refuse_damaged(new)
        if new:
            self._mark(landed=(*landed, *new))

    def _refuse_damaged(self, names: Iterable[str]) -> None:
        """Refuse payloads that are not what their notes say."""
        from threatcast_feeds.landing import Landing

        landing, new = Landing(self._home.landing), set(names)
        for feed in sorted({name.split("/")[1] for name in new}):
            for landed in landing.payloads(feed):
                if landed.path.relative_to(self._home.root).as_posix() in new:
                    landing.read(landed)

    def _fetch(self, name: str) -> None:
        target = self._home.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as scratch:
            self._store.fetch(name, scratch)

    def _land_one(self, name: str) -> None:
        target = self._home.root / name
        content = target.read_bytes()
        stands = self._store.write_once(name, content)
        if stands.content != content:  # landed elsewhere first: that copy is the one that counts
            write_durably(target, stands.content)

    def _bring_records(self, records: Mapping[str, str]) -> None:
        here = records_of(self._home)
        for path in sorted(here.keys() - records.keys()):
            log.warning("%s was never handed over, and others have gone on: it is removed.", path)
            (self._home.root / path).unlink()
        missing = [path for path, digest in records.items() if here.get(path) != digest]
        _side_by_side(partial(self._bring_record, records), missing)

    def _bring_record(self, records: Mapping[str, str], path: str) -> None:
        target, digest = self._home.root / path, records[path]
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as scratch:
            self._store.fetch(record_name(path, digest), scratch)
            if digest_of(scratch) != digest:
                raise OrchestrationError(
                    f"{self.address}/{record_name(path, digest)} is not what was handed over. "
                    "Nothing was published. Put a copy of it back."
                )

    def _bring_releases(self, head: Head) -> None:
        from threatcast_publishing.catalog import CURRENT, current, make_current, remove

        for release_id in head.releases:
            if not (self._home.releases / release_id).is_dir():
                self._bring_release(release_id)
        if head.release is None:
            (self._home.releases / CURRENT).unlink(missing_ok=True)
        elif current(self._home.releases) != head.release:
            make_current(self._home.releases, head.release)
        for release_id in self._releases():
            if release_id not in head.releases:
                log.warning(
                    "The release %s was never handed over, or is kept no more: it is removed.",
                    release_id,
                )
                remove(self._home.releases, release_id)

    def _bring_release(self, release_id: str) -> None:
        """Bring a release aside, look at every hash, and only then give it its name."""
        from threatcast_publishing.files import let_read, let_through, sync_tree
        from threatcast_publishing.release import BUILDING
        from threatcast_publishing.verify import verify

        folder = release_folder(release_id)
        aside = self._home.releases / f"{BUILDING}{release_id}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        let_through(self._home.releases)
        _side_by_side(partial(self._bring_file, folder, aside), self._store.names(folder))
        found = verify(aside)
        if not found.ok:
            shutil.rmtree(aside)
            raise OrchestrationError(
                f"{self.address}/{folder} is not what was handed over: {found.summary()}. Nothing "
                "was published. Put a copy of it back, or hand it over again from a home that has "
                "it."
            )
        let_read(aside)
        sync_tree(aside)
        aside.rename(self._home.releases / release_id)

    def _bring_file(self, folder: str, aside: Path, name: str) -> None:
        target = aside / name.removeprefix(f"{folder}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        self._store.fetch(name, target)

    def _send_record(self, records: Mapping[str, str], path: str) -> None:
        content = (self._home.root / path).read_bytes()
        self._store.write_once(record_name(path, records[path]), content)

    def _send_release(self, release_id: str) -> None:
        """Send a release's files and then its manifest; one that has a manifest there is whole."""
        from threatcast_publishing.files import plain_files
        from threatcast_publishing.manifest import MANIFEST

        folder, here = release_folder(release_id), self._home.releases / release_id
        last = f"{folder}/{MANIFEST}"
        if last in self._store.names(folder):
            return
        files = [path.relative_to(here).as_posix() for path in plain_files(here)]
        _side_by_side(
            partial(self._send_file, here, folder), [one for one in files if one != MANIFEST]
        )
        self._send_file(here, folder, MANIFEST)

    def _send_file(self, here: Path, folder: str, name: str) -> None:
        self.check()
        self._store.send(here / name, f"{folder}/{name}")

    def _clear(self, before: Head, after: Head) -> None:
        """Remove what the head named and names no more; nobody else reads while the lease holds."""
        for path, digest in before.records.items():
            if after.records.get(path) != digest:
                self._store.remove(record_name(path, digest))
        for release_id in before.releases:
            if release_id not in after.releases:
                # the manifest goes first: what a kill leaves is no release
                names = self._store.names(release_folder(release_id))
                for name in sorted(names, key=lambda one: not one.endswith("/manifest.json")):
                    self._store.remove(name)


def _side_by_side(work: Callable[[str], None], names: Iterable[str]) -> None:
    """Do a piece of work for each name, several at a time; the first error ends it."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(work, names):
            pass
