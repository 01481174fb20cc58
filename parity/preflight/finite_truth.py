"""NaN and infinity in what the candidate is measured by: a truth or a floor that overflowed judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.dump import Dump
from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides, TapRows
from parity.taps import TapGraph

__all__ = ["FINITE_TRUTH"]

_NAME = "finite_truth"
_CHUNK = 2**20


def _find(sides: DumpSides) -> Iterator[Finding]:
    for place, dump in enumerate((sides.reference, *sides.floors)):
        for phase in sides.phases:
            rows = (phase.reference, *phase.floors)[place]
            bad = [name for name in _tap_names(phase.graph, rows) if not _finite(rows[name])]
            if bad:
                yield _finding(dump, phase.name, bad)


def _tap_names(graph: TapGraph, rows: TapRows) -> list[str]:
    """Captured taps in graph order; scores may hold what they like at masked keys."""
    return [tap.name for tap in graph if tap.name in rows and "key" not in tap.axes]


def _finite(array: npt.NDArray[Any]) -> bool:
    flat = array.reshape(-1)
    return all(bool(np.isfinite(flat[start : start + _CHUNK]).all()) for start in range(0, flat.size, _CHUNK))


def _finding(dump: Dump, phase: str, bad: list[str]) -> Finding:
    role, dtype = dump.manifest.role, dump.manifest.runner.dtype
    subject = f"{role}, phase {phase}"
    sentence = f"it holds NaN or infinity at real tokens in {len(bad)} taps, first in {bad[0]}"
    if role == "floor":
        sentence += (
            f": the Hugging Face model itself overflows in {dtype}, so nothing tells what is noise from there on"
        )
        return Finding(_NAME, "warning", subject, sentence, "judge a candidate in bf16 or fp32 instead")
    cure = "record the reference in fp32 or fp64, and check that its weights are whole"
    return Finding(_NAME, "error", subject, f"{sentence}: a truth has to be finite", cure)


FINITE_TRUTH = DumpCheck(_NAME, _find)
