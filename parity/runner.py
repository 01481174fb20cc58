"""The seam between the harness and whatever computes taps: a Hugging Face model or an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from parity.taps import Tap, TapGraph
from parity.tokens import Phase

__all__ = [
    "COPY_SUFFIX",
    "ENGINES_FLAG",
    "PROBE_SETS_FLAG",
    "EngineLayer",
    "InspectableRunner",
    "Runner",
    "RunnerInfo",
    "Sink",
    "SplittingRunner",
    "TimedRunner",
    "VariableRunner",
]

Sink = Callable[[str, npt.NDArray[Any]], None]
"""Takes one captured tap: its name, and a host array that nothing will write to again."""

COPY_SUFFIX = ":copy"
"""Ends the name of an output that is a private copy of a tap, and of the layers that make it."""

ENGINES_FLAG = "engines"
"""Flag that says over how many engines the taps of a phase were split, of the phase with the most; absent for one."""

PROBE_SETS_FLAG = "probe_sets"
"""Flag that says over how many engines taps were spread so that each engine computes what the one without taps does."""

_SHORT_NAME = 80


@dataclass(frozen=True)
class EngineLayer:
    """One layer of a built engine, which may be many layers of its graph in one kernel.

    Attributes:
        name: as the engine gives it.
        kind: its type and its kernel, as far as the engine tells.
        outputs: name and format of each of its outputs, as far as the engine tells.
        contains: names of the graph's layers in it, where the engine tells them apart from its name.
    """

    name: str
    kind: str
    outputs: tuple[str, ...]
    contains: str = ""

    @property
    def short_name(self) -> str:
        """The name, with the middle of a long one left out."""
        half = _SHORT_NAME // 2
        return self.name if len(self.name) <= _SHORT_NAME else f"{self.name[:half]}…{self.name[-half:]}"


@dataclass(frozen=True)
class RunnerInfo:
    """What a dump has to say about the side that made it.

    Attributes:
        name: ``transformers``, ``onnxruntime`` …
        model: the model in words (folder name or hub id).
        dtype: what it computes in: ``float64``, ``float32``, ``float16`` or ``bfloat16``.
        weights_digest: SHA-256 of the weights as stored; equal digests, equal weights.
        graph: every tap that this side could produce, in graph order.
        versions: library and driver versions by name.
        flags: numeric settings by name: attention kernel, TF32, seeds, optimisation level …
        source: folder that the weights were read from, as an absolute path on the machine that ran it; empty where
            there is none.
        not_observable: taps that exist in the model but can't be had from this side, with the reason.
        layers: what the engines that ran are made of; empty where there is nothing of the kind.
    """

    name: str
    model: str
    dtype: str
    weights_digest: str
    graph: TapGraph
    versions: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    not_observable: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[EngineLayer, ...] = ()


class Runner(Protocol):
    """One side of a comparison. `parity.record.record` checks what comes back; a runner only computes."""

    def describe(self) -> RunnerInfo:
        """Say what this is; loads no more than it has to."""
        ...

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        """Run `phase` once and hand each of `taps` to `sink`, exactly once, in native dtype.

        Arrays have the axes of the tap; heads and channels may still be flattened into one last axis.
        Values at padding are arbitrary.
        """
        ...


@runtime_checkable
class InspectableRunner(Runner, Protocol):
    """A runner that can say, after a capture, what its engines are made of."""

    def layers(self) -> tuple[EngineLayer, ...]:
        """The layers of all engines of the last capture, in the order in which they run."""
        ...


@runtime_checkable
class SplittingRunner(Runner, Protocol):
    """A runner that splits taps over several engines where their outputs don't fit the memory."""

    def engines(self) -> int:
        """How many engines the last capture took."""
        ...


@runtime_checkable
class VariableRunner(Runner, Protocol):
    """A runner that builds engines from a network, and can build them in another way; `describe` says in which."""

    def rebuilt(self) -> Runner:
        """The same network in engines that choose their kernels anew: what that changes is chance."""
        ...

    def marked_otherwise(self) -> Runner:
        """The same network with taps put out as copies where this marks the tensors themselves, or the other way."""
        ...


@runtime_checkable
class TimedRunner(Runner, Protocol):
    """A runner that can say how long a run takes."""

    def seconds(self, phase: Phase, *, repeats: int) -> tuple[float, ...]:
        """The time of each of `repeats` runs with no tap marked, after one that warms up."""
        ...
