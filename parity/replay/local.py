"""Born here or inherited: a tap's error taken apart by replaying the reference's operation.

With f the reference's operation, x a side's captured inputs and y its captured output:

    local     = ‖y_candidate - f(x_candidate)‖      what this operation does wrong, whatever came in
    inherited = ‖f(x_candidate) - f(x_truth)‖       what a correct operation makes of the error that came in
    gain      = inherited / ‖x_candidate - x_truth‖

The floor run is taken apart in the same way and gives each of the three its own unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parity.dtypes import ROUNDING_REL_L2, DtypeInfo
from parity.metrics import Differences, RealRows, TokenFloor, differences, real_rows, rel_l2
from parity.replay.arrays import Floats, widened
from parity.replay.predict import Captured, captured_inputs, predict
from parity.replay.replay import Reference
from parity.taps import Tap, TapGraph

__all__ = ["LocalAnalysis", "Sides", "analyse_local"]


@dataclass(frozen=True, eq=False)
class Sides:
    """Captured arrays of one phase.

    Attributes:
        truth, candidate: both sides.
        floor: the floor run, or None.
        dtype: what the candidate computes in.
    """

    truth: Captured
    candidate: Captured
    floor: Captured | None
    dtype: DtypeInfo


@dataclass(frozen=True, eq=False)
class LocalAnalysis:
    """One tap's error taken apart.

    Attributes:
        predicted: f(x_candidate), with the axes of the tap.
        local: the candidate's output from `predicted`.
        local_floor: the noise of `local` at each token: what storing the inputs in the candidate's dtype costs
            and, with a floor run, what that run's own operation does.
        inherited: `predicted` from f(x_truth).
        inherited_floor: likewise: what storing the inputs costs, and what the floor run inherits.
        truth_rel_l2: how far the truth's output is from f(x_truth): nothing but the truth's own rounding, unless replay
            has other weights than the truth.
        gain: None where nothing came in.
        noise_gain: the floor run's gain; None where there is none.
    """

    predicted: Floats
    local: Differences
    local_floor: TokenFloor
    inherited: Differences
    inherited_floor: TokenFloor
    truth_rel_l2: float
    gain: float | None
    noise_gain: float | None


def analyse_local(reference: Reference, graph: TapGraph, tap: Tap, sides: Sides) -> LocalAnalysis:
    """Take the error of `tap` apart; candidate, truth and floor have captured it and are finite."""
    rows = _Rows(reference, tap)
    predicted = predict(reference, graph, tap, sides.candidate)
    expected = predict(reference, graph, tap, sides.truth)
    local = differences(rows(predicted), rows(widened(sides.candidate[tap.name])))
    inherited = differences(rows(expected), rows(predicted))
    incoming = _incoming(reference, graph, tap, sides.truth, sides.candidate)
    stored = differences(rows(expected), rows(predict(reference, graph, tap, _as_stored(graph, tap, sides))))
    noise = _noise(reference, graph, tap, sides, expected)
    return LocalAnalysis(
        predicted,
        local,
        _floor([stored, *noise.local], local, sides.dtype),
        inherited,
        _floor([stored, *noise.inherited], inherited, sides.dtype),
        _total_rel_l2(differences(rows(expected), rows(widened(sides.truth[tap.name])))),
        _gain(inherited, incoming),
        noise.gain,
    )


@dataclass(frozen=True, eq=False)
class _Noise:
    """The floor run taken apart; empty without one."""

    local: tuple[Differences, ...] = ()
    inherited: tuple[Differences, ...] = ()
    gain: float | None = None


def _noise(reference: Reference, graph: TapGraph, tap: Tap, sides: Sides, expected: Floats) -> _Noise:
    if sides.floor is None or tap.name not in sides.floor:
        return _Noise()
    rows = _Rows(reference, tap)
    replayed = predict(reference, graph, tap, sides.floor)
    inherited = differences(rows(expected), rows(replayed))
    local = differences(rows(replayed), rows(widened(sides.floor[tap.name])))
    incoming = _incoming(reference, graph, tap, sides.truth, sides.floor)
    return _Noise((local,), (inherited,), _gain(inherited, incoming))


@dataclass(frozen=True, eq=False)
class _Rows:
    reference: Reference
    tap: Tap

    def __call__(self, array: Floats) -> RealRows:
        return real_rows(array, self.tap, self.reference.tokens)


def _as_stored(graph: TapGraph, tap: Tap, sides: Sides) -> Captured:
    """The truth's inputs as the candidate's dtype can store them.

    An engine may hand its unrounded value to the next operation and round only the copy that it gives out, so
    inputs are known no better than this.
    """
    names = captured_inputs(graph, tap, sides.truth)
    return {name: sides.truth[name].astype(sides.dtype.numpy) for name in names}


def _floor(parts: Sequence[Differences], judged: Differences, dtype: DtypeInfo) -> TokenFloor:
    """Independent noises add in squares; no less than one rounding of the value."""
    squares = np.sum([part.error_squares.sum(axis=1) for part in parts], axis=0)  # [row]
    scale = np.sqrt(judged.truth_squares.sum(axis=1))
    rounding = ROUNDING_REL_L2 * dtype.unit_roundoff * scale
    total = rel_l2(float(np.sum(squares)), float(judged.truth_squares.sum()))
    return TokenFloor(np.maximum(np.sqrt(squares), rounding), total, "measured")


def _incoming(reference: Reference, graph: TapGraph, tap: Tap, truth: Captured, side: Captured) -> float:
    """‖x_side - x_truth‖ over all captured inputs at real tokens."""
    total = 0.0
    for name in captured_inputs(graph, tap, side):
        if name in truth:
            source = graph[name]
            pair = (real_rows(array[name], source, reference.tokens) for array in (truth, side))
            total += float(differences(*pair).error_squares.sum())
    return math.sqrt(total)


def _gain(inherited: Differences, incoming: float) -> float | None:
    return math.sqrt(float(inherited.error_squares.sum())) / incoming if incoming > 0 else None


def _total_rel_l2(found: Differences) -> float:
    return rel_l2(float(found.error_squares.sum()), float(found.truth_squares.sum()))
