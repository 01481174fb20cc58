"""Engines on disk: found again, never trusted."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from parity.engines.tensorrt.cache import EngineCache, EngineKey

KEY = EngineKey("graph", "weights", {"dtype": "float16", "level": "3"}, "GPU 9.0", "580", "8.6.0")
OTHERS = [
    replace(KEY, graph="other taps"),
    replace(KEY, weights="other weights"),
    replace(KEY, settings={"dtype": "float32", "level": "3"}),
    replace(KEY, settings={"dtype": "float16", "level": "0"}),
    replace(KEY, device="GPU 8.0"),
    replace(KEY, driver="550"),
    replace(KEY, tensorrt="10.1"),
]


def refuse(timing_cache: Path) -> bytes:
    raise AssertionError("built again")


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    filled = EngineCache(tmp_path / "engines")
    assert filled.get(KEY, lambda timing_cache: b"plan") == b"plan"
    return filled


def test_an_engine_is_built_once(cache: EngineCache) -> None:
    assert cache.get(KEY, refuse) == b"plan"


@pytest.mark.parametrize("key", OTHERS, ids=lambda key: str(OTHERS.index(key)))
def test_whatever_an_engine_depends_on_makes_another(cache: EngineCache, key: EngineKey) -> None:
    assert cache.get(key, lambda timing_cache: b"other") == b"other"
    assert cache.get(KEY, refuse) == b"plan"


@pytest.mark.parametrize("damage", [b"", b"pla", b"plan and more", b"plam"])
def test_a_damaged_plan_is_built_again(cache: EngineCache, damage: bytes) -> None:
    (plan,) = cache.folder.glob("*.plan")
    plan.write_bytes(damage)
    assert cache.get(KEY, lambda timing_cache: b"new") == b"new"
    assert plan.read_bytes() == b"new"


def test_a_plan_from_elsewhere_under_this_name_is_built_again(cache: EngineCache, tmp_path: Path) -> None:
    other = EngineCache(tmp_path / "foreign")
    other.get(OTHERS[4], lambda timing_cache: b"foreign")
    for suffix in ("plan", "json"):
        (source,), (target,) = other.folder.glob(f"*.{suffix}"), cache.folder.glob(f"*.{suffix}")
        target.write_bytes(source.read_bytes())
    assert cache.get(KEY, lambda timing_cache: b"own") == b"own"


def test_a_plan_without_its_note_is_built_again(cache: EngineCache) -> None:
    (note,) = cache.folder.glob("*.json")
    note.write_text("{")
    assert cache.get(KEY, lambda timing_cache: b"new") == b"new"


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "engines")
    with pytest.raises(AssertionError):
        cache.get(KEY, refuse)
    assert not list(cache.folder.glob("*.plan"))


def test_timings_are_shared_by_what_runs_the_same_kernels() -> None:
    same = [KEY, OTHERS[0], OTHERS[1], OTHERS[2]]
    assert len({key.timing_digest for key in same}) == 1
    other = [*OTHERS[4:], replace(KEY, settings={**KEY.settings, "tactics": "1"})]
    assert all(key.timing_digest != KEY.timing_digest for key in other)


def build_slowly(folder: Path) -> bytes:
    def build(timing_cache: Path) -> bytes:
        started = folder / "started"
        assert not started.exists(), "two builds at a time"
        started.touch()
        for _ in range(50):
            (folder / "busy").touch()
        started.unlink()
        return b"plan"

    return EngineCache(folder).get(KEY, build)


def test_processes_wait_for_one_another(tmp_path: Path) -> None:
    with get_context("spawn").Pool(2) as pool:
        assert pool.map(build_slowly, [tmp_path] * 4) == [b"plan"] * 4
