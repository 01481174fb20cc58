"""Group B: scaled rotary embeddings, planted where the model has none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rotary import RotaryTable, inverse_frequencies, rotary_table, rotate, table_of_angles

__all__ = ["SCALING_FAULTS"]

_Frequencies = npt.NDArray[np.float32]


def _scaled(
    change: Callable[[QwenConfig, _Frequencies], _Frequencies], *, attention_factor: float = 1.0
) -> Callable[[Ops], Ops]:
    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        frequencies = inverse_frequencies(g.config.head_size, g.config.rotary_base)
        made = table_of_angles(g, position_ids, change(g.config, frequencies))
        factor = g.constant(attention_factor, "float32")
        return (
            made if attention_factor == 1 else RotaryTable(g.op("Mul", made.cos, factor), g.op("Mul", made.sin, factor))
        )

    return lambda ops: replace(ops, rotary_table=table)


def _yarn(factor: float, length: int) -> Callable[[QwenConfig, _Frequencies], _Frequencies]:
    """transformers' ``_compute_yarn_parameters`` with its usual betas, 32 and 1 (arXiv 2309.00071)."""

    def change(config: QwenConfig, frequencies: _Frequencies) -> _Frequencies:
        def pair(rotations: float) -> float:
            """The pair that turns so often within the trained length."""
            return config.head_size * math.log(length / (rotations * 2 * math.pi)) / (2 * math.log(config.rotary_base))

        low, high = max(math.floor(pair(32)), 0), min(math.ceil(pair(1)), config.head_size - 1)
        ramp = np.clip((np.arange(len(frequencies)) - low) / max(high - low, 0.001), 0, 1)
        return (frequencies * (1 - ramp) + frequencies / factor * ramp).astype(np.float32)

    return change


def _llama3(factor: float, length: int) -> Callable[[QwenConfig, _Frequencies], _Frequencies]:
    """transformers' ``_compute_llama3_parameters`` with its usual factors, 1 and 4 (arXiv 2407.21783)."""

    def change(config: QwenConfig, frequencies: _Frequencies) -> _Frequencies:
        turns = length * frequencies / (2 * np.pi)  # within the trained length
        smooth = np.clip((turns - 1) / (4 - 1), 0, 1)
        return ((1 - smooth) * frequencies / factor + smooth * frequencies).astype(np.float32)

    return change


def _linear(factor: float) -> Callable[[QwenConfig, _Frequencies], _Frequencies]:
    return lambda config, frequencies: (frequencies / np.float32(factor)).astype(np.float32)


def _mscale(factor: float) -> float:
    """YaRN's attention factor, ``0.1 ln(factor) + 1``."""
    return 0.1 * math.log(factor) + 1


def _unchanged(config: QwenConfig, frequencies: _Frequencies) -> _Frequencies:
    return frequencies


def _ntk(alpha: float) -> Callable[[QwenConfig, _Frequencies], _Frequencies]:
    def change(config: QwenConfig, frequencies: _Frequencies) -> _Frequencies:
        grown = config.rotary_base * alpha ** (config.head_size / (config.head_size - 2))
        return inverse_frequencies(config.head_size, grown)

    return change


def _ntk_beyond(alpha: float, length: int) -> Callable[[Ops], Ops]:
    """The base grows in prompts that are longer than some length, and in those alone."""

    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        usual = rotary_table(g, position_ids)
        frequencies = inverse_frequencies(g.config.head_size, g.config.rotary_base)
        grown = table_of_angles(g, position_ids, _ntk(alpha)(g.config, frequencies))
        tokens = g.op("ReduceSum", g.given("attention_mask"), g.constant([1], "int64"), keepdims=1)  # [batch, 1]
        long = g.op("Greater", tokens, g.constant(length, "int64"), dtype=ir.DataType.BOOL)
        long = g.op("Unsqueeze", long, g.constant([2, 3], "int64"))  # [batch, 1, 1, 1]
        cos, sin = (
            g.op("Where", long, *pair, dtype=ir.DataType.FLOAT)
            for pair in ((grown.cos, usual.cos), (grown.sin, usual.sin))
        )
        return RotaryTable(cos, sin)

    return lambda ops: replace(ops, rotary_table=table)


def _logn(length: int) -> Callable[[Ops], Ops]:
    """Queries times ``max(1, log(position + 1) / log(length))``, as Qwen-1's use_logn_attn asks for."""

    def turn(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
        rotated = rotate(g, x, table, which=which)
        if which != "q":
            return rotated
        positions = g.op("Unsqueeze", g.given("position_ids"), g.constant([2, 3], "int64"))
        ordinal = g.op("Add", g.cast(positions, ir.DataType.FLOAT), g.constant(1.0, "float32"))
        ratio = g.op("Mul", g.op("Log", ordinal), g.constant(1 / math.log(length), "float32"))
        factor = g.op("Max", ratio, g.constant(1.0, "float32"))
        return g.cast(g.op("Mul", g.cast(rotated, ir.DataType.FLOAT), factor), g.dtype)

    return lambda ops: replace(ops, rotate=turn)


def _draw_scaling(rng: np.random.Generator, config: QwenConfig) -> Size:
    factor, length = float(f"{rng.uniform(1.3, 12):.3g}"), int(rng.integers(40, 4000))
    kinds = (
        Size(f"yarn {factor:g} from {length}", _scaled(_yarn(factor, length)), causes=("rotary_yarn",)),
        Size(
            f"yarn {factor:g} from {length} with its factor",
            _scaled(_yarn(factor, length), attention_factor=_mscale(factor)),
            causes=("rotary_yarn",),
        ),
        Size(f"llama3 {factor:g} from {length}", _scaled(_llama3(factor, length)), causes=("rotary_llama3",)),
        Size(f"linear {factor:g}", _scaled(_linear(factor)), causes=("rotary_linear_scaling",)),
    )
    return kinds[int(rng.integers(len(kinds)))]


def _draw_mscale(rng: np.random.Generator, config: QwenConfig) -> Size:
    factor = float(rng.choice([rng.uniform(0.3, 0.98), rng.uniform(1.02, 3)]))
    return Size(f"cos and sin × {factor:.4g}", _scaled(_unchanged, attention_factor=factor))


def _draw_ntk(rng: np.random.Generator, config: QwenConfig) -> Size:
    alpha, length = float(f"{rng.uniform(1.5, 16):.3g}"), int(rng.integers(100, 400))
    # One base for every prompt is a base like any other.
    kinds = (
        Size(f"α {alpha:g} always", _scaled(_ntk(alpha)), causes=("rotary_dynamic_ntk", "rotary_base")),
        Size(f"α {alpha:g} beyond {length}", _ntk_beyond(alpha, length)),
    )
    return kinds[int(rng.integers(len(kinds)))]


def _draw_logn(rng: np.random.Generator, config: QwenConfig) -> Size:
    length = int(rng.integers(3, 300))
    return Size(f"beyond {length}", _logn(length))


SCALING_FAULTS = (
    Fault(
        "B11",
        "rope-scaling-unwanted",
        "Rotary frequencies are scaled although the model asks for none (or were not, where it does).",
        "q_rope",
        ("rotary_yarn",),
        (
            Size("yarn 4 from 256 with its factor", _scaled(_yarn(4, 256), attention_factor=_mscale(4))),
            Size("llama3 8 from 128", _scaled(_llama3(8, 128)), causes=("rotary_llama3",)),
            Size("linear 4", _scaled(_linear(4)), causes=("rotary_linear_scaling",)),
        ),
        draw=_draw_scaling,
    ),
    Fault(
        "B12",
        "mscale-wrong",
        "YaRN's factor on cos and sin is there without YaRN's frequencies, or the other way round.",
        "q_rope",
        ("rotary_scale",),
        (
            Size("the factor alone", _scaled(_unchanged, attention_factor=_mscale(4))),
            Size("yarn 4 from 256 without it", _scaled(_yarn(4, 256)), causes=("rotary_yarn",)),
        ),
        draw=_draw_mscale,
    ),
    Fault(
        "B14",
        "dynamic-ntk",
        "The base grows with the length although the model asks for none, in every prompt or in the long ones.",
        "q_rope",
        ("rotary_dynamic_ntk",),
        (
            Size("α 2 beyond 256", _ntk_beyond(2, 256)),
            Size("α 3 always", _scaled(_ntk(3)), causes=("rotary_dynamic_ntk", "rotary_base")),
        ),
        draw=_draw_ntk,
    ),
    Fault(
        "B15",
        "logn-on",
        "Queries grow with the logarithm of their position beyond some length, as Qwen-1 wants it.",
        "q_rope",
        ("rotary_logn",),
        (Size("beyond 16", _logn(16)), Size("beyond 256", _logn(256))),
        draw=_draw_logn,
    ),
)
