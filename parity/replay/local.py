"""Born here or inherited: a tap's error taken apart by replaying the reference's operation.

With f the reference's operation, x a side's captured inputs and y its captured output:

    local     = ‖y_candidate - f(x_candidate)‖      what this operation does wrong, whatever came in
    inherited = ‖f(x_candidate) - f(x_truth)‖       what a correct operation makes of the error that came in
    gain      = inherited / ‖x_candidate - x_truth‖

The floor run is taken apart in the same way and gives each of the three its own unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parity.dtypes import ROUNDING_REL_L2, DtypeInfo
from parity.metrics import Differences, TokenFloor, differences, real_rows, rel_l2
from parity.replay.arrays import Floats, widened
from parity.replay.predict import Captured, predict
from parity.replay.replay import Reference
from parity.replay.truth_replay import KeptReplays, TruthReplay, gain, incoming, replay_truth
from parity.taps import Tap, TapGraph

__all__ = ["LocalAnalysis", "Sides", "analyse_local"]


@dataclass(frozen=True, eq=False)
class Sides:
    """Captured arrays of one phase.

    Attributes:
        truth, candidate: both sides.
        floor: the floor run, or None.
        dtype: what the candidate computes in.
        kept: where replays of truth and floor are kept; None keeps none.
    """

    truth: Captured
    candidate: Captured
    floor: Captured | None
    dtype: DtypeInfo
    kept: KeptReplays | None = None


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
    known = _known(reference, graph, tap, sides)
    predicted = predict(reference, graph, tap, sides.candidate)
    found = real_rows(predicted, tap, reference.tokens)
    local = differences(found, real_rows(widened(sides.candidate[tap.name]), tap, reference.tokens))
    inherited = differences(known.expected, found)
    return LocalAnalysis(
        predicted,
        local,
        _floor(known.local_noise, local, sides.dtype),
        inherited,
        _floor(known.inherited_noise, inherited, sides.dtype),
        known.truth_rel_l2,
        gain(inherited, incoming(reference, graph, tap, sides.truth, sides.candidate)),
        known.noise_gain,
    )


def _known(reference: Reference, graph: TapGraph, tap: Tap, sides: Sides) -> TruthReplay:
    def make() -> TruthReplay:
        return replay_truth(reference, graph, tap, truth=sides.truth, floor=sides.floor, dtype=sides.dtype)

    return make() if sides.kept is None else sides.kept.get(tap.name, make)


def _floor(squares: Floats, judged: Differences, dtype: DtypeInfo) -> TokenFloor:
    """No less than one rounding of the value."""
    scale = np.sqrt(judged.truth_squares.sum(axis=1))
    rounding = ROUNDING_REL_L2 * dtype.unit_roundoff * scale
    total = rel_l2(float(np.sum(squares)), float(judged.truth_squares.sum()))
    return TokenFloor(np.maximum(np.sqrt(squares), rounding), total, "measured")
