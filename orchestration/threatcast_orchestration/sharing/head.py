"""What a store holds for good, in one file that is replaced in one write.

    head.json                     the current release, all releases, and each record by its hash
    records/<path>/<hash>         what a path of the home held; never changed
    releases/<id>/                what was published; its manifest is written last
    landing/<feed>/               payloads and their notes, as in a home; never changed

Whatever a run writes is not there for others until the head names it. The landing alone needs no
name: payloads and notes are named by day and hash, and every one that is there counts.
"""

from __future__ import annotations

from hashlib import sha256

from pydantic import BaseModel, ConfigDict, ValidationError

from threatcast_orchestration.errors import LeaseLost, OrchestrationError
from threatcast_orchestration.sharing.shared_store import Blob, SharedStore

HEAD = "head.json"


class Head(BaseModel):
    """The store's content; `store` tells one store from another, `fence` who wrote it last."""

    model_config = ConfigDict(frozen=True)

    store: str
    fence: int
    source: str
    release: str | None
    releases: tuple[str, ...]
    records: dict[str, str]

    def to_bytes(self) -> bytes:
        """Return the file's content."""
        return self.model_dump_json(indent=1).encode() + b"\n"

    @property
    def digest(self) -> str:
        """By which a home knows what it has seen."""
        return sha256(self.to_bytes()).hexdigest()


def read_head(store: SharedStore) -> tuple[Head | None, str]:
    """Return a store's head and its version; None and '' of a store that is new.

    Raises
    ------
    OrchestrationError
        If it is damaged: what was published must not be guessed.
    """
    stands = store.read(HEAD)
    if stands is None:
        return None, ""
    try:
        return Head.model_validate_json(stands.content), stands.version
    except ValidationError as error:
        raise OrchestrationError(
            f"{store.address}/{HEAD} does not say what the store holds ({error}). Nothing was "
            "changed. Put a copy of it back: its bucket's older version, or a back-up."
        ) from error


def write_head(store: SharedStore, head: Head, version: str) -> str:
    """Put a head in the place of the version that was read; returns its own version.

    Raises
    ------
    LeaseLost
        If another run has written since, which needs that this one's lease had run out.
    """
    stands = _write(store, head.to_bytes(), version)
    if stands.content != head.to_bytes():
        raise LeaseLost(
            f"Another run has published to the store {store.address} since this one began. Nothing "
            "of this run was published there. Run again; the next run goes on from what it holds."
        )
    return stands.version


def _write(store: SharedStore, content: bytes, version: str) -> Blob:
    return store.replace(HEAD, content, version) if version else store.write_once(HEAD, content)


def record_name(path: str, digest: str) -> str:
    """Return where a store keeps what a path of the home held."""
    return f"records/{path}/{digest}"


def release_folder(release_id: str) -> str:
    """Return the folder of a release in a store."""
    return f"releases/{release_id}"
