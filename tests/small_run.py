"""A run on disk, recorded and compared by the real code, whose arrays are made here with a fault planted in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.compare_dumps import compare_dumps
from parity.comparison import save_comparison
from parity.record import record
from parity.runner import RunnerInfo, Sink
from parity.taps import DecoderShape, Tap, TapGraph, decoder_taps
from parity.tokens import Phase, TokenBatch

__all__ = ["FAULT", "GRAPH", "TOKENS", "ArrayRunner", "make_run"]

Arrays = dict[str, npt.NDArray[Any]]

SHAPE = DecoderShape(layers=3, hidden=64, heads=4, kv_heads=2, head_dim=16, intermediate=96, vocabulary=50)
GRAPH = decoder_taps(SHAPE)
TEXTS = ("The quick brown fox jumps over the lazy dog and runs off", "x = $ 1 +\n\t2")
PIECES = tuple(tuple(piece for word in text.split(" ") for piece in (word, " ")) for text in TEXTS)
TOKENS = TokenBatch.from_sequences([range(1, len(pieces) + 1) for pieces in PIECES], pieces=PIECES)

FAULT = "layers.1.q_rope"
"""Where the candidate leaves the reference: head 2, at every token but the first, ever more."""


@dataclass
class ArrayRunner:
    """Hands out arrays that it was given."""

    name: str
    dtype: str
    arrays: Mapping[str, npt.NDArray[Any]]
    not_observable: Mapping[str, str] = field(default_factory=dict)
    graph: TapGraph = GRAPH

    def describe(self) -> RunnerInfo:
        return RunnerInfo(self.name, "small", self.dtype, "w", self.graph, not_observable=self.not_observable)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        for tap in taps:
            sink(tap.name, self.arrays[tap.name])


def make_run(
    folder: Path,
    *,
    fault: bool = True,
    floor: bool = True,
    second_floor: bool = False,
    overflow: str = "",
    lost: str = "",
    phases: Sequence[str] = ("prefill",),
) -> Path:
    """Record and compare a run in `folder` and return it.

    Args:
        folder: where dumps and ``comparison.json`` go.
        fault: plant the fault at `FAULT`.
        floor: record a noise floor.
        second_floor: record another one, noisier at every tap.
        overflow: a tap in which the candidate has an infinite value.
        lost: a tap that the candidate can't give.
        phases: names of the phases, all alike.
    """
    truth = _truth()
    candidate = _rounded(truth, seed=2)
    if fault:
        _plant(candidate)
    if overflow:
        candidate[overflow].reshape(2, -1)[0, 7] = np.inf
    reasons = {lost: "the engine has fused it"} if lost else {}
    sides = {
        "reference": ArrayRunner("transformers", "float32", truth),
        "floor": ArrayRunner("transformers", "float16", _rounded(truth, seed=1)),
        "candidate": ArrayRunner("onnxruntime", "float16", candidate, reasons),
    }
    if second_floor:
        sides["floor2"] = ArrayRunner("transformers", "float16", _rounded(truth, seed=4, scale=1.5))
    batches = [Phase(name, TOKENS) for name in phases]
    dumps = {
        name: record(runner, batches, taps=tuple(GRAPH), role=name.rstrip("2"), out=folder / name)
        for name, runner in sides.items()
        if floor or name != "floor"
    }
    floors = [dump for name, dump in dumps.items() if name.startswith("floor")]
    comparison = compare_dumps(dumps["reference"], dumps["candidate"], floors=floors, relative_to=folder)
    save_comparison(comparison, folder / "comparison.json")
    return folder


def _truth() -> Arrays:
    rng = np.random.default_rng(0)
    lengths = dict(zip(("batch", "token", "key"), (*TOKENS.ids.shape, TOKENS.ids.shape[1]), strict=True))
    arrays = {}
    for tap in GRAPH:
        shape = tuple(lengths.get(axis, size) or 0 for axis, size in zip(tap.axes, tap.sizes, strict=True))
        scale = np.exp(rng.normal(0, 0.7, shape[-1]))  # some channels are louder than others
        arrays[tap.name] = (rng.normal(size=shape) * scale).astype(np.float32)
    return arrays


def _rounded(truth: Arrays, *, seed: int, scale: float = 1.0) -> Arrays:
    """fp16, with noise that grows with the depth as roundings add up."""
    rng = np.random.default_rng(seed)
    noise = scale * 4e-4 * np.sqrt(np.linspace(1, 10, len(truth)))
    return {
        name: (array * (1 + size * rng.normal(size=array.shape))).astype(np.float16)
        for size, (name, array) in zip(noise, truth.items(), strict=True)
    }


def _plant(candidate: Arrays) -> None:
    """Turn head 2 at `FAULT` by the token's index, and let all later taps of the graph lie 20 noises off."""
    names = list(GRAPH.names)
    faulty = candidate[FAULT][:, :, 2].astype(np.float64)
    angle = 0.02 * np.arange(faulty.shape[1])[:, None]
    left, right = np.split(faulty, 2, axis=-1)
    turned = np.concatenate(
        [left * np.cos(angle) - right * np.sin(angle), right * np.cos(angle) + left * np.sin(angle)], -1
    )
    candidate[FAULT][:, :, 2] = turned
    rng = np.random.default_rng(3)
    inherited = [name for name in names[names.index(FAULT) + 1 :] if not name.endswith("layers.1.k_rope")]
    for name in inherited:
        array = candidate[name]
        candidate[name] = (array * (1 + 2e-2 * rng.normal(size=array.shape))).astype(array.dtype)
