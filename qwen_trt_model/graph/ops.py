"""The functions that a network is written with: each can be replaced, in one layer or everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import onnx_ir as ir

from qwen_trt_model.graph.attention import masked_softmax, scaled_scores, split_qkv, weighted_values
from qwen_trt_model.graph.attention_mask import causal_mask
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.embedding import embedding
from qwen_trt_model.graph.gated_activation import silu_mul
from qwen_trt_model.graph.linear import linear
from qwen_trt_model.graph.residual import residual_add
from qwen_trt_model.graph.rms_norm import rms_norm
from qwen_trt_model.graph.rotary import RotaryTable, rotary_table, rotate

__all__ = [
    "AddOp",
    "BinaryOp",
    "LinearOp",
    "NetworkOps",
    "Ops",
    "RmsNormOp",
    "RotaryTableOp",
    "RotateOp",
    "SplitOp",
    "UnaryOp",
]


class UnaryOp(Protocol):
    """Token ids to vectors; or an attention mask, ``[batch, key]``, to a mask of ``[batch, 1, token, key]``."""

    def __call__(self, g: GraphBuilder, x: ir.Value, /) -> ir.Value:
        """Append the operation to `g`."""
        ...


class BinaryOp(Protocol):
    """Scores, softmax, weighted values, or the gated activation."""

    def __call__(self, g: GraphBuilder, first: ir.Value, second: ir.Value, /) -> ir.Value:
        """Append the operation to `g`."""
        ...


class LinearOp(Protocol):
    """A linear layer."""

    def __call__(self, g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
        """Append the layer whose path in the checkpoint is `module`."""
        ...


class RmsNormOp(Protocol):
    """An RMS norm."""

    def __call__(self, g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        """Append the norm whose path in the checkpoint is `module`."""
        ...


class SplitOp(Protocol):
    """The fused projection to queries, keys and values by head."""

    def __call__(self, g: GraphBuilder, qkv: ir.Value, /) -> tuple[ir.Value, ir.Value, ir.Value]:
        """Append the operation to `g`."""
        ...


class RotaryTableOp(Protocol):
    """Positions to cosines and sines."""

    def __call__(self, g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        """Append the operation to `g`."""
        ...


class RotateOp(Protocol):
    """The rotation of queries or keys."""

    def __call__(self, g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
        """Append the rotation of `x`, which is ``q`` or ``k``."""
        ...


class AddOp(Protocol):
    """The addition of a block's output to the residual stream."""

    def __call__(self, g: GraphBuilder, stream: ir.Value, branch: ir.Value, /, *, normed: ir.Value) -> ir.Value:
        """Append the addition of `branch`, which was computed from `normed`."""
        ...


@dataclass(frozen=True)
class Ops:
    """What a layer, and what stands around the layers, is made of; a substitute keeps shapes and types."""

    embedding: UnaryOp = embedding
    rms_norm: RmsNormOp = rms_norm
    linear: LinearOp = linear
    split_qkv: SplitOp = split_qkv
    rotary_table: RotaryTableOp = rotary_table
    rotate: RotateOp = rotate
    mask: UnaryOp = causal_mask
    scores: BinaryOp = scaled_scores
    softmax: BinaryOp = masked_softmax
    weighted_values: BinaryOp = weighted_values
    gated_activation: BinaryOp = silu_mul
    add: AddOp = residual_add


@dataclass(frozen=True)
class NetworkOps:
    """The ops of a whole network.

    Attributes:
        everywhere: for embedding, final norm, head, and every layer that `layers` does not name.
        layers: for single layers, by index.
    """

    everywhere: Ops = field(default_factory=Ops)
    layers: Mapping[int, Ops] = field(default_factory=dict)

    def at(self, layer: int) -> Ops:
        """The ops of a layer."""
        return self.layers.get(layer, self.everywhere)
