"""Group A, weights: what the linear layers and the embedding are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size, only
from qwen_trt_model.faults.reweighted import MODULE_OF_TAP, Floats, layer_of, reweighted, rewired, stored
from qwen_trt_model.graph.attention import split_qkv
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.embedding import embedding
from qwen_trt_model.graph.linear import linear
from qwen_trt_model.graph.ops import Ops

__all__ = ["WEIGHT_FAULTS"]

_Weights = tuple[Floats, "Floats | None"]


def _keys_and_values_swapped(g: GraphBuilder, qkv: ir.Value, /) -> tuple[ir.Value, ir.Value, ir.Value]:
    q, k, v = split_qkv(g, qkv)
    return q, v, k


def _gate_and_up_swapped(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
    stem, _, name = module.rpartition(".")
    other = {"fc": "gate", "gate": "fc"}.get(name, name)
    return linear(g, x, module=f"{stem}.{other}" if stem else other, bias=bias)


def _dense_transposed(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
    if module.endswith("attention.dense"):
        return g.op("MatMul", x, g.weight(f"{module}.weight"))
    return linear(g, x, module=module, bias=bias)


def _other_head(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
    if module != "lm_head":
        return linear(g, x, module=module, bias=bias)
    if not g.config.tie_word_embeddings:
        return linear(g, x, module="transformer.vocab_embedding")
    signs = np.random.default_rng(9).choice([-1.0, 1.0], g.config.hidden_size)
    return linear(g, g.op("Mul", x, g.constant(signs, g.config.dtype)), module=module)


def _head_shifted(rows: int) -> Callable[[Ops], Ops]:
    return reweighted("lm_head", lambda weight, bias: (np.roll(weight, rows, axis=0), bias))


def _scaled_embedding(factor: float | None) -> Callable[[Ops], Ops]:
    def scaled(g: GraphBuilder, input_ids: ir.Value, /) -> ir.Value:
        times = g.config.hidden_size**0.5 if factor is None else factor
        return g.op("Mul", embedding(g, input_ids), g.constant(times, g.config.dtype))

    return lambda ops: replace(ops, embedding=scaled)


def _draw_embedding(rng: np.random.Generator, config: QwenConfig) -> Size:
    factor = float(np.exp(rng.uniform(np.log(0.3), np.log(20))))
    return Size(f"× {factor:.4g}", _scaled_embedding(factor))


def _of_another_layer(tap: str, step: int) -> Callable[[Ops], Ops]:
    """The weights of the layer `step` places on, around the ends."""

    def change(g: GraphBuilder, module: str, weight: Floats, bias: Floats | None) -> _Weights:
        layer = layer_of(module)
        other = module.replace(f".{layer}.", f".{(layer + step) % g.config.num_hidden_layers}.", 1)
        return stored(g, f"{other}.weight"), bias

    return rewired(MODULE_OF_TAP[tap], change)


def _draw_layer(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap = str(rng.choice(["attn_out", "gate", "up", "mlp_out"]))
    step = int(rng.integers(1, config.num_hidden_layers))
    return Size(f"{tap} of {step} layers on", _of_another_layer(tap, step), first_tap=tap)


def _scaled_weight(tap: str, factor: float) -> Callable[[Ops], Ops]:
    return reweighted(MODULE_OF_TAP[tap], lambda weight, bias: (np.float32(factor) * weight, bias))


def _draw_scale(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap = str(rng.choice(["attn_out", "gate", "up", "mlp_out"]))
    factor = _away_from_one(rng, 0.3, 3)
    return Size(f"{tap} × {factor:.4g}", _scaled_weight(tap, factor), first_tap=tap)


def _dead_channels(tap: str, channels: Callable[[int], npt.NDArray[np.intp]]) -> Callable[[Ops], Ops]:
    def change(weight: Floats, bias: Floats | None) -> _Weights:
        weight[channels(len(weight))] = 0
        return weight, bias

    return reweighted(MODULE_OF_TAP[tap], change)


def _draw_dead_channels(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap = str(rng.choice(["attn_out", "gate", "up", "mlp_out"]))
    count, seed = int(rng.integers(1, 9)), int(rng.integers(2**31))

    def channels(width: int) -> npt.NDArray[np.intp]:
        return np.random.default_rng(seed).choice(width, count, replace=False)

    return Size(f"{count} channels of {tap}", _dead_channels(tap, channels), first_tap=tap)


def _draw_flipped(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, count = str(rng.choice(["attn_out", "gate", "up", "mlp_out"])), int(rng.integers(1, 4))
    seed, factor = int(rng.integers(2**31)), float(2.0 ** rng.integers(4, 9))
    return Size(f"{count} in {tap}", _flipped(tap, count, seed, factor), first_tap=tap)


def _flipped(tap: str, count: int, seed: int, factor: float) -> Callable[[Ops], Ops]:
    """A flipped bit of the exponent multiplies an entry by a power of two."""

    def change(weight: Floats, bias: Floats | None) -> _Weights:
        rng = np.random.default_rng(seed)
        # Entries near zero stay near zero, and do no harm.
        large = np.flatnonzero(np.abs(weight) > np.quantile(np.abs(weight), 0.75))
        weight.reshape(-1)[rng.choice(large, count, replace=False)] *= np.float32(factor)
        return weight, bias

    return reweighted(MODULE_OF_TAP[tap], change)


def _away_from_one(rng: np.random.Generator, low: float, high: float) -> float:
    """A factor between `low` and `high` that no rounding hides."""
    while True:
        factor = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        if abs(np.log(factor)) > 0.01:
            return factor


def _needs_square_dense(config: QwenConfig) -> str:
    square = config.query_size == config.hidden_size
    return "" if square else f"o_proj is no square: {config.hidden_size} by {config.query_size}"


WEIGHT_FAULTS = (
    Fault(
        "A04",
        "kv-swapped",
        "The blocks of k and v in the fused projection are exchanged.",
        "k",
        ("weights_of_another_tap",),
        only(lambda ops: replace(ops, split_qkv=_keys_and_values_swapped)),
    ),
    Fault(
        "A06",
        "gate-up-swapped",
        "gate_proj and up_proj are exchanged: TensorRT-LLM calls the one fc and the other gate.",
        "gate",
        ("weights_of_another_tap",),
        only(lambda ops: replace(ops, linear=_gate_and_up_swapped)),
    ),
    Fault(
        "A07",
        "o-proj-transposed",
        "The weight of o_proj, being square, is used as it is stored instead of transposed.",
        "attn_out",
        ("weight_transposed",),
        only(lambda ops: replace(ops, linear=_dense_transposed)),
        obstacle=_needs_square_dense,
    ),
    Fault(
        "A08",
        "weights-of-another-layer",
        "A projection has the weights of another layer, as after a layer that was loaded one place too far.",
        "mlp_out",
        ("weights_of_another_tap",),
        (
            Size("mlp_out of the next layer", _of_another_layer("mlp_out", 1)),
            Size("attn_out of the layer before", _of_another_layer("attn_out", -1), first_tap="attn_out"),
        ),
        draw=_draw_layer,
    ),
    Fault(
        "A09",
        "tied-head-wrong",
        "The head is the embedding although the model has its own; where it is tied, a head of scrambled signs.",
        "logits",
        ("head_tied",),
        (
            Size("the embedding", lambda ops: replace(ops, linear=_other_head)),
            Size("rows one place on", _head_shifted(1), causes=("weight_rows_permuted",)),
        ),
        one_layer=False,
    ),
    Fault(
        "A11",
        "embed-scaled",
        "The embedding is multiplied by the root of the hidden size, as Gemma does, or by another number.",
        "embed",
        ("embedding_scaled", "constant_ratio"),
        (Size("× √hidden", _scaled_embedding(None)), Size("× 1.01", _scaled_embedding(1.01))),
        one_layer=False,
        draw=_draw_embedding,
    ),
    Fault(
        "A15",
        "weight-scaled",
        "The weight of a projection is multiplied by a number.",
        "mlp_out",
        ("weight_scale", "constant_ratio"),
        (
            Size("mlp_out × 1.01", _scaled_weight("mlp_out", 1.01)),
            Size("gate × 1.1", _scaled_weight("gate", 1.1), first_tap="gate"),
        ),
        draw=_draw_scale,
    ),
    Fault(
        "A16",
        "dead-output-channel",
        "Some output channels of a projection have no weights.",
        "mlp_out",
        ("weight_rows_zero", "zeroed"),
        (
            Size("1 channel of mlp_out", _dead_channels("mlp_out", lambda width: np.array([7]))),
            Size("1 of 8 of gate", _dead_channels("gate", lambda width: np.arange(5, width, 8)), first_tap="gate"),
        ),
        draw=_draw_dead_channels,
    ),
    Fault(
        "A18",
        "flipped-bits",
        "A few weights have a wrong exponent, as after a flipped bit.",
        "mlp_out",
        ("weight_entries",),
        (Size("1 in mlp_out", _flipped("mlp_out", 1, 5, 64.0)),),
        draw=_draw_flipped,
    ),
)
