"""A norm's operation in parts: what it divides by, what it multiplies with, and what the candidate did of either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import token_weights
from parity.diagnose.remembered import remembered
from parity.replay.arrays import Floats, widened

__all__ = ["NormParts", "effective_weight", "gain_distance", "norm_parts", "norm_weight", "normalised"]


@dataclass(frozen=True, eq=False)
class NormParts:
    """Real tokens of a norm, flat over tokens and heads.

    Attributes:
        x: the inputs, ``[vector, channel]``.
        mean_square: of each vector, ``[vector]``.
        gain: the factor g that brings g·x·w nearest to the candidate's output, ``[vector]``.
        importance: the weight of an error in the gain: ‖x·w‖² in units of the token's noise, ``[vector]``.
    """

    x: Floats
    mean_square: Floats
    gain: Floats
    importance: Floats


@remembered
def norm_parts(case: SourceCase) -> NormParts:
    """The parts of a norm at all tokens of `case`."""
    x, output = _vectors(case, case.inputs[0]), _vectors(case, case.output)
    scaled = x * norm_weight(case)
    size = (scaled * scaled).sum(axis=1)
    overlap = (scaled * output).sum(axis=1)
    gain = np.divide(overlap, size, out=np.zeros_like(size), where=size > 0)
    heads = len(x) // int(case.reference.tokens.mask.sum())
    noise = np.repeat(np.square(token_weights(case)), heads)
    return NormParts(x, (x * x).mean(axis=1), gain, size * noise)


def norm_weight(case: SourceCase) -> Floats:
    """The stored weight, float64 ``[channel]``."""
    weight = case.parameters.weight
    assert weight is not None
    return widened(weight)


def normalised(case: SourceCase) -> Floats:
    """``x / sqrt(mean(x²) + ε)`` with the axes of the tap, without weight."""
    x = case.inputs[0]
    result: Floats = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + case.settings.norm_epsilon)
    return result


def effective_weight(case: SourceCase) -> Floats:
    """The weight that the candidate used, if its normalisation is right: least squares, ``[channel]``."""
    parts = norm_parts(case)
    unit = parts.x / np.sqrt(parts.mean_square + case.settings.norm_epsilon)[:, None]
    heads = len(parts.x) // int(case.reference.tokens.mask.sum())
    noise = np.repeat(np.square(token_weights(case)), heads)[:, None]
    overlap, size = (noise * unit * _vectors(case, case.output)).sum(axis=0), (noise * unit * unit).sum(axis=0)
    weight: Floats = np.divide(overlap, size, out=norm_weight(case), where=size > 0)
    return weight


def gain_distance(case: SourceCase, gain: Callable[[Floats], Floats]) -> float:
    """How badly a rule from mean square to gain fits the candidate's gains; to be minimised."""
    parts = norm_parts(case)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return float((parts.importance * np.square(parts.gain - gain(parts.mean_square))).sum())


def _vectors(case: SourceCase, array: Floats) -> Floats:
    """Real tokens of `array`, each head a vector of its own."""
    vectors: Floats = array[case.reference.tokens.mask].reshape(-1, array.shape[-1])
    return vectors
