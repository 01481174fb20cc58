"""A network in which marking a tensor hides what ONNX Runtime does to it.

Asked to approximate GELU, ONNX Runtime does so where it finds Div, Erf, Add and Mul in a row and puts one kernel in
their place. It does not find them where a tensor between them is an output: then GELU is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erf
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
import pytest

from parity.dump import Dump
from parity.record import record
from parity.runner import RunnerInfo, Sink
from parity.taps import Tap, TapGraph
from parity.tokens import Phase, TokenBatch

__all__ = ["GRAPH", "INSIDE", "PHASE", "approximate_gelu", "record_sides", "save_gelu_network"]

_HIDDEN, _WIDE, _VOCABULARY = 16, 24, 40
_AXES = ("batch", "token", "channel")

INSIDE = "erf"
"""The tap that stops the fusion."""

GRAPH = TapGraph(
    (
        Tap("embed", "embedding", (), _AXES, (None, None, _HIDDEN)),
        Tap("gate", "linear", ("embed",), _AXES, (None, None, _WIDE)),
        Tap(INSIDE, "erf", ("gate",), _AXES, (None, None, _WIDE)),
        Tap("act", "gelu", ("gate", INSIDE), _AXES, (None, None, _WIDE)),
        Tap("logits", "linear", ("act",), _AXES, (None, None, _VOCABULARY)),
    )
)
PHASE = Phase("prefill", TokenBatch.from_sequences([range(1, 20), range(5, 12)]))

_RNG = np.random.default_rng(0)
_TABLE = _RNG.standard_normal((_VOCABULARY, _HIDDEN)).astype(np.float32)
_UP = (_RNG.standard_normal((_HIDDEN, _WIDE)) / _HIDDEN**0.5).astype(np.float32)
_DOWN = (_RNG.standard_normal((_WIDE, _VOCABULARY)) / _WIDE**0.5).astype(np.float32)


def save_gelu_network(path: Path) -> Path:
    """The network in fp32, weights inside, tensors named as the taps."""
    tape = ir.tape.Tape()

    def constant(value: Any, name: str) -> ir.Value:
        return tape.initializer(ir.tensor(np.asarray(value, dtype=np.float32), name=name))

    ids = ir.val("input_ids", dtype=ir.DataType.INT64, shape=("batch", "token"))
    embed = tape.op("Gather", [constant(_TABLE, "table"), ids])
    gate = tape.op("MatMul", [embed, constant(_UP, "up")])
    inside = tape.op("Erf", [tape.op("Div", [gate, constant(2**0.5, "root")])])
    doubled = tape.op("Mul", [gate, tape.op("Add", [inside, constant(1, "one")])])
    act = tape.op("Mul", [doubled, constant(0.5, "half")])
    logits = tape.op("MatMul", [act, constant(_DOWN, "down")])
    for tap, value in zip(GRAPH, (embed, gate, inside, act, logits), strict=True):
        value.name, value.dtype = tap.name, ir.DataType.FLOAT
    graph = ir.Graph(
        [ids], [logits], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 17}, name="gelu"
    )
    ir.save(ir.Model(graph, ir_version=8), path)
    return path


def approximate_gelu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ONNX Runtime approximate every GELU that it finds from now on."""
    from parity.engines import onnxruntime as engine

    original = engine.session_options

    def approximating(options: Any) -> Any:
        settings = original(options)
        settings.add_session_config_entry("optimization.enable_gelu_approximation", "1")
        return settings

    monkeypatch.setattr(engine, "session_options", approximating)


def record_sides(folder: Path) -> tuple[Dump, Dump]:
    """Truth in fp64 and noise floor in fp32, computed in NumPy."""
    sides = []
    for role, dtype in (("reference", "float64"), ("floor", "float32")):
        sides.append(record(_NumPyRunner(dtype), [PHASE], taps=tuple(GRAPH), role=role, out=folder / role))
    return sides[0], sides[1]


@dataclass(frozen=True)
class _NumPyRunner:
    dtype: str

    def describe(self) -> RunnerInfo:
        return RunnerInfo("numpy", "gelu", self.dtype, "w", GRAPH)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        arrays = _forward(phase.tokens.ids, np.dtype(self.dtype))
        for tap in taps:
            sink(tap.name, arrays[tap.name])


def _forward(ids: npt.NDArray[np.int64], dtype: np.dtype[Any]) -> Mapping[str, npt.NDArray[Any]]:
    table, up, down = (weight.astype(dtype) for weight in (_TABLE, _UP, _DOWN))
    embed = table[ids]
    gate = embed @ up
    inside = np.vectorize(erf)(gate.astype(np.float64) / 2**0.5).astype(dtype)
    act = gate * (inside + dtype.type(1)) * dtype.type(0.5)
    return {"embed": embed, "gate": gate, INSIDE: inside, "act": act, "logits": act @ down}
