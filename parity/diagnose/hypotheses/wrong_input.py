"""An operation that reads another tensor: the un-normed stream, another residual, a buffer of another layer."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import captured_names, columns, token_weights
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import thinned
from parity.replay.arrays import Floats, widened
from parity.replay.replay import replay

__all__ = ["WRONG_INPUT"]

_STILL_LEFT = 0.7


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each input in turn is replaced by every captured tap of the same width."""
    thin = thinned(case)
    for place, name in enumerate(case.tap.inputs):
        width = math.prod(case.inputs[place].shape[2:])
        for other in captured_names(case, width, without=(name, case.tap.name)):
            if case.tap.op == "rotary" and "head" not in case.graph[other].axes:
                continue
            if _is_promising(thin, place, other):
                sentence = f"it reads {other} instead of {name}"
                yield Prediction(sentence, _replayed(case, place, other), fitted=1)


def _is_promising(thin: SourceCase, place: int, other: str) -> bool:
    if thin.tap.op == "linear":
        excerpt = linear_excerpt(thin)
        x = thin.candidate[other][thin.reference.tokens.mask].reshape(len(excerpt.x), -1)
        return excerpt.is_promising(excerpt.linear(excerpt.weight, x=widened(x) * excerpt.scale[:, None]))
    weights = token_weights(thin)[:, None]
    left = columns(thin, thin.output - _replayed(thin, place, other)) * weights
    return float(np.square(left).sum()) <= _STILL_LEFT * float(np.square(columns(thin, thin.residual) * weights).sum())


def _replayed(case: SourceCase, place: int, other: str) -> Floats:
    inputs = list(case.inputs)
    inputs[place] = widened(case.candidate[other]).reshape(inputs[place].shape)
    return replay(case.reference, case.tap, inputs)


WRONG_INPUT = Hypothesis("wrong_input", ("linear", "rms_norm", "rotary", "silu_mul", "add"), _predict, rank=3)
