"""Group X, norms: what nobody has reported yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.drawn import uniform
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rms_norm import normalize

__all__ = ["UNREPORTED_NORM_FAULTS"]


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


def _power(value: float) -> Size:
    return Size(f"power {value:g}", _weight_power(value))


def _draw_count(rng: np.random.Generator, config: QwenConfig) -> Size:
    extra = int(rng.choice([-1, int(rng.integers(1, 129))]))
    return Size(f"{extra:+d} channels", _mean_over(extra))


UNREPORTED_NORM_FAULTS = (
    Fault(
        "X05",
        "norm-weight-power",
        "Norms apply another power of their weight.",
        "input_norm",
        ("norm_weight_power",),
        (_power(2.0),),
        draw=uniform(_power, 1.2, 3),
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
)
