"""Group X: what nobody has reported yet, to judge causes by faults that were not asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.reweighted import MODULE_OF_TAP, Floats, reweighted
from qwen_trt_model.graph.attention import scaled_scores
from qwen_trt_model.graph.attention_mask import token_grid
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rms_norm import normalize

__all__ = ["OTHER_FAULTS"]

_LINEAR_TAPS = ("attn_out", "gate", "up", "mlp_out")


def _leaky_mask(value: float) -> Callable[[Ops], Ops]:
    """Keys that must not be seen get `value` added to their scores."""

    def softmax(g: GraphBuilder, scores: ir.Value, mask: ir.Value, /) -> ir.Value:
        added = g.op("Add", scores, g.constant(value, "float32"))
        masked = g.op("Where", mask, scores, added, dtype=ir.DataType.FLOAT)
        return g.cast(g.op("Softmax", masked, axis=-1), g.dtype)

    return lambda ops: replace(ops, softmax=softmax)


def _with_distance(slope: float) -> Callable[[Ops], Ops]:
    """Scores minus `slope` for each place between query and key, the same in every head."""

    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        keys, queries = token_grid(g, g.given("attention_mask"))
        distance = g.cast(g.op("Sub", queries, keys), ir.DataType.FLOAT)  # [token, key]
        return g.op("Sub", scaled_scores(g, q, k), g.op("Mul", distance, g.constant(slope, "float32")))

    return lambda ops: replace(ops, scores=scores)


def _with_sink(logit: float) -> Callable[[Ops], Ops]:
    """One more key that has no value."""

    def softmax(g: GraphBuilder, scores: ir.Value, mask: ir.Value, /) -> ir.Value:
        lowest = g.constant(float(np.finfo(np.float32).min), "float32")
        masked = g.op("Where", mask, scores, lowest, dtype=ir.DataType.FLOAT)
        highest = g.op("ReduceMax", masked, axes=[-1], keepdims=1)
        highest = g.op("Max", highest, g.constant(logit, "float32"))
        powers = g.op("Exp", g.op("Sub", masked, highest))
        total = g.op("ReduceSum", powers, g.constant([-1], "int64"), keepdims=1)
        sink = g.op("Exp", g.op("Sub", g.constant(logit, "float32"), highest))
        return g.cast(g.op("Div", powers, g.op("Add", total, sink)), g.dtype)

    return lambda ops: replace(ops, softmax=softmax)


def _capped_logits(cap: float) -> Callable[[Ops], Ops]:
    def apply(ops: Ops) -> Ops:
        def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            y = ops.linear(g, x, module=module, bias=bias)
            if module != "lm_head":
                return y
            small = g.op("Mul", g.cast(y, ir.DataType.FLOAT), g.constant(1 / cap, "float32"))
            return g.cast(g.op("Mul", g.op("Tanh", small), g.constant(cap, "float32")), g.dtype)

        return replace(ops, linear=product)

    return apply


def _weight_power(power: float) -> Callable[[Ops], Ops]:
    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        stored = np.array(g.checkpoint.array(f"{module}.weight"), dtype=np.float32)
        changed = np.sign(stored) * np.abs(stored) ** np.float32(power)
        return g.op("Mul", normalize(g, x, epsilon=g.config.norm_epsilon), g.constant(changed, g.config.dtype))

    return lambda ops: replace(ops, rms_norm=norm)


def _mean_over(extra: int) -> Callable[[Ops], Ops]:
    """The mean square divides by a wrong number of channels."""

    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        width = g.checkpoint.tensors[f"{module}.weight"].shape[0]
        wide = g.cast(x, ir.DataType.FLOAT)
        mean = g.op("ReduceMean", g.op("Mul", wide, wide), axes=[-1], keepdims=1)
        mean = g.op("Mul", mean, g.constant(width / (width + extra), "float32"))
        root = g.op("Sqrt", g.op("Add", mean, g.constant(g.config.norm_epsilon, "float32")))
        return g.op("Mul", g.cast(g.op("Div", wide, root), g.dtype), g.weight(f"{module}.weight"))

    return lambda ops: replace(ops, rms_norm=norm)


def _other_checkpoint(tap: str, relative: float, seed: int) -> Callable[[Ops], Ops]:
    """Weights of another training run: near the right ones, and none of them."""

    def change(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        noise = np.random.default_rng(seed).standard_normal(weight.shape).astype(np.float32)
        return weight + np.float32(relative * weight.std()) * noise, bias

    return reweighted(MODULE_OF_TAP[tap], change)


def _adapter(tap: str, rank: int, relative: float, seed: int) -> Callable[[Ops], Ops]:
    """A low-rank adapter that was merged into one side alone."""

    def change(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        rng = np.random.default_rng(seed)
        update = rng.standard_normal((len(weight), rank)) @ rng.standard_normal((rank, weight.shape[1]))
        return weight + (relative * weight.std() / math.sqrt(rank) * update).astype(np.float32), bias

    return reweighted(MODULE_OF_TAP[tap], change)


def _clamped_inputs(tap: str, limit: float) -> Callable[[Ops], Ops]:
    suffix = f".{MODULE_OF_TAP[tap]}"

    def apply(ops: Ops) -> Ops:
        def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            if module.endswith(suffix):
                low, high = g.constant(-limit, g.config.dtype), g.constant(limit, g.config.dtype)
                x = g.op("Clip", x, low, high)
            return ops.linear(g, x, module=module, bias=bias)

        return replace(ops, linear=product)

    return apply


def _quantised_inputs(tap: str) -> Callable[[Ops], Ops]:
    """Inputs of one product rounded to int8 with a scale for each token."""
    suffix = f".{MODULE_OF_TAP[tap]}"

    def apply(ops: Ops) -> Ops:
        def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            if module.endswith(suffix):
                wide = g.cast(x, ir.DataType.FLOAT)
                largest = g.op("ReduceMax", g.op("Abs", wide), axes=[-1], keepdims=1)
                step = g.op("Mul", largest, g.constant(1 / 127, "float32"))
                x = g.cast(g.op("Mul", g.op("Round", g.op("Div", wide, step)), step), g.dtype)
            return ops.linear(g, x, module=module, bias=bias)

        return replace(ops, linear=product)

    return apply


def _uniform(
    draw: Callable[[float], Size], low: float, high: float
) -> Callable[[np.random.Generator, QwenConfig], Size]:
    return lambda rng, config: draw(float(f"{rng.uniform(low, high):.3g}"))


def _draw_checkpoint(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, relative = str(rng.choice(_LINEAR_TAPS)), float(np.exp(rng.uniform(np.log(0.003), np.log(0.5))))
    return Size(
        f"{tap}, {relative:.2g} away", _other_checkpoint(tap, relative, int(rng.integers(2**31))), first_tap=tap
    )


def _draw_adapter(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, rank = str(rng.choice(_LINEAR_TAPS)), int(rng.choice([1, 2, 4, 8, 16]))
    relative = float(rng.uniform(0.05, 0.5))
    made = _adapter(tap, rank, relative, int(rng.integers(2**31)))
    return Size(f"{tap}, rank {rank}", made, first_tap=tap)


def _draw_clamp(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, limit = str(rng.choice(["mlp_out", "gate"])), float(f"{rng.uniform(0.5, 2):.3g}")
    return Size(f"{tap} at {limit:g}", _clamped_inputs(tap, limit), first_tap=tap)


def _draw_inputs(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap = str(rng.choice(_LINEAR_TAPS))
    return Size(f"into {tap}", _quantised_inputs(tap), first_tap=tap)


def _leak(value: float) -> Size:
    return Size(f"{value:g}", _leaky_mask(value))


def _slope(value: float) -> Size:
    return Size(f"slope {value:g}", _with_distance(value))


def _sink(value: float) -> Size:
    return Size(f"logit {value:g}", _with_sink(value))


def _cap(value: float) -> Size:
    return Size(f"cap {value:g}", _capped_logits(value))


def _power(value: float) -> Size:
    return Size(f"power {value:g}", _weight_power(value))


def _draw_count(rng: np.random.Generator, config: QwenConfig) -> Size:
    extra = int(rng.choice([-1, int(rng.integers(1, 129))]))
    return Size(f"{extra:+d} channels", _mean_over(extra))


OTHER_FAULTS = (
    Fault(
        "X01",
        "leaky-mask",
        "Masked keys get a finite number instead of minus infinity.",
        "attn_ctx",
        ("mask_value",),
        (_leak(-8.0),),
        hidden_tap="probs",
        draw=_uniform(_leak, -16, -2),
    ),
    Fault(
        "X02",
        "distance-in-scores",
        "Scores fall with the distance, as ALiBi has it.",
        "attn_ctx",
        ("score_bias",),
        (_slope(0.05),),
        hidden_tap="scores",
        draw=_uniform(_slope, 0.003, 0.5),
    ),
    Fault(
        "X03",
        "attention-sink",
        "Attention gives some of its weight to a key without a value.",
        "attn_ctx",
        ("softmax_sink",),
        (_sink(2.0),),
        hidden_tap="probs",
        draw=_uniform(_sink, -2, 12),
    ),
    Fault(
        "X04",
        "logits-capped",
        "Logits are capped smoothly, as Gemma 2 wants it.",
        "logits",
        ("logits_softcap",),
        (_cap(30.0),),
        one_layer=False,
        draw=_uniform(_cap, 8, 60),
    ),
    Fault(
        "X05",
        "norm-weight-power",
        "Norms apply another power of their weight.",
        "input_norm",
        ("norm_weight_power",),
        (_power(2.0),),
        draw=_uniform(_power, 1.2, 3),
    ),
    Fault(
        "X06",
        "norm-of-other-width",
        "Norms divide the sum of squares by a wrong number of channels.",
        "input_norm",
        ("norm_count", "constant_ratio"),
        (Size("-1 channels", _mean_over(-1)),),
        draw=_draw_count,
    ),
    Fault(
        "X07",
        "another-checkpoint",
        "A projection has the weights of another training run.",
        "mlp_out",
        ("other_weights",),
        (Size("mlp_out, 0.05 away", _other_checkpoint("mlp_out", 0.05, 3)),),
        draw=_draw_checkpoint,
    ),
    Fault(
        "X08",
        "adapter-not-merged",
        "A low-rank adapter was merged into one side alone.",
        "mlp_out",
        ("low_rank",),
        (Size("mlp_out, rank 4", _adapter("mlp_out", 4, 0.2, 3)),),
        draw=_draw_adapter,
    ),
    Fault(
        "X09",
        "inputs-clamped",
        "Inputs of a product are cut off at a limit, as by a static scale that is too small.",
        "mlp_out",
        ("operands_clamped",),
        (Size("mlp_out at 1", _clamped_inputs("mlp_out", 1.0)),),
        draw=_draw_clamp,
    ),
    Fault(
        "X10",
        "inputs-in-int8",
        "Inputs of a product are rounded to integers, with a scale for each token.",
        "gate",
        ("inputs_quantised",),
        (Size("into gate", _quantised_inputs("gate")),),
        draw=_draw_inputs,
    ),
)
