"""Keeps compiled templates for the life of the process: the same for all languages."""

from __future__ import annotations

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_COMPILED: dict[str, bytes] = {}


class CompiledTemplates(BytecodeCache):
    """Compiles each template once, though every language has an environment of its own."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket if its template was compiled before."""
        if bucket.key in _COMPILED:
            bucket.bytecode_from_string(_COMPILED[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        _COMPILED[bucket.key] = bucket.bytecode_to_string()
