"""What a source costs: the reference continued with its output, or with its own error alone."""

from __future__ import annotations

import numpy as np

from parity.cost.continuation import continue_from
from parity.cost.logits import logit_cost
from parity.diagnosis import LogitCost, TapCost
from parity.dtypes import ROUNDING_REL_L2
from parity.metrics import differences, real_rows
from parity.replay.arrays import Floats, widened
from parity.replay.local import Sides
from parity.replay.replay import Reference
from parity.taps import Tap, TapGraph

__all__ = ["logits_cost", "tap_cost"]


def tap_cost(reference: Reference, graph: TapGraph, tap: Tap, sides: Sides, predicted: Floats) -> TapCost:
    """The cost of `tap`.

    Args:
        reference: weights and tokens.
        graph: all taps.
        tap: captured on both sides, finite.
        sides: everything captured; the truth must hold every tap off the path from `tap` to the logits.
        predicted: the reference's operation on the candidate's inputs, axes of the tap.
    """
    truth, candidate = widened(sides.truth[tap.name]), widened(sides.candidate[tap.name])
    noise = _logit_noise(reference, graph, sides)
    activation = continue_from(reference, graph, sides.truth, {tap.name: candidate})
    alone = continue_from(reference, graph, sides.truth, {tap.name: truth + (candidate - predicted)})
    return TapCost(
        _cost(reference, graph, sides, activation, noise),
        _cost(reference, graph, sides, alone, noise),
    )


def logits_cost(reference: Reference, graph: TapGraph, sides: Sides) -> LogitCost:
    """The cost of everything together: the candidate's own logits."""
    noise = _logit_noise(reference, graph, sides)
    return _cost(reference, graph, sides, widened(sides.candidate["logits"]), noise)


def _cost(reference: Reference, graph: TapGraph, sides: Sides, logits: Floats, noise: Floats) -> LogitCost:
    tap = graph["logits"]
    truth, changed = (real_rows(array, tap, reference.tokens) for array in (sides.truth["logits"], logits))
    return logit_cost(truth.values[:, 0], changed.values[:, 0], noise)


def _logit_noise(reference: Reference, graph: TapGraph, sides: Sides) -> Floats:
    """Root mean square noise of a logit at each real token: the floor run's, at least one rounding."""
    tap = graph["logits"]
    truth = real_rows(sides.truth["logits"], tap, reference.tokens)
    vocabulary = truth.values.shape[-1]
    other = sides.truth if sides.floor is None else sides.floor
    found = differences(truth, real_rows(other["logits"], tap, reference.tokens))
    rounding = ROUNDING_REL_L2 * sides.dtype.unit_roundoff * np.sqrt(found.truth_squares[:, 0])
    noise: Floats = np.maximum(np.sqrt(found.error_squares[:, 0]), rounding) / np.sqrt(vocabulary)
    return noise
