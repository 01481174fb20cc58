"""Logits that have gone through a softmax already."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["LOGITS_NORMALISED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    if case.tap.kind != "logits":
        return
    logits = case.predicted - case.predicted.max(axis=-1, keepdims=True)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    yield Prediction("these are log-probabilities: log-softmax is applied to the logits", log_probabilities)
    yield Prediction("these are probabilities: softmax is applied to the logits", np.exp(log_probabilities))
    yield Prediction("the largest logit of each token is subtracted from its logits", logits)


LOGITS_NORMALISED = Hypothesis("logits_normalised", ("linear",), _predict, rank=2)
