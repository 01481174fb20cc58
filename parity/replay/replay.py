"""Recomputing a tap from its inputs as the reference would, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.errors import ParityError
from parity.replay import ops
from parity.replay.arrays import Floats, widened
from parity.replay.parameters import ReferenceWeights
from parity.taps import Tap
from parity.tokens import TokenBatch

__all__ = ["Reference", "replay", "replay_rows", "sensitivity_rows"]

_QUERIES = 128
"""Queries of a prompt whose attention is computed at once; scores are the largest array of replay."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference as replay sees it: weights, and what went into the model."""

    weights: ReferenceWeights
    tokens: TokenBatch


def replay(reference: Reference, tap: Tap, inputs: Sequence[npt.NDArray[Any]]) -> Floats:
    """The reference's operation of `tap` on `inputs`.

    Only real tokens are computed: a batch of one long prompt and many short ones is mostly padding.

    Args:
        reference: weights and tokens.
        tap: what to recompute; the embedding takes its token ids from `reference`.
        inputs: one array per entry of ``tap.inputs``, in that order, with the axes of those taps, in any dtype that
            taps are stored in.

    Returns:
        float64, with the axes of `tap`; zero at padding.

    Raises:
        ParityError: the reference has no such operation.
    """
    if "key" in tap.axes:
        return _operation(tap)(reference, tap, [widened(array) for array in inputs])
    mask = reference.tokens.mask
    rows = replay_rows(reference, tap, [array[mask] for array in inputs])
    result = np.zeros((*mask.shape, *rows.shape[1:]))
    result[mask] = rows
    return result


def replay_rows(reference: Reference, tap: Tap, inputs: Sequence[npt.NDArray[Any]]) -> Floats:
    """`replay` with real tokens alone, prompt after prompt: ``[row, …]`` in place of ``[batch, token, …]``.

    For taps without a key axis whose inputs have none either.
    """
    rows = [widened(array) for array in inputs]
    if tap.op == "attention":
        return _attention(reference, tap, rows)
    result = _operation(tap)(_packed(reference), tap, [array[None] for array in rows])
    return result.reshape(-1, *(size for size in tap.sizes if size is not None))


def _operation(tap: Tap) -> Callable[[Reference, Tap, Sequence[Floats]], Floats]:
    operation = _OPERATIONS.get(tap.op)
    if operation is None:
        raise ParityError(f"tap {tap.name!r}: no reference operation {tap.op!r}", cure="replay taps of the tap table")
    return operation


def _packed(reference: Reference) -> Reference:
    """All real tokens as one prompt without padding, for operations that look at each token alone."""
    tokens = reference.tokens
    ids, positions = (array[tokens.mask][None] for array in (tokens.ids, tokens.positions))
    return Reference(reference.weights, TokenBatch(ids, np.ones(ids.shape, dtype=np.bool_), positions))


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


def sensitivity_rows(reference: Reference, tap: Tap, inputs: Sequence[npt.NDArray[Any]]) -> Floats | None:
    """What one relative error of an intermediate result does to the output of `tap` at each real token, ``[row]``.

    Of attention, that of the terms of the scores; of the gated activation, that of a sigmoid of one, for engines
    compute it to so many places after the point. None for operations whose noise goes with the size of their output.
    """
    rows = [widened(array) for array in inputs]
    if tap.op == "silu_mul":
        return np.asarray(np.linalg.norm(rows[0] * rows[1], axis=-1))
    if tap.op != "attention":
        return None
    scale = reference.weights.settings.attention_scale
    blocks = _attention_blocks(reference, tap, rows)
    return np.concatenate([ops.attention_sensitivity(*block, scale=scale)[0] for block in blocks])


def _attention(reference: Reference, tap: Tap, inputs: Sequence[Floats]) -> Floats:
    scale = reference.weights.settings.attention_scale
    blocks = _attention_blocks(reference, tap, inputs)
    return np.concatenate([ops.attention(*block, scale=scale)[0] for block in blocks])


def _attention_blocks(
    reference: Reference, tap: Tap, inputs: Sequence[Floats]
) -> Iterator[tuple[Floats, Floats, Floats, npt.NDArray[np.bool_]]]:
    """q, k, v and mask, queries in blocks, and of the keys only those that a block sees."""
    mask, start = visible(reference, tap), 0
    for prompt, real in enumerate(reference.tokens.mask):
        q, k, v = (array[None, start : start + int(real.sum())] for array in inputs)
        seen = mask[prompt][np.ix_(real, real)]
        for first in range(0, len(seen), _QUERIES):
            rows = seen[first : first + _QUERIES]
            keys = int(np.flatnonzero(rows.any(axis=0))[-1]) + 1
            yield q[:, first : first + _QUERIES], k[:, :keys], v[:, :keys], rows[None, :, :keys]
        start += len(seen)


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
    "silu_mul": lambda reference, tap, inputs: ops.silu_mul(inputs[0], inputs[1]),
    "add": lambda reference, tap, inputs: ops.add(inputs[0], inputs[1]),
}
