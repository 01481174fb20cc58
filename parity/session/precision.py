"""Running operations of a network in fp32: another network file beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import onnx_ir as ir

from parity.engines.precision import with_precision
from parity.engines.precision_file import PrecisionAssignment
from parity.engines.tapped_network import TappedNetwork
from qwen_trt_model.storage import write_file

__all__ = ["precise_network"]


def precise_network(network: TappedNetwork, assignment: PrecisionAssignment) -> Path:
    """Write `network` with operations in fp32 beside it, where its weights lie, and return the file.

    The name tells choices apart: ``network.fp32-1a2b3c4d.onnx``.

    Raises:
        ParityError: `assignment` names what the network does not have, or the file can't be written.
    """
    model = with_precision(network.model, assignment, tensors=network.tensors)
    digest = hashlib.sha256(json.dumps(sorted(assignment.fp32)).encode()).hexdigest()[:8]
    path = network.path.with_name(f"{network.path.stem}.fp32-{digest}.onnx")
    write_file(path, [ir.to_proto(model).SerializeToString()])
    return path
