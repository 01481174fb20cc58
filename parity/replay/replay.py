"""Recomputing a tap from its inputs as the reference would, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parity.errors import ParityError
from parity.replay import ops
from parity.replay.arrays import Floats
from parity.replay.parameters import ReferenceWeights
from parity.taps import Tap
from parity.tokens import TokenBatch

__all__ = ["Reference", "replay"]


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference as replay sees it: weights, and what went into the model."""

    weights: ReferenceWeights
    tokens: TokenBatch


def replay(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    """The reference's operation of `tap` on `inputs`.

    Args:
        reference: weights and tokens.
        tap: what to recompute; the embedding takes its token ids from `reference`.
        inputs: one array per entry of ``tap.inputs``, in that order, with the axes of those taps.

    Returns:
        float64, with the axes of `tap`.

    Raises:
        ParityError: the reference has no such operation.
    """
    operation = _OPERATIONS.get(tap.op)
    if operation is None:
        raise ParityError(f"tap {tap.name!r}: no reference operation {tap.op!r}", cure="replay taps of the tap table")
    result = operation(reference, tap, inputs)
    lengths = reference.tokens.ids.shape
    if "key" in tap.axes:
        return result
    return result.reshape(*lengths, *(size for size in tap.sizes if size is not None))


def _embedding(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    weight = reference.weights.parameters(tap.name).weight
    assert weight is not None
    return ops.embedding(reference.tokens.ids, weight)


def _linear(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    parameters = reference.weights.parameters(tap.name)
    assert parameters.weight is not None
    return ops.linear(inputs[0], parameters.weight, parameters.bias)


def _rms_norm(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    weight = reference.weights.parameters(tap.name).weight
    assert weight is not None
    return ops.rms_norm(inputs[0], weight, epsilon=reference.weights.settings.norm_epsilon)


def _rotary(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    settings = reference.weights.settings
    return ops.rotary(inputs[0], reference.tokens.positions, settings.inverse_frequencies, scale=settings.rotary_scale)


def _scores(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    return ops.scores(inputs[0], inputs[1], scale=reference.weights.settings.attention_scale)


def _softmax(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    return ops.probabilities(inputs[0], visible(reference, tap)[:, None])


def _attention(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    scale = reference.weights.settings.attention_scale
    q, k, v = inputs
    return ops.attention(q, k, v, visible(reference, tap), scale=scale)


def visible(reference: Reference, tap: Tap) -> npt.NDArray[np.bool_]:
    """Which keys each query of `tap`'s layer sees, ``[batch, query, key]``."""
    assert tap.layer is not None
    window = reference.weights.settings.sliding_windows[tap.layer]
    return ops.attention_mask(reference.tokens.mask, window=window)


_OPERATIONS: Mapping[str, Callable[[Reference, Tap, Sequence[Floats]], Floats]] = {
    "embedding": _embedding,
    "linear": _linear,
    "rms_norm": _rms_norm,
    "rotary": _rotary,
    "scores": _scores,
    "softmax": _softmax,
    "attention": _attention,
    "silu_mul": lambda reference, tap, inputs: ops.silu_mul(inputs[0], inputs[1]),
    "add": lambda reference, tap, inputs: ops.add(inputs[0], inputs[1]),
}
