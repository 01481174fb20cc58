"""Writing a dump: into a folder beside its target, renamed only when it is whole."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import save_file

from parity.dump.manifest import Manifest, PhaseRecord, TapRecord
from parity.errors import ParityError
from parity.serial import write_json
from parity.taps import Tap
from parity.tokens import Phase

__all__ = ["MANIFEST", "DumpWriter", "whole_folder"]

MANIFEST = "manifest.json"

# Large enough that a dump of a 7B model has hundreds of files and not thousands, small enough to be held in memory.
_SHARD_BYTES = 64 * 2**20


class DumpWriter:
    """Collects the taps of one phase after the other into safetensors files.

    Tensors are held until a shard is full; the caller hands over arrays that nothing writes to any more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shard: dict[str, npt.NDArray[Any]] = {}
        self._records: list[TapRecord] = []
        self._shards = 0
        self._phase = ""
        self._mask = np.ones((0, 0), dtype=np.bool_)

    def begin(self, phase: Phase) -> None:
        """Start a phase and store its tokens."""
        self._phase, self._mask = phase.name, phase.tokens.mask
        self._shards = 0
        self._records = []
        tokens = {
            "ids": phase.tokens.ids,
            "mask": phase.tokens.mask,
            "positions": phase.tokens.positions,
        }
        self._save(tokens, self._tokens_file)

    def add(self, tap: Tap, array: npt.NDArray[Any]) -> None:
        """Store one tap of the current phase, without its padding."""
        file = f"{self._phase}-{self._shards:05d}.safetensors"
        packed = tap.axes[:2] == ("batch", "token")
        self._shard[tap.name] = array[self._mask] if packed else array
        self._records.append(TapRecord(tap.name, array.dtype.name, tuple(array.shape), file, packed))
        if sum(held.nbytes for held in self._shard.values()) >= _SHARD_BYTES:
            self._flush()

    def end(self, phase: Phase) -> PhaseRecord:
        """Write what is still held and say what the phase holds, in the order of `add`."""
        self._flush()
        return PhaseRecord(
            phase.name, phase.tokens.digest, self._tokens_file, phase.tokens.pieces, tuple(self._records)
        )

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, which makes the folder a dump."""
        write_json(self._folder / MANIFEST, manifest)

    @property
    def _tokens_file(self) -> str:
        return f"{self._phase}-tokens.safetensors"

    def _flush(self) -> None:
        if self._shard:
            self._save(self._shard, self._records[-1].file)
            self._shard = {}
            self._shards += 1

    def _save(self, tensors: dict[str, npt.NDArray[Any]], file: str) -> None:
        # safetensors stores the bytes of a transposed view in the wrong order, without an error.
        save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, self._folder / file)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder that becomes `target` when the block ends well, and vanishes when it does not.

    A dump that stood at `target` is replaced at the end, never before.

    Raises:
        ParityError: `target` exists and is no dump, or the disk is full or not writable.
    """
    _refuse_foreign(target)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        _make_fresh(partial)
        yield partial
        _replace(target, partial)
    except (OSError, SafetensorError) as error:
        raise _write_error(target, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _refuse_foreign(target: Path) -> None:
    if target.is_file() or (target.is_dir() and any(target.iterdir()) and not (target / MANIFEST).is_file()):
        raise ParityError(
            f"{target}: exists and is no dump, so it is not overwritten",
            cure="name another folder, or remove this one",
        )


def _make_fresh(partial: Path) -> None:
    partial.parent.mkdir(parents=True, exist_ok=True)
    # Killed recordings can't clean up after themselves; the next one of the same name does.
    for stale in partial.parent.glob(f"{partial.name.rpartition('-')[0]}-*"):
        shutil.rmtree(stale, ignore_errors=True)
    partial.mkdir()


def _replace(target: Path, partial: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    partial.replace(target)


def _write_error(target: Path, error: Exception) -> ParityError:
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or any(
        word in str(error) for word in ("os error 28", "os error 122", "os error 27")
    )
    if full:
        return ParityError(
            f"{target}: the disk is full, nothing was kept of this recording",
            cure="free some space, name a folder on another disk, or capture fewer taps with --taps blocks",
        )
    return ParityError(f"{target}: can't be written ({error})", cure="check the folder and its permissions")
