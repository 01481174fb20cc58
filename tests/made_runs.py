"""Runs on disk, recorded from arrays made here: small, and without any framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparison import save_comparison
from parity.dump import Dump
from parity.limits import default_limits
from parity.record import record
from parity.runner import RunnerInfo, Sink
from parity.session.dumps import RunDumps
from parity.taps import DecoderShape, Tap, decoder_taps
from parity.tokens import Phase, TokenBatch

__all__ = ["GRAPH", "save_run"]

GRAPH = decoder_taps(DecoderShape(layers=2, hidden=8, heads=2, kv_heads=1, head_dim=4, intermediate=12, vocabulary=16))
_IDS = ((1, 2, 3, 4, 5, 6, 7), (8, 9, 10))

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class _MadeSide:
    arrays: Arrays
    dtype: str
    not_observable: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> RunnerInfo:
        return RunnerInfo("arrays", "made here", self.dtype, "w", GRAPH, not_observable=self.not_observable)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        for tap in taps:
            sink(tap.name, self.arrays[tap.name])


def save_run(
    folder: Path,
    *,
    fault: str = "",
    flagged: str = "",
    missing: str = "",
    unobservable: str = "",
    extra: str = "",
    unprobed: str = "",
    tokens: Sequence[Sequence[int]] = _IDS,
) -> Path:
    """A run as `parity run` leaves it, without the views for people.

    Args:
        folder: where.
        fault: tap that is off by more than rounding.
        flagged: tap whose values are so large that rounding alone is flagged.
        missing, unobservable: taps that the candidate has not, without and with a reason.
        extra: tap that the reference has not.
        unprobed: record the candidate without taps too: ``alike``, but for rounding, or ``faulty``.
        tokens: ids of each prompt.
    """
    rng = np.random.default_rng(0)
    phase = Phase("prefill", TokenBatch.from_sequences(tokens, pieces=[list("abcdefg"), list("hij")]))
    truth = {tap.name: rng.normal(size=_shape(tap, phase)) * (1e3 if tap.name == flagged else 0.1) for tap in GRAPH}
    candidate = _rounded(truth, seed=1)
    if fault:
        candidate[fault] = (candidate[fault] * 1.05).astype(np.float16)
    reference = _record(folder / "reference", _MadeSide(truth, "float64"), phase, "reference", without=(extra,))
    floor = _record(folder / "floor", _MadeSide(_rounded(truth, seed=2), "float16"), phase, "floor")
    side = _MadeSide(candidate, "float16", {unobservable: "fused away"} if unobservable else {})
    judged = _record(folder / "candidate", side, phase, "candidate", without=(missing,))
    if unprobed:
        logits = _rounded(truth, seed=3)["logits"] * (1.05 if unprobed == "faulty" else 1)
        bare = _MadeSide({"logits": logits.astype(np.float16)}, "float16", side.not_observable)
        _record(folder / "candidate-unprobed", bare, phase, "candidate", taps=("logits",))
    dumps = RunDumps(reference, judged, (floor,))
    comparison = dumps.compare(limits=default_limits("float16"), relative_to=folder)
    save_comparison(comparison, folder / "comparison.json")
    return folder


def _record(
    out: Path,
    side: _MadeSide,
    phase: Phase,
    role: str,
    *,
    without: tuple[str, ...] = (),
    taps: tuple[str, ...] = GRAPH.names,
) -> Dump:
    wanted = [tap for tap in GRAPH if tap.name in taps and tap.name not in without and not tap.on_request]
    return record(side, [phase], taps=wanted, role=role, out=out)


def _shape(tap: Tap, phase: Phase) -> tuple[int, ...]:
    lengths = dict(zip(("batch", "token", "key"), (*phase.tokens.ids.shape, phase.tokens.ids.shape[1]), strict=True))
    return tuple(lengths[axis] if size is None else size for axis, size in zip(tap.axes, tap.sizes, strict=True))


def _rounded(truth: Arrays, *, seed: int) -> dict[str, npt.NDArray[Any]]:
    rng = np.random.default_rng(seed)
    unit = 2.0**-11
    return {
        name: (array * (1 + unit * rng.uniform(-1, 1, array.shape))).astype(np.float16) for name, array in truth.items()
    }
