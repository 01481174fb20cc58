"""A decoder in NumPy that can be run in any dtype and broken at any tap: a candidate for tests of replay and causes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from parity.diagnose import SourceCase
from parity.dtypes import dtype_info
from parity.replay import DecoderSettings, Parameters, Reference, Sides, analyse_local, predict, replay
from parity.replay.arrays import Floats, widened
from parity.taps import DecoderShape, TapGraph, decoder_taps, select_taps
from parity.tokens import TokenBatch

QWEN2 = DecoderShape(layers=2, hidden=64, heads=4, kv_heads=2, head_dim=16, intermediate=96, vocabulary=80)
QWEN3 = DecoderShape(2, 64, 4, 2, 32, 96, 80, qk_norm=True)

Fault = Callable[[Reference, tuple[Floats, ...]], Floats]
"""Takes the reference and a tap's inputs (float64), gives what the broken operation puts out."""


@dataclass(frozen=True, eq=False)
class RandomWeights:
    """Random weights that show faults: heavy-tailed biases, norm weights far from one, outlier channels."""

    settings: DecoderSettings
    tensors: Mapping[str, Parameters]

    def parameters(self, tap: str) -> Parameters:
        return self.tensors[tap]


def random_weights(shape: DecoderShape = QWEN2, *, seed: int = 0, base: float = 1e6) -> RandomWeights:
    rng = np.random.default_rng(seed)
    tensors = {}
    for tap in decoder_taps(shape):
        width = int(np.prod([size for size in tap.sizes if size is not None]))
        if tap.op == "rms_norm":
            tensors[tap.name] = Parameters(rng.lognormal(0, 0.5, tap.sizes[-1]).astype(np.float32))
        elif tap.op == "embedding":
            tensors[tap.name] = Parameters(rng.normal(0, 0.02, (shape.vocabulary, shape.hidden)).astype(np.float32))
        elif tap.op == "linear":
            fan_in = _fan_in(shape, tap.kind)
            weight = rng.normal(0, fan_in**-0.5, (width, fan_in)) * rng.lognormal(0, 0.3, (width, 1))
            bias = rng.standard_t(3, width) if tap.kind in ("q", "k", "v") and not shape.qk_norm else None
            tensors[tap.name] = Parameters(weight.astype(np.float32), None if bias is None else bias.astype(np.float32))
        else:
            tensors[tap.name] = Parameters()
    half = shape.head_dim // 2
    inverse = (base ** (-np.arange(half) / half)).astype(np.float32)
    windows = (None,) * shape.layers
    return RandomWeights(DecoderSettings(shape, 1e-6, inverse, 1.0, shape.head_dim**-0.5, windows), tensors)


def _fan_in(shape: DecoderShape, kind: str) -> int:
    return {"attn_out": shape.heads * shape.head_dim, "mlp_out": shape.intermediate}.get(kind, shape.hidden)


def make_reference(shape: DecoderShape = QWEN2, *, seed: int = 0, lengths: tuple[int, ...] = (48, 20)) -> Reference:
    rng = np.random.default_rng(seed + 1)
    sequences = [rng.integers(0, shape.vocabulary, length).tolist() for length in lengths]
    return Reference(random_weights(shape, seed=seed), TokenBatch.from_sequences(sequences))


def graph_of(reference: Reference) -> TapGraph:
    return decoder_taps(reference.weights.settings.shape)


def run(
    reference: Reference,
    dtype: str,
    *,
    faults: Mapping[str, Fault] | None = None,
    seed: int = 0,
    taps: str = "all",
) -> dict[str, npt.NDArray[Any]]:
    """Run `taps` in graph order; every tap is rounded to `dtype` and the next ones read the rounded value.

    Two seeds give two implementations that differ by a last-place error of each value, as other kernels would.
    A run without faults is computed once for each reference.
    """
    if faults:
        return _run(reference, dtype, faults, seed, taps)
    known = _CLEAN_RUNS.setdefault(reference, {})
    if (dtype, seed, taps) not in known:
        known[dtype, seed, taps] = _run(reference, dtype, {}, seed, taps)
    return dict(known[dtype, seed, taps])


_CLEAN_RUNS: WeakKeyDictionary[Reference, dict[tuple[str, int, str], dict[str, npt.NDArray[Any]]]] = WeakKeyDictionary()


def _run(
    reference: Reference, dtype: str, faults: Mapping[str, Fault], seed: int, taps: str
) -> dict[str, npt.NDArray[Any]]:
    info, rng = dtype_info(dtype), np.random.default_rng(seed)
    captured: dict[str, npt.NDArray[Any]] = {}
    graph = graph_of(reference)
    for tap in select_taps(graph, taps):
        inputs = tuple(widened(captured[name]) for name in tap.inputs)
        exact = replay(reference, tap, inputs)
        if tap.name in faults:
            exact = faults[tap.name](reference, inputs).reshape(exact.shape)
        if dtype != "float64":
            exact = exact * (1 + 0.3 * info.unit_roundoff * rng.standard_normal(exact.shape))
            if "key" not in tap.axes:
                exact = _with_padding_computed(exact, reference.tokens.mask)
        captured[tap.name] = exact.astype(info.numpy)
    return captured


def _with_padding_computed(exact: Floats, mask: npt.NDArray[np.bool_]) -> Floats:
    """Something at padding, as engines have it: replay leaves zeros there."""
    padding = ~mask & ~exact.reshape(*mask.shape, -1).any(axis=2)
    scale = float(np.sqrt(np.square(exact[mask]).mean()))
    values = np.random.default_rng(9).normal(0, scale, exact.shape)
    return np.where(padding.reshape(*mask.shape, *(1,) * (exact.ndim - 2)), values, exact)


def make_case(
    reference: Reference,
    tap: str,
    fault: Fault,
    *,
    dtype: str = "float32",
    everywhere: Mapping[str, Fault] | None = None,
    taps: str = "all",
) -> SourceCase:
    """The case that `fault` at `tap` makes: truth in float64, floor and candidate in `dtype`."""
    graph = graph_of(reference)
    truth, floor = run(reference, "float64", taps=taps), run(reference, dtype, seed=1, taps=taps)
    candidate = run(reference, dtype, seed=2, faults={**(everywhere or {}), tap: fault}, taps=taps)
    sides = Sides(truth, candidate, floor, dtype_info(dtype))
    found = analyse_local(reference, graph, graph[tap], sides)
    inputs = tuple(widened(candidate[name]) for name in graph[tap].inputs)
    return SourceCase(
        tap=graph[tap],
        graph=graph,
        reference=reference,
        inputs=inputs,
        output=widened(candidate[tap]),
        predicted=predict(reference, graph, graph[tap], candidate),
        floor=found.local_floor,
        candidate=candidate,
        truth=truth,
        dtype=dtype_info(dtype),
    )
