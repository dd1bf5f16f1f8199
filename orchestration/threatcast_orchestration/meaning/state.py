"""The bench of a feed as bytes, so that a night judges what is new and not all that ever was.

Arrays go into a zip of NumPy files, whose checksums notice damage; the rest is JSON beside them.
Nothing in it is executed when it is read.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections import deque
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from threatcast_orchestration.meaning.bench import Bench
from threatcast_orchestration.meaning.copies import Copy, Names
from threatcast_orchestration.meaning.memory import STEPS, Memory, Mix

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

_ARRAYS = ("keys", "days", "places", "categories", "twins", "listed")
_MIXES = ("places", "categories", "weekdays")


def packed(bench: Bench) -> bytes:
    """Return all that a bench has learnt."""
    import duckdb

    arrays: dict[str, Array] = {}
    rest = {
        # hashes of records are DuckDB's, and another version may make others
        "hashed_by": duckdb.__version__,
        "places": bench.places.names,
        "categories": bench.categories.names,
        "memory": _memory(bench.memory),
        "last": [_copy(one, f"last{n}", arrays) for n, one in enumerate(bench.last.values())],
        "doubted": [_copy(one, f"doubted{n}", arrays) for n, one in enumerate(bench.doubted)],
        "states": sorted(state.hex() for state in bench.states),
    }
    if bench.ever is not None:
        arrays["ever"] = bench.ever
    arrays["rest"] = np.frombuffer(json.dumps(rest).encode(), np.uint8)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def restore(bench: Bench, content: bytes) -> bool:
    """Give a new bench what another one had learnt.

    Returns
    -------
    bool
        Whether it was taken over; False for damaged bytes, or for keys hashed by another DuckDB.
    """
    import duckdb

    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = dict(file)
        rest = json.loads(arrays["rest"].tobytes())
        if rest["hashed_by"] != duckdb.__version__:
            return False
        last = [_copy_of(row, arrays) for row in rest["last"]]
        bench.doubted = [_copy_of(row, arrays) for row in rest["doubted"]]
        bench.memory = _memory_of(rest["memory"])
    except (ValueError, LookupError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return False
    bench.places, bench.categories = Names(rest["places"]), Names(rest["categories"])
    bench.last = {one.edition: one for one in last}
    bench.states = {bytes.fromhex(state) for state in rest["states"]}
    bench.ever = arrays.get("ever")
    return True


def _copy(copy: Copy, name: str, arrays: dict[str, Array]) -> dict[str, Any]:
    """Put a copy's arrays among the others; returns the rest of it."""
    for field in _ARRAYS:
        column = getattr(copy, field)
        if column is not None:
            arrays[f"{name}.{field}"] = column
    plain = [field.name for field in fields(copy) if field.name not in _ARRAYS]
    return {"name": name} | {field: getattr(copy, field) for field in plain}


def _copy_of(row: dict[str, Any], arrays: dict[str, Array]) -> Copy:
    name = row.pop("name")
    columns: dict[str, Any] = {field: arrays.get(f"{name}.{field}") for field in _ARRAYS}
    return Copy(**row, **columns)


def _memory(memory: Memory) -> dict[str, Any]:
    rows = {field.name: getattr(memory, field.name) for field in fields(memory)}
    return rows | {
        **{name: rows[name].weight.tolist() for name in _MIXES},
        "rates": list(memory.rates),
        "news": list(memory.news),
        "by_place": [counts.tolist() for counts in memory.by_place],
        "measures": {name: list(shares) for name, shares in memory.measures.items()},
    }


def _memory_of(row: dict[str, Any]) -> Memory:
    memory = Memory(**{name: row[name] for name in ("quiet", "longest_quiet", "steps")})
    for name in _MIXES:
        setattr(memory, name, Mix(np.array(row[name], float)))
    for name in ("rates", "news"):
        getattr(memory, name).extend((count, span) for count, span in row[name])
    memory.by_place.extend(np.array(counts, int) for counts in row["by_place"])
    for name, shares in row["measures"].items():
        memory.measures[name] = deque(shares, maxlen=STEPS)
    return memory
