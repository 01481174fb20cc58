"""A network whose norms are written as PyTorch's exporter writes them, which ONNX Runtime fuses unless it is watched.

Pow, ReduceMean, Add, Sqrt, Div and Mul become one SimplifiedLayerNormalization, which sums in another order, where none
of the tensors between them is an output.
"""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir
import pytest
from plain_models import huggingface_config, save_model

from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.taps import Tap, TapGraph
from qwen_trt_model import build_network, convert
from qwen_trt_model.graph import rms_norm
from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["ROOTS", "open_exported_network"]

_NORMS = ("layers.0.post_norm", "layers.1.input_norm", "final_norm")

ROOTS = tuple(f"{norm}.root" for norm in _NORMS)
"""Taps between the operators of a norm: the root mean square of each token."""

_TENSORS = {f"{norm}.root": f"{norm}/Sqrt:0" for norm in _NORMS}
_GRAPH = TapGraph(
    tuple(Tap(name, "root", (), ("batch", "token", "channel"), (None, None, 1), layer=None) for name in ROOTS)
)


def open_exported_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> OnnxRuntimeRunner:
    """The network in fp32, with `ROOTS` among its taps."""
    monkeypatch.setattr(rms_norm, "normalize", _normalize)
    model = save_model(folder / "model", huggingface_config("qwen2"))
    network = build_network(convert(model, folder / "network", dtype="fp32"))
    return OnnxRuntimeRunner(network, graph=_GRAPH, mapping=_TENSORS, options={"threads": "1"})


def _normalize(g: GraphBuilder, x: ir.Value, *, epsilon: float) -> ir.Value:
    wide = g.cast(x, ir.DataType.FLOAT)
    mean_square = g.op("ReduceMean", g.op("Pow", wide, g.constant(2.0, "float32")), axes=[-1], keepdims=1)
    root = g.op("Sqrt", g.op("Add", mean_square, g.constant(epsilon, "float32")))
    return g.cast(g.op("Div", wide, root), g.dtype)
