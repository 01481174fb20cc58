"""One decoder layer: attention and MLP, each behind a norm and beside the residual stream."""

from __future__ import annotations

import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rotary import RotaryTable

__all__ = ["decoder_layer"]


def decoder_layer(
    g: GraphBuilder, x: ir.Value, *, layer: int, ops: Ops, table: RotaryTable, mask: ir.Value
) -> ir.Value:
    """Append one layer and name its taps ``layers.{layer}.*``; ``[batch, token, hidden]`` in and out.

    Args:
        g: the graph.
        x: the residual stream.
        layer: index of the layer.
        ops: what it is made of.
        table: rotary angles of the tokens.
        mask: bool, ``[batch, 1, token, key]``.
    """
    module, tap = f"transformer.layers.{layer}", f"layers.{layer}"
    normed = g.tap(ops.rms_norm(g, x, module=f"{module}.input_layernorm"), f"{tap}.input_norm")
    context = _attention(g, normed, module=f"{module}.attention", tap=tap, ops=ops, table=table, mask=mask)
    attn_out = g.tap(ops.linear(g, context, module=f"{module}.attention.dense"), f"{tap}.attn_out")
    middle = g.tap(ops.add(g, x, attn_out, normed=normed), f"{tap}.resid_mid")
    normed = g.tap(ops.rms_norm(g, middle, module=f"{module}.post_layernorm"), f"{tap}.post_norm")
    mlp_out = _mlp(g, normed, module=f"{module}.mlp", tap=tap, ops=ops)
    return g.tap(ops.add(g, middle, mlp_out, normed=normed), f"{tap}.resid_out")


def _attention(
    g: GraphBuilder, x: ir.Value, *, module: str, tap: str, ops: Ops, table: RotaryTable, mask: ir.Value
) -> ir.Value:
    """``[batch, token, hidden]`` to the context, ``[batch, token, heads * head_dim]``."""
    qkv = ops.linear(g, x, module=f"{module}.qkv", bias=g.config.attn_bias)  # [batch, token, (heads + 2 kv) * dim]
    # From here to the context by head: [batch, token, head, head_dim].
    parts = ops.split_qkv(g, qkv)
    g.name_nodes(f"{tap}.qkv")
    q, k, v = (g.tap(part, f"{tap}.{name}") for part, name in zip(parts, "qkv", strict=True))
    if g.config.qk_norm:
        q = g.tap(ops.rms_norm(g, q, module=f"{module}.q_layernorm"), f"{tap}.q_norm")
        k = g.tap(ops.rms_norm(g, k, module=f"{module}.k_layernorm"), f"{tap}.k_norm")
    q = g.tap(ops.rotate(g, q, table, which="q"), f"{tap}.q_rope")
    k = g.tap(ops.rotate(g, k, table, which="k"), f"{tap}.k_rope")
    # Past keys and values will be concatenated with k and v here, along the token axis.
    scores = g.tap(ops.scores(g, q, k), f"{tap}.scores")  # [batch, head, token, key]
    probs = g.tap(ops.softmax(g, scores, mask), f"{tap}.probs")  # [batch, head, token, key]
    context = g.tap(ops.weighted_values(g, probs, v), f"{tap}.attn_ctx")
    return g.reshape(context, 0, 0, g.config.query_size)  # [batch, token, heads * head_dim]


def _mlp(g: GraphBuilder, x: ir.Value, *, module: str, tap: str, ops: Ops) -> ir.Value:
    """``[batch, token, hidden]`` in and out, ``[batch, token, intermediate]`` between.

    TensorRT-LLM's ``fc`` is the branch with the activation, and its ``gate`` is Hugging Face's ``up_proj``.
    """
    gate = g.tap(ops.linear(g, x, module=f"{module}.fc"), f"{tap}.gate")
    up = g.tap(ops.linear(g, x, module=f"{module}.gate"), f"{tap}.up")
    act = g.tap(ops.gated_activation(g, gate, up), f"{tap}.act")
    return g.tap(ops.linear(g, act, module=f"{module}.proj"), f"{tap}.mlp_out")
