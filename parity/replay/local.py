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
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from parity.dtypes import ROUNDING_REL_L2, DtypeInfo
from parity.metrics import (
    RealRows,
    Squares,
    TokenFloor,
    noise_spread,
    noisy_part,
    rel_l2,
    squares,
    worst_case_ratio_by_token,
)
from parity.replay.arrays import Floats
from parity.replay.displaced import displaced_tokens, noise_of_storing
from parity.replay.fed import Overlaid
from parity.replay.predict import Captured, captured_inputs
from parity.replay.replay import Reference
from parity.replay.view import View
from parity.taps import Tap, TapGraph

__all__ = ["KeptReplays", "LocalAnalysis", "Sides", "TruthReplay", "analyse_local"]


@dataclass(frozen=True, eq=False)
class TruthReplay:
    """What replaying truth and floor says of one tap: the same for every candidate that is judged by them.

    Attributes:
        expected: f(x_truth).
        local_noise: what may make a right operation's output differ, part by part: the rounding of its inputs to the
            candidate's dtype, and what the floor run's own operation does.
        inherited_noise: likewise what comes in with noise.
        truth_rel_l2: how far the truth's output is from `expected`.
        noise_gain: the floor run's gain; None where there is none.
        sensitivity: see `parity.replay.replay.sensitivity_rows`.
    """

    expected: RealRows
    local_noise: tuple[Squares, ...]
    inherited_noise: tuple[Squares, ...]
    truth_rel_l2: float
    noise_gain: float | None
    sensitivity: Floats | None


_STANDS_OUT = 2.0
"""Where no token errs by so many times its noise, it need not be known better how noise is spread."""

KeptReplays = dict[tuple[str, ...], TruthReplay]
"""Replays by tap and the taps that it is replayed from; all of them together are as large as the truth in fp64."""


@dataclass(frozen=True, eq=False)
class Sides:
    """Captured arrays of one phase.

    Attributes:
        truth, candidate: both sides.
        floor: the floor run, or None.
        dtype: what the candidate computes in.
        fed: what the candidate's operations have read in place of taps that it put out itself: the reference's residual
            stream, where its layers were run alone.
        kept: where replays of truth and floor are kept for the next candidate; None keeps none.
    """

    truth: Captured
    candidate: Captured
    floor: Captured | None
    dtype: DtypeInfo
    kept: KeptReplays | None = None
    fed: Captured = field(default_factory=dict)

    @property
    def read(self) -> Captured:
        """What the candidate's operations have read."""
        return Overlaid(self.candidate, self.fed) if self.fed else self.candidate


@dataclass(frozen=True, eq=False)
class LocalAnalysis:
    """One tap's error taken apart.

    Where the candidate's output is not finite although f(x_candidate) is, the local error is infinite; where
    f(x_candidate) is not finite itself, what came in is to blame: there the inherited error is infinite, and the
    local one zero, for nothing can be said of it.

    Attributes:
        local: the candidate's output from f(x_candidate).
        local_floor: the noise of `local` at each token: what storing the inputs in the candidate's dtype costs
            and, with a floor run, what that run's own operation does; its basis is ``measured`` in the latter case,
            ``rounding`` in the former. Where what came in has moved the operation to other values, no less than its
            noise there.
        inherited: f(x_candidate) from f(x_truth).
        inherited_floor: likewise: what storing the inputs costs, and what the floor run inherits.
        truth_rel_l2: how far the truth's output is from f(x_truth): nothing but the truth's own rounding, unless replay
            has other weights than the truth.
        gain: None where nothing came in, or something that is not finite.
        noise_gain: the floor run's gain; None where there is none.
    """

    local: Squares
    local_floor: TokenFloor
    inherited: Squares
    inherited_floor: TokenFloor
    truth_rel_l2: float
    gain: float | None
    noise_gain: float | None


# Captured infinities are a finding, not an accident.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def analyse_local(reference: Reference, graph: TapGraph, tap: Tap, sides: Sides) -> LocalAnalysis:
    """Take the error of `tap` apart; candidate and truth have captured it, and the truth is finite."""
    view = View(reference, graph, tap, captured_inputs(graph, tap, sides.candidate))
    truth, predicted = _replayed_truth(view, sides), view.predict(sides.read)
    known = _finite_rows(predicted)
    local = _where(known, squares(predicted, view.captured(sides.candidate)), 0.0)
    inherited = _where(known, squares(truth.expected, predicted), math.inf)
    local_floor = _local_floor(view, sides, truth, local, inherited)
    stands_out = worst_case_ratio_by_token(local, local_floor).max() > _STANDS_OUT
    return LocalAnalysis(
        local,
        replace(local_floor, spread=_spread(view, sides, truth, local) if stands_out else None),
        inherited,
        _floor(truth.inherited_noise, inherited, sides.dtype),
        truth.truth_rel_l2,
        _gain(inherited, view.incoming(sides.truth, sides.read)),
        truth.noise_gain,
    )


def _replayed_truth(view: View, sides: Sides) -> TruthReplay:
    kept, key = {} if sides.kept is None else sides.kept, (view.tap.name, *view.start)
    if key not in kept:
        kept[key] = _replay_truth(view, sides)
    return kept[key]


def _replay_truth(view: View, sides: Sides) -> TruthReplay:
    expected = view.predict(sides.truth)
    stored = squares(expected, view.predict(view.as_stored(sides.truth, sides.dtype)))
    noise = _noise(view, sides, expected)
    return TruthReplay(
        expected,
        (stored, *noise.local),
        (stored, *noise.inherited),
        _total_rel_l2(squares(expected, view.captured(sides.truth))),
        noise.gain,
        view.sensitivity(sides.truth),
    )


@dataclass(frozen=True, eq=False)
class _Noise:
    """The floor run taken apart; empty without one, or where it is not finite."""

    local: tuple[Squares, ...] = ()
    inherited: tuple[Squares, ...] = ()
    gain: float | None = None


def _noise(view: View, sides: Sides, expected: RealRows) -> _Noise:
    if sides.floor is None or view.tap.name not in sides.floor:
        return _Noise()
    replayed, output = view.predict(sides.floor), view.captured(sides.floor)
    if not (_finite_rows(replayed).all() and _finite_rows(output).all()):
        return _Noise()
    inherited, incoming = squares(expected, replayed), view.incoming(sides.truth, sides.floor)
    return _Noise((squares(replayed, output),), (inherited,), _gain(inherited, incoming))


def _finite_rows(rows: RealRows) -> npt.NDArray[np.bool_]:
    """Which tokens hold neither NaN nor infinities where it counts, ``[row]``."""
    finite = np.isfinite(rows.values)
    if rows.valid is not None:
        finite |= ~rows.valid
    return np.asarray(finite.all(axis=(1, 2)))


def _where(known: npt.NDArray[np.bool_], found: Squares, otherwise: float) -> Squares:
    """`found` at tokens that are `known`, infinite where it is not finite there; `otherwise` at the others."""
    errors = np.where(np.isfinite(found.error_squares), found.error_squares, math.inf)
    truth = np.where(np.isfinite(found.truth_squares), found.truth_squares, 0.0)
    return Squares(np.where(known[:, None], errors, otherwise), truth)


def _measured(parts: Sequence[Squares]) -> Floats:
    """Independent noises add in squares: ``[row]``, zero where none is finite."""
    noises = [part.error_squares.sum(axis=1) for part in parts]
    total = np.zeros(len(parts[0].error_squares))
    measured: Floats = np.sqrt(np.sum([total, *(noise for noise in noises if np.isfinite(noise).all())], axis=0))
    return measured


def _floor(parts: Sequence[Squares], judged: Squares, dtype: DtypeInfo) -> TokenFloor:
    """What was measured, and no less than one rounding of the value."""
    rounding = ROUNDING_REL_L2 * dtype.unit_roundoff * np.sqrt(judged.truth_squares.sum(axis=1))
    error = np.maximum(_measured(parts), rounding)
    own = rel_l2(float(np.square(error).sum()), float(judged.truth_squares.sum()))
    return TokenFloor(error, own, "measured" if len(parts) > 1 else "rounding")


def _local_floor(view: View, sides: Sides, truth: TruthReplay, local: Squares, inherited: Squares) -> TokenFloor:
    """`_floor`; where what came in has moved the operation, no less than its noise at the candidate's values."""
    floor, displaced = _floor(truth.local_noise, local, sides.dtype), displaced_tokens(inherited)
    if not displaced.any():
        return floor
    inputs = {name: sides.read[name] for name in view.start if name in sides.read}
    size, usual = (np.sqrt(part.truth_squares.sum(axis=1)) for part in (local, inherited))
    larger = np.maximum(np.divide(size, usual, out=np.ones_like(size), where=usual > 0), 1.0)
    there = np.maximum(noise_of_storing(view.predict, inputs, sides.dtype), _measured(truth.local_noise) * larger)
    return TokenFloor(np.where(displaced, np.maximum(floor.error, there), floor.error), floor.rel_l2, floor.basis)


def _spread(view: View, sides: Sides, truth: TruthReplay, judged: Squares) -> Floats | None:
    """The noise that tokens as sensitive as the candidate's are allowed, by how the floor's was spread.

    It is fitted on the truth's inputs and taken at the candidate's: behind a fault, other tokens are the noisy ones.
    """
    sensitivity = None if truth.sensitivity is None else view.sensitivity(sides.read)
    if truth.sensitivity is None or sensitivity is None:
        return None
    expected = np.square(truth.expected.values, dtype=np.float64).sum(axis=2)  # [row, head]
    floor = _floor(truth.local_noise, Squares(np.zeros_like(expected), expected), sides.dtype)
    size = np.sqrt(expected.sum(axis=1))
    fitted = noise_spread(floor.error, size, truth.sensitivity)
    usual = noisy_part(floor.error, fitted.at(size, truth.sensitivity))
    least = ROUNDING_REL_L2 * sides.dtype.unit_roundoff * sensitivity
    spread = np.maximum(usual * fitted.at(np.sqrt(judged.truth_squares.sum(axis=1)), sensitivity), least)
    return np.where(np.isfinite(spread), spread, 0.0)


def _gain(inherited: Squares, incoming: float) -> float | None:
    outgoing = math.sqrt(float(inherited.error_squares.sum()))
    return outgoing / incoming if incoming > 0 and math.isfinite(incoming) and math.isfinite(outgoing) else None


def _total_rel_l2(found: Squares) -> float:
    return rel_l2(float(found.error_squares.sum()), float(found.truth_squares.sum()))
