"""What became of a graph's layers in an engine, as TensorRT's engine inspector tells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from parity.engines.tensorrt.installed import import_tensorrt
from parity.runner import EngineLayer

__all__ = ["engine_layers", "layer_of_text", "swallowing_layer"]

_MYELIN = "ForeignNode["


def engine_layers(engine: Any) -> tuple[EngineLayer, ...]:
    """The layers of a deserialized engine, in the order in which it runs them.

    Engines that were built without detailed verbosity give names only.
    """
    trt = import_tensorrt()
    inspector = engine.create_engine_inspector()
    form = trt.LayerInformationFormat.JSON
    texts = (inspector.get_layer_information(i, form) for i in range(engine.num_layers))
    return tuple(layer_of_text(text) for text in texts)


def swallowing_layer(layers: Sequence[EngineLayer], tensor: str) -> EngineLayer | None:
    """The layer inside of which `tensor` is computed; None where no layer can be.

    TensorRT names a fused layer after the layers in it, and the ONNX parser names those after the nodes that make their
    tensors: ``layers.3.q_rope/Concat`` makes ``layers.3.q_rope``. A block of Myelin, TensorRT's graph compiler, tells
    only its first and last layer, so what no other layer names is taken to be in the only block there is.
    """
    prefix = f"{tensor}/"
    named = [layer for layer in layers if prefix in layer.name or prefix in layer.contains]
    blocks = [layer for layer in layers if _MYELIN in layer.name]
    return named[0] if named else blocks[0] if len(blocks) == 1 else None


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
