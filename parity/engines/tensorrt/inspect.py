"""What became of a graph's layers in an engine, as TensorRT's engine inspector tells."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from parity.engines.tensorrt.installed import import_tensorrt
from parity.runner import EngineLayer

__all__ = ["engine_layers", "layer_of_text", "swallowing_layer"]

_MYELIN = re.compile(r"\{ForeignNode\[(?P<first>.*)\.\.\.(?P<last>.*)\]\}")
"""A block as a layer; reformatting layers before and after it have its name within theirs."""


def engine_layers(engine: Any) -> tuple[EngineLayer, ...]:
    """The layers of a deserialized engine, in the order in which it runs them.

    Engines that were built without detailed verbosity give names only.
    """
    trt = import_tensorrt()
    inspector = engine.create_engine_inspector()
    form = trt.LayerInformationFormat.JSON
    texts = (inspector.get_layer_information(i, form) for i in range(engine.num_layers))
    return tuple(layer_of_text(text) for text in texts)


def swallowing_layer(layers: Sequence[EngineLayer], tensor: str, order: Sequence[str] = ()) -> EngineLayer | None:
    """The layer inside of which `tensor` is computed; None where no layer can be.

    TensorRT names a fused layer after the layers in it, and the ONNX parser names those after the nodes that make their
    tensors: ``layers.3.q_rope/Concat`` makes ``layers.3.q_rope``. A block of Myelin, TensorRT's graph compiler, tells
    only its first and last layer, so what no other layer names is taken to be in the block around it, or in the only
    block there is.

    Args:
        layers: of the engine.
        tensor: what to look for.
        order: tensors in the order of the graph, `tensor` among them, to tell one block from another.
    """
    prefix = f"{tensor}/"
    blocks = [layer for layer in layers if _MYELIN.fullmatch(layer.name)]
    named = [
        layer
        for layer in layers
        if layer not in blocks and _is_computing(layer) and (prefix in layer.name or prefix in layer.contains)
    ]
    if named or len(blocks) == 1:
        return (named or blocks)[0]
    around = [block for block in blocks if _is_around(block, tensor, order)]
    return around[0] if len(around) == 1 else None


def _is_computing(layer: EngineLayer) -> bool:
    return not layer.name.startswith("Reformatting CopyNode")


def _is_around(block: EngineLayer, tensor: str, order: Sequence[str]) -> bool:
    """Whether `tensor` lies between the ends of `block`; an end that is no tensor of `order` is that of the graph."""
    ends = _MYELIN.fullmatch(block.name)
    if ends is None or tensor not in order:
        return False
    first, last = (ends[end].partition("/")[0] for end in ("first", "last"))
    begin = order.index(first) if first in order else 0
    end = order.index(last) if last in order else len(order)
    return begin <= order.index(tensor) <= end


def layer_of_text(text: str) -> EngineLayer:
    """One layer, from what the inspector says of it: JSON, or no more than a name."""
    try:
        found = json.loads(text, strict=False)  # TensorRT puts line breaks into its strings
    except ValueError:
        found = text.strip().strip('"')
    if not isinstance(found, dict):
        return EngineLayer(str(found), "", ())
    outputs = [item for item in found.get("Outputs", []) if isinstance(item, dict)]
    formats = tuple(f"{item.get('Name', '')} {item.get('Format/Datatype', '')}".strip() for item in outputs)
    kind = " ".join(str(found[name]) for name in ("LayerType", "TacticName") if found.get(name))
    return EngineLayer(str(found.get("Name", "")), kind, formats, str(found.get("Metadata", "")))
