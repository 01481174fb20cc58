"""Each fault of attention, with all hypotheses present, long prompts and massive activations: is its cause first?"""

from __future__ import annotations

from functools import cache

import ml_dtypes
import numpy as np
import pytest
from attention_faults import (
    BF16,
    FP16,
    SCORES_TOO,
    Bools,
    Parts,
    attending,
    distances,
    rounded,
    softmax,
    summed,
)
from numpy_decoder import QWEN2, Fault, make_case, make_reference
from planting import best_cause, changed_output, with_outliers

from parity.diagnose import HYPOTHESES, explain
from parity.replay import Reference
from parity.replay.arrays import Floats
from parity.replay.ops import rotary

CONTEXT = "layers.1.attn_ctx"
FP8 = ml_dtypes.float8_e4m3fn


@cache
def long_prompts() -> Reference:
    return with_outliers(make_reference(QWEN2, lengths=(70, 60)))


def seen_where(rule: object) -> Fault:
    """A mask made from the indices of query and key, among real keys."""

    def seen(parts: Parts) -> Bools:
        token = np.arange(parts.real.shape[1])
        return rule(token[:, None], token) & parts.real[:, None, None]  # type: ignore[operator]

    return attending(seen=seen)


def over_queries(scores: Floats, seen: Bools) -> Floats:
    powers = np.where(seen, np.exp(scores), 0.0)
    return powers / np.maximum(powers.sum(axis=2, keepdims=True), 1e-300)


def with_one_added(scores: Floats, seen: Bools) -> Floats:
    powers = np.where(seen, np.exp(scores), 0.0)
    return powers / (1 + powers.sum(axis=-1, keepdims=True))


def accumulated(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    found: list[Floats] = []
    attending(weights=lambda scores, seen: found.append(softmax(scores, seen)) or found[0])(reference, inputs)
    weights, values, total = rounded(found[0], BF16), np.repeat(inputs[2], 2, axis=2), np.zeros_like(inputs[0])
    for key in range(values.shape[1]):
        total = rounded(total + summed(weights[..., key : key + 1], values[:, key : key + 1]), BF16)
    return total


def packed(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    mask = reference.tokens.mask
    q, k, v = (np.repeat(x, 4 // x.shape[2], axis=2)[mask][None] for x in inputs)
    scores = reference.weights.settings.attention_scale * np.einsum("bihd,bjhd->bhij", q, k)
    output = np.zeros_like(inputs[0])
    output[mask] = summed(softmax(scores, np.tri(scores.shape[-1], dtype=np.bool_)), v)[0]
    return output


def interleaved_groups(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    q, k, v = inputs
    return attending()(reference, (q, k[:, :, [0, 1, 0, 1]], v[:, :, [0, 1, 0, 1]]))


def rotated_values(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    q, k, v = inputs
    frequencies = reference.weights.settings.inverse_frequencies
    return attending()(reference, (q, k, rotary(v, reference.tokens.positions, frequencies)))


def cached_in_fp8(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    q, k, v = inputs
    return attending()(reference, (q, rounded(k, FP8), rounded(v, FP8)))


def with_keys_rotated_twice(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    q, k, v = inputs
    turned = rotary(k, reference.tokens.positions, reference.weights.settings.inverse_frequencies)
    return attending()(reference, (q, turned, v))


SLOPES, FACTORS = np.array([0.02, 0.1, 0.2, 0.3])[:, None, None], np.array([0.6, 0.9, 1.3, 1.7])[:, None, None]

FAULTS: dict[str, Fault] = {
    "attention_scale": attending(scores=lambda parts: 1.3 * parts.scores),
    "attention_scale_per_head": attending(scores=lambda parts: FACTORS * parts.scores),
    "attention_logn": attending(
        scores=lambda parts: parts.scores * np.maximum(1, np.log(np.arange(70) + 1) / np.log(20))[:, None]
    ),
    "query_key_exchanged": attending(scores=lambda parts: parts.scores.swapaxes(2, 3)),
    "attention_wrong_input": with_keys_rotated_twice,
    "score_cap": attending(scores=lambda parts: 2 * np.tanh(parts.scores / 2)),
    "score_bias": attending(scores=lambda parts: parts.scores - SLOPES * distances(parts)),
    "scores_rounded": attending(scores=lambda parts: rounded(parts.scores, BF16)),
    "attention_operands_rounded": cached_in_fp8,
    "causal_mask_missing": seen_where(lambda query, key: key >= 0),
    "causal_mask_shifted": seen_where(lambda query, key: key <= query + 1),
    "causal_mask_blockwise": seen_where(lambda query, key: key < (query // 8 + 1) * 8),
    "mask_value": attending(weights=lambda scores, seen: softmax(scores - 6 * ~seen, np.ones_like(seen))),
    "sliding_window": seen_where(lambda query, key: (key <= query) & (key > query - 24)),
    "sliding_window_sinks": seen_where(lambda query, key: (key <= query) & ((key > query - 20) | (key < 4))),
    "prefix_bidirectional": seen_where(lambda query, key: (key <= query) | (key < 12)),
    "keys_strided": seen_where(lambda query, key: (key <= query) & ((query - key) % 3 == 0)),
    "attention_chunked": seen_where(lambda query, key: (key <= query) & (key >= query // 32 * 32)),
    "key_unseen": seen_where(lambda query, key: (key <= query) & ((key != 0) | (query == 0))),
    "padding_attended": attending(seen=lambda parts: parts.seen | ~parts.real[:, None, None]),
    "prompts_mixed": packed,
    "softmax_axis": attending(weights=over_queries),
    "softmax_not_normalised": attending(weights=lambda scores, seen: softmax(softmax(scores, seen), seen)),
    "softmax_sink": attending(weights=with_one_added),
    "probabilities_rounded": attending(weights=lambda scores, seen: rounded(softmax(scores, seen), FP16)),
    "head_grouping": interleaved_groups,
    "value_heads": attending(values=lambda parts: parts.inputs[2][:, :, [0, 1, 0, 1]]),
    "heads_permuted": changed_output(CONTEXT, lambda y: y[:, :, [2, 3, 0, 1]]),
    "values_shifted": attending(values=lambda parts: np.roll(parts.values, 1, axis=1)),
    "values_rotated": rotated_values,
    "context_accumulated": accumulated,
}
"""A fault for each cause."""

BELOW_FP16 = ("probabilities_rounded",)
"""Rounding to the engine's own format is no fault."""

PLANTED = [(name, "float32") for name in FAULTS] + [(name, "float16") for name in FAULTS if name not in BELOW_FP16]


@pytest.mark.parametrize(("expected", "dtype"), PLANTED)
def test_the_right_cause_stands_first(expected: str, dtype: str) -> None:
    assert best_cause(make_case(long_prompts(), CONTEXT, FAULTS[expected], dtype=dtype)).hypothesis == expected


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_noise_is_not_explained(dtype: str) -> None:
    for tap in ("layers.0.attn_ctx", "layers.1.scores", "layers.1.probs"):
        fault = changed_output(tap, lambda y: y)
        assert explain(make_case(long_prompts(), tap, fault, dtype=dtype, taps=SCORES_TOO), HYPOTHESES) == ()


def test_every_cause_of_attention_is_planted() -> None:
    # Those need scores that few models have, or are about infinities; see their own tests.
    elsewhere = {"scores_saturated", "scores_overflowed", "nan_at_unseen_keys"}
    ops = {"scores", "softmax", "attention"}
    expected = {hypothesis.name for hypothesis in HYPOTHESES if set(hypothesis.ops) <= ops}
    assert expected - elsewhere == set(FAULTS)
