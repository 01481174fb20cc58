"""A bias that is added more than once, as when every tensor-parallel rank adds it, or with a factor."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.factors import likely_factors
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import effective_bias, linear_output, stored_bias

__all__ = ["BIAS_MULTIPLIED"]

_NEGLIGIBLE = 0.02


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The factor n that brings n·b nearest to the bias the candidate added."""
    if case.parameters.bias is None:
        return
    bias = stored_bias(case)
    solved = float(effective_bias(case) @ bias / (bias @ bias)) if bias.any() else 1.0
    for factor in likely_factors(solved):
        if abs(factor) > _NEGLIGIBLE and factor != 1:
            fitted = int(factor == solved)
            yield Prediction(_sentence(factor), linear_output(case, bias=factor * bias), fitted)


def _sentence(factor: float) -> str:
    if factor == -1:
        return "the bias is subtracted"
    if factor > 1 and factor == round(factor):
        return f"the bias is added {factor:g} times"
    return f"the bias is multiplied by {factor:.4g}"


BIAS_MULTIPLIED = Hypothesis("bias_multiplied", ("linear",), _predict, rank=2)
