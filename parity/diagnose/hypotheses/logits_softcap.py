"""Logits that are capped smoothly, cap · tanh(logits / cap), as Gemma 2 does (arXiv 2408.00118)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.diagnose.fitting import minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import thinned

__all__ = ["LOGITS_SOFTCAP"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    if case.tap.kind != "logits":
        return
    thin = thinned(case)
    weights = token_weights(thin)[:, None]
    output, predicted = columns(thin, thin.output), columns(thin, thin.predicted)

    def left(log_cap: float) -> float:
        cap = np.exp(log_cap)
        return float(np.square(weights * (cap * np.tanh(predicted / cap) - output)).sum())

    largest = float(np.abs(predicted).max())
    if largest == 0:
        return
    solved = float(np.exp(minimum(left, np.log(largest) + np.linspace(-3, 5, 33))))
    for cap, fitted in round_numbers(solved):
        output_of_all = cap * np.tanh(case.predicted / cap)
        yield Prediction(f"logits are capped by {cap:.4g}·tanh(logits / {cap:.4g})", output_of_all, fitted)


LOGITS_SOFTCAP = Hypothesis("logits_softcap", ("linear",), _predict, rank=2)
