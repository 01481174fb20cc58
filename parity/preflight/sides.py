"""The dumps of a comparison as checks see them: memory-mapped, without padding, phase by phase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.digest import StoredTensor, file_tensors
from parity.dtypes import dtype_info
from parity.dump import Dump, PhaseRecord, TapRecord
from parity.taps import TapGraph
from parity.tokens import TokenBatch

__all__ = ["DumpSides", "PhaseSides", "TapRows", "open_sides"]

Array = npt.NDArray[Any]


class TapRows(Mapping[str, "npt.NDArray[Any]"]):
    """The taps of one phase of one dump, in stored dtype; only what is looked at is read from disk.

    Taps with the axes batch and token come as ``[real token, …]``, prompt after prompt; others as they are.
    """

    def __init__(self, folder: Path, record: PhaseRecord, tokens: TokenBatch) -> None:
        self._taps = {tap.name: tap for tap in record.taps}
        self._mask = tokens.mask
        files = {folder / tap.file for tap in record.taps}
        self._stored = {tensor.name: tensor for file in files for tensor in file_tensors(file)}

    def __getitem__(self, name: str) -> Array:
        tap = self._taps[name]
        array = _mapped(self._stored[name], tap)
        whole = not tap.packed and array.shape[:2] == self._mask.shape
        return array[self._mask] if whole else array

    def __iter__(self) -> Iterator[str]:
        return iter(self._taps)

    def __len__(self) -> int:
        return len(self._taps)


@dataclass(frozen=True, eq=False)
class PhaseSides:
    """One phase that all sides ran on the same tokens.

    Attributes:
        name: ``prefill`` …
        tokens: what went in.
        graph: the taps of both sides.
        reference, candidate: their taps.
        floors: the taps of each floor.
    """

    name: str
    tokens: TokenBatch
    graph: TapGraph
    reference: TapRows
    candidate: TapRows
    floors: tuple[TapRows, ...]


@dataclass(frozen=True, eq=False)
class DumpSides:
    """All dumps of a comparison.

    Attributes:
        reference, candidate, floors: the dumps.
        phases: those that every dump has, with the same tokens.
    """

    reference: Dump
    candidate: Dump
    floors: tuple[Dump, ...]
    phases: tuple[PhaseSides, ...]


def open_sides(reference: Dump, candidate: Dump, floors: Sequence[Dump]) -> DumpSides:
    """Open every phase that the dumps share; reads token ids and headers only.

    Raises:
        ParityError: a file is missing or damaged.
    """
    dumps = (reference, candidate, *floors)
    graph = reference.manifest.runner.graph | candidate.manifest.runner.graph
    phases = []
    for record in reference.manifest.phases:
        records = [_same_phase(dump, record) for dump in dumps]
        tokens = reference.phase(record.name).tokens
        rows = [TapRows(dump.path, own, tokens) for dump, own in zip(dumps, records, strict=True) if own]
        if len(rows) == len(dumps):
            phases.append(PhaseSides(record.name, tokens, graph, rows[0], rows[1], tuple(rows[2:])))
    return DumpSides(reference, candidate, tuple(floors), tuple(phases))


def _same_phase(dump: Dump, expected: PhaseRecord) -> PhaseRecord | None:
    for record in dump.manifest.phases:
        if record.name == expected.name and record.tokens_digest == expected.tokens_digest:
            return record
    return None


def _mapped(stored: StoredTensor, tap: TapRecord) -> Array:
    dtype = np.dtype(dtype_info(tap.dtype).numpy)
    if 0 in stored.shape:
        return np.empty(stored.shape, dtype)
    return np.memmap(stored.file, dtype, mode="r", offset=stored.start, shape=stored.shape)
