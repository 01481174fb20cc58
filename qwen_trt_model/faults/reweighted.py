"""Linear layers with other weights than the checkpoint's, for faults to be made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops

__all__ = ["MODULE_OF_TAP", "Floats", "WeightChange", "layer_of", "part_of_qkv", "reweighted", "rewired", "stored"]

Floats = npt.NDArray[np.float32]

WeightChange = Callable[[Floats, "Floats | None"], tuple[Floats, "Floats | None"]]
"""Weight ``[out, in]`` and bias ``[out]``, or None, to others of the same shapes."""

MODULE_OF_TAP = {"attn_out": "dense", "gate": "fc", "up": "gate", "mlp_out": "proj", "logits": "lm_head"}
"""The last part of the module that makes a tap, in TensorRT-LLM's names; q, k and v share ``qkv``."""


def reweighted(module: str, change: WeightChange) -> Callable[[Ops], Ops]:
    """Ops whose linear layers called `module`, such as ``qkv`` or ``proj``, have changed weights."""

    def changed(g: GraphBuilder, path: str, weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        return change(weight, bias)

    return rewired(module, changed)


def rewired(
    module: str, change: Callable[[GraphBuilder, str, Floats, Floats | None], tuple[Floats, Floats | None]]
) -> Callable[[Ops], Ops]:
    """As `reweighted`, for a change that looks at the checkpoint and at the path of the layer."""

    def apply(ops: Ops) -> Ops:
        def linear(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            if not module.endswith(suffix):
                return ops.linear(g, x, module=module, bias=bias)
            stored_bias = stored(g, f"{module}.bias") if bias else None
            weight, added = change(g, module, stored(g, f"{module}.weight"), stored_bias)
            y = g.op("MatMul", x, g.constant(np.ascontiguousarray(weight.T), g.config.dtype))
            return y if added is None else g.op("Add", y, g.constant(added, g.config.dtype))

        return replace(ops, linear=linear)

    suffix = module if module == "lm_head" else f".{module}"
    return apply


def part_of_qkv(part: str, change: WeightChange, config: QwenConfig) -> WeightChange:
    """`change` on those rows of a fused projection that make `part`: ``q``, ``k`` or ``v``."""
    sizes = {"q": config.query_size, "k": config.key_size, "v": config.key_size}
    start = {"q": 0, "k": config.query_size, "v": config.query_size + config.key_size}[part]
    rows = slice(start, start + sizes[part])

    def changed(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        weight, bias = weight.copy(), None if bias is None else bias.copy()
        new_weight, new_bias = change(weight[rows], None if bias is None else bias[rows])
        weight[rows] = new_weight
        if bias is not None:
            bias[rows] = 0 if new_bias is None else new_bias
        return weight, bias

    return changed


def stored(g: GraphBuilder, name: str) -> Floats:
    """A tensor of the checkpoint in fp32."""
    array: npt.NDArray[Any] = g.checkpoint.array(name)
    return np.array(array, dtype=np.float32)


def layer_of(module: str) -> int:
    """The layer that a module such as ``transformer.layers.3.mlp.proj`` belongs to."""
    return int(module.split(".")[2])
