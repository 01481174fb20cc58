"""Group A: weights, biases and wiring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.graph.attention import split_qkv
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.embedding import embedding
from qwen_trt_model.graph.linear import linear
from qwen_trt_model.graph.rms_norm import rms_norm

__all__ = ["WEIGHT_FAULTS"]


def _without_qkv_bias(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
    return linear(g, x, module=module, bias=bias and not module.endswith(".qkv"))


def _without_q_bias(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
    if not module.endswith(".qkv"):
        return linear(g, x, module=module, bias=bias)
    values = np.array(g.checkpoint.array(f"{module}.bias"))
    values[: g.config.query_size] = 0
    return g.op("Add", linear(g, x, module=module), g.constant(values, g.config.dtype))


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


def _scaled_embedding(g: GraphBuilder, input_ids: ir.Value, /) -> ir.Value:
    return g.op("Mul", embedding(g, input_ids), g.constant(g.config.hidden_size**0.5, g.config.dtype))


def _without_final_norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    return x if module == "transformer.ln_f" else rms_norm(g, x, module=module)


def _needs_bias(config: QwenConfig) -> str:
    return "" if config.attn_bias else "the model has no biases on q, k and v"


def _needs_square_dense(config: QwenConfig) -> str:
    square = config.query_size == config.hidden_size
    return "" if square else f"o_proj is no square: {config.hidden_size} by {config.query_size}"


WEIGHT_FAULTS = (
    Fault(
        "A01",
        "qkv-bias-missing",
        "The biases of q, k and v are left out.",
        "q",
        lambda ops: replace(ops, linear=_without_qkv_bias),
        obstacle=_needs_bias,
    ),
    Fault(
        "A02",
        "q-bias-missing",
        "The bias of q alone is left out.",
        "q",
        lambda ops: replace(ops, linear=_without_q_bias),
        obstacle=_needs_bias,
    ),
    Fault(
        "A04",
        "kv-swapped",
        "The blocks of k and v in the fused projection are exchanged.",
        "k",
        lambda ops: replace(ops, split_qkv=_keys_and_values_swapped),
    ),
    Fault(
        "A06",
        "gate-up-swapped",
        "gate_proj and up_proj are exchanged: TensorRT-LLM calls the one fc and the other gate.",
        "gate",
        lambda ops: replace(ops, linear=_gate_and_up_swapped),
    ),
    Fault(
        "A07",
        "o-proj-transposed",
        "The weight of o_proj, being square, is used as it is stored instead of transposed.",
        "attn_out",
        lambda ops: replace(ops, linear=_dense_transposed),
        obstacle=_needs_square_dense,
    ),
    Fault(
        "A09",
        "tied-head-wrong",
        "The head is the embedding although the model has its own; where it is tied, a head of scrambled signs.",
        "logits",
        lambda ops: replace(ops, linear=_other_head),
        one_layer=False,
    ),
    Fault(
        "A11",
        "embed-scaled",
        "The embedding is multiplied by the root of the hidden size, as Gemma does.",
        "embed",
        lambda ops: replace(ops, embedding=_scaled_embedding),
        one_layer=False,
    ),
    Fault(
        "A13",
        "final-norm-missing",
        "The head reads the last layer's output without the final norm.",
        "final_norm",
        lambda ops: replace(ops, rms_norm=_without_final_norm),
        one_layer=False,
    ),
)
