"""The one seam to a shared store: a bucket that speaks S3, or a folder that machines mount.

Two writes carry everything: one that only happens where nothing stands yet, and one that only
happens where nobody has written since. S3 has both (`If-None-Match`, `If-Match`), and a folder has
them by hard links and a lock; fsspec does the rest. Credentials and another endpoint than Amazon's
come from where every S3 program has them (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and so on).
"""

from __future__ import annotations

import logging
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock
from threatcast_feeds.durable import write_durably

from threatcast_orchestration.errors import WrongUse

_SECONDS = 10
_S3 = {"connect_timeout": _SECONDS, "read_timeout": 60, "retries": {"max_attempts": 3}}
_NONE = "Leave the setting store empty (THREATCAST_STORE) to share nothing."


class StoreFailure(WrongUse):
    """The store cannot be read or written; says which, why, and the cure."""


@dataclass(frozen=True)
class Blob:
    """What stands under a name; `version` is what `replace` wants to be told."""

    content: bytes
    version: str


def open_shared_store(address: str) -> SharedStore:
    """Return the store at an address (`s3://BUCKET/PREFIX`, `file:///FOLDER`); asks it nothing.

    Raises
    ------
    StoreFailure
        If what speaks with such a store is not installed.
    """
    import fsspec

    scheme, _, place = address.partition("://")
    place = place.rstrip("/")
    if scheme == "file":
        return Folder(address, place, fsspec.filesystem("file"))
    try:
        files = fsspec.filesystem(
            "s3", config_kwargs=_S3, use_listings_cache=False, skip_instance_cache=True
        )
    except ImportError as error:
        raise StoreFailure(
            f"The setting store is {address}, and the package s3fs is not installed. Nothing was "
            f"changed. Install it: pip install 'threatcast[s3]'. {_NONE}"
        ) from error
    logging.getLogger("botocore").setLevel(logging.ERROR)
    return Bucket(address, place, files)


class SharedStore(ABC):
    """Named bytes at one place. Every method raises StoreFailure if the place does not answer."""

    def __init__(self, address: str, place: str, files: Any) -> None:
        self.address = address
        self._place = place
        self._files = files

    @abstractmethod
    def read(self, name: str) -> Blob | None:
        """Return what stands under a name; None if nothing does."""

    @abstractmethod
    def _create(self, name: str, content: bytes) -> str:
        """Write where nothing stands, for the version; raises OSError where something does."""

    @abstractmethod
    def _exchange(self, name: str, content: bytes, version: str) -> str:
        """Write where that version stands, for the new one; raises OSError where it does not."""

    def write_once(self, name: str, content: bytes) -> Blob:
        """Write bytes where nothing stands yet; returns what stands there now, ours or another's.

        The same bytes of somebody else's are as good: what is written once is named by what it is.
        """
        return self._settled(name, content, lambda: self._create(name, content))

    def replace(self, name: str, content: bytes, version: str) -> Blob:
        """Write bytes where that version stands; returns what stands there now, ours or another's.

        Raises
        ------
        StoreFailure
            Also if nothing stands there.
        """
        return self._settled(name, content, lambda: self._exchange(name, content, version))

    def names(self, folder: str) -> list[str]:
        """Return the names of all that stands below a folder, sorted."""
        with self._reached():
            base = self._at("")
            found = self._files.find(self._at(folder))
            return sorted(str(path)[len(base) :] for path in found if self._is_ours(str(path)))

    def fetch(self, name: str, target: Path) -> None:
        """Write what stands under a name into a file."""
        with self._reached():
            self._files.get_file(self._at(name), str(target))

    def send(self, source: Path, name: str) -> None:
        """Write a file under a name, whatever stands there."""
        with self._reached():
            self._files.put_file(str(source), self._at(name))

    def remove(self, name: str) -> None:
        """Take away what stands under a name, if anything does."""
        with self._reached(), suppress(FileNotFoundError):
            self._files.rm_file(self._at(name))

    def _settled(self, name: str, content: bytes, write: Callable[[], str]) -> Blob:
        """Write, or look at what stands there instead: an answer that was lost is no answer."""
        with self._reached():
            try:
                return Blob(content, write())
            except OSError:
                stands = self.read(name)
                if stands is None:
                    raise
                return stands

    def _at(self, name: str) -> str:
        return f"{self._place}/{name}"

    def _is_ours(self, path: str) -> bool:
        """Whether a path is no file that stands there for a moment."""
        return not path.rpartition("/")[2].startswith(".")

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn whatever a library raises into one error that says the cure."""
        try:
            yield
        except StoreFailure:
            raise
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise StoreFailure(
                f"The store {self.address} cannot be reached: {reason}. Nothing was published; "
                "what was landed, built and forecast stays in the home. Mend the address "
                f"(THREATCAST_STORE), its credentials or the way to it, then run again. {_NONE}"
            ) from error


class Bucket(SharedStore):
    """A bucket that speaks S3; versions are its entity tags."""

    def read(self, name: str) -> Blob | None:
        """Return what stands under a name; None if nothing does."""
        from fsspec.asyn import sync

        with self._reached():
            try:
                answer = self._files.call_s3("get_object", **self._key(name))
            except FileNotFoundError:
                return None
            # in one answer, so that the tag is of these very bytes
            return Blob(sync(self._files.loop, answer["Body"].read), answer["ETag"])

    def _create(self, name: str, content: bytes) -> str:
        return self._put(name, content, IfNoneMatch="*")

    def _exchange(self, name: str, content: bytes, version: str) -> str:
        return self._put(name, content, IfMatch=version)

    def _put(self, name: str, content: bytes, **condition: str) -> str:
        answer = self._files.call_s3("put_object", **self._key(name), Body=content, **condition)
        return str(answer["ETag"])

    def _key(self, name: str) -> dict[str, str]:
        bucket, key, _ = self._files.split_path(self._at(name))
        return {"Bucket": bucket, "Key": key}


class Folder(SharedStore):
    """A folder that machines mount; versions are hashes. Its file system must know locks."""

    def read(self, name: str) -> Blob | None:
        """Return what stands under a name; None if nothing does."""
        with self._reached():
            try:
                content = Path(self._at(name)).read_bytes()
            except FileNotFoundError:
                return None
            return Blob(content, sha256(content).hexdigest())

    def send(self, source: Path, name: str) -> None:
        """Write a file under a name, whatever stands there."""
        with self._reached():
            Path(self._at(name)).parent.mkdir(parents=True, exist_ok=True)
        super().send(source, name)

    def _create(self, name: str, content: bytes) -> str:
        with self._written(name, content) as (fresh, target):
            os.link(fresh, target)  # refuses a name that is taken, in one step
        return sha256(content).hexdigest()

    def _exchange(self, name: str, content: bytes, version: str) -> str:
        target = Path(self._at(name))
        with (
            FileLock(target.with_name(f".{target.name}.lock"), timeout=_SECONDS),
            self._written(name, content) as (fresh, _),
        ):
            if sha256(target.read_bytes()).hexdigest() != version:
                raise FileExistsError(target)
            fresh.replace(target)
        return sha256(content).hexdigest()

    @contextmanager
    def _written(self, name: str, content: bytes) -> Iterator[tuple[Path, Path]]:
        """Yield a file of these bytes beside the one that they are for."""
        target = Path(self._at(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            write_durably(fresh, content)
            yield fresh, target
        finally:
            fresh.unlink(missing_ok=True)
