"""Engines on disk, looked up by everything that they depend on."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["EngineCache", "EngineKey"]


@dataclass(frozen=True)
class EngineKey:
    """Everything that an engine depends on.

    Attributes:
        graph: digest of the graph with its outputs and lengths.
        weights: digest of the weights.
        settings: how it is built, by name: dtype, level, types …
        device: name and compute capability of the GPU.
        driver: version of the GPU's driver.
        tensorrt: version of TensorRT.
    """

    graph: str
    weights: str
    settings: Mapping[str, str]
    device: str
    driver: str
    tensorrt: str

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, in hexadecimal."""
        return hashlib.sha256(json.dumps(self._plain(), sort_keys=True).encode()).hexdigest()

    @property
    def timing_digest(self) -> str:
        """Digest of what timings of kernels depend on: graph, weights and dtype are no part of it."""
        kept = {name: self.settings.get(name, "") for name in ("tactics", "tactic_sources")}
        parts = [self.device, self.driver, self.tensorrt, kept]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _plain(self) -> list[object]:
        return [self.graph, self.weights, dict(self.settings), self.device, self.driver, self.tensorrt]


@dataclass(frozen=True)
class EngineCache:
    """A folder of engines and timing caches.

    An engine is two files: the plan, and what it was built from with the plan's digest. A plan whose digest is not the
    one that was written down, or whose key is not the one asked for, is built again and never run: TensorRT executes
    what a plan says.

    Attributes:
        folder: made when the first engine is kept.
    """

    folder: Path

    def get(self, key: EngineKey, build: Callable[[Path], bytes]) -> bytes:
        """The engine of `key`, from disk or from `build`.

        Only one build runs at a time, also among processes: two would disturb each other's timings. Whoever waited
        looks on disk again.

        Args:
            key: what it depends on.
            build: builds it, with the timing cache at the path that it is given.
        """
        found = self._read(key)
        if found is not None:
            return found
        with self._alone():
            found = self._read(key)
            if found is None:
                found = build(self._timing_cache(key))
                self._write(key, found)
            return found

    def _read(self, key: EngineKey) -> bytes | None:
        plan, note = self._files(key)
        try:
            written = json.loads(note.read_text(encoding="utf-8"))
            data = plan.read_bytes()
        except (OSError, ValueError):
            return None
        expected = {"key": key.digest, "plan": hashlib.sha256(data).hexdigest()}
        return data if written == expected else None

    def _write(self, key: EngineKey, data: bytes) -> None:
        plan, note = self._files(key)
        note.unlink(missing_ok=True)
        _write_whole(plan, data)
        text = json.dumps({"key": key.digest, "plan": hashlib.sha256(data).hexdigest()})
        _write_whole(note, text.encode())

    def _files(self, key: EngineKey) -> tuple[Path, Path]:
        stem = self.folder / key.digest[:24]
        return stem.with_suffix(".plan"), stem.with_suffix(".json")

    def _timing_cache(self, key: EngineKey) -> Path:
        return self.folder / f"{key.timing_digest[:24]}.timing"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
