"""Comparing mappings from tap to array. Opens no file, prints nothing, knows no framework.

Each tap is looked at in a fixed order: present, shape and dtype, finite, values. A fault of structure never
becomes a number, and NaN is never replaced.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparison import ArrayInfo, NonFinite, TapResult, WorstElement
from parity.dtypes import dtype_info
from parity.errors import ParityError
from parity.limits import Limits
from parity.measure import Arrays, Measurement, Subject, bad_elements, measure
from parity.metrics import (
    RealRows,
    error_metrics,
    head_errors,
    histogram,
    noise_metrics,
    real_rows,
    token_profile,
    worst_channels,
    worst_tokens,
)
from parity.taps import Tap
from parity.verdict import judge

__all__ = ["Arrays", "Subject", "compare"]


def compare(subject: Subject, limits: Limits) -> tuple[TapResult, ...]:
    """Compare and judge every tap that either side has, in graph order.

    Inputs are not changed. Taps are loaded one after the other, so lazy mappings stay cheap.

    Raises:
        ParityError: not one tap could be compared.
    """
    present = {*subject.reference, *subject.candidate}
    taps = [tap for tap in subject.graph if tap.name in present]
    unknown = [_unknown_tap(name) for name in sorted(present - set(subject.graph.names))]
    rows = tuple(_compare_tap(subject, tap, limits) for tap in (*taps, *unknown))
    if not any(row.errors or row.non_finite for row in rows):
        raise ParityError(
            f"phase {subject.phase!r}: not one of {len(rows)} taps could be compared",
            cure="check that both sides were recorded with the same --taps, and that tensors carry the taps' names",
        )
    return rows


def _unknown_tap(name: str) -> Tap:
    return Tap(name, "unknown", (), (), ())


def _compare_tap(subject: Subject, tap: Tap, limits: Limits) -> TapResult:
    row = TapResult(subject.phase, tap.name, tap.layer, tap.op, tap.inputs, "", "", False, limits.for_tap(tap.name))
    if tap.name not in subject.candidate:
        return replace(_absent(row, subject), reference=_array_info(subject.reference[tap.name]))
    candidate = subject.candidate[tap.name]
    row = replace(row, candidate=_array_info(candidate))
    if tap.name not in subject.reference:
        return replace(row, status="extra", reason="the reference has no such tap, so there is nothing to compare with")
    reference = subject.reference[tap.name]
    row = replace(row, reference=_array_info(reference))
    fault = _structure_fault(reference, candidate, tap)
    if fault:
        return replace(row, status="shape", reason=fault)
    truth, side = (real_rows(array, tap, subject.tokens) for array in (reference, candidate))
    return _compare_values(row, subject, tap, truth, side)


def _absent(row: TapResult, subject: Subject) -> TapResult:
    if row.tap in subject.not_observable:
        return replace(row, status="not observable", reason=subject.not_observable[row.tap])
    return replace(row, status="missing", reason="the reference has this tap, the candidate's dump does not")


def _array_info(array: npt.NDArray[Any]) -> ArrayInfo:
    return ArrayInfo(array.dtype.name, tuple(array.shape))


def _structure_fault(reference: npt.NDArray[Any], candidate: npt.NDArray[Any], tap: Tap) -> str:
    """What is wrong with shape or dtype; empty where nothing is."""
    if reference.shape != candidate.shape:
        return f"the reference has shape {reference.shape}, the candidate {candidate.shape}"
    if reference.ndim != len(tap.axes):
        return f"expected the axes {tap.axes}, both sides have shape {reference.shape}"
    for role, array in (("reference", reference), ("candidate", candidate)):
        try:
            dtype_info(array.dtype.name)
        except ParityError:
            return f"the {role} is stored as {array.dtype.name}, which holds no real numbers"
    return ""


def _compare_values(row: TapResult, subject: Subject, tap: Tap, truth: RealRows, side: RealRows) -> TapResult:
    bad_truth, bad_side = bad_elements(truth), bad_elements(side)
    counts = NonFinite(int(bad_truth.sum()), int(bad_side.sum()))
    row = replace(row, elements=truth.elements, non_finite=counts)
    if counts.reference or counts.candidate:
        place = np.argwhere(bad_side if counts.candidate else bad_truth)[0]
        worst = _element(tap, truth, side, (int(place[0]), int(place[1]), int(place[2])))
        return replace(row, status="not finite", reason=_not_finite_words(counts, truth.elements), worst=worst)
    return _with_metrics(row, subject, tap, measure(subject, tap, truth, side))


def _not_finite_words(counts: NonFinite, elements: int) -> str:
    if counts.reference:
        return f"the truth itself holds {counts.reference} NaN or infinite values of {elements}"
    return f"{counts.candidate} of {elements} values are NaN or infinite, where the truth is finite"


def _with_metrics(row: TapResult, subject: Subject, tap: Tap, measured: Measurement) -> TapResult:
    found, floors, floor = measured.found, measured.floors, measured.floor
    unit_roundoff = dtype_info(subject.candidate_dtype).unit_roundoff
    errors = error_metrics(found)
    noise = noise_metrics(found, floor) if floor else None
    verdict = judge(errors, noise, row.limits, dtype=subject.candidate_dtype)
    return replace(
        row,
        status=verdict.status,
        reason=verdict.reason + _floor_words(len(floors), len(subject.floors)),
        flagged=verdict.flagged,
        errors=errors,
        noise=noise,
        worst=_element(tap, measured.truth, measured.candidate, found.worst),
        profile=token_profile(measured.distance, measured.ratio),
        histogram=histogram(found.absolute, floors[0].absolute if floors else None),
        worst_tokens=worst_tokens(measured.distance, measured.ratio, subject.tokens),
        worst_channels=worst_channels(found, has_heads="head" in tap.axes),
        heads=head_errors(found, floors[0] if floors else None, unit_roundoff=unit_roundoff),
    )


def _floor_words(used: int, recorded: int) -> str:
    lost = recorded - used
    return f" ({lost} of {recorded} floor runs lack a finite value of this tap)" if lost else ""


def _element(tap: Tap, truth: RealRows, side: RealRows, at: tuple[int, int, int]) -> WorstElement:
    row, head, channel = at
    prompt, column = (int(number) for number in truth.coordinates[row])
    place = {"batch": prompt, "token": column, "head": head, "channel": channel, "key": channel}
    return WorstElement(
        tuple(place[axis] for axis in tap.axes),
        tap.axes,
        float(truth.values[at]),
        float(side.values[at]),
    )
