"""A case as arrays: what an engine put out for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.record import canonical
from parity.selftest.bench import ModelBench
from parity.selftest.case import Case, Engine, Network, OtherBatch, Recorded, Source
from parity.taps import Tap, TapGraph, select_taps
from parity.tokens import Phase, TokenBatch
from qwen_trt_model.checkpoint_config import read_checkpoint_config
from qwen_trt_model.faults import EQUIVALENTS, planted_ops
from qwen_trt_model.graph import Ops, build_network

__all__ = ["Arrays", "capture"]

Arrays = Mapping[str, "npt.NDArray[Any]"]


def capture(case: Case, bench: ModelBench, tokens: TokenBatch) -> Arrays:
    """Every tap of `case` that is not on request, by name, with its axes; zeros at padding."""
    if isinstance(case.source, Recorded):
        arrays = bench.recorded(case.source).phase("prefill").arrays
        return {name: arrays[name] for name in arrays}
    network = _build(case.source, bench.checkpoint(case.checkpoint_dtype))
    options = _options(case.source)
    try:
        return _run(network, options, _batches(case.source, tokens), tokens)
    finally:
        network.unlink()


def _build(source: Source, checkpoint: Path) -> Path:
    equivalent = source.equivalent if isinstance(source, Network) else ""
    sound = EQUIVALENTS[equivalent].apply(Ops()) if equivalent else Ops()
    plants = source.plants if isinstance(source, Network) else ()
    ops = planted_ops(plants, read_checkpoint_config(checkpoint), sound=sound)
    return build_network(checkpoint, out=checkpoint / f"network-{os.getpid()}.onnx", ops=ops)


def _options(source: Source) -> dict[str, str]:
    engine = source if isinstance(source, Engine) else Engine()
    return {"level": engine.level, "threads": str(engine.threads)}


_Rows = tuple[Sequence[int], TokenBatch]
"""Some prompts of the whole batch, and how the engine gets them."""


def _batches(source: Source, tokens: TokenBatch) -> list[_Rows]:
    everything = range(len(tokens.lengths))
    if not isinstance(source, OtherBatch):
        return [(everything, tokens)]
    prompts = [tokens.ids[row][tokens.mask[row]].tolist() for row in everything]
    if source.alone:
        return [([row], TokenBatch.from_sequences([prompt])) for row, prompt in enumerate(prompts)]
    wide = ((0, 0), (0, source.padding))
    positions = np.pad(tokens.positions, wide, mode="edge")
    return [(everything, TokenBatch(np.pad(tokens.ids, wide), np.pad(tokens.mask, wide), positions))]


def _run(network: Path, options: dict[str, str], batches: Sequence[_Rows], tokens: TokenBatch) -> Arrays:
    runner = OnnxRuntimeRunner(network, options=options)
    graph = runner.describe().graph
    whole: dict[str, npt.NDArray[Any]] = {}
    for rows, batch in batches:
        for name, array in _captured(runner, graph, batch).items():
            if name not in whole:
                whole[name] = np.zeros((*tokens.mask.shape, *array.shape[2:]), array.dtype)
            for place, row in enumerate(rows):
                whole[name][row][tokens.mask[row]] = array[place][batch.mask[place]]
    return whole


def _captured(runner: OnnxRuntimeRunner, graph: TapGraph, batch: TokenBatch) -> dict[str, npt.NDArray[Any]]:
    phase, found = Phase("prefill", batch), {}

    def sink(name: str, array: npt.NDArray[Any]) -> None:
        found[name] = canonical(array, graph[name], phase)

    runner.capture(phase, _wanted(graph), sink)
    return found


def _wanted(graph: TapGraph) -> Sequence[Tap]:
    return select_taps(graph, "all")
