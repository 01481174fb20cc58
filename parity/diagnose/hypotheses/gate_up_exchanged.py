"""SiLU on up instead of gate: TensorRT-LLM calls Hugging Face's up projection "gate"."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.ops import silu_mul

__all__ = ["GATE_UP_EXCHANGED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    gate, up = case.inputs
    yield Prediction("gate and up are exchanged: silu(up) · gate", silu_mul(up, gate))


GATE_UP_EXCHANGED = Hypothesis("gate_up_exchanged", ("silu_mul",), _predict, rank=1)
