"""Residual or branch added with a factor: twice, subtracted, once for each rank, or a multiplier that is not meant."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns, token_weights, weighted
from parity.diagnose.factors import likely_factors
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["ADD_SCALED"]

_NEGLIGIBLE = 0.02
_ALIKE = 1e-3


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """A factor on one input, the other being added once; a factor on each."""
    stream, branch = case.inputs
    for place, name in enumerate(case.tap.inputs):
        scaled, other = case.inputs[place], case.inputs[1 - place]
        solved = _factors(case, [place], without=1 - place)[0]
        for factor in likely_factors(solved):
            if abs(factor) > _NEGLIGIBLE and factor != 1:
                yield Prediction(_sentence(name, factor), factor * scaled + other, int(factor == solved))
    first, second = _factors(case, [0, 1])
    if math.isclose(first, second, rel_tol=_ALIKE):
        return  # a factor on the whole output
    for a in likely_factors(first):
        for b in likely_factors(second):
            sentence = f"{_sentence(case.tap.inputs[0], a)}; {_sentence(case.tap.inputs[1], b)}"
            yield Prediction(sentence, a * stream + b * branch, int(a == first) + int(b == second))


def _factors(case: SourceCase, places: list[int], *, without: int | None = None) -> Floats:
    """Least-squares factors on the inputs at `places`; the input `without` is taken as it is."""
    weights = token_weights(case)[:, None]
    design = np.stack([(input_columns(case, place) * weights).ravel() for place in places])
    target = weighted(case, case.output).ravel()
    if without is not None:
        target = target - (input_columns(case, without) * weights).ravel()
    factors: Floats = np.linalg.lstsq(design @ design.T, design @ target, rcond=None)[0]
    return factors


def _sentence(name: str, factor: float) -> str:
    if factor == -1:
        return f"{name} is subtracted"
    if factor > 1 and factor == round(factor):
        return f"{name} is added {factor:g} times"
    return f"{name} is added with the factor {factor:.4g}"


ADD_SCALED = Hypothesis("add_scaled", ("add",), _predict, rank=2)
