"""Which taps have operations that can only be put into fp32 together."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from parity.engines.tap_nodes import computes_narrowly, nodes_by_tap
from parity.taps import TapGraph

__all__ = ["joint_taps"]


def joint_taps(model: ir.Model, graph: TapGraph, tensors: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """The taps of `model` that compute in 16 bits, those of one layer that share such a node put together.

    A fused projection makes q, k and v. Operations that compute in fp32 already, or that only move data, are left out.

    Args:
        model: the network.
        graph: its taps.
        tensors: the tensor of each of them.

    Returns:
        The groups in graph order; no tap is in two of them.
    """
    operations = nodes_by_tap(model.graph, tensors)
    narrow = {tap: {node for node in nodes if computes_narrowly(node)} for tap, nodes in operations.items()}
    groups: list[list[str]] = []
    for tap in (tap for tap in graph if narrow.get(tap.name)):
        mates = [group for group in groups if _joined(group, tap.name, narrow, graph)]
        merged = [name for group in mates for name in group] + [tap.name]
        groups = [group for group in groups if group not in mates] + [merged]
    order = graph.names
    return tuple(sorted((tuple(group) for group in groups), key=lambda group: order.index(group[0])))


def _joined(group: list[str], tap: str, narrow: Mapping[str, set[ir.Node]], graph: TapGraph) -> bool:
    """What several layers share, such as a rotary table, joins none of them."""
    return any(graph[mate].layer == graph[tap].layer and narrow[mate] & narrow[tap] for mate in group)
