"""Attention that is wrong in one way each, for tests to plant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import ml_dtypes
import numpy as np
import numpy.typing as npt
from numpy_decoder import Fault, RandomWeights
from planting import weight_and_bias

from parity.replay import Parameters, Reference
from parity.replay.arrays import Floats
from parity.tokens import TokenBatch

__all__ = [
    "BF16",
    "FP16",
    "SCORES_TOO",
    "Bools",
    "Parts",
    "attending",
    "distances",
    "padded_on_the_left",
    "rounded",
    "softmax",
    "summed",
    "weighting",
    "windowed",
    "with_large_keys",
]

FP16, BF16 = np.float16, ml_dtypes.bfloat16
SCORES_TOO = "all,layers.*.scores,layers.*.probs"
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Parts:
    """What attention is made of, with keys and values repeated for each query head.

    Attributes:
        scores: ``[batch, head, query, key]``.
        seen: which keys a query sees, likewise.
        values: ``[batch, key, head, channel]``.
        real: False at padding, ``[batch, token]``.
        inputs: q, k and v as captured.
        scale: the right factor on the scores.
    """

    scores: Floats
    seen: Bools
    values: Floats
    real: Bools
    inputs: tuple[Floats, ...]
    scale: float


def attending(
    *,
    scores: Callable[[Parts], Floats] = lambda parts: parts.scores,
    seen: Callable[[Parts], Bools] = lambda parts: parts.seen,
    weights: Callable[[Floats, Bools], Floats] | None = None,
    values: Callable[[Parts], Floats] = lambda parts: parts.values,
) -> Fault:
    """Attention with some of its steps replaced."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        parts = _parts(reference, inputs)
        found = (weights or softmax)(scores(parts), seen(parts))
        return summed(found, values(parts))

    return fault


def weighting(weights: Callable[[Floats, Bools], Floats], *, seen: Callable[[Parts], Bools] | None = None) -> Fault:
    """The same for the tap of the probabilities, whose input is the scores."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        real = reference.tokens.mask
        parts = Parts(inputs[0], _causal(reference, inputs[0].shape), np.zeros(0), real, inputs, 1.0)
        return weights(parts.scores, parts.seen if seen is None else seen(parts))

    return fault


def softmax(scores: Floats, seen: Bools) -> Floats:
    """Zero for queries that see nothing."""
    visible = np.where(seen, scores, -np.inf)
    highest = visible.max(axis=-1, keepdims=True)
    powers = np.exp(visible - np.where(np.isfinite(highest), highest, 0.0))
    total = powers.sum(axis=-1, keepdims=True)
    return powers / np.where(total == 0, 1.0, total)


def summed(weights: Floats, values: Floats) -> Floats:
    """Values ``[batch, key, head, channel]`` under weights ``[batch, head, query, key]``."""
    return np.einsum("bhij,bjhd->bihd", weights, values)


def distances(parts: Parts) -> npt.NDArray[np.int64]:
    """How far a key stands before a query, ``[query, key]``."""
    token = np.arange(parts.real.shape[1])
    return token[:, None] - token


def rounded(x: Floats, dtype: npt.DTypeLike) -> Floats:
    """`x` rounded to `dtype`."""
    return x.astype(dtype).astype(np.float64)


def padded_on_the_left(reference: Reference) -> Reference:
    """The same prompts at the end of their rows."""
    tokens = reference.tokens
    width = tokens.ids.shape[1]
    ids, mask, positions = (np.zeros_like(array) for array in (tokens.ids, tokens.mask, tokens.positions))
    for prompt, length in enumerate(tokens.lengths):
        place = slice(width - length, width)
        ids[prompt, place], mask[prompt, place] = tokens.ids[prompt, :length], True
        positions[prompt, place] = np.arange(length)
    return Reference(reference.weights, TokenBatch(ids, mask, positions))


def windowed(reference: Reference, window: int) -> Reference:
    """The same model with a sliding window in every layer."""
    assert isinstance(reference.weights, RandomWeights)
    settings = reference.weights.settings
    windows = (window,) * settings.shape.layers
    return Reference(replace(reference.weights, settings=replace(settings, sliding_windows=windows)), reference.tokens)


def with_large_keys(reference: Reference, factor: float) -> Reference:
    """The same model with keys, and so scores, `factor` times as large in its last layer."""
    assert isinstance(reference.weights, RandomWeights)
    name = "layers.1.k"
    weight, bias = weight_and_bias(reference, name)
    larger = Parameters((factor * weight).astype(np.float32), (factor * bias).astype(np.float32))
    weights = RandomWeights(reference.weights.settings, {**reference.weights.tensors, name: larger})
    return Reference(weights, reference.tokens)


def _parts(reference: Reference, inputs: tuple[Floats, ...]) -> Parts:
    q, k = inputs[:2]
    group, scale = q.shape[2] // k.shape[2], reference.weights.settings.attention_scale
    scores = scale * np.einsum("bihd,bjhd->bhij", q, np.repeat(k, group, axis=2))
    values = np.repeat(inputs[2], group, axis=2) if len(inputs) > 2 else np.zeros(0)
    return Parts(scores, _causal(reference, scores.shape), values, reference.tokens.mask, inputs, scale)


def _causal(reference: Reference, shape: tuple[int, ...]) -> Bools:
    token, window = np.arange(shape[-1]), reference.weights.settings.sliding_windows[0]
    distance = token[:, None] - token
    causal = (distance >= 0) & (distance < (window or shape[-1]))
    return np.broadcast_to(causal & reference.tokens.mask[:, None, None, :], shape)
