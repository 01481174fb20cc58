"""The network that is timed: logits of the last token alone, as a prefill before decoding wants them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from parity.engines.tapped_network import TappedNetwork
from parity.tokens import TokenBatch

__all__ = ["last_token_network"]


def last_token_network(network: TappedNetwork, tokens: TokenBatch) -> ir.Model:
    """A copy of `network` whose head reads the last of `tokens`: logits are ``[batch, 1, vocabulary]``.

    Args:
        network: as `parity build` makes it; stays as it is.
        tokens: prompts of one length, without padding.
    """
    model = ir.from_proto(ir.to_proto(network.model))
    graph, name = model.graph, network.tensors["final_norm"]
    (normed,) = (value for node in graph for value in node.outputs if value.name == name)
    place = ir.Value(name="last_token", const_value=ir.tensor(np.array([tokens.ids.shape[1] - 1], np.int64)))
    place.type, place.shape = ir.TensorType(ir.DataType.INT64), ir.Shape([1])
    graph.initializers["last_token"] = place
    gather = ir.node("Gather", [normed, place], attributes={"axis": 1}, num_outputs=1)
    readers = [(use.node, use.idx) for use in normed.uses() if use.node is not gather]
    for node, index in readers:
        node.replace_input_with(index, gather.outputs[0])
    producer = normed.producer()
    assert producer is not None  # it is an output of one of the nodes
    graph.insert_after(producer, gather)
    graph.outputs[0].shape = None  # it says that there are logits of every token
    return model
