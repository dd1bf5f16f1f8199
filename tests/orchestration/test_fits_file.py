"""The file of kept fits: what is put in comes out, and nothing that is wrong ever does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from threatcast_forecasting.backtesting.engine import BatchForecast
from threatcast_forecasting.quantiles import LEVELS
from threatcast_orchestration.forecasts.fits_file import KEPT_DAYS, open_fits

NIGHT = date(2026, 8, 22)


def batch(count: int, *, parts: bool = False) -> BatchForecast:
    drawn = np.random.default_rng(count)
    quantiles = drawn.integers(0, 10**9, (count, 12, len(LEVELS))).astype(np.int32)
    states = tuple("" if k % 3 else f"fallback: a{k} é" for k in range(count))
    told = drawn.normal(size=(count, 12, 2)).astype(np.float32) if parts else None
    return BatchForecast(quantiles, states, 1.0, told)


KEYS = [number.to_bytes(16, "big") for number in range(1, 1201)]


def assert_same(one: BatchForecast, other: BatchForecast | None) -> None:
    assert other is not None
    np.testing.assert_array_equal(one.quantiles, other.quantiles)
    assert one.states == other.states
    if one.parts is None:
        assert other.parts is None
    else:
        np.testing.assert_array_equal(one.parts, other.parts)


@pytest.mark.parametrize("parts", [False, True])
def test_what_is_kept_is_found_by_the_next_night(tmp_path: Path, parts: bool):
    made = batch(len(KEYS), parts=parts)
    with open_fits(tmp_path / "new" / "fits.sqlite", "code", NIGHT) as fits:
        assert not fits.has(KEYS).any()
        fits.add(KEYS, made)
    with open_fits(tmp_path / "new" / "fits.sqlite", "code", NIGHT) as fits:
        assert fits.has([*KEYS, b"?" * 16]).tolist() == [True] * len(KEYS) + [False]
        assert_same(made, fits.find(KEYS))
        assert fits.find([KEYS[0], b"?" * 16]) is None


def test_fits_of_other_code_are_forgotten(tmp_path: Path):
    path = tmp_path / "fits.sqlite"
    with open_fits(path, "code", NIGHT) as fits:
        fits.add(KEYS[:3], batch(3))
    with open_fits(path, "another", NIGHT) as fits:
        assert not fits.has(KEYS).any()
        fits.add(KEYS[:1], batch(1))
        assert fits.has(KEYS[:2]).tolist() == [True, False]


def test_what_no_night_uses_goes_and_what_one_uses_stays(tmp_path: Path):
    path = tmp_path / "fits.sqlite"
    with open_fits(path, "code", NIGHT) as fits:
        fits.add(KEYS[:2], batch(2))
    with open_fits(path, "code", NIGHT + timedelta(days=KEPT_DAYS)) as fits:
        fits.find(KEYS[:1])
    with open_fits(path, "code", NIGHT + timedelta(days=KEPT_DAYS + 1)):
        pass
    with open_fits(path, "code", NIGHT) as fits:
        assert fits.has(KEYS[:2]).tolist() == [True, False]


@pytest.mark.parametrize("change", ["flipped", "another", "cut"])
def test_a_damaged_fit_is_none(tmp_path: Path, change: str):
    path = tmp_path / "fits.sqlite"
    with open_fits(path, "code", NIGHT) as fits:
        fits.add(KEYS[:2], batch(2))
    with closing(sqlite3.connect(path)) as rows, rows:
        kept = dict(rows.execute("SELECT key, fit FROM fits").fetchall())
        fit = kept[KEYS[0]]
        spoilt = {
            "flipped": fit[:300] + bytes([fit[300] ^ 1]) + fit[301:],
            "another": kept[KEYS[1]],
            "cut": fit[:-40],
        }
        rows.execute("UPDATE fits SET fit = ? WHERE key = ?", [spoilt[change], KEYS[0]])
    with open_fits(path, "code", NIGHT) as fits:
        assert fits.find(KEYS[:1]) is None
        assert fits.find(KEYS[1:2]) is not None


@pytest.mark.parametrize("content", [b"", b"no database at all" * 200, None])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes | None):
    path = tmp_path / "fits.sqlite"
    with open_fits(path, "code", NIGHT) as fits:
        fits.add(KEYS, batch(len(KEYS)))
    whole = path.read_bytes()
    path.write_bytes(whole[:5000] if content is None else content)
    with open_fits(path, "code", NIGHT) as fits:
        assert not fits.has(KEYS).any()
        fits.add(KEYS[:3], batch(3))
        fits.find(KEYS[:3])
    with open_fits(path, "code", NIGHT) as fits:
        fits.add(KEYS[:3], batch(3))
        assert_same(batch(3), fits.find(KEYS[:3]))


def test_a_file_whose_middle_is_spoilt_costs_only_time(tmp_path: Path):
    path = tmp_path / "fits.sqlite"
    made = batch(len(KEYS))
    with open_fits(path, "code", NIGHT) as fits:
        fits.add(KEYS, made)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40_000] = b"\xa5" * 40_000
    path.write_bytes(content)
    with open_fits(path, "code", NIGHT) as fits:
        there = fits.has(KEYS)
        found = [fits.find([key]) for key, is_there in zip(KEYS, there, strict=True) if is_there]
    for place, one in zip(np.flatnonzero(there), found, strict=True):
        if one is not None:
            np.testing.assert_array_equal(one.quantiles[0], made.quantiles[place])


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with open_fits(tmp_path / "file" / "fits.sqlite", "code", NIGHT) as fits:
        fits.add(KEYS[:1], batch(1))
        assert not fits.has(KEYS[:1]).any()
        assert fits.find(KEYS[:1]) is None
