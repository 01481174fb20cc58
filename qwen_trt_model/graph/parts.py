"""A decoder layer, and what stands behind the last one, as graphs of their own whose weights are inputs."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from parity.layerwise.parts import HIDDEN
from qwen_trt_model.checkpoint import Checkpoint
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.decoder_layer import decoder_layer
from qwen_trt_model.graph.ops import Ops

__all__ = ["head_part", "layer_part"]


def layer_part(checkpoint: Checkpoint, ops: Ops | None = None) -> ir.Model:
    """One decoder layer: ``hidden``, positions and mask of ``[batch, token(, hidden)]`` and weights in.

    Its taps are called those of layer 0, and so are its weights.
    """
    own, g = ops or Ops(), GraphBuilder(checkpoint, weights_as_inputs=True)
    hidden = _hidden(g)
    position_ids = g.input("position_ids", "batch", "token")
    attention_mask = g.input("attention_mask", "batch", "token")
    table = own.rotary_table(g, position_ids)
    mask = own.mask(g, attention_mask)
    g.name_nodes("attention_mask")
    out = decoder_layer(g, hidden, layer=0, ops=own, table=table, mask=mask)
    return _finished(g, [hidden, position_ids, attention_mask], out, "a decoder layer")


def head_part(checkpoint: Checkpoint, ops: Ops | None = None) -> ir.Model:
    """Final norm and head: ``hidden`` and weights to ``logits``, ``[batch, token, vocabulary]``."""
    own, g = ops or Ops(), GraphBuilder(checkpoint, weights_as_inputs=True)
    hidden = _hidden(g)
    normed = g.tap(own.rms_norm(g, hidden, module="transformer.ln_f"), "final_norm")
    logits = g.tap(own.linear(g, normed, module="lm_head"), "logits")
    return _finished(g, [hidden], logits, "the head")


def _hidden(g: GraphBuilder) -> ir.Value:
    return g.input(HIDDEN, "batch", "token", g.config.hidden_size, dtype=g.dtype)


def _finished(g: GraphBuilder, inputs: Sequence[ir.Value], output: ir.Value, name: str) -> ir.Model:
    model = g.finish([*inputs, *g.weight_inputs.values()], [output], properties={})
    model.graph.name = name
    return model
