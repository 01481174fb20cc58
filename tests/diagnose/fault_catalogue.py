"""One fault for each cause of linear maps, embedding, norms, activation and additions, and of every operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy_decoder import Fault, graph_of
from planting import Change, altered, changed_output, mean_square, norm_weight, weight_and_bias

from parity.diagnose.accumulation import Accumulation, accumulated
from parity.diagnose.formats import FORMATS
from parity.replay import replay
from parity.replay.arrays import Floats, widened
from parity.replay.ops import linear, rms_norm, silu, silu_mul
from parity.replay.replay import Reference

__all__ = ["PlantedFault", "planted_faults"]

Q, K, V, OUT = "layers.1.q", "layers.1.k", "layers.1.v", "layers.1.attn_out"
GATE, UP, ACT, DOWN = "layers.1.gate", "layers.1.up", "layers.1.act", "layers.1.mlp_out"
INPUT, POST, MID, STREAM = "layers.0.input_norm", "layers.1.post_norm", "layers.1.resid_mid", "layers.1.resid_out"

CHANNELS = np.arange(64)
TWO_EXCHANGED = np.where(CHANNELS == 5, 41, np.where(CHANNELS == 41, 5, CHANNELS))
TO_PAIRS = CHANNELS.reshape(4, 2, 8).swapaxes(1, 2).ravel()


@dataclass(frozen=True)
class PlantedFault:
    """A fault with the name of its cause.

    Attributes:
        cause: the hypothesis that should be named.
        tap: where it is planted.
        fault: what it does.
        accepted: other names of the same fault.
        stored: a change of the stored output instead of a fault, with no rounding after it.
        qwen3: planted into a decoder with head norms.
    """

    cause: str
    tap: str
    fault: Fault | None = None
    accepted: tuple[str, ...] = ()
    stored: Change | None = None
    qwen3: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Causes that are right."""
        return (self.cause, *self.accepted)


def planted_faults() -> Iterator[PlantedFault]:
    """Every fault, group by group."""
    yield from _bias_faults()
    yield from _weight_faults()
    yield from _product_faults()
    yield from _embedding_faults()
    yield from _norm_faults()
    yield from _activation_faults()
    yield from _addition_faults()
    yield from _output_faults()


def _bias_faults() -> Iterator[PlantedFault]:
    yield PlantedFault("bias_missing", K, altered(K, lambda w, b: (w, 0 * b)))
    yield PlantedFault("bias_multiplied", Q, altered(Q, lambda w, b: (w, 2 * b)))
    yield PlantedFault("bias_of_another_tap", K, _with(K, lambda r: (_weight(r, K), weight_and_bias(r, V)[1])))
    yield PlantedFault("bias_permuted", Q, altered(Q, lambda w, b: (w, np.roll(b, 1))))
    yield PlantedFault("bias_partly_missing", Q, altered(Q, lambda w, b: (w, np.where(CHANNELS // 16 == 2, 0, b))))


def _weight_faults() -> Iterator[PlantedFault]:
    yield PlantedFault("weights_of_another_tap", K, _with(K, lambda r: weight_and_bias(r, V)))
    yield PlantedFault("weights_of_another_tap", GATE, _with(GATE, lambda r: weight_and_bias(r, UP)))
    yield PlantedFault("head_tied", "logits", _with("logits", lambda r: (_weight(r, "embed"), np.zeros(80))))
    yield PlantedFault("weight_transposed", OUT, altered(OUT, lambda w, b: (w.T, b)))
    yield PlantedFault("weight_rows_permuted", Q, altered(Q, lambda w, b: (w[TO_PAIRS], b)))
    yield PlantedFault("weight_rows_permuted", "logits", altered("logits", lambda w, b: (np.roll(w, 3, axis=0), b)))
    yield PlantedFault("weight_rows_zero", Q, altered(Q, lambda w, b: (w * (CHANNELS % 9 != 1)[:, None], b)))
    yield PlantedFault("weight_entries", DOWN, altered(DOWN, _flipped))
    yield PlantedFault("fused_rows_mixed", Q, _with(Q, lambda r: _fused(r, slice(32, 96))))
    yield PlantedFault("weight_scale", Q, altered(Q, lambda w, b: (1.1 * w, b)))
    yield PlantedFault("weights_quantised", DOWN, altered(DOWN, lambda w, b: (_int4(w, 32), b)))
    yield PlantedFault("weights_fp8", DOWN, altered(DOWN, lambda w, b: (_fp8(w, np.abs(w).max() / 448), b)))
    yield PlantedFault("low_rank", GATE, altered(GATE, lambda w, b: (w + _low_rank(w.shape), b)))
    yield PlantedFault("quantisation_scale", GATE, altered(GATE, lambda w, b: (np.rint(w / _int8_scale(w)), b)))


def _product_faults() -> Iterator[PlantedFault]:
    def in_bf16(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        how = Accumulation(_format("bf16"), 16, rounds_parts=False)
        return accumulated(inputs[0].reshape(-1, 96), *weight_and_bias(reference, DOWN), how)

    bf16 = _format("bf16").nearest
    yield PlantedFault("operands_rounded", GATE, lambda r, x: linear(bf16(x[0]), bf16(_weight(r, GATE))))
    yield PlantedFault("inputs_quantised", GATE, lambda r, x: linear(_int8(x[0]), _weight(r, GATE)))
    yield PlantedFault("operands_clamped", DOWN, lambda r, x: linear(x[0].clip(-0.5, 0.5), _weight(r, DOWN)))
    yield PlantedFault("accumulation_rounded", DOWN, in_bf16)
    yield PlantedFault("input_permuted", OUT, lambda r, x: linear(x[0].swapaxes(2, 3), _weight(r, OUT)))
    yield PlantedFault("partial_sums", DOWN, lambda r, x: linear(x[0] * (np.arange(96) < 48), _weight(r, DOWN)))
    yield PlantedFault("input_channel_scale", DOWN, lambda r, x: linear(x[0] * _spread(96), _weight(r, DOWN)))
    yield PlantedFault("input_permuted", GATE, lambda r, x: linear(x[0][..., TWO_EXCHANGED], _weight(r, GATE)))
    yield PlantedFault("logits_softcap", "logits", changed_output("logits", lambda y: 5 * np.tanh(y / 5)))
    yield PlantedFault("logits_normalised", "logits", changed_output("logits", _log_softmax))


def _embedding_faults() -> Iterator[PlantedFault]:
    yield PlantedFault("embedding_scaled", "embed", changed_output("embed", lambda y: 8 * y))
    yield PlantedFault("embedding_rows", "embed", _embedding(lambda ids: (ids + 1) % 80))
    yield PlantedFault("embedding_rows", "embed", _embedding(lambda ids: ids[::-1]), ("prompts_exchanged",))
    yield PlantedFault("position_added", "embed", _sinusoids)
    yield PlantedFault(
        "embedding_normed", "embed", changed_output("embed", lambda y: y / np.sqrt(mean_square(y) + 1e-6))
    )


def _norm_faults() -> Iterator[PlantedFault]:
    yield PlantedFault("norm_epsilon", INPUT, _norm(INPUT, epsilon=1e-4))
    yield PlantedFault("norm_epsilon_place", INPUT, lambda r, x: _over(r, x, INPUT, np.sqrt(mean_square(x[0])) + 1e-3))
    yield PlantedFault("norm_mean_subtracted", POST, _layer_norm)
    yield PlantedFault("norm_weight_missing", POST, _norm(POST, lambda w: w * 0 + 1))
    yield PlantedFault("norm_weight_plus_one", POST, _norm(POST, lambda w: w + 1))
    yield PlantedFault("norm_weight_permuted", POST, _norm(POST, lambda w: np.roll(w, 2)))
    yield PlantedFault("norm_weight_power", POST, _norm(POST, lambda w: w**2))
    yield PlantedFault(
        "norm_weight_of_another_tap", POST, lambda r, x: rms_norm(x[0], norm_weight(r, INPUT), epsilon=1e-6)
    )
    yield PlantedFault("norm_skipped", "layers.1.q_norm", lambda r, x: x[0], qwen3=True)
    yield PlantedFault("norm_repeated", POST, _twice)
    yield PlantedFault("norm_axis", "layers.1.k_norm", _over_all_heads, qwen3=True)
    yield PlantedFault("norm_count", POST, lambda r, x: _over(r, x, POST, np.sqrt(mean_square(x[0]) * 64)))
    yield PlantedFault(
        "norm_statistic", POST, lambda r, x: _over(r, x, POST, np.sqrt(mean_square(x[0][..., :48]) + 1e-6))
    )
    yield PlantedFault("norm_statistic", INPUT, lambda r, x: _over(r, x, INPUT, mean_square(x[0]) + 1e-6))
    yield PlantedFault("norm_after_rotary", "layers.1.k_norm", _after_rotary, qwen3=True)
    bf16 = _format("bf16").nearest
    yield PlantedFault("norm_rounded", POST, lambda r, x: _over(r, x, POST, np.sqrt(bf16(mean_square(x[0])) + 1e-6)))


def _activation_faults() -> Iterator[PlantedFault]:
    bf16 = _format("bf16").nearest
    yield PlantedFault("activation_other", ACT, lambda r, x: np.maximum(x[0], 0) * x[1])
    yield PlantedFault("activation_slope", ACT, lambda r, x: silu(1.3 * x[0]) / 1.3 * x[1])
    yield PlantedFault("activation_wiring", ACT, lambda r, x: x[0] * x[1])
    yield PlantedFault("activation_up_shifted", ACT, lambda r, x: silu(1.702 * x[0]) / 1.702 * (x[1] + 1))
    yield PlantedFault("activation_clamped", ACT, lambda r, x: silu(np.minimum(x[0], 0.9)) * x[1])
    yield PlantedFault("activation_rounded", ACT, lambda r, x: bf16(silu(x[0])) * x[1])
    yield PlantedFault("gate_up_exchanged", ACT, lambda r, x: silu_mul(x[1], x[0]))
    yield PlantedFault("inputs_rounded", ACT, lambda r, x: silu(x[0]) * bf16(x[1]))


def _addition_faults() -> Iterator[PlantedFault]:
    yield PlantedFault("residual_missing", MID, lambda r, x: x[1])
    yield PlantedFault("branch_missing", STREAM, lambda r, x: x[0])
    yield PlantedFault("add_scaled", STREAM, lambda r, x: x[0] + 2 * x[1])


def _output_faults() -> Iterator[PlantedFault]:
    factors, added = np.array([1, 0.5, 1.25, 3])[:, None], np.random.default_rng(0).normal(0, 1, 64)
    yield PlantedFault("constant_ratio", V, changed_output(V, lambda y: 1.07 * y), qwen3=True)
    yield PlantedFault("constant_offset", OUT, changed_output(OUT, lambda y: y + added))
    yield PlantedFault("channel_scale", DOWN, changed_output(DOWN, lambda y: y * _spread(64)))
    yield PlantedFault("head_scale", Q, changed_output(Q, lambda y: y.reshape(*y.shape[:2], 4, 16) * factors))
    yield PlantedFault("token_scale", MID, changed_output(MID, lambda y: y * _spread(y.shape[1])[:, None]))
    yield PlantedFault("channels_permuted", ACT, changed_output(ACT, lambda y: y[..., ::-1]))
    yield PlantedFault("tokens_shifted", OUT, changed_output(OUT, lambda y: np.roll(y, 1, axis=1)))
    yield PlantedFault("prompts_exchanged", OUT, changed_output(OUT, lambda y: y[::-1]))
    yield PlantedFault("zeroed", GATE, changed_output(GATE, lambda y: y * (np.arange(96) % 10 != 1)))
    yield PlantedFault("saturated", GATE, stored=lambda y: y.clip(-0.5, 0.5))
    yield PlantedFault("output_rounded", DOWN, stored=_format("bf16").nearest)
    yield PlantedFault("value_grid", V, stored=lambda y: np.rint(y / 0.05) * 0.05)


def _format(short: str):  # type: ignore[no-untyped-def]
    return next(format_ for format_ in FORMATS if format_.short == short)


def _weight(reference: Reference, tap: str) -> Floats:
    return weight_and_bias(reference, tap)[0]


def _with(tap: str, parameters) -> Fault:  # type: ignore[no-untyped-def]
    return lambda reference, inputs: linear(inputs[0], *parameters(reference))


def _fused(reference: Reference, rows: slice) -> tuple[Floats, Floats]:
    parts = [weight_and_bias(reference, tap) for tap in (Q, K, V)]
    return np.concatenate([w for w, _ in parts])[rows], np.concatenate([b for _, b in parts])[rows]


def _flipped(weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
    weight[5, 7] = 3
    weight[20, 11] = -2
    return weight, bias


def _spread(count: int) -> Floats:
    return np.random.default_rng(0).uniform(0.5, 2, count)


def _int8_scale(values: Floats) -> Floats:
    largest = np.abs(values).max(axis=-1, keepdims=True)
    return np.where(largest > 0, largest, 1.0) / 127


def _int8(values: Floats) -> Floats:
    return np.rint(values / _int8_scale(values)) * _int8_scale(values)


def _int4(weight: Floats, group: int) -> Floats:
    blocks = weight.reshape(len(weight), -1, group)
    scale = np.abs(blocks).max(axis=-1, keepdims=True) / 7
    return (np.rint(blocks / scale) * scale).reshape(weight.shape)


def _fp8(values: Floats, scale: Floats) -> Floats:
    return _format("fp8 e4m3").nearest(values / scale) * scale


def _low_rank(shape: tuple[int, ...]) -> Floats:
    rng = np.random.default_rng(1)
    return 0.04 * rng.normal(size=(shape[0], 3)) @ rng.normal(size=(3, shape[1]))


def _log_softmax(logits: Floats) -> Floats:
    moved = logits - logits.max(axis=-1, keepdims=True)
    return moved - np.log(np.exp(moved).sum(axis=-1, keepdims=True))


def _embedding(change) -> Fault:  # type: ignore[no-untyped-def]
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        table = reference.weights.parameters("embed").weight
        assert table is not None
        return widened(table[change(reference.tokens.ids)])

    return fault


def _sinusoids(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    angles = reference.tokens.positions[..., None] * 1e4 ** (-np.arange(32) / 32)
    added = np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)
    return replay(reference, graph_of(reference)["embed"], ()) + added


def _norm(tap: str, change: Change = lambda weight: weight, *, epsilon: float = 1e-6) -> Fault:
    return lambda reference, inputs: rms_norm(inputs[0], change(norm_weight(reference, tap)), epsilon=epsilon)


def _over(reference: Reference, inputs: tuple[Floats, ...], tap: str, divisor: Floats) -> Floats:
    return inputs[0] / divisor * norm_weight(reference, tap)


def _normed(x: Floats) -> Floats:
    return x / np.sqrt(mean_square(x) + 1e-6)


def _part_of_root(x: Floats) -> Floats:
    return np.sqrt(mean_square(x[..., :48]) + 1e-6)


def _layer_norm(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    x = inputs[0] - inputs[0].mean(axis=-1, keepdims=True)
    return rms_norm(x, norm_weight(reference, POST), epsilon=1e-6)


def _twice(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    weight = norm_weight(reference, POST)
    return rms_norm(rms_norm(inputs[0], weight, epsilon=1e-6), weight, epsilon=1e-6)


def _over_all_heads(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    square = (inputs[0] ** 2).mean(axis=(2, 3), keepdims=True)
    return _over(reference, inputs, "layers.1.k_norm", np.sqrt(square + 1e-6))


def _after_rotary(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    rotated = replay(reference, graph_of(reference)["layers.1.k_rope"], inputs)
    return rms_norm(rotated, norm_weight(reference, "layers.1.k_norm"), epsilon=1e-6)
