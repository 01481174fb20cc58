"""SiLU, gate and up wired otherwise than ``silu(gate) · up``."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.ops import silu

__all__ = ["ACTIVATION_WIRING"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    gate, up = case.inputs
    yield Prediction("the activation is missing: gate · up", gate * up)
    yield Prediction("up is not multiplied: silu(gate)", silu(gate))
    yield Prediction("gate is not multiplied: silu(up)", silu(up))
    yield Prediction("the output is up", up)
    yield Prediction("the output is gate", gate)
    yield Prediction("both are activated: silu(gate) · silu(up)", silu(gate) * silu(up))
    yield Prediction("activated after the product: silu(gate · up)", silu(gate * up))
    yield Prediction("added instead of multiplied: silu(gate) + up", silu(gate) + up)
    yield Prediction("up counts from one: silu(gate) · (up + 1)", silu(gate) * (up + 1))
    yield Prediction("squared: silu(gate) · gate", silu(gate) * gate)


ACTIVATION_WIRING = Hypothesis("activation_wiring", ("silu_mul",), _predict, rank=1)
