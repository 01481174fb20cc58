"""A network evaluated node by node in exactly the types that its graph says, and its operations computed apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator

from parity.engines.feeds import network_feeds
from parity.engines.tapped_network import TappedNetwork
from parity.replay import Reference, replay
from parity.taps import Tap
from parity.tokens import Phase

__all__ = ["evaluate", "roundings_off", "save_marked"]

Arrays = Mapping[str, "npt.NDArray[Any]"]


def save_marked(model: ir.Model, network: TappedNetwork, name: str) -> Path:
    """`model` with every tap as an output, beside the weights of `network`; checked as ONNX checks a model."""
    marked = ir.from_proto(ir.to_proto(model))
    values = {value.name: value for node in marked.graph for value in node.outputs}
    known = {output.name for output in marked.graph.outputs}
    marked.graph.outputs.extend(values[tap] for tap in network.graph.names if tap not in known)
    path = network.path.with_name(name)
    path.write_bytes(ir.to_proto(marked).SerializeToString())
    onnx.checker.check_model(str(path), full_check=True)
    return path


def evaluate(path: Path, network: TappedNetwork, phase: Phase) -> Arrays:
    """Every output of the model at `path`; each node rounds to the type of its output, as ONNX defines it."""
    evaluator = ReferenceEvaluator(str(path))
    feeds = network_feeds(tuple(evaluator.input_names), phase.tokens, network)
    arrays = evaluator.run(None, {name: array.astype(np.int64) for name, array in feeds.items()})
    return dict(zip(evaluator.output_names, arrays, strict=True))


def roundings_off(reference: Reference, tap: Tap, captured: Arrays) -> float:
    """How far `tap` is from its operation on the captured inputs, in units of its last place; 0.5 is the best there is.

    The operation is computed in float64. What an fp32 sum may be off where large terms cancel is not counted.
    """
    exact = _weighted_values(tap, captured) if tap.op == "attention" else _replayed(reference, tap, captured)
    found = captured[tap.name].astype(np.float64).reshape(exact.shape)
    unit = np.spacing(np.abs(exact).astype(captured[tap.name].dtype)).astype(np.float64)
    slack = 1e-6 * np.abs(exact).max(axis=-1, keepdims=True)
    off = np.maximum(np.abs(found - exact) - slack, 0) / unit
    return float(off[reference.tokens.mask].max())


def _replayed(reference: Reference, tap: Tap, captured: Arrays) -> npt.NDArray[np.float64]:
    return replay(reference, tap, [captured[name] for name in tap.inputs])


def _weighted_values(tap: Tap, captured: Arrays) -> npt.NDArray[np.float64]:
    """From the probabilities, which are a tap of their own and rounded."""
    at = tap.name.rpartition(".")[0]
    probs, values = (captured[f"{at}.{name}"].astype(np.float64) for name in ("probs", "v"))
    values = np.repeat(values, probs.shape[1] // values.shape[2], axis=2)  # [batch, key, head, channel]
    return np.einsum("bhtk,bkhc->bthc", probs, values)
