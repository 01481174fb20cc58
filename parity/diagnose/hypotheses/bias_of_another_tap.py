"""The bias of another linear map, or a wrong part of the fused bias."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fused import fused_bias, fused_kinds, fused_starts
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import effective_bias, linear_output
from parity.replay.arrays import Floats, widened

__all__ = ["BIAS_OF_ANOTHER_TAP"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Of all biases of this length, the one nearest to the bias the candidate added."""
    added = effective_bias(case)
    known = [pair for pair in _biases(case, added.size) if pair[1].any()]
    if known:
        words, bias = min(known, key=lambda pair: float(np.square(added - pair[1]).sum()))
        yield Prediction(f"the bias is that of {words}", linear_output(case, bias=bias), fitted=1)


def _biases(case: SourceCase, size: int) -> Iterator[tuple[str, Floats]]:
    """Every other bias of this size, and every run of this size in the fused bias but the right one."""
    for tap in case.graph:
        if tap.op == "linear" and tap.name != case.tap.name:
            bias = case.reference.weights.parameters(tap.name).bias
            if bias is not None and bias.size == size:
                yield tap.name, widened(bias)
    kinds = fused_kinds(case)
    if len(kinds) > 1:
        fused, own = fused_bias(case), fused_starts(case)[kinds.index(case.tap.kind)]
        for start in range(fused.size - size + 1):
            if start != own:
                words = f"rows {start}–{start + size - 1} of the fused {', '.join(kinds)}"
                yield words, fused[start : start + size]


BIAS_OF_ANOTHER_TAP = Hypothesis("bias_of_another_tap", ("linear",), _predict, rank=2)
