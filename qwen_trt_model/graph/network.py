"""The whole network, from token ids to logits, as an .onnx file beside the weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx_ir as ir

from parity.digest import weights_digest
from parity.engines.network_info import NetworkInfo, layout_digest
from parity.errors import ParityError
from qwen_trt_model.checkpoint import Checkpoint, read_checkpoint
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.decoder_layer import decoder_layer
from qwen_trt_model.graph.ops import NetworkOps, RotaryTableOp, UnaryOp
from qwen_trt_model.graph.rotary import RotaryTable
from qwen_trt_model.storage import write_file

__all__ = ["NETWORK_FILE", "build_network"]

NETWORK_FILE = "network.onnx"


def build_network(
    checkpoint_folder: Path,
    *,
    out: Path | None = None,
    ops: NetworkOps | None = None,
    flags: Mapping[str, str] | None = None,
) -> Path:
    """Write the ONNX network of a TensorRT-LLM checkpoint.

    Its inputs are ``input_ids``, ``position_ids`` and ``attention_mask`` (1 at real tokens), int64 of
    ``[batch, token]``, its output ``logits``, ``[batch, token, vocabulary]``. Every tap of `parity.taps.decoder_taps`
    is a tensor of that name. The weights stay where they are: the graph points into rank0.safetensors.

    Args:
        checkpoint_folder: folder of a checkpoint, as `convert` or TensorRT-LLM wrote it.
        out: file to write, in that folder; ``network.onnx`` where None.
        ops: what to build it from, to plant a fault; Qwen's own where None.
        flags: more for the network to say about itself.

    Returns:
        The file.

    Raises:
        ParityError: the checkpoint is damaged or not supported, or `out` lies elsewhere or can't be written.
    """
    checkpoint = read_checkpoint(Path(checkpoint_folder))
    path = _beside_weights(checkpoint, out)
    info = _describe(checkpoint, flags or {})
    model = _assemble(checkpoint, ops or NetworkOps(), info.to_properties())
    write_file(path, [ir.to_proto(model).SerializeToString()])
    return path


def _assemble(checkpoint: Checkpoint, ops: NetworkOps, properties: dict[str, str]) -> ir.Model:
    g = GraphBuilder(checkpoint)
    input_ids = g.input("input_ids", "batch", "token")
    position_ids = g.input("position_ids", "batch", "token")
    attention_mask = g.input("attention_mask", "batch", "token")
    outside, layers = ops.everywhere, [ops.at(layer) for layer in range(g.config.num_hidden_layers)]

    x = g.tap(outside.embedding(g, input_ids), "embed")  # [batch, token, hidden]
    # Layers share one table and one mask, unless a layer is given functions of its own.
    tables = {make: _rotary_table(g, make, position_ids) for make in dict.fromkeys(own.rotary_table for own in layers)}
    masks = {make: _mask(g, make, attention_mask) for make in dict.fromkeys(own.mask for own in layers)}
    for layer, own in enumerate(layers):
        x = decoder_layer(g, x, layer=layer, ops=own, table=tables[own.rotary_table], mask=masks[own.mask])
    x = g.tap(outside.rms_norm(g, x, module="transformer.ln_f"), "final_norm")
    logits = g.tap(outside.linear(g, x, module="lm_head"), "logits")  # [batch, token, vocabulary]
    return g.finish([input_ids, position_ids, attention_mask], [logits], properties=properties)


def _rotary_table(g: GraphBuilder, make: RotaryTableOp, position_ids: ir.Value) -> RotaryTable:
    made = make(g, position_ids)
    g.name_nodes("rotary_table")
    return made


def _mask(g: GraphBuilder, make: UnaryOp, attention_mask: ir.Value) -> ir.Value:
    made = make(g, attention_mask)
    g.name_nodes("attention_mask")
    return made


def _beside_weights(checkpoint: Checkpoint, out: Path | None) -> Path:
    path = Path(out) if out is not None else checkpoint.folder / NETWORK_FILE
    if path.resolve().parent != checkpoint.folder.resolve():
        raise ParityError(
            f"{path}: a network must lie beside its weights, in {checkpoint.folder}; engines refuse to read others",
            cure="leave out the path, or convert the checkpoint into the folder you want",
        )
    return path


def _describe(checkpoint: Checkpoint, flags: Mapping[str, str]) -> NetworkInfo:
    conversion = checkpoint.conversion
    return NetworkInfo(
        model=conversion.model if conversion else checkpoint.folder.resolve().name,
        dtype=checkpoint.config.dtype,
        shape=checkpoint.config.decoder_shape,
        weights_digest=weights_digest(checkpoint.folder),
        weights_layout=layout_digest(checkpoint.folder),
        flags={**({"weights": conversion.summary} if conversion else {}), **flags},
    )
