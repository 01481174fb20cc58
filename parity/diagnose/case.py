"""What a hypothesis gets to see: one source tap, with what went in, what came out and what should have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from parity.dtypes import DtypeInfo
from parity.metrics import RealRows, Squares, TokenFloor, real_rows, squares
from parity.replay.arrays import Floats
from parity.replay.parameters import DecoderSettings, Parameters
from parity.replay.predict import Captured
from parity.replay.replay import Reference
from parity.taps import Tap, TapGraph

__all__ = ["Granted", "SourceCase"]


class Granted(Protocol):
    """A fault of attention, which changes queries, keys, values, scores or mask before anything else does."""

    def __call__(self, rows: Any, /) -> Any:
        """`parity.diagnose.attention_rows.AttentionRows` as they are with the fault."""
        ...


@dataclass(frozen=True, eq=False)
class SourceCase:
    """A tap whose own operation went wrong.

    Attributes:
        tap: the tap.
        graph: all taps.
        reference: weights and tokens of the reference.
        inputs: the candidate's captured inputs, one per entry of ``tap.inputs``, float64, axes of those taps.
        output: the candidate's captured output, float64, axes of `tap`.
        predicted: the reference's operation on `inputs`.
        floor: the noise of the operation at each real token; None without a floor run.
        candidate, truth: everything that both sides captured, in stored dtype.
        dtype: what the candidate computes in.
        granted: faults of attention that are taken for the reference's way, the first one first.
        most_left: the part of the residual that a guess may leave and still be replayed at every token.
    """

    tap: Tap
    graph: TapGraph
    reference: Reference
    inputs: tuple[Floats, ...]
    output: Floats
    predicted: Floats
    floor: TokenFloor | None
    candidate: Captured
    truth: Captured
    dtype: DtypeInfo
    granted: tuple[Granted, ...] = ()
    most_left: float = 0.5

    @property
    def parameters(self) -> Parameters:
        """The stored weights of the tap's operation."""
        return self.reference.weights.parameters(self.tap.name)

    @property
    def settings(self) -> DecoderSettings:
        """Numbers of the reference's configuration."""
        return self.reference.weights.settings

    @property
    def residual(self) -> Floats:
        """What is to be explained: candidate's output minus predicted output, axes of the tap."""
        return self.output - self.predicted

    def sibling(self, kind: str) -> str:
        """The name of the tap called `kind` in this tap's layer: ``layers.3.up`` from ``layers.3.gate``."""
        return self.tap.name.removesuffix(self.tap.kind) + kind

    def rows(self, array: Floats) -> RealRows:
        """`array`, which has the axes of the tap, at real tokens: ``[row, head, channel]``."""
        return real_rows(array, self.tap, self.reference.tokens)

    def distance(self, prediction: Floats) -> Squares:
        """How far the candidate's output is from `prediction`."""
        return squares(self.rows(prediction), self.rows(self.output))
