"""The dtypes that the manifests claim: values tell what a side really computed in.

A number that a coarser format represents exactly says nothing; thousands of them do. A truth that was computed in 16
bits has the noise that it is to measure, and a floor that was not makes every candidate look wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.dtypes import DtypeInfo, dtype_info
from parity.dump import Dump
from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides, TapRows
from parity.preflight.values import sample
from parity.taps import TapGraph

__all__ = ["CLAIMED_DTYPE"]

_NAME = "claimed_dtype"
_COARSEST_FIRST = ("bfloat16", "float16", "float32", "float64")
_EVIDENCE = 64
"""Different numbers that a tap has to hold for its values to say something."""
_LISTED = 4


def _find(sides: DumpSides) -> Iterator[Finding]:
    judged = dtype_info(sides.candidate.manifest.runner.dtype)
    for place, dump in enumerate((sides.reference, sides.candidate, *sides.floors)):
        formats: dict[str, DtypeInfo] = {}
        for phase in sides.phases:
            rows = (phase.reference, phase.candidate, *phase.floors)[place]
            formats |= {f"{name}, {phase.name}": found for name, found in _formats(phase.graph, rows)}
        if formats:
            yield from _judge(dump, formats, judged)


def _formats(graph: TapGraph, rows: TapRows) -> Iterator[tuple[str, DtypeInfo]]:
    """The coarsest format that holds each computed tap's values exactly; rows of the embedding are as stored."""
    for tap in graph:
        if tap.name in rows and tap.op != "embedding" and "key" not in tap.axes:
            values = sample(rows[tap.name])
            if np.unique(values[np.isfinite(values) & (values != 0)]).size >= _EVIDENCE:
                yield tap.name, _coarsest(values)


def _coarsest(values: npt.NDArray[Any]) -> DtypeInfo:
    wide = values.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        for name in _COARSEST_FIRST:
            info = dtype_info(name)
            if np.array_equal(wide.astype(info.numpy).astype(np.float64), wide, equal_nan=True):
                return info
    return dtype_info("float64")


def _judge(dump: Dump, formats: Mapping[str, DtypeInfo], judged: DtypeInfo) -> Iterator[Finding]:
    claimed, role = dtype_info(dump.manifest.runner.dtype), dump.manifest.role
    finest = min(formats.values(), key=lambda info: info.unit_roundoff)
    coarse = [name for name, info in formats.items() if info.unit_roundoff > claimed.unit_roundoff]
    if finest.unit_roundoff > claimed.unit_roundoff:
        yield _computed_in_less(dump, claimed, finest, judged)
    elif role == "floor" and all(info.unit_roundoff < claimed.unit_roundoff for info in formats.values()):
        yield _finer_floor(dump, claimed, finest)
    elif role == "reference" and coarse:
        yield _rounded_taps(dump, claimed, coarse, formats)


def _computed_in_less(dump: Dump, claimed: DtypeInfo, finest: DtypeInfo, judged: DtypeInfo) -> Finding:
    role = dump.manifest.role
    harmless = role == "reference" and finest.unit_roundoff < judged.unit_roundoff
    consequence = {
        "reference": f"it still is finer than the candidate's {judged.name}"
        if harmless
        else "a truth has to be finer than what it judges",
        "candidate": f"the floor and the limits have to be those of {finest.name}",
        "floor": f"it measures the noise of {finest.name}",
    }[role]
    return Finding(
        _NAME,
        "warning" if harmless else "error",
        f"{role}, {dump.path}",
        f"it says that it was computed in {claimed.name}, but {finest.name} represents every value of every computed "
        f"tap exactly: it was computed in {finest.name}, and {consequence}",
        f"record the {role} again in {claimed.name}, or say {finest.name} in its manifest",
    )


def _finer_floor(dump: Dump, claimed: DtypeInfo, finest: DtypeInfo) -> Finding:
    return Finding(
        _NAME,
        "error",
        f"floor, {dump.path}",
        f"it says that it was computed in {claimed.name}, but no computed tap fits into {claimed.name}: it was "
        f"computed in {finest.name}, so that the noise of a correct candidate would be called a mismatch",
        f"record the floor again: parity record floor --dtype {claimed.short}",
    )


def _rounded_taps(dump: Dump, claimed: DtypeInfo, coarse: list[str], formats: Mapping[str, DtypeInfo]) -> Finding:
    listed = ", ".join(f"{name} ({formats[name].name})" for name in coarse[:_LISTED])
    return Finding(
        _NAME,
        "warning",
        f"reference, {dump.path}",
        f"it was computed in {claimed.name}, but {len(coarse)} taps were rounded to fewer bits on their way: "
        f"{listed}{' …' if len(coarse) > _LISTED else ''}",
        "capture them in the dtype that they were computed in",
    )


CLAIMED_DTYPE = DumpCheck(_NAME, _find)
